// Any picture of handwriting to the digits that a network reads in it: as in digits/handwriting/.

import { findForegrounds } from "./background.js";
import { held } from "./held.js";
import { blank, boxOf, clamp, crop, cubic, dilated, mapped, mappedBox, median } from "./images.js";
import { placesIn, quantile, resized, rounded, valuesIn } from "./images.js";
import { bestPath, candidates, confidence } from "./lattice.js";
import { feedforward, predictionOf } from "./network.js";
import { isNormalized, normalize } from "./normalization.js";
import { segment } from "./segmentation.js";

const { WORKING, NARROW } = held.constants.picture, { SMALLEST, SURE } = held.constants.reader;
export const { REJECTION_THRESHOLD } = held.constants.reader;

/** Whether outputs are those of a digit: one is over the threshold. @type {(outputs: Float32Array) => boolean} */
export const isDigit = (outputs) => outputs[predictionOf(outputs)] > REJECTION_THRESHOLD;

/** The digits read in the lines of `findLines`. The guesses at a line, those at one place, vote for what it says; it is
 * dropped if the better half of all guesses has too little confidence in the mean.
 * @type {(lines: Line[], layers: Layer[]) => Digit[]} */
export function read(lines, layers) {
  const outputs = outputsOf(layers, lines.flatMap(({ digits }) => digits.map(({ image }) => image)));
  const guessed = lines.map((line) => hypothesis(line, outputs.splice(0, line.digits.length)));
  const places = /** @type {Hypothesis[][]} */ ([]); // the hypotheses at each line of the picture
  for (const one of guessed.sort((a, b) => b.weight - a.weight)) {
    const middle = (one.top + one.bottom) / 2;
    const home = places.find(([first]) => first.top <= middle && middle < first.bottom);
    if (home) home.push(one);
    else if (one.sure > 0) places.push([one]);
  }
  const readings = places.flatMap((place) => {
    const votes = place.map(({ said }) => place.reduce((sum, one) => sum + (one.said === said ? one.weight : 0), 0));
    const half = Math.ceil(lines[0].guesses / 2), sure = place.map(({ sure }) => sure).sort((a, b) => b - a);
    const confidence = sure.slice(0, half).reduce((sum, one) => sum + one, 0) / half;
    return confidence > REJECTION_THRESHOLD ? [place[votes.indexOf(Math.max(...votes))]] : [];
  });
  return readings.sort((a, b) => a.top - b.top).flatMap(({ digits }, line) => digits.map((one) => ({ ...one, line })));
}

/** What a guess at a line says, by the outputs of a network for its candidates; one that is drawn as MNIST's digits is
 * sure. @type {(line: Line, outputs: Float32Array[]) => Hypothesis} */
function hypothesis({ candidates: all, digits, known }, outputs) {
  const path = known ? /** @type {Step[]} */ ([[0, true]]) : bestPath(all, outputs);
  const chosen = path.flatMap(([n, isDigit]) => (isDigit ? [n] : [])), boxes = chosen.map((n) => digits[n].box);
  const sure = known ? 1 : confidence(all, outputs, path), clarity = Math.max(...digits.map((digit) => digit.clarity));
  return {
    digits: chosen.map((n) => digits[n]), said: chosen.map((n) => predictionOf(outputs[n])).join(""),
    sure, weight: sure ** SURE * clarity,
    top: median(boxes.map(({ top }) => top)), bottom: median(boxes.map(({ bottom }) => bottom)),
  };
}

/** The network's outputs for each image; those that are alike, as many of several guesses are, are computed once.
 * @type {(layers: Layer[], images: Float32Array[]) => Float32Array[]} */
function outputsOf(layers, images) {
  const decoder = new TextDecoder("latin1"), keys = images.map((image) => decoder.decode(image));
  const different = new Map(images.map((image, n) => [keys[n], image])), places = [...different.keys()];
  const outputs = feedforward(layers, [...different.values()])[layers.length];
  return keys.map((key) => outputs[places.indexOf(key)]);
}

/** Digits with their boxes divided by a scale, then moved. @param {Digit[]} digits @param {number} scale
 * @param {number} x @param {number} y @returns {Digit[]} */
export const moved = (digits, scale, x, y) => digits.map((digit) => (
  { ...digit, box: mappedBox(digit.box, (left) => left / scale + x, (top) => top / scale + y) }
));

