// Lines of components cut into segments, more than there are digits: as in digits/handwriting/segmentation.py.

import { around, lineHeight, lines, stacked } from "./components.js";
import { held } from "./held.js";
import { blank, bounds, crop, mapped, mappedBox } from "./images.js";

const { WIDE, APART, DEEP, ASIDE } = held.constants.segmentation, { FAINT } = held.constants.components;

/** The segments of each line, lines from the top; and an image of each pixel's segment, 0 where there is none.
 * @type {(foreground: Foreground) => {owners: Image, lines: SegmentedLine[]}} */
export function segment({ labels, components }) {
  const owners = blank(labels.width, labels.height);
  const least = FAINT * Math.max(...components.map(({ clarity }) => clarity));
  let label = 1;
  const segmented = lines(components.filter(({ clarity }) => clarity > least)).map((line) => {
    const height = lineHeight(line), segments = /** @type {Segment[]} */ ([]);
    stacked(line).forEach((stack, stroke) => {
      const box = around(stack), own = new Set(stack.map(({ label }) => label));
      const mask = mapped(crop(labels, box), (label) => Number(own.has(label)));
      const paths = mask.width > WIDE * height ? segmentationPaths(mask, height) : [];
      const clarity = Math.max(...stack.map(({ clarity }) => clarity)), main = stack.some(({ main }) => main);
      const parts = [mask, ...paths].map(() => blank(mask.width, mask.height));
      mask.data.forEach((on, i) => {
        if (!on) return;
        const x = i % mask.width, y = Math.floor(i / mask.width), n = paths.filter((path) => x >= path[y]).length;
        parts[n].data[i] = 1;
        owners.data[(box.top + y) * owners.width + box.left + x] = label + n;
      });
      for (const part of parts) {
        const own = mappedBox(bounds(part), (x) => box.left + x, (y) => box.top + y);
        const clipped = !main && (own.left === 0 || own.right === owners.width);
        if (own.left < own.right) segments.push({ label, ...own, clarity, stroke, clipped }); // some paths meet
        label++;
      }
    });
    return { height, segments };
  });
  return { owners, lines: segmented };
}

/** Paths down a mask, by at most a column a row, that meet few of its pixels; left to right, for digits of this height.
 * Of each, the column in every row. @type {(mask: Image, height: number) => number[][]} */
function segmentationPaths(mask, height) {
  const { width, height: rows, data } = mask, half = rows >> 1, least = APART * height;
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
      let best = straight;
      for (const side of [-1, 1]) {
        if (x + side < 0 || x + side >= width || before[x + side] + ASIDE >= best) continue;
        [best, step[x]] = [before[x + side] + ASIDE, side];
      }
      return best + data[row * width + x];
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
