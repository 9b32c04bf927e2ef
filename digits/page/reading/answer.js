// Which numbers of a picture are the answer, and which are rejected: as in digits/handwriting/answer.py.

import { held } from "../held.js";

const { THRESHOLD } = held.constants.answer;

/** @param {Group} group */
const isRead = ({ known, confidence }) => known || confidence > THRESHOLD;

/** The digits of the groups in each line that are not rejected. @type {(lines: Group[][]) => Digit[]} */
export function digitsOf(lines) {
  const kept = lines.map((line) => line.filter(isRead)).filter((line) => line.length);
  return kept.flatMap((groups, line) =>
    groups.flatMap(({ digits }, group) => digits.map((digit) => ({ ...digit, line, group }))),
  );
}

/** The boxes of what is rejected. @type {(lines: Group[][]) => Box[]} */
export const unreadIn = (lines) =>
  lines.flat().flatMap((group) => (isRead(group) ? [] : group.digits.map(({ box }) => box)));
