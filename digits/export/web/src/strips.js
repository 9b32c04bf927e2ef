// Each line of a picture, level and at one height: as in digits/handwriting/strips.py.

import { around, heightOf, lineHeight } from "./components.js";
import { held } from "./held.js";
import { between, binarized, blank, blurred, clamp, crop, mapped, median, valuesIn } from "./images.js";

const { ROWS, DIGIT, ENDS, LONGEST, TILTED } = held.constants.strips, { TALL } = held.constants.components;

/** The strip of a line, given its components. @type {(sight: Sight, line: Component[]) => Strip} */
export function strip({ sure, darkness }, line) {
  const height = lineHeight(line), scale = DIGIT / height, most = Math.max(...line.map(heightOf));
  const tall = line.filter((one) => heightOf(one) > TALL * most), box = around(line);
  const x = tall.map((one) => (one.left + one.right) / 2), y = tall.map((one) => (one.top + one.bottom) / 2);
  const at = x.reduce((sum, one) => sum + one, 0) / x.length;
  let rise = 0, middle = median(y);
  if (tall.length > 3 && Math.max(...x) - Math.min(...x) > 3 * height) { // by least squares
    const spread = x.reduce((sum, one) => sum + (one - at) ** 2, 0);
    rise = clamp(x.reduce((sum, one, n) => sum + (one - at) * y[n], 0) / spread, -TILTED, TILTED);
    middle = median(y.map((one, n) => one - rise * (x[n] - at)));
  }
  const left = Math.max(box.left - ENDS * height, -height);
  const right = Math.min(box.right + ENDS * height, sure.width + height);
  const width = 2 * Math.floor(Math.floor(clamp((right - left) * scale, ROWS >> 1, LONGEST * DIGIT)) / 2);
  const from = (/** @type {number} */ column, /** @type {number} */ row) => {
    const across = column / scale + left;
    return /** @type {Point} */ ([across, (row - ROWS / 2) / scale + middle + rise * (across - at)]);
  };
  const cover = boxFrom(from, { left: 0, top: 0, right: width, bottom: ROWS }), far = 4 / scale + 2; // which a blur needs
  const part = {
    left: clamp(Math.floor(cover.left - far), 0, sure.width), top: clamp(Math.floor(cover.top - far), 0, sure.height),
    right: clamp(Math.ceil(cover.right + far), 0, sure.width), bottom: clamp(Math.ceil(cover.bottom + far), 0, sure.height),
  };
  const full = usualDarkness(crop(sure, box), crop(darkness, box));
  const planes = [mapped(crop(darkness, part), (value) => clamp(value / full, 0, 1)), crop(sure, part)].map((plane) => {
    const soft = scale < 1 ? blurred(plane, 0.4 / scale) : plane;
    return mapped(blank(width, ROWS), (_, i) => {
      const [across, down] = from(i % width, Math.floor(i / width));
      return between(soft, across - part.left, down - part.top);
    });
  });
  return { dark: planes[0], sure: planes[1], scale, tall: tall.length, from };
}

/** The box in the picture of a box in a strip. @type {(from: Strip["from"], box: Box) => Box} */
export function boxFrom(from, { left, top, right, bottom }) {
  const corners = [from(left, top), from(right, top), from(left, bottom), from(right, bottom)];
  return around(corners.map(([x, y]) => ({ left: x, top: y, right: x, bottom: y })));
}

/** The darkness that is usual in strokes. @type {(sure: Image, darkness: Image) => number} */
function usualDarkness(sure, darkness) {
  const strokes = valuesIn(darkness, binarized(sure, 0.5));
  return strokes.length ? median(strokes) : 0.3;
}
