// The connected components of a foreground, and which of them belong together: as in digits/handwriting/components.py.

import { held } from "../held.js";
import { boxOf, median, weightedMedian } from "./images.js";

const { LENGTH, COMPONENTS, TALL, NEAREST, HIGH, LEVEL, AWAY } = held.constants.components;

/** The pixels of each connected component of a mask. @type {(mask: Image) => number[][]} */
export function componentsOf({ width, height, data }) {
  const left = data.slice();
  const components = [];
  for (let first = 0; first < left.length; first++) {
    if (!left[first]) continue;
    const pixels = [first];
    left[first] = 0;
    for (let n = 0; n < pixels.length; n++) {
      // which grows meanwhile
      const x = pixels[n] % width;
      const y = (pixels[n] - x) / width;
      for (let down = Math.max(y - 1, 0); down <= Math.min(y + 1, height - 1); down++) {
        for (let across = Math.max(x - 1, 0); across <= Math.min(x + 1, width - 1); across++) {
          const i = down * width + across;
          if (!left[i]) continue;
          left[i] = 0;
          pixels.push(i);
        }
      }
    }
    components.push(pixels);
  }
  return components;
}

/** The boxes of the connected components of a mask that may be strokes, with a pixel that is `certain`: the clearest, by how
 * sure the eye is of them. @type {(mask: Image, sure: Image, certain: Image) => Box[]} */
export function strokeBoxes(mask, sure, certain) {
  const strokes = componentsOf(mask)
    .filter((pixels) => pixels.some((i) => certain.data[i]))
    .map((pixels) => {
      const box = boxOf(pixels, mask.width);
      const longer = Math.max(box.right - box.left, heightOf(box));
      const clarity = (pixels.reduce((sum, i) => sum + sure.data[i], 0) / pixels.length) * longer ** LENGTH;
      return { box, clarity };
    });
  const clearest = new Set(strokes.toSorted((a, b) => b.clarity - a.clarity).slice(0, COMPONENTS));
  return strokes.filter((stroke) => clearest.has(stroke)).map(({ box }) => box);
}

/** @type {(box: Box) => number} */
const heightOf = ({ top, bottom }) => bottom - top;

/** The boxes of each line, from the top: tall ones side by side, level or rising, and small ones nearby.
 * @type {(boxes: Box[]) => Box[][]} */
export function lines(boxes) {
  const grouped = /** @type {Box[][]} */ ([]);
  const usual = weightedMedian(boxes.map(heightOf)); // half of all height is in components that are no higher
  const isSmall = (/** @type {Box} */ box) => heightOf(box) <= TALL * usual;
  const isUnusual = (/** @type {Box} */ box) => isSmall(box) || heightOf(box) >= HIGH * usual;
  for (const box of boxes.toSorted((a, b) => Number(isUnusual(a)) - Number(isUnusual(b)) || a.left - b.left)) {
    const away = (/** @type {Box} */ { left, right }) => Math.abs(left + right - box.left - box.right);
    let home = /** @type {Box[] | null} */ (null);
    let most = -Infinity;
    for (const line of grouped) {
      for (const near of line.toSorted((a, b) => away(a) - away(b)).slice(0, NEAREST)) {
        const shared = Math.min(near.bottom, box.bottom) - Math.max(near.top, box.top); // negative where a gap is
        const needed = isSmall(box) ? -AWAY * heightOf(near) : LEVEL * Math.min(heightOf(box), heightOf(near));
        if (shared > needed && shared > most) [home, most] = [line, shared];
      }
    }
    if (home) home.push(box);
    else if (!isSmall(box)) grouped.push([box]);
  }
  const middle = (/** @type {Box[]} */ line) =>
    line.reduce((sum, { top, bottom }) => sum + top + bottom, 0) / line.length;
  return grouped.sort((a, b) => middle(a) - middle(b));
}

/** The box around several. @type {(boxes: Box[]) => Box} */
export const around = (boxes) =>
  boxes.reduce((a, b) => ({
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  }));

/** The tall ones among the boxes of a line, and their median height. @type {(line: Box[]) => { tall: Box[]; height: number }} */
export function tallOf(line) {
  const most = Math.max(...line.map(heightOf));
  const tall = line.filter((box) => heightOf(box) > TALL * most);
  return { tall, height: median(tall.map(heightOf)) };
}
