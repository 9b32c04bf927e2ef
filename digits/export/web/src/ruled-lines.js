// Printed lines of ruled or squared paper, tables and boxes, taken out of a picture: as in
// digits/handwriting/ruled_lines.py.

import { held } from "./held.js";
import { blank, blurred, clamp, closing, dilated, mapped, quantile, rounded, sample } from "./images.js";

const {
  DARKER, ALONG, STEP, DARK, ASIDE, CENTRE, LEAST, THICK, BENT, DISTANT, HELD, BORDER, HEAVY, SHADE,
} = held.constants.ruled_lines;

/** Light with printed lines divided out. @type {(light: Image, share: Image) => Image} */
export function withoutRuledLines(light, share) {
  const across = transposed(light), shares = [share, transposed(share)];
  let level = darkLines(light, share), upright = darkLines(across, shares[1]), count = -1;
  while (count !== level.length + upright.length) {
    count = level.length + upright.length;
    [level, upright] = [heldBy(upright, level, light), heldBy(level, upright, across)];
  }
  const rest = level.reduce((light, line) => dividedBy(line, shares[0], light), light);
  return transposed(upright.reduce((light, line) => dividedBy(line, shares[1], light), transposed(rest)));
}

/** @type {(image: Image) => Image} */
const transposed = ({ width, height, data }) => (
  mapped(blank(height, width), (_, i) => data[(i % height) * width + Math.floor(i / height)])
);

/** Light divided by its closing with a column: below 1 where something dark is less high than the column, else 1.
 * @type {(light: Image) => Image} */
function thin(light) {
  const side = (1 + Math.floor(THICK * Math.min(light.width, light.height))) | 1;
  const closed = closing(light, 1, side).data;
  return mapped(light, (value, i) => value / Math.max(closed[i], value));
}

/** Means over ALONG pixels of a row; beyond the border the outermost pixel is repeated. @type {(image: Image) => Image} */
function meansAlong({ width, height, data }) {
  const out = blank(width, height), half = ALONG >> 1;
  for (let start = 0; start < data.length; start += width) {
    const at = (/** @type {number} */ x) => data[start + clamp(x, 0, width - 1)];
    let sum = 0;
    for (let x = -half; x < half; x++) sum += at(x);
    for (let x = 0; x < width; x++) {
      sum += at(x + half);
      out.data[start + x] = sum / ALONG;
      sum -= at(x - half);
    }
  }
  return out;
}

/** Nearly straight paths, from left to right, of pixels that are dark, and that are thin in the mean along their
 * row; the longest first. @type {(light: Image, share: Image) => RuledLine[]} */
function darkLines(light, share) {
  const { width, height } = share, shorter = Math.min(width, height);
  const means = meansAlong(thin(light)), some = sample(means.data), usual = quantile(some, 0.5);
  const noise = quantile(some.map((value) => Math.abs(value - usual)), 0.5);
  const darker = usual - DARKER[0], inMean = Math.min(darker, usual - DARKER[1] * noise);
  const dark = mapped(share, (value, i) => Number(value < darker && means.data[i] < inMean));
  const near = dilated(dark, 1, 3);
  const least = (LEAST * shorter) / STEP, most = Math.floor(THICK * shorter), steps = Math.ceil(width / STEP);
  const { length, move } = pathLengths(dark, near), taken = blank(height, steps).data;
  const onward = dilated(length, 3, 1).data;
  const ends = [...length.data.keys()].filter((i) => (
    length.data[i] > least && length.data[i] > (i + height < onward.length ? onward[i + height] : 0)
  ));
  const found = /** @type {RuledLine[]} */ ([]);
  for (const end of ends.sort((i, j) => length.data[j] - length.data[i])) {
    const path = /** @type {number[]} */ ([]);
    let step = Math.floor(end / height), row = end % height;
    for (let i = end; step >= 0 && length.data[i] > 0 && !taken[i]; i = step * height + row) {
      path.unshift(row);
      row += move[i];
      step--;
    }
    if (path.length <= least) continue;
    path.forEach((row, n) => {
      const start = (step + 1 + n) * height;
      taken.fill(1, start + Math.max(row - DISTANT, 0), start + Math.min(row + DISTANT + 1, height));
    });
    const left = STEP * (step + 1), size = Math.min(left + STEP * path.length, width) - left;
    const rows = Array.from({ length: size }, (_, n) => {
      const at = clamp((n - (STEP - 1) / 2) / STEP, 0, path.length - 1), before = Math.floor(at);
      return rounded(path[before] + (at - before) * ((path[before + 1] ?? 0) - path[before]));
    });
    const along = (/** @type {Image} */ { data }, offset = 0) => Float32Array.from(rows, (row, n) => (
      row + offset < 0 || row + offset >= height ? 0 : data[(row + offset) * width + left + n]
    ));
    const sum = (/** @type {Float32Array} */ values) => values.reduce((sum, value) => sum + value, 0);
    const slope = (rows[size - 1] - rows[0]) / Math.max(size - 1, 1);
    if (rows.some((row, n) => Math.abs(row - rows[0] - slope * n) > 1 + BENT * size)) continue;
    if (sum(along(near)) <= DARK * size) continue;
    const [above, below] = [-1, 1].map((way) => {
      let n = 1;
      while (n < most && sum(along(dark, way * n)) > size / 2) n++;
      return n;
    });
    const weight = (1 - quantile(along(share), 0.5)) * (above + below - 1);
    if (above + below - 1 <= most) found.push({ left, rows, above, below, weight });
  }
  return found;
}

