// Lines of components cut into segments, more than there are digits: as in digits/handwriting/segmentation.py.

import { around, lineHeight, lines, stacked } from "./components.js";
import { held } from "./held.js";
import { blank, boxOf } from "./images.js";

const { EDGE, UNCUT, SPACING, DEEP, SLANTS, ASIDE } = held.constants.segmentation;

/** The segments of each line, made upright, lines from the top. @type {(foreground: Foreground) => SegmentedLine[]} */
export function segment({ darkness: { width, height }, components }) {
  if (!components.length) return [];
  const near = EDGE * Math.min(width, height); // what meets the top or the bottom, and stays near it, is of another line
  const inside = components.filter(({ top, bottom }) => (
    (top > 0 || bottom > near) && (bottom < height || top < height - near)
  ));
  const strokes = inside.length ? inside : components, slant = slantOf(strokes, width, height);
  return lines(strokes.map((one) => ({ ...one, ...boxOf(one.pixels, width, slant) }))).map((line) => {
    const height = lineHeight(line), segments = /** @type {Segment[]} */ ([]);
    for (const [stroke, stack] of stacked(line).entries()) {
      const box = around(stack), pixels = stack.flatMap(({ pixels }) => pixels);
      const clarity = Math.max(...stack.map(({ clarity }) => clarity)), clipped = stack.every(({ clipped }) => clipped);
      const mask = blank(box.right - box.left, box.bottom - box.top), places = pixels.map((i) => { // in the box
        const y = Math.floor(i / width);
        return (y - box.top) * mask.width + (i % width) + Math.trunc(slant * y) - box.left;
      });
      for (const place of places) mask.data[place] = 1;
      const paths = mask.width > UNCUT * height ? segmentationPaths(mask, height) : [];
      const parts = [mask, ...paths].map(() => /** @type {number[]} */ ([]));
      for (const [n, place] of places.entries()) {
        let part = 0;
        for (const path of paths) if (place % mask.width >= path[Math.floor(place / mask.width)]) part++;
        parts[part].push(pixels[n]);
      }
      for (const [n, pixels] of parts.entries()) {
        if (!pixels.length) continue; // where paths meet
        const cut = (paths[n] ?? []).filter((x, row) => mask.data[row * mask.width + x]).length / height;
        segments.push({ ...boxOf(pixels, width, slant), pixels, clarity, stroke, cut, clipped });
      }
    }
    return { height, segments };
  });
}

/** The slant without which columns are most uneven, by the sum of their squares, in columns per row.
 * @type {(components: Component[], width: number, height: number) => number} */
function slantOf(components, width, height) {
  const pixels = components.flatMap(({ pixels }) => pixels), rows = pixels.map((i) => Math.floor(i / width));
  let best = 0, most = 0;
  for (const slant of SLANTS) {
    const columns = new Float64Array(width + Math.trunc(slant * height));
    for (let n = 0; n < rows.length; n++) columns[pixels[n] - rows[n] * width + Math.trunc(slant * rows[n])]++;
    const uneven = columns.reduce((sum, count) => sum + count ** 2, 0);
    if (uneven > most) [best, most] = [slant, uneven];
  }
  return best;
}

/** Paths down a mask, by at most a column a row, that meet few of its pixels; left to right, for digits of this height.
 * Of each, the column in every row. @type {(mask: Image, height: number) => number[][]} */
function segmentationPaths(mask, height) {
  const { width, height: rows, data } = mask, half = rows >> 1, least = SPACING * height;
  const chosen = /** @type {number[]} */ ([]);
  const down = cheapestPath(mask, 0, half), up = cheapestPath(mask, rows - 1, half);
  const met = Array.from({ length: width }, (_, x) => down.cost[x] + up.cost[x] - data[half * width + x]);
  for (const x of [...met.keys()].sort((a, b) => met[a] - met[b] || a - b)) {
    if (met[x] > DEEP * rows) break;
    if (x < least || x >= width - least || chosen.some((other) => Math.abs(x - other) < least)) continue;
    chosen.push(x);
  }
  return chosen.sort((a, b) => a - b).map((x) => [...follow(down.steps, x).reverse(), ...follow(up.steps, x).slice(1)]);
}

/** What the cheapest path from row `first` of a mask to each column of row `last` costs; and the steps of each row.
 * @type {(mask: Image, first: number, last: number) => {cost: Float64Array, steps: Int8Array[]}} */
function cheapestPath({ width, data }, first, last) {
  const way = Math.sign(last - first), steps = [new Int8Array(width)];
  let cost = Float64Array.from({ length: width }, (_, x) => data[first * width + x]);
  for (let row = first; row !== last;) {
    row += way;
    const before = cost, step = new Int8Array(width);
    cost = before.map((straight, x) => {
      const left = before[x - 1] ?? Infinity, right = before[x + 1] ?? Infinity, aside = Math.min(left, right) + ASIDE;
      if (aside < straight) step[x] = left <= right ? -1 : 1;
      return Math.min(straight, aside) + data[row * width + x];
    });
    steps.push(step);
  }
  return { cost, steps };
}

/** The columns of the path that ends here, from its end. @type {(steps: Int8Array[], column: number) => number[]} */
function follow(steps, column) {
  return steps.toReversed().map((step) => {
    const here = column;
    column += step[column];
    return here;
  });
}
