// The connected components of a foreground, and which of them belong together: as in digits/handwriting/components.py.

import { held } from "./held.js";
import { boxOf, clamp, median } from "./images.js";

const { MOST, CONTRAST, LENGTH, AREA, EDGE, TIGHT, TALL, NEAR, HIGH, LEVEL, LOW } = held.constants.components;
const { STACKED, UNDER, FLAT } = held.constants.components;

/** The connected components of a mask that may be strokes, by how much darker they are at their boundaries than what
 * is around, as a share of `most`. @type {(mask: Image, light: Image, most: number) => Component[]} */
export function connectedComponents(mask, light, most) {
  const { width, height } = mask, near = Math.floor(EDGE * Math.min(width, height)), shades = light.data;
  const left = mask.data.slice(), found = /** @type {Component[]} */ ([]); // where pixels are left, 2 where one was
  for (let first = 0; first < left.length; first++) {
    if (left[first] !== 1) continue;
    const stack = [first], pixels = /** @type {number[]} */ ([]);
    let inside = 0, length = 0, change = 0;
    left[first] = 2;
    for (let i = stack.pop(); i !== undefined; i = stack.pop()) {
      const x = i % width, y = Math.floor(i / width);
      pixels.push(i);
      if (Math.min(x, y) >= near && x < width - near && y < height - near) inside++;
      for (let n = 0; n < 9; n++) {
        const across = (n % 3) - 1, down = Math.floor(n / 3) - 1, j = i + down * width + across;
        const isBeyond = x + across < 0 || x + across >= width || j < 0 || j >= left.length;
        if (left[j] === 1 && !isBeyond) {
          left[j] = 2;
          stack.push(j);
        } else if ((isBeyond || !left[j]) && n % 2) { // beside, above or below, where the boundary is
          length++;
          if (!isBeyond) change += clamp((shades[j] - shades[i]) / most, -1, 1);
        }
      }
    }
    const box = boxOf(pixels, width), wide = box.right - box.left, high = box.bottom - box.top;
    const upright = (/** @type {number} */ x) => pixels.filter((i) => i % width === x).length === height;
    const level = (/** @type {number} */ y) => pixels.filter((i) => Math.floor(i / width) === y).length === width;
    // What covers a whole side of the picture is a table or a shadow, and a long line at the edge is a table's.
    const covers = (high === height && (upright(0) || upright(width - 1)))
      || (wide === width && (level(0) || level(height - 1)));
    const line = covers || (!inside && (wide > width / 2 || high > height / 2)), contrast = change / length;
    const tight = wide === width && high === height; // a 0, if there is nothing else
    const clear = contrast > CONTRAST && (!line || tight);
    const clarity = clear ? length ** LENGTH * contrast * (line ? TIGHT : 1) : -1;
    found.push({ ...box, pixels, clarity, clipped: box.left === 0 || box.right === width });
  }
  const [best] = found.filter(({ clarity }) => clarity > 0).sort((a, b) => b.clarity - a.clarity);
  if (best) best.clipped = false;
  const kept = found.filter((one) => one.clarity > 0 && one.pixels.length > AREA * best.pixels.length);
  const least = kept.map(({ clarity }) => clarity).sort((a, b) => b - a)[MOST - 1] ?? 0;
  return kept.filter(({ clarity }) => clarity >= least).slice(0, MOST);
}

/** @type {(box: Box) => number} */
const heightOf = ({ top, bottom }) => bottom - top;

/** The components of each line, from the top: tall ones side by side, level or rising, and small ones nearby.
 * @type {(components: Component[]) => Component[][]} */
export function lines(components) {
  const heights = components.map(heightOf).sort((a, b) => a - b), found = /** @type {Component[][]} */ ([]);
  let half = heights.reduce((sum, height) => sum + height, 0) / 2, n = -1;
  do half -= heights[++n]; while (half > 0);
  const usual = heights[n]; // of the half of all height that is in low components, the last one's
  const small = (/** @type {Component} */ one) => heightOf(one) <= TALL * usual;
  const last = (/** @type {Component} */ one) => small(one) || heightOf(one) >= HIGH * usual;
  for (const one of components.toSorted((a, b) => Number(last(a)) - Number(last(b)) || a.left - b.left)) {
    const away = (/** @type {Component} */ other) => Math.abs(other.left + other.right - one.left - one.right);
    let home = null, best = -Infinity;
    for (const line of found) {
      for (const near of line.toSorted((a, b) => away(a) - away(b)).slice(0, NEAR)) {
        const shared = Math.min(near.bottom, one.bottom) - Math.max(near.top, one.top); // negative where a gap is
        let needed = LEVEL * Math.min(heightOf(one), heightOf(near));
        if (small(one)) needed = -LOW * heightOf(near);
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

/** A line's components, left to right, a 5 and its bar together. @type {(line: Component[]) => Component[][]} */
export function stacked(line) {
  const groups = /** @type {Component[][]} */ ([]);
  for (const one of line.toSorted((a, b) => a.left - a.right - (b.left - b.right))) {
    const group = groups.find((group) => above(around(group), one) && !underlined(around(group), one));
    if (group) group.push(one);
    else groups.push([one]);
  }
  const centre = (/** @type {Box} */ { left, right }) => (left + right) / 2;
  return groups.sort((a, b) => centre(around(a)) - centre(around(b)));
}

/** Whether one is above the other, if need be moved up or down. @type {(one: Box, other: Box) => boolean} */
function above(one, other) {
  const shared = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  return shared > STACKED * Math.min(one.right - one.left, other.right - other.left);
}

/** Whether the lower of two is a line under the other. @type {(one: Box, other: Box) => boolean} */
function underlined(one, other) {
  const [upper, lower] = one.top <= other.top ? [one, other] : [other, one];
  const begins = (lower.top - upper.top) / (upper.bottom - upper.top);
  return begins > UNDER && lower.bottom - lower.top < FLAT * (lower.right - lower.left);
}
