// What the stops' figures are drawn with. A figure is SVG, as text; it is drawn again whenever something changes. Its
// text is 16 units high; a unit is a pixel of the page or, in a large window, up to 1.375 pixels.

import { wantsStill } from "../shell/elements.js";
import { clamp } from "../reading/images.js";
import { pixelCanvas } from "../shell/layers.js";

/** The space in which a figure of this size in pixels is drawn. @type {(width: number, height: number) => Size} */
export function spaceOf(width, height) {
  const pixels = clamp(Math.min(width / 880, height / 480), 1, 1.375); // of a unit
  return { width: width / pixels, height: height / pixels };
}

/** A stop, of which TypeScript knows what its model returns. @template Model @param {Stop<Model>} it */
export const stop = (it) => it;

/** A part of a figure that words can name, in lower case: one name, or several with | between them.
 * @type {(names: string, ...drawn: string[]) => string} */
export const part = (names, ...drawn) => `<g data-mark="${names}">${drawn.join("")}</g>`;

/** Text at a point; `anchor` is start, middle or end.
 * @type {(x: number, y: number, words: string | number, anchor?: string, kind?: string) => string} */
export const text = (x, y, words, anchor = "middle", kind = "") =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" class="${kind}">${words}</text>`;

/** A line through points. @type {(points: number[][], kind: string) => string} */
export const polyline = (points, kind) => `<polyline points="${points.join(" ")}" class="${kind}"/>`;

/** @type {(x: number, y: number, width: number, height: number, kind: string, more?: string) => string} */
export const rect = (x, y, width, height, kind, more = "") =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" class="${kind}" ${more}/>`;

/** @type {(x: number, y: number, radius: number, kind: string, more?: string) => string} */
export const circle = (x, y, radius, kind, more = "") =>
  `<circle cx="${x}" cy="${y}" r="${radius}" class="${kind}" ${more}/>`;

/** An arrow. @type {(from: number[], to: number[], tone: string) => string} */
export function arrow([x, y], [u, v], tone) {
  const long = Math.hypot(u - x, v - y) || 1;
  const head = Math.min(9, long);
  const [dx, dy] = [((u - x) * head) / long, ((v - y) * head) / long];
  const [one, other] = [0.7, -0.7].map((side) => [u - dx - side * dy, v - dy + side * dx]);
  return `<path d="M${x} ${y}L${u} ${v}M${one}L${u} ${v}L${other}" class="arrow ${tone}"/>`;
}

/** A number as people write it. @type {(value: number, digits?: number) => string} */
export const number = (value, digits = 2) => (Number(value.toFixed(digits)) || 0).toFixed(digits).replace("-", "−");

/** A number with its sign, if it is not shown as 0. @type {(value: number, digits?: number) => string} */
export const signed = (value, digits = 1) => (Number(value.toFixed(digits)) > 0 ? "+" : "") + number(value, digits);

/** Rounds a number before anything is computed from it, so that the numbers in a sum are those that the visitor sees.
 * @type {(value: number, digits?: number) => number} */
export const rounded = (value, digits = 2) => Math.round(10 ** digits * value) / 10 ** digits || 0;
/** The sum of numbers, rounded. @type {(values: Iterable<number>, digits?: number) => number} */
export const total = (values, digits) =>
  rounded(
    [...values].reduce((sum, value) => sum + value, 0),
    digits,
  );

/** Numbered, labelled axes in a box of the figure, and the scales that map values to its units. There is room needed
 * outside the box: 44 units at the left for numbers, 24 above and 48 below for numbers and labels.
 * @type {(box: Box, xs: AxisOf, ys?: AxisOf) => Axes} */
export function axes({ left, top, right, bottom }, xs, ys = { from: 0, to: 1, ticks: [], label: "" }) {
  const x = (/** @type {number} */ value) => left + ((right - left) * (value - xs.from)) / (xs.to - xs.from);
  const y = (/** @type {number} */ value) => bottom - ((bottom - top) * (value - ys.from)) / (ys.to - ys.from);
  const tick = (/** @type {number} */ value) => `${value}`.replace("-", "−");
  const across = ys.ticks.map(
    (v) => `<path d="M${left} ${y(v)}H${right}"/>${text(left - 8, y(v) + 6, tick(v), "end")}`,
  );
  const down = xs.ticks.map((v) => `<path d="M${x(v)} ${top}V${bottom}"/>${text(x(v), bottom + 20, tick(v))}`);
  const labels =
    text((left + right) / 2, bottom + 42, xs.label, "middle", "label") +
    text(left, top - 10, ys.label, "start", "label");
  return { x, y, svg: `<g class="axes">${across.join("")}${down.join("")}${labels}</g>` };
}

/** A bar of a sum, from where the sum was to where it is now, with words at its end. `x` maps values to units.
 * @type {(x: (value: number) => number, y: number, high: number, start: number, end: number, tone: string, words: string) => string} */
export function bar(x, y, high, start, end, tone, words) {
  const [away, anchor] = end >= start ? [6, "start"] : [-6, "end"];
  const [from, to] = [x(start), x(end)];
  return (
    rect(Math.min(from, to), y + 2, Math.abs(to - from), high - 4, tone) +
    text(to + away, y + high / 2 + 6, words, anchor, "haloed")
  );
}

/** An image of 28 x 28 values from -1 to 1, in a tone of the palette or, by their signs, in red and blue. If it can be
 * `pressed`, the stop is told at which pixel. @type {(square: Square, values: Float32Array, tone?: string, pressed?: boolean) => string} */
export function pixelImage({ left, top, side }, values, tone, pressed = false) {
  const layers = /** @type {[string, Float32Array][]} */ (
    tone
      ? [["", values]]
      : [
          ["red", values.map((value) => Math.max(0, value))],
          ["blue", values.map((value) => Math.min(0, value))],
        ]
  );
  const images = layers.map(
    ([kind, values]) =>
      `<image x="${left}" y="${top}" width="${side}" height="${side}" class="${kind}" href="${pixelCanvas(values, tone).toDataURL()}"/>`,
  );
  return `<g class="pixels">${rect(left, top, side, side, "")} ${images.join("")} ${pressed ? rect(left, top, side, side, "target") : ""}</g>`;
}

/** The shade of an activation: the higher, the darker. @param {number} a */
export const shade = (a) => `fill="color-mix(in srgb, var(--foreground) ${(100 * a).toFixed(0)}%, var(--off))"`;

/** A neuron's disc. @type {(place: number[], radius: number, a: number) => string} */
export const disc = ([x, y], radius, a) => circle(x, y, radius, "neuron", shade(a));

/** Repeats an act `times` times or until it is stopped, with the figure drawn after each; for those who want nothing to
 * move, all at once. `once` stops it, and acts one more time. @type {(act: () => void, pace: number, times: number) => Repeated} */
export function repeated(act, pace, times) {
  let timer = 0;
  let left = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
  };
  const toggle = () => {
    if (timer) return stop();
    if (wantsStill()) {
      for (let n = 0; n < times; n++) act();
      return;
    }
    left = times;
    timer = setInterval(() => {
      act();
      if (--left === 0) stop();
      dispatchEvent(new Event("shown"));
    }, pace);
  };
  const once = () => {
    stop();
    act();
  };
  return { toggle, stop, once, isOn: () => timer !== 0 };
}
