// What the stops' figures are drawn with: SVG elements, numbered axes, images of 28 x 28 values and a small network.
// A figure is drawn anew whenever something changes. Its units are pixels of the page, so text has its own size.

import { wantsStill } from "./elements.js";
import { clamp } from "./images.js";
import { pixelCanvas, relative, toneOf } from "./layers.js";

const CLEAR = 3; // pixels around a neuron's disc that no wire enters
const WIRES = 24; // drawn to a neuron, the strongest; more would hide one another

/** A new SVG element. @type {(kind: string, attributes?: Record<string, string | number>, ...inside: (Node | string)[]) => SVGElement} */
export function svg(kind, attributes = {}, ...inside) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, `${value}`);
  made.append(...inside);
  return made;
}

/** Text at a point; `anchor` is start, middle or end.
 * @type {(x: number, y: number, words: string, anchor?: string, className?: string) => SVGElement} */
export const text = (x, y, words, anchor = "middle", className = "") => (
  svg("text", { x, y, "text-anchor": anchor, class: className }, words)
);

/** A line through points. @type {(points: number[][], className: string) => SVGElement} */
export const polyline = (points, className) => (
  svg("polyline", { points: points.map((point) => point.map((n) => n.toFixed(3)).join(",")).join(" "), class: className })
);

/** A number as people write it. @type {(value: number, digits?: number) => string} */
export const number = (value, digits = 2) => (Number(value.toFixed(digits)) || 0).toFixed(digits).replace("-", "−");

/** A number with its sign, if it is not shown as 0. @type {(value: number, digits?: number) => string} */
export const signed = (value, digits = 1) => (Number(value.toFixed(digits)) > 0 ? "+" : "") + number(value, digits);

/** Numbered, labelled axes in a box of the figure, and the scales that map values to its pixels. There is room needed
 * outside the box: 44 pixels at the left for numbers and label, 40 below.
 * @type {(box: Box, xs: AxisOf, ys: AxisOf) => Axes} */
export function axes({ left, top, right, bottom }, xs, ys) {
  const x = (/** @type {number} */ value) => left + ((right - left) * (value - xs.from)) / (xs.to - xs.from);
  const y = (/** @type {number} */ value) => bottom - ((bottom - top) * (value - ys.from)) / (ys.to - ys.from);
  const tick = (/** @type {number} */ value) => `${value}`.replace("-", "−");
  const node = svg("g", { class: "axes" },
    ...ys.ticks.flatMap((value) => [
      svg("path", { d: `M${left} ${y(value)}H${right}` }), text(left - 8, y(value) + 4, tick(value), "end"),
    ]),
    ...xs.ticks.flatMap((value) => [
      svg("path", { d: `M${x(value)} ${top}V${bottom}` }), text(x(value), bottom + 18, tick(value)),
    ]),
    text((left + right) / 2, bottom + 36, xs.label, "middle", "label"),
    text(left, top - 10, ys.label, "start", "label"));
  return { x, y, node };
}

/** An image of 28 x 28 values from -1 to 1, in a tone of the palette or, by their signs, in red and blue.
 * @type {(box: { left: number; top: number; side: number }, values: Float32Array, tone?: string) => SVGElement} */
export function pixelImage({ left, top, side }, values, tone) {
  return svg("g", { class: "pixels" },
    svg("rect", { x: left, y: top, width: side, height: side }),
    svg("image", { x: left, y: top, width: side, height: side, href: pixelCanvas(values, tone).toDataURL() }));
}

/** A pane over an image that tells which pixel is pressed or, if it `hovers`, pointed at; then the figure is drawn again.
 * @type {(place: { left: number; top: number; side: number }, tell: (pixel: number) => void, hovers?: boolean) => SVGElement} */
export function pixelPane({ left, top, side }, tell, hovers = false) {
  const pane = svg("rect", { x: left, y: top, width: side, height: side, class: "target" });
  const point = (/** @type {PointerEvent} */ { clientX, clientY, buttons }) => {
    if (!buttons && !hovers) return;
    const { x, y, width, height } = pane.getBoundingClientRect();
    const [column, row] = [(clientX - x) / width, (clientY - y) / height].map((share) => clamp(Math.floor(28 * share), 0, 27));
    tell(28 * row + column);
    dispatchEvent(new Event("shown"));
  };
  pane.addEventListener("pointerdown", point);
  pane.addEventListener("pointermove", point);
  return pane;
}

/** Where each neuron of a network is, layer by layer: in columns over the width of a box, the first and last at its sides.
 * @type {(box: Box, sizes: number[]) => Point[][]} */
export const neuronPlaces = ({ left, top, right, bottom }, sizes) => sizes.map((n, l) => (
  Array.from({ length: n }, (_, j) => [
    left + ((right - left) * l) / Math.max(1, sizes.length - 1), top + ((bottom - top) * (j + 0.5)) / n,
  ])
));

/** Wires that lead to a point from others, red for a positive value and blue for a negative one, thicker where it is larger;
 * only the strongest. Each ends before the discs. @type {(from: Point[], to: Point, values: Float32Array, radius: number) => SVGElement} */
export function wires(from, [x, y], values, radius) {
  const shown = relative(values), order = [...shown.keys()].sort((a, b) => Math.abs(shown[b]) - Math.abs(shown[a]));
  return svg("g", { class: "wires" }, ...order.slice(0, WIRES).map((k) => {
    const [x0, y0] = from[k], gap = (radius + CLEAR) / Math.hypot(x - x0, y - y0), [dx, dy] = [(x - x0) * gap, (y - y0) * gap];
    return svg("path", {
      d: `M${x0 + dx} ${y0 + dy}L${x - dx} ${y - dy}`, class: toneOf(shown[k]),
      "stroke-width": 0.5 + 2.5 * Math.abs(shown[k]), "stroke-opacity": 0.15 + 0.85 * Math.abs(shown[k]),
    });
  }));
}

/** A neuron's disc, as dark as its activation or, `signed`, red or blue by a value from -1 to 1; which can be chosen.
 * @type {(place: Point, radius: number, value: number, options?: { signed?: boolean; name?: string; chosen?: boolean }) => SVGElement} */
export function disc([cx, cy], radius, value, { signed = false, name = "", chosen = false } = {}) {
  const tone = signed ? toneOf(value) : "foreground", share = (100 * Math.min(1, Math.abs(value))).toFixed(0);
  const made = svg("circle", { cx, cy, r: radius, class: chosen ? "neuron chosen" : "neuron", "data-neuron": name });
  made.style.fill = `color-mix(in srgb, var(--${tone}) ${share}%, var(--off))`;
  if (name) made.append(svg("title", {}, name));
  return made;
}

/** Repeats an act `times` times or until it is stopped, with the figure drawn after each; for those who want nothing to
 * move, all at once. @type {(act: () => void, pace: number, times: number) => { toggle: () => void; stop: () => void; isOn: () => boolean }} */
export function repeated(act, pace, times) {
  let timer = 0, left = 0;
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
  return { toggle, stop, isOn: () => timer !== 0 };
}
