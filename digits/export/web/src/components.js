// The connected components of a foreground, and which of them belong together: as in digits/handwriting/components.py.

import { held } from "./held.js";
import { boxOf, median, weightedMedian } from "./images.js";

const { LENGTH, COMPONENTS, TALL, NEAREST, HIGH, LEVEL, AWAY } = held.constants.components;

/** The pixels of each connected component of a mask. @type {(mask: Image) => number[][]} */
export function componentsOf({ width, height, data }) {
  const left = data.slice(), found = [];
  for (let first = 0; first < left.length; first++) {
    if (!left[first]) continue;
    const pixels = [first];
    left[first] = 0;
    for (let n = 0; n < pixels.length; n++) { // which grows meanwhile
      const x = pixels[n] % width, y = (pixels[n] - x) / width;
      for (let down = Math.max(y - 1, 0); down <= Math.min(y + 1, height - 1); down++) {
        for (let across = Math.max(x - 1, 0); across <= Math.min(x + 1, width - 1); across++) {
          const i = down * width + across;
          if (!left[i]) continue;
          left[i] = 0;
          pixels.push(i);
        }
      }
    }
    found.push(pixels);
  }
  return found;
}

/** The connected components of a mask that may be strokes, with a pixel that is `certain`; by how sure the eye is of them.
 * @type {(mask: Image, sure: Image, certain: Image) => Component[]} */
export function connectedComponents(mask, sure, certain) {
  const { width } = mask, found = componentsOf(mask).flatMap((pixels) => {
    if (!pixels.some((i) => certain.data[i])) return [];
    const box = boxOf(pixels, width), longer = Math.max(box.right - box.left, box.bottom - box.top);
    const clarity = pixels.reduce((sum, i) => sum + sure.data[i], 0) / pixels.length * longer ** LENGTH;
    return { ...box, pixels, clarity, clipped: box.left === 0 || box.right === width };
  });
  const [best] = found.toSorted((a, b) => b.clarity - a.clarity);
  if (best) best.clipped = false;
  const kept = new Set(found.toSorted((a, b) => b.clarity - a.clarity).slice(0, COMPONENTS));
  return found.filter((one) => kept.has(one));
}

/** @type {(box: Box) => number} */
export const heightOf = ({ top, bottom }) => bottom - top;

/** The components of each line, from the top: tall ones side by side, level or rising, and small ones nearby.
 * @type {(components: Component[]) => Component[][]} */
export function lines(components) {
  const found = /** @type {Component[][]} */ ([]);
  const usual = weightedMedian(components.map(heightOf)); // half of all height is in components that are no higher
  const small = (/** @type {Component} */ one) => heightOf(one) <= TALL * usual;
  const last = (/** @type {Component} */ one) => small(one) || heightOf(one) >= HIGH * usual;
  for (const one of components.toSorted((a, b) => Number(last(a)) - Number(last(b)) || a.left - b.left)) {
    const away = (/** @type {Component} */ other) => Math.abs(other.left + other.right - one.left - one.right);
    let home = null, best = -Infinity;
    for (const line of found) {
      for (const near of line.toSorted((a, b) => away(a) - away(b)).slice(0, NEAREST)) {
        const shared = Math.min(near.bottom, one.bottom) - Math.max(near.top, one.top); // negative where a gap is
        let needed = LEVEL * Math.min(heightOf(one), heightOf(near));
        if (small(one)) needed = -AWAY * heightOf(near);
        if (shared > needed && shared > best) [home, best] = [line, shared];
      }
    }
    if (home) home.push(one);
    else if (!small(one)) found.push([one]);
  }
  const middle = (/** @type {Box[]} */ line) => line.reduce((sum, one) => sum + one.top + one.bottom, 0) / line.length;
  return found.sort((a, b) => middle(a) - middle(b));
}

/** The box around several. @type {(boxes: Box[]) => Box} */
export const around = (boxes) => boxes.reduce((one, other) => ({
  left: Math.min(one.left, other.left), top: Math.min(one.top, other.top),
  right: Math.max(one.right, other.right), bottom: Math.max(one.bottom, other.bottom),
}));

/** The median height of a line's tall components. @type {(line: Component[]) => number} */
export function lineHeight(line) {
  const heights = line.map(heightOf), most = Math.max(...heights);
  return median(heights.filter((height) => height > TALL * most));
}
