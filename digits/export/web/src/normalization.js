// One digit's foreground, drawn the way MNIST's digits were: as in digits/handwriting/normalize.py.

import { held } from "./held.js";
import { area, binarized, blank, bounds, centreOfMass, clamp, crop, distances, linear, mapped } from "./images.js";
import { maximum, mean, padded, resampled, resized, rounded, valuesIn } from "./images.js";

const { BOX, FINE, SLANT, STROKE } = held.constants.normalize;

/** One digit, not all 0, as MNIST draws it: an image (784) of 0..1. @type {(strokes: Image) => Float32Array} */
export function normalize(strokes) {
  const tight = crop(strokes, bounds(drawn(strokes))), scale = (BOX * FINE) / Math.max(tight.width, tight.height);
  const [width, height] = [tight.width, tight.height].map((n) => Math.max(1, rounded(n * scale)));
  const fine = padded(resized(tight, scale < 1 ? area : linear, width, height), BOX);
  const whole = normalizeStrokes(drawn(deslant(fine))), digit = crop(whole, bounds(whole));
  const reduction = BOX / Math.max(digit.width, digit.height), [x, y] = centreOfMass(digit); // to pixel 14
  const across = area(digit.width, 28, reduction, 14.5 - x * reduction);
  const down = area(digit.height, 28, reduction, 14.5 - y * reduction);
  return resampled(digit, across, down).data.map((value) => Math.min(value, 1));
}

/** Where a pixel is half covered; or, if all are faint, nearly the darkest. @type {(strokes: Image) => Image} */
export const drawn = (strokes) => binarized(strokes, Math.min(0.5, 0.9 * maximum(strokes.data)));

/** Shears a digit until its slant, by its second moments, is within SLANT. @type {(digit: Image) => Image} */
function deslant({ width, height, data }) {
  const [x, y] = centreOfMass({ width, height, data });
  let both = 0, square = 0;
  for (let row = 0, i = 0; row < height; row++) {
    const down = row + 0.5 - y;
    for (let column = 0; column < width; column++, i++) {
      both += data[i] * down * (column + 0.5 - x);
      square += data[i] * down * down;
    }
  }
  const slant = both / Math.max(square, 1e-9), excess = slant - clamp(slant, ...SLANT);
  if (!excess) return { width, height, data };
  const out = blank(width, height);
  for (let row = 0, i = 0; row < height; row++) {
    for (let column = 0; column < width; column++, i++) {
      const from = column + excess * (row + 0.5 - y), left = Math.floor(from);
      const one = left >= 0 && left < width ? data[row * width + left] : 0;
      const next = left >= -1 && left < width - 1 ? data[row * width + left + 1] : 0;
      out.data[i] = one + (from - left) * (next - one);
    }
  }
  return out;
}

/** Thickens or thins the strokes of a mask, FINE times MNIST's size, to STROKE. @type {(mask: Image) => Image} */
function normalizeStrokes(mask) {
  const depth = distances(mask), wide = (4 * mean(valuesIn(depth, mask))) / FINE; // the mean distance is width / 4
  const more = ((clamp(wide, ...STROKE) - wide) / 2) * FINE;
  if (more > 0) return mapped(distances(mapped(mask, (on) => 1 - on), more), (away) => Number(away <= more));
  return binarized(depth, Math.min(-more, 0.9 * maximum(depth.data)));
}

/** Whether [red, green, blue] are drawn as MNIST's are, centred by mass. @type {(colours: Image[]) => boolean} */
export function isNormalized([grey, ...others]) {
  if (grey.width !== 28 || grey.height !== 28 || !maximum(grey.data)) return false;
  if (others.some(({ data }) => data.some((value, i) => value !== grey.data[i]))) return false;
  const { left, top, right, bottom } = bounds(grey), longer = Math.max(right - left, bottom - top);
  return 19 <= longer && longer <= BOX && centreOfMass(grey).every((c) => Math.abs(c - 14.5) < 0.6);
}
