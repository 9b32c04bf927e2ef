// A picture as it is read: as in digits/handwriting/picture.py.

import { held } from "../held.js";
import { blank, clamp, cubic, mapped, resized } from "./images.js";

const { WORKING, NARROW } = held.constants.picture;
const { SMALLEST } = held.constants.lines;

/** Whether a picture is too small or too narrow to show a digit. @param {ImageData} pixels */
export function isTooSmall({ width, height }) {
  const shorter = Math.min(width, height);
  return shorter < 8 || Math.max(width, height) > NARROW * shorter;
}

/** A small picture, enlarged. @type {(colours: Image[]) => Image[]} */
export function enlarged(colours) {
  const [{ width, height }] = colours;
  const times = Math.ceil(SMALLEST / Math.floor(Math.sqrt(width * height)));
  if (times <= 1) return colours;
  return colours.map((colour) => mapped(resized(colour, cubic, times * width, times * height), byte));
}

/** @param {number} value */
const byte = (value) => Math.round(clamp(value, 0, 255));

/** A picture as [red, green, blue], images of integers 0..255, reduced to WORKING. Transparency becomes white, or black
 * under light strokes. @type {(pixels: ImageData) => Image[]} */
export function openPicture({ width, height, data }) {
  let light = 0;
  let opaque = 0;
  for (let k = 0; k < data.length; k += 4) {
    light += data[k + 3] * (0.299 * data[k] + 0.587 * data[k + 1] + 0.114 * data[k + 2]);
    opaque += data[k + 3];
  }
  const behind = light > 127 * opaque ? 0 : 255;
  const reduction = Math.ceil(Math.floor(Math.sqrt(width * height)) / WORKING[1]);
  const [w, h] = [width, height].map((n) => Math.ceil(n / reduction));
  const [counts, ...sums] = Array.from({ length: 4 }, () => blank(w, h)); // of the pixels that become one
  for (let y = 0, k = 0; y < height; y++) {
    for (let x = 0; x < width; x++, k += 4) {
      const i = Math.floor(y / reduction) * w + Math.floor(x / reduction);
      const alpha = data[k + 3] / 255;
      for (let c = 0; c < 3; c++) sums[c].data[i] += data[k + c] * alpha + behind * (1 - alpha);
      counts.data[i]++; // fewer at the right and at the bottom
    }
  }
  return sums.map((sum) => mapped(sum, (value, i) => byte(value / counts.data[i])));
}
