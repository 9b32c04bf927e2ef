// Lines of components cut into segments, more than there are digits: as in digits/handwriting/segmentation.py.

import { around, lineHeight, lines, stacked } from "./components.js";
import { held } from "./held.js";
import { blank, boxesOf, crop, mapped, mappedBox } from "./images.js";

const { WIDE, APART, DEEP, SLANTS, ASIDE } = held.constants.segmentation, { FAINT } = held.constants.components;

/** The segments of each line, made upright, lines from the top; and an image of each pixel's segment, 0 where there is
 * none. @type {(foreground: Foreground) => {owners: Image, lines: SegmentedLine[]}} */
export function segment({ labels, components }) {
  const { width, height, data } = labels, least = FAINT * Math.max(...components.map(({ clarity }) => clarity));
  const clear = components.filter(({ clarity }) => clarity > least), shifts = uprightShifts(labels, clear);
  const atSide = clear.filter(({ main, left, right }) => !main && (left === 0 || right === width));
  const wide = width + shifts[height - 1], upright = blank(wide, height), parts = blank(wide, height);
  for (const [y, shift] of shifts.entries()) {
    upright.data.set(data.subarray(y * width, (y + 1) * width), y * wide + shift);
  }
  const boxes = boxesOf(upright), owners = blank(width, height);
  let first = 1; // label of a stack's segments
  const segmented = lines(clear.map((one) => ({ ...one, ...boxes[one.label] }))).map((line) => {
    const height = lineHeight(line), segments = /** @type {Segment[]} */ ([]);
    stacked(line).forEach((stack, stroke) => {
      const box = around(stack), own = new Set(stack.map(({ label }) => label));
      const mask = mapped(crop(upright, box), (label) => Number(own.has(label)));
      const paths = mask.width > WIDE * height ? segmentationPaths(mask, height) : [];
      const clarity = Math.max(...stack.map(({ clarity }) => clarity));
      const clipped = [...own].every((label) => atSide.some((one) => one.label === label));
      const part = mapped(mask, (on, i) => {
        if (!on) return 0;
        const x = i % mask.width, y = Math.floor(i / mask.width);
        let n = 1;
        for (const path of paths) if (x >= path[y]) n++;
        parts.data[(box.top + y) * wide + box.left + x] = first - 1 + n;
        return n;
      });
      boxesOf(part).slice(1).forEach((inner, n) => {
        const own = mappedBox(inner, (x) => box.left + x, (y) => box.top + y), label = first + n;
        if (own.left < own.right) segments.push({ label, ...own, clarity, stroke, clipped }); // some paths meet
      });
      first += paths.length + 1;
    });
    return { height, segments };
  });
  for (const [y, shift] of shifts.entries()) {
    owners.data.set(parts.data.subarray(y * wide + shift, y * wide + shift + width), y * width);
  }
  return { owners, lines: segmented };
}

/** How far right each row is moved until slanted writing is upright, which makes the columns most uneven: the sum of the
 * squares of their sums. @type {(labels: Image, components: Component[]) => number[]} */
function uprightShifts({ width, height, data }, components) {
  const own = new Set(components.map(({ label }) => label)), places = /** @type {number[]} */ ([]);
  for (let i = 0; i < data.length; i++) if (data[i] && own.has(data[i])) places.push(i);
  let best = /** @type {number[]} */ ([]), most = 0;
  for (const slant of SLANTS) {
    const shifts = Array.from({ length: height }, (_, y) => Math.trunc(slant * y));
    const columns = new Float64Array(width + shifts[height - 1]);
    for (const i of places) columns[(i % width) + shifts[Math.floor(i / width)]]++;
    const uneven = columns.reduce((sum, count) => sum + count ** 2, 0);
    if (uneven > most) [best, most] = [shifts, uneven];
  }
  return best;
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
