// Any picture, as colours of a size to work on: as in digits/handwriting/picture.py.

import { held } from "./held.js";
import { blank, mapped } from "./images.js";

const { WORKING, NARROW } = held.constants.picture;

/** A picture as [red, green, blue], images of integers 0..255, reduced to WORKING; and how many of its pixels are one
 * of these. Transparency becomes white, or black under light strokes. Empty if the picture is too small or too narrow.
 * @type {(pixels: ImageData) => [Image[], number]} */
export function openPicture({ width, height, data }) {
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
