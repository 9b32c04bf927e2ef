// The pad: a pen that draws on it, and what is on it painted.

import { contextOf, find } from "./elements.js";
import { bounds, mappedBox } from "../reading/images.js";
import { WHOLE, colour, paintPixels } from "./layers.js";
import { EMPTY, change, state } from "./state.js";
import { paintStrokes } from "../reading/strokes.js";

const PEN = 0.05; // width of the pen as it is seen, in sides of the pad
const STILL = 0.015; // a pen that moves less on a digit's box, in sides of the pad, chooses the box
const FAINT = 0.4; // share of a picture that is left under what is handwriting in it
const POINTS = 40; // of a stroke that is given as a path
const PIXELS = { left: 0, top: 0, right: 28, bottom: 28 };
const pad = find("pad", HTMLElement);
export const paper = find("paper", HTMLCanvasElement),
  context = contextOf(paper);

/** @type {(moved: () => void, lifted: () => void) => void} */
export function listenToPen(moved, lifted) {
  let place = new DOMRect(); // of the paper: to ask at each point would lay out the page
  const measure = () => {
    place = paper.getBoundingClientRect();
  };
  const point = (/** @type {PointerEvent} */ event) => {
    const { left, top, width, height } = place;
    return /** @type {Point} */ ([(event.clientX - left) / width, (event.clientY - top) / height]);
  };
  let down = /** @type {Point | null} */ (null); // where the pen came down on a box, until it draws
  const begin = (/** @type {PointerEvent} */ { pointerId }, /** @type {Point} */ first) => {
    down = null;
    paper.setPointerCapture(pointerId);
    change({ drawing: { ...EMPTY, strokes: [...state.drawing.strokes, [first]] } });
    state.pen = pointerId;
    moved();
  };
  const lift = (/** @type {PointerEvent} */ event) => {
    down = null;
    if (event.pointerId !== state.pen) return;
    state.pen = null;
    lifted();
  };
  pad.addEventListener("pointerdown", (event) => {
    if (state.pen !== null || event.button) return;
    measure();
    if (event.target === paper) begin(event, point(event));
    else down = point(event);
  });
  pad.addEventListener("pointermove", (event) => {
    if (!down && event.pointerId !== state.pen) return;
    const [x, y] = point(event);
    if (down && event.buttons && Math.hypot(x - down[0], y - down[1]) > STILL) begin(event, down);
    if (event.pointerId !== state.pen) return;
    const between = event.getCoalescedEvents(); // all since the last frame
    state.drawing.strokes.at(-1)?.push(...(between.length ? between : [event]).map(point));
    state.drawing.digits = null;
    moved();
  });
  addEventListener("scroll", () => state.pen === null || measure());
  paper.addEventListener("touchstart", (event) => event.preventDefault()); // or the browser would scroll and zoom
  pad.addEventListener("pointerup", lift);
  pad.addEventListener("pointercancel", lift);
}

/** Where on the pad a picture is: as large as fits, in the middle. @type {(picture: ImageBitmap) => Box} */
function placed({ width, height }) {
  const longer = Math.max(width, height);
  const [x, y] = [1 - width / longer, 1 - height / longer];
  return { left: x / 2, top: y / 2, right: 1 - x / 2, bottom: 1 - y / 2 };
}

/** Paints what is on the pad: strokes, a picture or a digit of MNIST; if given, over it, faded, a neuron's weights for
 * the pixels of a digit. @type {(digit?: Digit, weights?: Float32Array) => void} */
export function paintPad(digit, weights) {
  const { strokes, picture, digits, sight } = state.drawing;
  const side = paper.width;
  context.clearRect(0, 0, side, side);
  context.strokeStyle = colour("foreground");
  if (picture) {
    const { left, top, right, bottom } = mappedBox(placed(picture), (n) => n * side);
    context.globalAlpha = sight ? FAINT : 1;
    context.drawImage(picture, left, top, right - left, bottom - top);
    context.globalAlpha = 1;
    if (sight) context.drawImage(sight, left, top, right - left, bottom - top);
  } else if (digits && !strokes.length) paintPixels(context, WHOLE, 0, digits[0].image, "foreground");
  paintStrokes(context, strokes, PEN * side, ([x, y]) => [x * side, y * side]);
  if (!weights) return;
  context.globalCompositeOperation = "destination-out"; // the drawing fades
  context.globalAlpha = 0.75;
  context.fillRect(0, 0, side, side);
  context.globalCompositeOperation = "source-over";
  paintPixels(context, digit ? seenBox(digit) : WHOLE, 1, weights);
}

/** Where on the pad the network's 28 x 28 pixels lie over what was drawn. @type {(digit: Digit) => Box} */
function seenBox({ image, box }) {
  const seen = bounds({ width: 28, height: 28, data: image.map((value) => Number(value > 0.2)) });
  const across = (box.right - box.left) / (seen.right - seen.left);
  const down = (box.bottom - box.top) / (seen.bottom - seen.top);
  return mappedBox(
    PIXELS,
    (x) => box.left + (x - seen.left) * across,
    (y) => box.top + (y - seen.top) * down,
  );
}

/** Points along a path, as in SVG, in a box of 100 x 100. @type {(d: string) => Stroke} */
export function strokeOf(d) {
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", d);
  return Array.from({ length: POINTS + 1 }, (_, i) => {
    const { x, y } = path.getPointAtLength((path.getTotalLength() * i) / POINTS);
    return [x / 100, y / 100];
  });
}

/** A digit of MNIST, given its image, as a drawing that fills the pad. @type {(image: Float32Array) => Drawing} */
export function drawingOf(image) {
  const box = mappedBox(bounds({ width: 28, height: 28, data: image }), (n) => n / 28);
  return { ...EMPTY, digits: [{ image, box }] };
}
