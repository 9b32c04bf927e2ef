// Each line of a picture, level and at one height: as in digits/handwriting/strips.py.

import { around, tallOf } from "./components.js";
import { held } from "../held.js";
import { between, binarized, blank, blurred, clamp, crop, mapped, median, valuesIn } from "./images.js";
import { outputs } from "./line_network.js";

const { ROWS, DIGIT, SURE, ENDS, LONGEST, TILTED } = held.constants.strips;

/** The strip of a line, given the boxes of its components. @type {(sight: Sight, line: Box[]) => Strip} */
export function strip({ sure, darkness }, line) {
  const { tall, height } = tallOf(line);
  const scale = DIGIT / height;
  const box = around(line);
  const x = tall.map(({ left, right }) => (left + right) / 2);
  const y = tall.map(({ top, bottom }) => (top + bottom) / 2);
  const at = x.reduce((sum, column) => sum + column, 0) / x.length;
  let rise = 0;
  let middle = median(y);
  if (tall.length > 3 && Math.max(...x) - Math.min(...x) > 3 * height) {
    // by least squares
    const spread = x.reduce((sum, column) => sum + (column - at) ** 2, 0);
    rise = clamp(x.reduce((sum, column, n) => sum + (column - at) * y[n], 0) / spread, -TILTED, TILTED);
    middle = median(y.map((row, n) => row - rise * (x[n] - at)));
  }
  const left = Math.max(box.left - ENDS * height, -height);
  const right = Math.min(box.right + ENDS * height, sure.width + height);
  const width = 2 * Math.floor(Math.floor(clamp((right - left) * scale, ROWS >> 1, LONGEST * DIGIT)) / 2);
  const from = (/** @type {number} */ column, /** @type {number} */ row) => {
    const across = column / scale + left;
    return /** @type {Point} */ ([across, (row - ROWS / 2) / scale + middle + rise * (across - at)]);
  };
  const cover = boxFrom(from, { left: 0, top: 0, right: width, bottom: ROWS });
  const far = 4 / scale + 2; // which a blur needs
  const part = {
    left: clamp(Math.floor(cover.left - far), 0, sure.width),
    top: clamp(Math.floor(cover.top - far), 0, sure.height),
    right: clamp(Math.ceil(cover.right + far), 0, sure.width),
    bottom: clamp(Math.ceil(cover.bottom + far), 0, sure.height),
  };
  const strokes = valuesIn(crop(darkness, box), binarized(crop(sure, box), SURE));
  const full = strokes.length ? median(strokes) : 0.3; // the usual darkness of strokes
  const [dark, certain] = [mapped(crop(darkness, part), (value) => clamp(value / full, 0, 1)), crop(sure, part)].map(
    (plane) => {
      const soft = scale < 1 ? blurred(plane, 0.4 / scale) : plane;
      return mapped(blank(width, ROWS), (_, i) => {
        const [across, down] = from(i % width, Math.floor(i / width));
        return between(soft, across - part.left, down - part.top);
      });
    },
  );
  return { dark, sure: certain, scale, tall: tall.length, from, log: outputs({ dark, sure: certain }) };
}

/** The box in the picture of a box in a strip. @type {(from: Strip["from"], box: Box) => Box} */
export function boxFrom(from, { left, top, right, bottom }) {
  const corners = [from(left, top), from(right, top), from(left, bottom), from(right, bottom)];
  return around(corners.map(([x, y]) => ({ left: x, top: y, right: x, bottom: y })));
}
