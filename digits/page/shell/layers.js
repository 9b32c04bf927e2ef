// A view for each layer, of its activations, 0 to 1, or of contributions, activation times weight, -1 to 1, to or of
// the neuron that is looked into: red for positive, blue for negative.

import { contextOf, element } from "./elements.js";
import { clamp, mappedBox, shades } from "../reading/images.js";

const LARGEST = 34; // pixels of the page that a hidden neuron takes
const ENLARGED = 26; // and at least, while it is looked into

/** All of a canvas. @type {Box} */
export const WHOLE = { left: 0, top: 0, right: 1, bottom: 1 };

/** Colours of the scheme; to be cleared when it changes. */
export const palette = /** @type {Map<string, string>} */ (new Map());

/** A colour, remembered, since to ask for one lays out the page. @type {(name: string) => string} */
export function colour(name) {
  const value = palette.get(name) ?? getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
  palette.set(name, value);
  return value;
}

/** Draws 28 x 28 values as squares `gap` pixels apart into a box, in sides of the canvas; in a tone or by their signs.
 * @type {(context: Context, box: Box, gap: number, values: Float32Array, tone?: string) => void} */
export function paintPixels(context, box, gap, values, tone) {
  const { left, top, right, bottom } = mappedBox(box, (n) => n * context.canvas.width);
  const [across, down] = [(right - left) / 28, (bottom - top) / 28];
  for (let k = 0; k < 784; k++) {
    if (!values[k]) continue;
    context.globalAlpha = Math.abs(values[k]);
    context.fillStyle = colour(tone || toneOf(values[k]));
    context.fillRect(left + (k % 28) * across, top + Math.floor(k / 28) * down, across - gap, down - gap);
  }
  context.globalAlpha = 1;
}

/** The same on a new canvas, with a pixel for each. @type {(values: Float32Array, tone?: string) => HTMLCanvasElement} */
export function pixelCanvas(values, tone) {
  const canvas = Object.assign(element("canvas"), { width: 28, height: 28 });
  paintPixels(contextOf(canvas), WHOLE, 0, values, tone);
  return canvas;
}

/** @type {(value: number) => string} */
export const toneOf = (value) => (value > 0 ? "red" : "blue");

/** @type {(canvas: HTMLCanvasElement, a: Float32Array, contributions?: Float32Array) => void} */
export function paintInput(canvas, a, contributions) {
  const context = contextOf(canvas);
  const gap = Math.max(1, Math.round(devicePixelRatio));
  canvas.width = canvas.height = Math.round(canvas.clientWidth * devicePixelRatio);
  paintPixels(context, WHOLE, gap, new Float32Array(784).fill(contributions ? 0.4 : 0.75), "off");
  paintPixels(context, WHOLE, gap, contributions ?? a, contributions ? undefined : "foreground");
}

/** The number of columns, and the size of a cell, by which n square cells fill a room best: no cell is larger than
 * LARGEST, and of the rooms that are large enough for that, the narrowest is taken.
 * @type {(n: number, width: number, height: number) => { columns: number; cell: number }} */
export function arrangement(n, width, height) {
  const cellOf = (/** @type {number} */ columns) => Math.min(LARGEST, width / columns, height / Math.ceil(n / columns));
  const sizes = Array.from({ length: n }, (_, i) => cellOf(i + 1));
  const cell = Math.max(...sizes);
  return { columns: sizes.indexOf(cell) + 1, cell };
}

/** A layer of neurons, each a button: in hidden layers a disc as dark as its activation, in the last layer a bar.
 * `look(j)` is called for a neuron that is pointed at, touched or focused, and look(null) when it no longer is; with true
 * if it is pressed.
 * @param {number[]} sizes @param {number} layer @param {(j: number | null, isPressed?: boolean) => void} look */
