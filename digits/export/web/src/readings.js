// What is read in a picture, and what is rejected: as in digits/handwriting/readings.py.

import { held } from "./held.js";
import { mappedBox } from "./images.js";

const { THRESHOLD } = held.constants.readings;

/** @param {Group} group */
const isRead = ({ known, confidence }) => known || confidence > THRESHOLD;

/** The digits of the groups in each line that are not rejected. @type {(lines: Group[][]) => Digit[]} */
export function digitsOf(lines) {
  const kept = lines.map((line) => line.filter(isRead)).filter((line) => line.length);
  return kept.flatMap((groups, line) => groups.flatMap(({ digits }, group) => digits.map((one) => ({ ...one, line, group }))));
}

/** The boxes of what is rejected. @type {(lines: Group[][]) => Box[]} */
export const unreadIn = (lines) => lines.flat().flatMap((group) => (isRead(group) ? [] : group.digits.map(({ box }) => box)));

/** Digits with their boxes divided by a scale, then moved. @param {Digit[]} digits @param {number} scale
 * @param {number} x @param {number} y @returns {Digit[]} */
export const moved = (digits, scale, x, y) => digits.map((digit) => (
  { ...digit, box: mappedBox(digit.box, (left) => left / scale + x, (top) => top / scale + y) }
));
