// The numbers that two networks read in the lines of a picture: as in digits/handwriting/reader.py.

import { held } from "./held.js";
import { isSame } from "./images.js";
import { imagesOf, predictionOf, recall } from "./network.js";

const { WEIGHT, LEAST, UPRIGHT, TURNED, WELL } = held.constants.reader;
export const HALF = 0.5; // what is drawn as one digit is none if no output is over it

/** Whether outputs are those of a digit: one is over HALF. @type {(outputs: Float32Array) => boolean} */
export const isDigit = (outputs) => outputs[predictionOf(outputs)] > HALF;

/** The groups in each line, of which one at least has digits. @type {(lines: Line[], layers: Layer[]) => Group[][]} */
export const read = (lines, layers) => lines.map(({ groups, known = false }) => (
  groups.map((candidates) => readGroup(candidates, known, layers)).filter(({ digits }) => digits.length)
)).filter((groups) => groups.length);

/** The groups in each line of a picture. If the reading is doubtful, the picture is also read turned, and the best
 * direction wins. A picture with a digit that a lesson has taught is not turned, since the networks may disagree on it.
 * @type {(found: Found, layers: Layer[], lessons?: Example[]) => Answer} */
export function answer({ lines, turnedLines }, layers, lessons = []) {
  const asItLies = { groups: read(lines, layers), degrees: 0 }, [sure, area] = certainty(asItLies);
  const images = asItLies.groups.flat().flatMap(({ digits }) => imagesOf(digits));
  const isTaught = lessons.some((lesson) => images.some((image) => isSame(lesson.image, image)));
  if (!turnedLines || !images.length || isTaught || sure > UPRIGHT * area) return asItLies;
  const others = [90, 180, 270].map((degrees) => ({ groups: read(turnedLines(degrees), layers), degrees }));
  const [best] = others.sort((a, b) => certainty(b)[0] - certainty(a)[0]);
  const [now, around] = certainty(best);
  return now > Math.max(TURNED * sure, WELL * around) ? best : asItLies;
}

/** The area of the boxes of digits, each times the confidence in its number; and the area alone.
 * @type {(answer: Answer) => [number, number]} */
function certainty({ groups }) {
  let sure = 0, total = 0;
  for (const { digits, confidence } of groups.flat()) {
    for (const { box: { left, top, right, bottom } } of digits) {
      sure += confidence * (right - left) * (bottom - top);
      total += (right - left) * (bottom - top);
    }
  }
  return [sure, total];
}

/** The likeliest number among the candidates of a group, by the line network and by `layers`.
 * @type {(candidates: Candidate[], known: boolean, layers: Layer[]) => Group} */
function readGroup(candidates, known, layers) {
  const all = candidates.map(({ digits, likelihood, parts }) => {
    const outputs = recall(layers, imagesOf(parts))[layers.length];
    const readings = parts.map((part, n) => ({ ...part, value: Number(digits[n]), outputs: outputs[n] }));
    const agreement = readings.reduce((sum, { outputs, value }) => sum + Math.log(Math.max(outputs[value], LEAST)), 0);
    return { digits: readings, confidence: likelihood + WEIGHT * agreement, known, likelihood };
  });
  const most = Math.max(...all.map(({ confidence }) => confidence));
  const shares = all.map(({ confidence }) => Math.exp(confidence - most)), total = shares.reduce((sum, one) => sum + one);
  const groups = all.map((one, n) => ({ ...one, confidence: shares[n] / total }));
  groups.sort((a, b) => b.confidence - a.confidence);
  const best = groups.find(({ digits }) => digits.length) ?? groups[0];
  const activation = best.digits.reduce((sum, { outputs = [], value = 0 }) => sum + outputs[value], 0) / best.digits.length;
  return { ...best, confidence: best.confidence * (Math.exp(best.likelihood / best.digits.length) + activation) / 2 };
}