export function neuronsView(sizes, layer, look) {
  const n = sizes[layer];
  const last = layer === sizes.length - 1;
  const name = last ? "Output" : sizes.length > 3 ? `Hidden ${layer}` : "Hidden";
  const count = element("span");
  const group = Object.assign(element("div"), { className: "neurons", role: "group" });
  const figure = element("figure", element("figcaption", element("span", name), " ", count), group);
  const grid = { columns: 1, cell: 0 };
  figure.className = `layer ${last ? "outputs" : "hidden"}`;
  group.ariaLabel = `${name} layer: move with the arrow keys to see a neuron's weights`;
  const cells = Array.from({ length: n }, (_, j) => {
    const filling = element("span");
    const bar = element("span", filling);
    const value = element("span", "0.00");
    const cell = element("button", ...(last ? [element("span", `${j}`), " ", bar, value] : []));
    Object.assign(cell, { tabIndex: j ? -1 : 0, ariaLabel: `${name} neuron ${j}` });
    bar.className = "bar";
    return { cell, filling, value, shade: "" };
  });
  group.append(...cells.map(({ cell }) => cell));
  listen(group, grid, look);

  /** Arranges the neurons in the room that the page has for them. Small ones grow when they are looked into.
   * @param {boolean} isUpright */
  function fit(isUpright) {
    const { clientWidth: width, clientHeight: height } = group;
    Object.assign(grid, last ? { columns: isUpright ? n : 1, cell: 0 } : arrangement(n, width, height));
    group.style.setProperty("--columns", `${grid.columns}`);
    group.style.setProperty("--cell", `${grid.cell}px`);
    if (!last) group.style.setProperty("--grow", `${Math.max(1, ENLARGED / grid.cell)}`);
  }

  /** Where neuron j is in the network's box. @type {(j: number) => Box} */
  function placeOf(j) {
    const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = cells[j].cell;
    const left = group.offsetLeft + offsetLeft;
    const top = group.offsetTop + offsetTop;
    return { left, top, right: left + offsetWidth, bottom: top + offsetHeight };
  }

  /** Shows activations or, if given, contributions, and marks neuron j, if it is looked into, and says
   * its activation. @type {(a: Float32Array, contributions?: Float32Array, j?: number) => void} */
  function show(a, contributions, j) {
    const most = Math.max(...a);
    const values = contributions ?? a;
    for (const [k, neuron] of cells.entries()) {
      const tone = `var(--${contributions ? toneOf(values[k]) : "foreground"})`;
      const share = Math.abs(values[k]);
      const shade = `color-mix(in srgb, ${tone} ${(100 * share).toFixed(0)}%, var(--off))`;
      if (last) {
        const sign = !contributions || share < 0.005 ? "" : values[k] < 0 ? "−" : "+";
        neuron.value.textContent = sign + share.toFixed(2);
        neuron.cell.ariaLabel = `${name} neuron ${k} ${neuron.value.textContent}`; // with all text that is in view
        neuron.filling.style.setProperty("--rest", `${(100 * (1 - Number(share.toFixed(2)))).toFixed(0)}%`);
        neuron.filling.style.background = tone;
        neuron.cell.classList.toggle("largest", !contributions && most > 0 && a[k] === most);
      } else if (shade !== neuron.shade) {
        // setting it takes long; whole percents, few of them new
        neuron.cell.style.setProperty("--shade", shade);
        neuron.shade = shade;
      }
    }
    group.querySelector(".looked")?.classList.remove("looked");
    const all = last && contributions ? "contributions" : `${n} neuron${n > 1 ? "s" : ""}`;
    count.textContent = j === undefined ? all : `no. ${j}: ${a[j].toFixed(2)}`;
    if (j === undefined) return;
    cells[j].cell.classList.add("looked");
    if (!last) cells[j].cell.ariaLabel = `${name} neuron ${j}, activation ${a[j].toFixed(2)}`;
  }
  return { figure, group, grid, fit, placeOf, show };
}

/** @type {(group: HTMLElement, grid: { columns: number; cell: number },
 *   look: (j: number | null, isPressed?: boolean) => void) => void} */
function listen(group, grid, look) {
  const cells = /** @type {HTMLButtonElement[]} */ ([...group.children]);
  const numberOf = (/** @type {any} */ cell) => cells.indexOf(cell);
  const point = (/** @type {PointerEvent} */ { clientX, clientY, type }) => {
    // the nearest, also between the discs
    const { left, top } = group.getBoundingClientRect();
    const [first] = cells;
    const { columns, cell } = grid;
    const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = first;
    const margin = cell ? (cell - offsetWidth) / 2 : 0;
    const placeOf = (/** @type {number} */ at, /** @type {number} */ size, /** @type {number} */ n) =>
      clamp(Math.floor(at / size), 0, n - 1);
    const row = placeOf(clientY - top - offsetTop + margin, cell || offsetHeight, Math.ceil(cells.length / columns));
    const column = placeOf(clientX - left - offsetLeft + margin, cell || offsetWidth, columns);
    look(Math.min(cells.length - 1, columns * row + column), type === "pointerdown");
  };
  group.addEventListener("pointerdown", point);
  group.addEventListener("pointermove", point); // with a finger too, which the first neuron would keep
  group.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && look(null));
  group.addEventListener("focusin", ({ target }) => {
    for (const cell of cells) cell.tabIndex = cell === target ? 0 : -1;
    if (cells[numberOf(target)].matches(":focus-visible")) look(numberOf(target)); // a finger has chosen the nearest
  });
  group.addEventListener("focusout", ({ relatedTarget }) => {
    // null where one taps between the discs
    if (relatedTarget instanceof Element && !relatedTarget.closest(".neurons")) look(null);
  });
  group.addEventListener("keydown", (event) => {
    const j = numberOf(event.target);
    const end = cells.length - 1 - j;
    const { columns } = grid;
    if (event.key === "Enter") look(j, true);
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -j, End: end };
    const step = Object.entries(steps).find(([key]) => key === event.key)?.[1];
    if (step === undefined) return;
    event.preventDefault();
    cells[j + step]?.focus();
  });
}

/** Behind neurons that see the pixels. @type {(view: ReturnType<typeof neuronsView>, weights: Float32Array) => void} */
export function paintWeights({ group, grid: { columns, cell } }, weights) {
  const count = weights.length / 784;
  const rows = Math.ceil(count / columns);
  const [first] = /** @type {any} */ (group.children);
  group.classList.add("weights");
  const canvas = group.querySelector("canvas") ?? group.appendChild(element("canvas"));
  const context = contextOf(canvas);
  Object.assign(canvas, { width: 32 * columns, height: 32 * rows });
  canvas.style.cssText = `left: ${first.offsetLeft}px; top: ${first.offsetTop}px; width: ${columns * cell}px`;
  const bytes = (/** @type {string} */ hex) => (hex.match(/[\da-f]{2}/gi) ?? []).map((byte) => parseInt(byte, 16));
  const red = bytes(colour("red"));
  const blue = bytes(colour("blue"));
  for (let j = 0; j < count; j++) {
    const pixels = new ImageData(28, 28);
    shades(weights.subarray(784 * j, 784 * (j + 1))).forEach((weight, k) => {
      pixels.data.set([...(weight > 0 ? red : blue), 255 * Math.abs(weight)], 4 * k);
    });
    context.putImageData(pixels, 32 * (j % columns) + 2, 32 * Math.floor(j / columns) + 2);
  }
}
