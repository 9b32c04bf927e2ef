// The digits of a strip, cut out where the line network has seen them: as in digits/handwriting/cutting.py.

import { componentsOf } from "./components.js";
import { held } from "./held.js";
import { blank, boxOf, clamp, crop, dilated, grown, mapped, mappedBox, median, valuesIn } from "./images.js";
import { normalize } from "./normalization.js";

const { FOREGROUND, DARK, FAINT, ASIDE, MIDWAY, BESIDE, NEAREST, BAND, LEAST } = held.constants.cutting;
const { ROWS, DIGIT } = held.constants.strips, { BOX, NEAR, REST } = held.constants.normalize;

/** Each digit and its box in a strip, given the columns of their middles. Where there is no foreground, the image is
 * empty. @type {(strip: Strip, middles: number[]) => Digit[]} */
export function cut({ dark, sure }, middles) {
  const { width } = sure, quarter = ROWS >> 2, mask = mapped(sure, (value, i) => (
    Number(value > FOREGROUND || (dark.data[i] > DARK && value > FAINT))
  ));
  for (const middle of middles) {
    const isNear = (/** @type {number} */ i) => Math.abs((i % width) - middle) < NEAREST * DIGIT;
    if (mask.data.subarray(quarter * width, -quarter * width).some((on, i) => on && isNear(i))) continue;
    for (const [i, value] of dark.data.entries()) if (value > DARK && isNear(i)) mask.data[i] = 1;
  }
  const seams = middles.slice(1).map((middle, n) => seam(mask, middles[n], middle));
  return middles.map((middle, n) => {
    const left = Math.max(0, Math.floor(middle - BESIDE * DIGIT) + 1);
    const near = { left, top: 0, right: Math.min(width, Math.ceil(middle + BESIDE * DIGIT)), bottom: ROWS };
    const part = mapped(crop(mask, near), (on, i, { width }) => {
      const x = left + (i % width), row = Math.floor(i / width);
      return Number(on && x >= (seams[n - 1]?.[row] ?? 0) && x < (seams[n]?.[row] ?? Infinity));
    });
    const pixels = strokesNear(part, middle - left), own = blank(part.width, ROWS);
    if (pixels.length < LEAST) return nothing(middle);
    for (const i of pixels) own.data[i] = 1;
    const box = boxOf(pixels, part.width), far = Math.max(box.right - box.left, box.bottom - box.top) * NEAR / BOX;
    const here = grown(box, 2 + Math.floor(far)), moved = (/** @type {Box} */ one) => mappedBox(one, (x) => x + left, (y) => y);
    return { image: drawn(crop(dark, moved(here)), crop(mask, moved(here)), crop(own, here)), box: moved(box) };
  });
}

/** The column in each row of the path down a mask, between two columns, that crosses the least foreground.
 * @type {(mask: Image, left: number, right: number) => number[]} */
export function seam(mask, left, right) {
  const start = Math.floor(left), end = Math.min(Math.floor(right) + 1, mask.width), wide = end - start;
  const costs = mapped(crop(mask, { left: start, top: 0, right: end, bottom: mask.height }), (on, i) => (
    on + MIDWAY * Math.abs(wide > 1 ? 2 * (i % wide) / (wide - 1) - 1 : -1)
  ));
  const at = (/** @type {number} */ row, /** @type {number} */ x) => (x < 0 || x >= wide ? Infinity : costs.data[row * wide + x]);
  for (let i = wide; i < costs.data.length; i++) {
    const row = Math.floor(i / wide) - 1, x = i % wide;
    costs.data[i] += Math.min(Math.min(at(row, x - 1), at(row, x + 1)) + ASIDE, at(row, x));
  }
  const last = costs.data.subarray(-wide), path = [last.indexOf(Math.min(...last))];
  for (let row = mask.height - 2; row >= 0; row--) {
    const [x] = path, one = at(row, x - 1), other = at(row, x + 1);
    path.unshift(Math.min(one, other) + ASIDE < at(row, x) ? x + (one <= other ? -1 : 1) : x);
  }
  return path.map((x) => x + start);
}

/** The pixels of the connected components that come near a column, in the band of the line.
 * @type {(region: Image, middle: number) => number[]} */
function strokesNear(region, middle) {
  const { width } = region, [first, last] = [-1, 1].map((side) => Math.trunc(middle + side * NEAREST * DIGIT));
  return componentsOf(region).filter((pixels) => {
    const { top, bottom } = boxOf(pixels, width), isLevel = Math.abs((top + bottom - ROWS) / 2) < BAND * DIGIT;
    return isLevel && pixels.some((i) => i % width >= first && i % width <= last);
  }).flat();
}

/** A digit's own pixels with soft edges, normalized; in context, with the rest of what they are cut from.
 * @type {(dark: Image, mask: Image, own: Image) => Float32Array} */
function drawn(dark, mask, own) {
  const most = median(valuesIn(dark, own)), near = dilated(own, 3).data, rest = blank(own.width, own.height);
  const strokes = mapped(dark, (value, i) => (
    near[i] && (own.data[i] || !mask.data[i]) ? clamp(value / most, 0, 1) : 0
  ));
  for (const pixels of REST ? componentsOf(mask) : []) {
    if (pixels.some((i) => own.data[i])) for (const i of pixels) rest.data[i] = 1 - own.data[i];
  }
  return normalize(strokes, rest.data.includes(1) ? rest : undefined);
}

/** A digit of which nothing is to be seen, by the column of its middle. @type {(middle: number) => Digit} */
function nothing(middle) {
  const side = Math.floor(DIGIT / 4), x = Math.floor(middle), y = ROWS / 2;
  return { image: new Float32Array(784), box: { left: x - side, top: y - 2 * side, right: x + side, bottom: y + 2 * side } };
}
