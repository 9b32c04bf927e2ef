// One digit's foreground, drawn the way MNIST's digits were: as in digits/handwriting/normalize.py.

import { held } from "../held.js";
import { area, between, binarized, blank, bounds, centreOfMass, clamp, crop, distances } from "./images.js";
import { linear, mapped, maximum, mean, padded, resampled, resized, rounded, valuesIn } from "./images.js";

const { BOX, MIDDLE, FINE, REST, NEAR, SLANT, SLANTED, STROKE } = held.constants.normalize;
const MARGIN = NEAR * FINE;

/** One digit, not all 0, as MNIST draws it: an image (784) of 0..1. `rest` is a mask of the rest of the strokes that it
 * is cut from. @type {(strokes: Image, rest?: Image) => Float32Array} */
export function normalize(strokes, rest) {
  const box = bounds(drawn(strokes));
  const tight = crop(strokes, box);
  const scale = (BOX * FINE) / Math.max(tight.width, tight.height);
  const [width, height] = [tight.width, tight.height].map((n) => Math.max(1, rounded(n * scale)));
  const fine = padded(resized(tight, scale < 1 ? area : linear, width, height), MARGIN);
  const shear = deslanting(fine);
  const whole = normalizeStrokes(drawn(sheared(fine, shear)));
  const inner = bounds(whole);
  const digit = crop(whole, inner);
  const reduction = BOX / Math.max(digit.width, digit.height);
  const [x, y] = centreOfMass(digit); // to pixel 14
  const across = area(digit.width, 28, reduction, MIDDLE - x * reduction);
  const down = area(digit.height, 28, reduction, MIDDLE - y * reduction);
  const image = resampled(digit, across, down).data.map((value) => Math.min(value, 1));
  if (!rest) return image;
  const far = rounded(NEAR / reduction);
  const [left, top] = [inner.left, inner.top].map((start) => Math.max(start - far, 0));
  const right = Math.min(inner.right + far, whole.width);
  const bottom = Math.min(inner.bottom + far, whole.height);
  const faint = resampled(
    placed(rest, box, scale, shear, { left, top, right, bottom }),
    area(right - left, 28, reduction, MIDDLE - (x + inner.left - left) * reduction),
    area(bottom - top, 28, reduction, MIDDLE - (y + inner.top - top) * reduction),
  );
  return image.map((value, i) => Math.max(value, REST * (1 - value) * faint.data[i]));
}

/** Where a pixel is half covered; or, if all are faint, nearly the darkest. @type {(strokes: Image) => Image} */
export const drawn = (strokes) => binarized(strokes, Math.min(0.5, 0.9 * maximum(strokes.data)));

/** The shear of a digit after which its slant, by its second moments, is within SLANT. One beyond SLANTED is taken for
 * that. @type {(digit: Image) => Shear} */
function deslanting({ width, height, data }) {
  const [x, y] = centreOfMass({ width, height, data });
  let both = 0;
  let square = 0;
  for (let i = 0; i < data.length; i++) {
    const down = Math.floor(i / width) + 0.5 - y;
    both += data[i] * down * ((i % width) + 0.5 - x);
    square += data[i] * down * down;
  }
  const slant = clamp(both / Math.max(square, 1e-9), ...SLANTED);
  return { excess: slant - clamp(slant, ...SLANT), y };
}

/** @type {(image: Image, shear: Shear) => Image} */
const sheared = (image, { excess, y }) =>
  mapped(image, (_, i) => {
    const row = Math.floor(i / image.width);
    return between(image, (i % image.width) + excess * (row + 0.5 - y), row);
  });

/** What is in `frame` of a mask that is moved as the strokes were: `box` was cut out, scaled, given a MARGIN, and
 * sheared. @type {(mask: Image, box: Box, scale: number, shear: Shear, frame: Box) => Image} */
function placed(mask, box, scale, { excess, y }, { left, top, right, bottom }) {
  const from = (/** @type {number} */ fine) => (fine + 0.5 - MARGIN) / scale - 0.5;
  const wide = right - left;
  return mapped(blank(wide, bottom - top), (_, i) => {
    const row = top + Math.floor(i / wide);
    const across = from(left + (i % wide) + excess * (row + 0.5 - y));
    return Number(between(mask, box.left + across, box.top + from(row)) > 0.5);
  });
}

/** Thickens or thins the strokes of a mask, FINE times MNIST's size, to STROKE. @type {(mask: Image) => Image} */
function normalizeStrokes(mask) {
  const depth = distances(mask);
  const wide = (4 * mean(valuesIn(depth, mask))) / FINE; // the mean distance is width / 4
  const more = ((clamp(wide, ...STROKE) - wide) / 2) * FINE;
  if (more > 0) {
    const outside = mapped(mask, (on) => 1 - on);
    return mapped(distances(outside, more), (away) => Number(away <= more));
  }
  return binarized(depth, Math.min(-more, 0.9 * maximum(depth.data)));
}

/** Whether [red, green, blue] are drawn as MNIST's are, centred by mass. @type {(colours: Image[]) => boolean} */
export function isNormalized([grey, ...others]) {
  if (grey.width !== 28 || grey.height !== 28 || !maximum(grey.data)) return false;
  if (others.some(({ data }) => data.some((value, i) => value !== grey.data[i]))) return false;
  const { left, top, right, bottom } = bounds(grey);
  const longer = Math.max(right - left, bottom - top);
  return 19 <= longer && longer <= BOX && centreOfMass(grey).every((c) => Math.abs(c - MIDDLE) < 0.6);
}