/** The lines of a picture, in each of several guesses at its foreground. @type {(pixels: ImageData) => Line[]} */
export function findLines(pixels) {
  let [colours, scale] = openPicture(pixels);
  if (!colours.length) return [];
  const { width, height, data } = colours[0];
  if (isNormalized(colours)) {
    const alone = { first: 0, last: 1, width: 1, height: 1, breaks: 0, clipped: false };
    const image = data.map((grey) => grey / 255), box = { left: 0, top: 0, right: 28, bottom: 28 };
    return [{ candidates: [alone], digits: [{ image, box, clarity: 1 }], guesses: 1, known: true }];
  }
  const enlargement = Math.ceil(SMALLEST / Math.floor(Math.sqrt(width * height)));
  if (enlargement > 1) {
    colours = colours.map((colour) => {
      const enlarged = resized(colour, cubic, width * enlargement, height * enlargement);
      return mapped(enlarged, (value) => Math.round(clamp(value, 0, 255)));
    });
    scale /= enlargement;
  }
  return findForegrounds(colours).flatMap((guess, _, all) => linesIn(guess, scale, all.length));
}

/** The lines of one of several guesses, of which a pixel is `scale` of the picture.
 * @type {(foreground: Foreground, scale?: number, guesses?: number) => Line[]} */
export function linesIn(foreground, scale = 1, guesses = 1) {
  const { darkness } = foreground, lines = segment(foreground), taken = blank(darkness.width, darkness.height);
  for (const { pixels } of lines.flatMap(({ segments }) => segments)) for (const i of pixels) taken.data[i] = 1;
  return lines.map((line) => {
    const all = candidates(line), runs = all.map(({ first, last }) => line.segments.slice(first, last));
    return { candidates: all, digits: runs.map((run) => digitOf(darkness, taken, run, scale)), guesses };
  });
}

/** Segments as a digit: their pixels, and their soft edges that are not `taken` by others.
 * @type {(darkness: Image, taken: Image, run: Segment[], scale: number) => Digit} */
function digitOf(darkness, taken, run, scale) {
  const pixels = run.flatMap(({ pixels }) => pixels), box = boxOf(pixels, darkness.width);
  const outer = { left: box.left - 1, top: box.top - 1, right: box.right + 1, bottom: box.bottom + 1 };
  const dark = crop(darkness, outer), others = crop(taken, outer), mask = blank(dark.width, dark.height);
  for (const place of placesIn(outer, pixels, darkness.width)) [mask.data[place], others.data[place]] = [1, 0];
  const near = dilated(mask, 3).data, most = quantile(valuesIn(dark, mask), 0.5);
  const strokes = mapped(dark, (value, i) => (near[i] && !others.data[i] ? clamp(value / most, 0, 1) : 0));
  const clarity = Math.max(...run.map((segment) => segment.clarity));
  return { image: normalize(strokes), box: mappedBox(box, (n) => rounded(n * scale)), clarity };
}

/** A picture as [red, green, blue], images of integers 0..255, reduced to WORKING; and how many of its pixels are one
 * of these. Transparency becomes white, or black under light strokes. Empty if the picture is too small or too narrow.
 * @type {(pixels: ImageData) => [Image[], number]} */
function openPicture({ width, height, data }) {
  const shorter = Math.min(width, height), longer = Math.max(width, height);
  if (shorter < 8 || longer > NARROW * shorter) return [[], 1];
  let light = 0, opaque = 0;
  for (let k = 0; k < data.length; k += 4) {
    light += data[k + 3] * (0.299 * data[k] + 0.587 * data[k + 1] + 0.114 * data[k + 2]);
    opaque += data[k + 3];
  }
  const behind = light > 127 * opaque ? 0 : 255;
  const reduction = Math.ceil(Math.floor(Math.sqrt(width * height)) / WORKING);
  const [w, h] = [width, height].map((n) => Math.ceil(n / reduction)), counts = blank(w, h).data;
  const sums = Array.from({ length: 3 }, () => blank(w, h)); // of the pixels that become one
  for (let y = 0, k = 0; y < height; y++) {
    for (let x = 0; x < width; x++, k += 4) {
      const i = Math.floor(y / reduction) * w + Math.floor(x / reduction), alpha = data[k + 3] / 255;
      for (let c = 0; c < 3; c++) sums[c].data[i] += data[k + c] * alpha + behind * (1 - alpha);
      counts[i]++; // fewer at the right and at the bottom
    }
  }
  return [sums.map((sum) => mapped(sum, (value, i) => Math.round(value / counts[i]))), longer / Math.max(w, h)];
}
