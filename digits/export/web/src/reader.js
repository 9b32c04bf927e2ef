// The numbers that two networks read in the lines of a picture, and what is rejected: as in digits/handwriting/reader.py
// and answer.py.

import { held } from "./held.js";
import { mappedBox } from "./images.js";
import { imagesOf, predictionOf, recall } from "./network.js";

const { WEIGHT, FLOOR } = held.constants.reader, { THRESHOLD } = held.constants.answer;
export const HALF = 0.5; // what is drawn as one digit is none if no output is over it

/** Whether outputs are those of a digit: one is over HALF. @type {(outputs: Float32Array) => boolean} */
export const isDigit = (outputs) => outputs[predictionOf(outputs)] > HALF;

/** The groups in each line, of which one at least has digits. @type {(lines: Line[], layers: Layer[]) => Group[][]} */
export const read = (lines, layers) => lines.map(({ groups, known = false }) => (
  groups.map((candidates) => readGroup(candidates, known, layers)).filter(({ digits }) => digits.length)
)).filter((groups) => groups.length);

/** The likeliest number among the candidates of a group, by the line network and by `layers`.
 * @type {(candidates: Candidate[], known: boolean, layers: Layer[]) => Group} */
function readGroup(candidates, known, layers) {
  const all = candidates.map(({ digits, likelihood, parts }) => {
    const outputs = recall(layers, imagesOf(parts))[layers.length];
    const readings = parts.map((part, n) => ({ ...part, value: Number(digits[n]), outputs: outputs[n] }));
    const agreement = readings.reduce((sum, { outputs, value }) => sum + Math.log(Math.max(outputs[value], FLOOR)), 0);
    return { digits: readings, likelihood, score: likelihood + WEIGHT * agreement };
  }).sort((a, b) => b.score - a.score);
  const { digits, likelihood, score } = all.find(({ digits }) => digits.length) ?? all[0];
  const share = 1 / all.reduce((sum, candidate) => sum + Math.exp(candidate.score - score), 0);
  const activation = digits.reduce((sum, { outputs = [], value = 0 }) => sum + outputs[value], 0) / digits.length;
  return { digits, known, confidence: share * (Math.exp(likelihood / digits.length) + activation) / 2 };
}

/** @param {Group} group */
const isRead = ({ known, confidence }) => known || confidence > THRESHOLD;

/** The digits of the groups in each line that are not rejected. @type {(lines: Group[][]) => Digit[]} */
export function digitsOf(lines) {
  const kept = lines.map((line) => line.filter(isRead)).filter((line) => line.length);
  return kept.flatMap((groups, line) => (
    groups.flatMap(({ digits }, group) => digits.map((digit) => ({ ...digit, line, group })))
  ));
}

/** The boxes of what is rejected. @type {(lines: Group[][]) => Box[]} */
export const unreadIn = (lines) => lines.flat().flatMap((group) => (isRead(group) ? [] : group.digits.map(({ box }) => box)));

/** Digits with their boxes divided by a scale, then moved. @param {Digit[]} digits @param {number} scale
 * @param {number} x @param {number} y @returns {Digit[]} */
export const moved = (digits, scale, x, y) => digits.map((digit) => (
  { ...digit, box: mappedBox(digit.box, (left) => left / scale + x, (top) => top / scale + y) }
));
