// The digits of a strip, cut out where the line network has seen them: as in digits/handwriting/cutting.py.

import { componentsOf } from "./components.js";
import { held } from "../held.js";
import { blank, boxOf, clamp, crop, dilated, grown, mapped, median, valuesIn } from "./images.js";
import { normalize } from "./normalize.js";

const { CUTS, DARK, FAINT, ASIDE, MIDWAY, BESIDE, CLOSE, BAND, OWN, ASTRAY, SPECK } = held.constants.cutting;
const { ROWS, DIGIT, SURE } = held.constants.strips;
const { BOX, NEAR, REST } = held.constants.normalize;

/** A function that cuts a digit out of a strip in several ways, given the columns of the middles of the digit before it, of
 * itself and of the next one. The box is in the strip; where there is no foreground, an image is empty.
 * @type {(strip: Strip) => (before: number | undefined, middle: number, after: number | undefined) => Cuts} */
export function cutter({ dark, sure }) {
  const { width } = sure;
  const quarter = (ROWS >> 2) * width;
  const known = new Map();
  const masks = CUTS.map(([least, darker]) =>
    mapped(sure, (value, i) => Number(value > least || (dark.data[i] > darker && value > FAINT))),
  );
  return (before, middle, after) => {
    const key = `${[before, middle, after]}`;
    if (known.has(key)) return known.get(key);
    const isWithin = (/** @type {number} */ i, /** @type {number} */ far) =>
      Math.abs((i % width) - middle) < far * DIGIT;
    const left = before === undefined ? [] : seam(masks[0], before, middle);
    const right = after === undefined ? [] : seam(masks[0], middle, after);
    const cuts = masks.map((mask, n) => {
      const isSeen = mask.data.subarray(quarter, -quarter).some((on, i) => on && isWithin(i, CLOSE));
      const strokes = isSeen
        ? mask
        : mapped(mask, (on, i) => Number(on || (dark.data[i] > DARK && isWithin(i, CLOSE))));
      const pixels = strokesNear(
        mapped(strokes, (on, i) => {
          const x = i % width;
          const row = Math.floor(i / width);
          return Number(on && isWithin(i, BESIDE) && x >= (left[row] ?? 0) && x < (right[row] ?? width));
        }),
        middle,
        CUTS[n][2],
      );
      return pixels.length < SPECK ? nothing(middle) : drawn(dark, strokes, pixels);
    });
    known.set(key, cuts);
    return cuts;
  };
}

/** How much of the handwriting around a place belongs to the digit there; it is 1 if there is none.
 * @type {(strip: Strip, before: number | undefined, middle: number, after: number | undefined) => number} */
export function explained({ sure }, before, middle, after) {
  const { width, data } = sure;
  const left = before === undefined ? middle - ASTRAY * DIGIT : (before + middle) / 2;
  const right = after === undefined ? middle + ASTRAY * DIGIT : (middle + after) / 2;
  let [own, all] = [0, 0];
  for (let x = Math.max(0, Math.trunc(left)); x < Math.min(Math.trunc(right), width); x++) {
    for (let y = ROWS >> 2; y < ROWS - (ROWS >> 2); y++) {
      if (data[y * width + x] <= SURE) continue;
      all++;
      if (Math.abs(x - middle) < OWN * DIGIT) own++;
    }
  }
  return all ? own / all : 1;
}

/** The column in each row of the path down a mask, between two columns, that crosses the least foreground.
 * @type {(mask: Image, left: number, right: number) => number[]} */
export function seam(mask, left, right) {
  const start = Math.floor(left);
  const end = Math.min(Math.floor(right) + 1, mask.width);
  const wide = end - start;
  const costs = mapped(
    crop(mask, { left: start, top: 0, right: end, bottom: mask.height }),
    (on, i) => on + MIDWAY * Math.abs(wide > 1 ? (2 * (i % wide)) / (wide - 1) - 1 : -1),
  );
  const at = (/** @type {number} */ row, /** @type {number} */ x) =>
    x < 0 || x >= wide ? Infinity : costs.data[row * wide + x];
  for (let i = wide; i < costs.data.length; i++) {
    const row = Math.floor(i / wide) - 1;
    const x = i % wide;
    costs.data[i] += Math.min(Math.min(at(row, x - 1), at(row, x + 1)) + ASIDE, at(row, x));
  }
  const last = costs.data.subarray(-wide);
  const path = [last.indexOf(Math.min(...last))];
  for (let row = mask.height - 2; row >= 0; row--) {
    const [x] = path;
    const left = at(row, x - 1);
    const right = at(row, x + 1);
    path.unshift(Math.min(left, right) + ASIDE < at(row, x) ? x + (left <= right ? -1 : 1) : x);
  }
  return path.map((x) => x + start);
}

/** The pixels of the connected components that come near a column, in the band of the line, and are not too short beside
 * the largest of them. @type {(region: Image, middle: number, shortest: number) => number[]} */
function strokesNear(region, middle, shortest) {
  const { width } = region;
  const [first, last] = [-1, 1].map((side) => Math.trunc(middle + side * CLOSE * DIGIT));
  const near = componentsOf(region)
    .map((pixels) => ({ pixels, ...boxOf(pixels, width) }))
    .filter(
      ({ pixels, top, bottom }) =>
        Math.abs((top + bottom - ROWS) / 2) < BAND * DIGIT &&
        pixels.some((i) => i % width >= first && i % width <= last),
    );
  const length = (/** @type {Box} */ { left, top, right, bottom }) => Math.max(right - left, bottom - top);
  const [largest] = near.toSorted((a, b) => b.pixels.length - a.pixels.length);
  return near.filter((stroke) => length(stroke) >= shortest * length(largest)).flatMap(({ pixels }) => pixels);
}

/** A digit's pixels with soft edges, normalized; in context, with the rest of what they are cut from.
 * @type {(dark: Image, mask: Image, pixels: number[]) => Digit} */
function drawn(dark, mask, pixels) {
  const box = boxOf(pixels, mask.width);
  const far = (Math.max(box.right - box.left, box.bottom - box.top) * NEAR) / BOX;
  let digit = blank(mask.width, mask.height);
  for (const i of pixels) digit.data[i] = 1;
  [dark, mask, digit] = [dark, mask, digit].map((image) => crop(image, grown(box, 2 + Math.floor(far))));
  const most = median(valuesIn(dark, digit));
  const near = dilated(digit, 3).data;
  const rest = blank(digit.width, digit.height);
  const strokes = mapped(dark, (value, i) =>
    near[i] && (digit.data[i] || !mask.data[i]) ? clamp(value / most, 0, 1) : 0,
  );
  for (const pixels of REST ? componentsOf(mask) : []) {
    if (pixels.some((i) => digit.data[i])) for (const i of pixels) rest.data[i] = 1 - digit.data[i];
  }
  return { image: normalize(strokes, rest.data.includes(1) ? rest : undefined), box };
}

/** A digit of which nothing is to be seen, by the column of its middle. @type {(middle: number) => Digit} */
function nothing(middle) {
  const side = Math.floor(DIGIT / 4);
  const x = Math.floor(middle);
  const y = ROWS / 2;
  return {
    image: new Float32Array(784),
    box: { left: x - side, top: y - 2 * side, right: x + side, bottom: y + 2 * side },
  };
}
