// Any picture, as colours of a size to work on: as in digits/handwriting/picture.py.

import { held } from "./held.js";
import { blank, filled } from "./images.js";

const { WORKING, NARROW } = held.constants.picture;

/** A picture as [red, green, blue], images of integers 0..255, reduced to WORKING; and its scale: original pixels to one
 * of these. Transparency becomes white, or black under light strokes. Empty if the picture is too small or too narrow.
 * @type {(pixels: ImageData) => [Image[], number]} */
export function openPicture({ width, height, data }) {
  const shorter = Math.min(width, height), longer = Math.max(width, height);
  if (shorter < 8 || longer > NARROW * shorter) return [[], 1];
  const reduction = Math.ceil(Math.floor(Math.sqrt(width * height)) / WORKING);
  const [w, h] = [width, height].map((n) => Math.ceil(n / reduction));
  // Sums over the pixels that become one: of red, green and blue, each times its opacity 0..1, and of alpha 0..255.
  const [red, green, blue, alpha] = Array.from({ length: 4 }, () => blank(w, h).data);
  for (let y = 0, k = 0; y < height; y++) {
    const row = Math.floor(y / reduction) * w;
    for (let x = 0; x < width; x++, k += 4) {
      const i = row + Math.floor(x / reduction), opaque = data[k + 3] / 255;
      red[i] += data[k] * opaque;
      green[i] += data[k + 1] * opaque;
      blue[i] += data[k + 2] * opaque;
      alpha[i] += data[k + 3];
    }
  }
  let shown = 0, opaque = 0;
  for (let i = 0; i < alpha.length; i++) {
    shown += 0.299 * red[i] + 0.587 * green[i] + 0.114 * blue[i];
    opaque += alpha[i] / 255;
  }
  /** @type {(length: number, i: number) => number} */
  const within = (length, i) => Math.min(reduction, length - i * reduction); // fewer at the right and at the bottom
  const meanOf = (/** @type {Float32Array} */ sums, /** @type {number} */ i) => (
    Math.round(sums[i] / (within(width, i % w) * within(height, Math.floor(i / w))))
  );
  const onto = (/** @type {number} */ i) => (shown > 127 * opaque ? 0 : 255 - meanOf(alpha, i));
  const colours = [red, green, blue].map((sum) => filled(w, h, (i) => meanOf(sum, i) + onto(i)));
  return [colours, longer / Math.max(w, h)];
}
