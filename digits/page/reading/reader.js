// The numbers in the lines of a picture, as in digits/handwriting/reader.py. The network names every digit; the line
// network says where they are.

import { held } from "../held.js";
import { movedBox } from "./images.js";
import { outputsOf, predictionOf } from "../network/feedforward.js";

const { WEIGHT, FLOOR, SHIFTS } = held.constants.reader;
export const HALF = 0.5; // what is drawn as one digit is none if no output is over it

/** Whether outputs are those of a digit: one is over HALF. @type {(outputs: Float32Array) => boolean} */
export const isDigit = (outputs) => outputs[predictionOf(outputs)] > HALF;

/** The groups in each line, of which one at least has digits. In a `team`, the line network also has a say in which digits
 * they are. @type {(lines: Line[], reader: Reader) => Group[][]} */
export function read(lines, { layers, team = false }) {
  const known = new Map();
  const readingOf = (/** @type {Cuts} */ cuts) => {
    if (!known.has(cuts)) known.set(cuts, readCuts(cuts, layers));
    return known.get(cuts);
  };
  return lines
    .map(({ groups, known = false }) =>
      groups.map((candidates) => readGroup(candidates, known, readingOf, team)).filter(({ digits }) => digits.length),
    )
    .filter((groups) => groups.length);
}

/** What the network reads in a digit: the cut with the largest output counts. The `means` are over SHIFTS, if it was cut in
 * several ways; `outputs` are those for the image as it is, which the page shows.
 * @type {(cuts: Cuts, layers: Layer[]) => Read} */
function readCuts(cuts, layers) {
  const shifts = cuts.length > 1 ? SHIFTS : SHIFTS.slice(0, 1);
  const [best] = cuts
    .map(({ image, box, share }) => {
      const all = shifts.map((shift) => outputsOf(layers, shifted(image, shift)));
      const [outputs] = all;
      const means = outputs.map((_, j) => all.reduce((sum, a) => sum + a[j], 0) / all.length);
      return { image, box, share, outputs, means, value: predictionOf(means) };
    })
    .toSorted((a, b) => b.means[b.value] - a.means[a.value]);
  return best;
}

/** An image, moved. @type {(image: Float32Array, shift: Pair) => Float32Array} */
const shifted = (image, [down, right]) =>
  image.map((_, i) => {
    const row = Math.floor(i / 28) - down;
    const column = (i % 28) - right;
    return row >= 0 && row < 28 && column >= 0 && column < 28 ? image[28 * row + column] : 0;
  });

/** The likeliest number of a group. @type {(candidates: Candidate[], known: boolean, readingOf: (cuts: Cuts) => Read,
 *   team: boolean) => Group} */
function readGroup(candidates, known, readingOf, team) {
  const likely = new Map(candidates.map(({ digits, likelihood }) => [digits, Math.exp(likelihood / digits.length)]));
  const all = (team ? candidates : renamed(candidates, readingOf))
    .map(({ digits, likelihood, parts }) => {
      const readings = parts.map((cuts, n) => ({ ...readingOf(cuts), value: Number(digits[n]) }));
      const agreement = readings.reduce((sum, { means, value }) => sum + Math.log(Math.max(means[value], FLOOR)), 0);
      return { digits: readings, text: digits, score: likelihood + WEIGHT * agreement };
    })
    .sort((a, b) => b.score - a.score);
  const { digits, text, score } = all.find(({ digits }) => digits.length) ?? all[0];
  const share = 1 / all.reduce((sum, candidate) => sum + Math.exp(candidate.score - score), 0);
  const activation = digits.reduce((sum, { means, value }) => sum + means[value], 0) / digits.length;
  const own = digits.reduce((sum, { share = 1 }) => sum + share, 0) / digits.length; // a word has other strokes between
  return { digits, known, confidence: (own * share * ((likely.get(text) ?? 0) + activation)) / 2 };
}

/** A candidate for each choice of places, with the digits that the network reads there, and the probability of the places.
 * @type {(candidates: Candidate[], readingOf: (cuts: Cuts) => Read) => Candidate[]} */
function renamed(candidates, readingOf) {
  const sums = new Map();
  for (const { likelihood, parts } of candidates) sums.set(parts, (sums.get(parts) ?? 0) + Math.exp(likelihood));
  return [...sums].map(([parts, sum]) => ({
    digits: parts.map((/** @type {Cuts} */ cuts) => readingOf(cuts).value).join(""),
    likelihood: Math.log(sum),
    parts,
  }));
}

/** Digits with their boxes divided by a scale, then moved. @param {Digit[]} digits @param {number} scale
 * @param {number} x @param {number} y @returns {Digit[]} */
export const moved = (digits, scale, x, y) =>
  digits.map((digit) => ({ ...digit, box: movedBox(digit.box, scale, x, y) }));
