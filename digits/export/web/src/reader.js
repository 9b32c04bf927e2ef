// The numbers that two networks read in the lines of a picture: as in digits/handwriting/reader.py.

import { held } from "./held.js";
import { imagesOf, predictionOf, recall } from "./network.js";

const { WEIGHT, LEAST } = held.constants.reader;
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
    const agreement = readings.reduce((sum, { outputs, value }) => sum + Math.log(Math.max(outputs[value], LEAST)), 0);
    return { digits: readings, likelihood, score: likelihood + WEIGHT * agreement };
  }).sort((a, b) => b.score - a.score);
  const { digits, likelihood, score } = all.find(({ digits }) => digits.length) ?? all[0];
  const share = 1 / all.reduce((sum, one) => sum + Math.exp(one.score - score), 0);
  const activation = digits.reduce((sum, { outputs = [], value = 0 }) => sum + outputs[value], 0) / digits.length;
  return { digits, known, confidence: share * (Math.exp(likelihood / digits.length) + activation) / 2 };
}
