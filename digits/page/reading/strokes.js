// How strokes are read: drawn as large and as thick whatever their size on the pad, all of them being foreground.

import { around } from "./components.js";
import { blank, bounds, mapped, offscreen } from "./images.js";
import { lineOf, stripsOf } from "./lines.js";
import { drawn, normalize } from "./normalize.js";
import { digitsOf } from "./answer.js";
import { moved, read } from "./reader.js";

const THICKNESS = 8 / 60; // width of strokes as they are read, in sizes of a digit; tuned on validation digits
const FINENESS = 90; // size in pixels of a digit on the canvas on which it is read
const SHORT = 0.45; // if no stroke is longer than this share of the height, they are of several lines
const MOST = [10, 4]; // digits side by side and lines, by which they are not enlarged beyond the canvas
const DOT = 0.05; // strokes that make less than this share of the pad are not enlarged further
const MARGIN = 60; // pixels around them: what meets the edge of the canvas would be taken for a neighbour's

/** As large as any strokes need: for each new size, a worker would wait until the page has time to grant it. */
const large = offscreen(MOST[0] * FINENESS + 2 * MARGIN + 1, MOST[1] * FINENESS + 2 * MARGIN + 1);

/** Several digits, if strokes are wider than high, or all short, or an upright line parts them, and they make lines;
 * else one. The highest stroke is as high as a digit. Boxes are in sides of the pad.
 * @type {(strokes: Stroke[], reader: Reader) => Digit[]} */
export function digitsOfStrokes(strokes, reader) {
  if (!strokes.length) return [];
  const boxes = strokes.map(boxOfStroke);
  const { left, top, right, bottom } = around(boxes);
  const wide = right - left;
  const high = bottom - top;
  const highest = Math.max(...boxes.map((box) => box.bottom - box.top));
  const pen = THICKNESS * FINENESS;
  const isFree = (/** @type {number} */ x) => boxes.every((box) => box.left >= x || box.right < x);
  const several = wide > high || highest < SHORT * high || boxes.some((box) => box.left > left && isFree(box.left));
  const scale = FINENESS / Math.max(several ? highest : high, wide / MOST[0], high / MOST[1], DOT);
  const [width, height] = [wide, high].map((n) => Math.ceil(n * scale + 2 * MARGIN));
  const at = (/** @type {Point} */ [x, y]) =>
    /** @type {Point} */ ([(x - left) * scale + MARGIN, (y - top) * scale + MARGIN]);
  const darkness = painted(large, strokes, pen, at, width, height);
  const lines = several ? stripsOf({ sure: darkness, darkness }, 1).map((strip) => lineOf(strip, 1)) : [];
  const inLines = digitsOf(read(lines, reader));
  const digits = inLines.length ? inLines : [{ image: normalize(darkness), box: bounds(drawn(darkness)) }];
  return moved(digits, scale, left - MARGIN / scale, top - MARGIN / scale);
}

/** @type {(stroke: Stroke) => Box} */
const boxOfStroke = (stroke) => around(stroke.map(([x, y]) => ({ left: x, top: y, right: x, bottom: y })));

/** What is not read: the boxes of strokes whose middle is in no digit, as one where they meet.
 * @type {(strokes: Stroke[], digits: Digit[]) => Box[]} */
export function unread(strokes, digits) {
  const meet = (/** @type {Box} */ a, /** @type {Box} */ b) =>
    a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom;
  const boxes = strokes.map(boxOfStroke).filter(({ left, top, right, bottom }) => {
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    return !digits.some(({ box }) => meet(box, { left: x, top: y, right: x, bottom: y }));
  });
  return boxes.reduce((/** @type {Box[]} */ all, box) => {
    const near = all.filter((known) => meet(known, box));
    return [...all.filter((known) => !near.includes(known)), around([box, ...near])];
  }, []);
}

/** How much of each pixel strokes cover, from 0 to 1.
 * @type {(context: OffscreenContext, strokes: Stroke[], pen: number, at: (one: Point) => Point, width: number,
 *   height: number) => Image} */
function painted(context, strokes, pen, at, width, height) {
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  paintStrokes(context, strokes, pen, at);
  const { data } = context.getImageData(0, 0, width, height);
  return mapped(blank(width, height), (_, i) => data[4 * i + 3] / 255);
}

/** Draws smooth curves of this width; `at` says where on the canvas a point is.
 * @type {(context: Context | OffscreenContext, strokes: Stroke[], width: number, at: (one: Point) => Point) => void} */
export function paintStrokes(context, strokes, width, at) {
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = width;
  for (const stroke of strokes) {
    const points = stroke.map(at);
    const [[x, y]] = points;
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + 0.01, y); // a dot, if the stroke is one point
    for (let i = 1; i < points.length; i++) {
      const [[x, y], [next, below]] = [points[i - 1], points[i]];
      context.quadraticCurveTo(x, y, (x + next) / 2, (y + below) / 2);
    }
    context.lineTo(...points[points.length - 1]);
    context.stroke();
  }
}