/** Of the best path to each row in each step, its length in steps, less what is not dark; and where it came from.
 * @type {(dark: Image, near: Image) => {length: Image, move: Int8Array}} */
function pathLengths(dark, near) {
  const { width, height } = dark, steps = Math.ceil(width / STEP), length = blank(height, steps);
  const soft = blurred(dark, 2);
  const move = new Int8Array(height * steps);
  const shareOf = (/** @type {Image} */ { data }, /** @type {number} */ step, /** @type {number} */ row) => {
    let sum = 0;
    for (let x = STEP * step; x < STEP * step + STEP; x++) sum += data[row * width + Math.min(x, width - 1)];
    return sum / STEP;
  };
  for (let step = 0, i = 0; step < steps; step++) {
    const before = (/** @type {number} */ row) => (
      step && row >= 0 && row < height ? length.data[(step - 1) * height + row] : 0
    );
    for (let row = 0; row < height; row++, i++) {
      const share = shareOf(near, step, row), above = before(row - 1), below = before(row + 1), same = before(row);
      const aside = Math.max(above, below) - ASIDE;
      if (aside > same) move[i] = above >= below ? -1 : 1;
      if (!share) continue;
      const gain = 1 - STEP * (1 - share) + CENTRE * shareOf(soft, step, row);
      length.data[i] = Math.max(Math.max(aside, same) + gain, 0);
    }
  }
  return { length, move };
}

/** The level lines that end, on both sides, on upright ones or near the border of a picture; of one that is all along
 * its upper or lower border, it is enough if one side ends on an upright one or the border.
 * @type {(others: RuledLine[], lines: RuledLine[], picture: Image) => RuledLine[]} */
function heldBy(others, lines, { width, height }) {
  const weights = blank(height, width), near = 1 + Math.floor(BORDER * Math.min(width, height));
  for (const { left, rows, above, below, weight } of others) {
    for (const offset of [-above, 0, below]) {
      rows.forEach((row, n) => {
        weights.data[clamp(row + offset, 0, width - 1) * height + left + n] = weight;
      });
    }
  }
  const around = dilated(weights, 2 * HELD + 1).data;
  around.fill(Infinity, 0, HELD * height).fill(Infinity, (width - HELD) * height);
  return lines.filter(({ left, rows, weight }) => {
    const ends = [[left, rows[0]], [left + rows.length - 1, rows[rows.length - 1]]].map(([column, row]) => ({
      meets: around[column * height + row], isNear: column < near || column >= width - near,
    }));
    const alongBorder = Math.max(...rows) < near || Math.min(...rows) >= height - near;
    const both = Math.min(...ends.map(({ meets, isNear }) => (isNear ? Infinity : meets)));
    return weight < HEAVY * Math.max(both, alongBorder ? Math.max(...ends.map(({ meets }) => meets)) : 0);
  });
}

/** Light divided by the shades of a level line; no column gets lighter than it is above and below the line.
 * @type {(line: RuledLine, share: Image, light: Image) => Image} */
function dividedBy({ left, rows, above, below }, share, light) {
  const { width, height } = light, data = light.data.slice(), thick = above + below + 2;
  const first = Math.max(left - STEP, 0), size = Math.min(left + rows.length + STEP, width) - first;
  const along = (/** @type {(column: number, row: number, n: number) => number} */ of) => (
    Float32Array.from({ length: size }, (_, n) => of(first + n, rows[clamp(first + n - left, 0, rows.length - 1)], n))
  );
  const at = (/** @type {number} */ column, /** @type {number} */ row) => clamp(row, 0, height - 1) * width + column;
  const beyond = (/** @type {number} */ row) => row < 0 || row >= height;
  const over = along((column, row) => data[at(column, beyond(row - above - 1) ? row + below + 1 : row - above - 1)]);
  const under = along((column, row) => data[at(column, beyond(row + below + 1) ? row - above - 1 : row + below + 1)]);
  for (let n = 1; n < thick; n++) {
    const place = (/** @type {number} */ column, /** @type {number} */ row) => at(column, row - above - 1 + n);
    const shade = quantile(along((column, row) => share.data[place(column, row)]), SHADE);
    along((column, row, i) => {
      const here = place(column, row), most = over[i] + ((under[i] - over[i]) * n) / thick;
      data[here] = Math.max(data[here], Math.min(most, data[here] / shade));
      return 0;
    });
  }
  return { width, height, data };
}
