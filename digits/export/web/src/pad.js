// The pad: a pen that draws on it, and what is on it painted.

import { contextOf, find } from "./elements.js";
import { colour, paintPixels } from "./layers.js";
import { bounds } from "./images.js";
import { EMPTY, change, state } from "./state.js";
import { paintStrokes } from "./strokes.js";

const PEN = 0.05; // width of the pen as it is seen, in sides of the pad

const paper = find("paper", HTMLCanvasElement), context = contextOf(paper);

/** Calls `moved()` while a pointer draws, and `lifted(event)` once it is lifted.
 * @type {(moved: () => void, lifted: (event: PointerEvent) => void) => void} */
export function listenToPen(moved, lifted) {
  const point = (/** @type {PointerEvent} */ event) => {
    const { left, top, width, height } = paper.getBoundingClientRect();
    return /** @type {[number, number]} */ ([(event.clientX - left) / width, (event.clientY - top) / height]);
  };
  const lift = (/** @type {PointerEvent} */ event) => {
    if (event.pointerId !== state.pen) return;
    state.pen = null;
    lifted(event);
  };
  paper.addEventListener("pointerdown", (event) => {
    if (state.pen !== null || event.button) return;
    paper.setPointerCapture(event.pointerId);
    change({ drawing: { ...EMPTY, strokes: [...state.drawing.strokes, [point(event)]] } });
    state.pen = event.pointerId;
    moved();
  });
  paper.addEventListener("pointermove", (event) => {
    if (event.pointerId !== state.pen) return;
    const between = event.getCoalescedEvents(); // all since the last frame
    state.drawing.strokes.at(-1)?.push(...(between.length ? between : [event]).map(point));
    moved();
  });
  paper.addEventListener("touchstart", (event) => event.preventDefault()); // or the browser would scroll and zoom
  paper.addEventListener("pointerup", lift);
  paper.addEventListener("pointercancel", lift);
}

/** As many pixels as the screen shows of it; not asked for while one draws, since that lays out the page. */
export function fitPad() {
  paper.width = paper.height = Math.round(paper.clientWidth * devicePixelRatio);
}

/** Left, top, width and height of a picture, in sides of the pad: as large as fits, in the middle.
 * @type {(picture: {width: number, height: number}) => Box} */
export function placed({ width, height }) {
  const longer = Math.max(width, height), [w, h] = [width / longer, height / longer];
  return [(1 - w) / 2, (1 - h) / 2, w, h];
}

/** Paints what is on the pad: strokes, a picture or a digit of MNIST; if given, over it, faded, a neuron's weights for
 * the pixels of a digit. @type {(digit?: Digit, weights?: Float32Array) => void} */
export function paintPad(digit, weights) {
  const { strokes, picture, digits } = state.drawing, side = paper.width;
  const scaled = (/** @type {Box} */ [left, top, width, height]) => (
    /** @type {Box} */ ([left * side, top * side, width * side, height * side])
  );
  context.clearRect(0, 0, side, side);
  context.strokeStyle = colour("foreground");
  if (picture) context.drawImage(picture, ...scaled(placed(picture)));
  else if (digits) paintPixels(context, scaled([0, 0, 1, 1]), 0, digits[0].image, "foreground");
  paintStrokes(context, strokes, PEN * side, ([x, y]) => [x * side, y * side]);
  if (!weights) return;
  context.globalCompositeOperation = "destination-out"; // the drawing fades
  context.globalAlpha = 0.75;
  context.fillRect(0, 0, side, side);
  context.globalCompositeOperation = "source-over";
  paintPixels(context, scaled(seenBox(digit)), 1, weights);
}

/** Where on the pad the network's 28 x 28 pixels lie over what was drawn: left, top, width, height.
 * @type {(digit?: Digit) => Box} */
function seenBox(digit) {
  if (!digit) return [0, 0, 1, 1];
  const [left, top, right, bottom] = digit.box;
  const seen = bounds({ width: 28, height: 28, data: digit.image.map((value) => Number(value > 0.2)) });
  const [x, y] = [(right - left) / (seen[2] - seen[0]), (bottom - top) / (seen[3] - seen[1])];
  return [left - seen[0] * x, top - seen[1] * y, 28 * x, 28 * y];
}

/** A digit of MNIST, given its image, as a drawing that fills the pad. @type {(image: Float32Array) => Drawing} */
export function drawingOf(image) {
  const [left, top, right, bottom] = bounds({ width: 28, height: 28, data: image });
  return { ...EMPTY, digits: [{ image, box: [left / 28, top / 28, right / 28, bottom / 28], clarity: 1 }] };
}
