// The network, layer by layer, as it reads what is on the pad.

import { imagesOf, predictionOf, ranked, recall, weightsOf } from "../network/feedforward.js";
import { digitRead, isKnown, placeBoxes, showAnswer, whichOfSeveral } from "./answer.js";
import { paintWires } from "./connections.js";
import { find, write } from "./elements.js";
import { shades } from "../reading/images.js";
import { neuronsView, paintInput, paintWeights } from "./layers.js";
import { paintPad, paper } from "./pad.js";
import { EMPTY, reader, state } from "./state.js";
import { describe, explain, inSentence, say } from "./words.js";
import { askSoon } from "./workers.js";

const FAINT = 0.55; // share that weights are shown with whose pixel is 0
const MOST = 24; // wires to one layer of a neuron that is looked into: more would hide one another
const BRANCHES = [10, 4, 3, 2]; // wires to each neuron of the way to the answer, from the output backwards
const QUIET = 0.5; // share of the strength of these wires
const all = find("network-view", HTMLElement);
const pixels = /** @type {HTMLCanvasElement} */ (document.querySelector("#pixels canvas"));
const built = { kind: "", layers: /** @type {ReturnType<typeof neuronsView>[]} */ ([]) }; // that are in view

/** What decides how a network's layers look. @type {(network: Network) => string} */
const kindOf = ({ shape, fresh = false }) => `${shape} ${fresh}`;

let isUpright = false; // whether the layers stand below one another

/** Makes a view for each layer of neurons. */
function build() {
  const { sizes } = state.network;
  for (const { figure } of built.layers) figure.remove();
  const layers = sizes
    .slice(1)
    .map((_, l) => neuronsView(sizes, l + 1, (j, isPressed) => look(j === null ? null : [l + 1, j], isPressed)));
  find("answer", HTMLElement).before(...layers.map(({ figure }) => figure));
  Object.assign(built, { kind: kindOf(state.network), layers });
  state.looked = null;
  fit();
}

/** Fits the layers into the page, and draws all again. */
export function fit() {
  isUpright = getComputedStyle(all).flexDirection === "column";
  pixels.style.width = "";
  const side = (Math.floor((pixels.clientWidth * devicePixelRatio) / 28) * 28) / devicePixelRatio;
  if (side) pixels.style.width = `${side}px`; // sharp; 0 while a stop is in its place
  for (const view of built.layers) view.fit(isUpright);
  paper.width = paper.height = Math.round(paper.clientWidth * devicePixelRatio); // not asked for while one draws
  show();
}

let reading = Promise.resolve(); // of strokes, one drawing after another

/** Reads what is on the pad, if it is not yet, and shows it. @type {() => Promise<void>} */
export async function readPad() {
  const { digits } = state.drawing;
  paint();
  if (state.pen !== null && find("said", HTMLElement).textContent) write("said", ""); // it is no longer true
  if (isUnread()) {
    if (!state.reading) reading = readStrokes();
    await reading;
  } else showDigits(digits ?? []);
}

const isUnread = () => state.drawing.strokes.length > 0 && !state.drawing.digits;

/** Reads the newest strokes, until they do not change meanwhile; what became of others is not shown. */
async function readStrokes() {
  state.reading = true;
  while (isUnread()) {
    const { drawing } = state;
    const { strokes } = drawing;
    const points = strokes.at(-1)?.length;
    const { digits, unread } = await askSoon({ strokes, ...reader() });
    drawing.unread = unread;
    if (strokes.at(-1)?.length === points) drawing.digits = digits;
    if (state.drawing === drawing) showDigits(digits);
  }
  state.reading = false;
}

/** Shows the digits of what is on the pad. @param {Digit[]} digits */
function showDigits(digits) {
  const pen = state.drawing.strokes.at(-1)?.at(-1);
  const ranks = digits.map(({ box }) =>
    pen ? -Math.hypot(box.left + box.right - 2 * pen[0], box.top + box.bottom - 2 * pen[1]) : 0,
  );
  state.digits = digits;
  state.chosen = ranks.indexOf(Math.max(...ranks)); // that which is drawn; in a picture, the first
  state.flash = null;
  placeBoxes(choose);
  show();
}

/** Chooses digit number i. @param {number} i */
function choose(i) {
  state.chosen = i;
  show();
  say();
}

/** Shows what is on the pad, and says it. */
export async function finish() {
  const { drawing } = state;
  const shown = readPad();
  find("pad", HTMLElement).classList.toggle("reading", Boolean(drawing.picture && !drawing.digits && !drawing.refusal));
  describe();
  if (isUnread()) await shown;
  if (state.drawing === drawing) say();
}

let faded = /** @type {Float32Array | undefined} */ (undefined); // the weights that are over the drawing

/** What is drawn, at once. */
function paint() {
  paintPad(state.digits.at(state.chosen), faded);
  find("pad", HTMLElement).classList.toggle("written", Boolean(faded) || state.drawing !== EMPTY);
}

let ghost = /** @type {Ghost | null} */ (null); // which is no drawing, and which a drawing hides

/** Shows what an unseen hand wrote, or no longer. @param {Ghost | null} next */
export function haunt(next) {
  ghost = next;
  show();
}

/** Whether the ghost is there to be seen. */
const isHaunted = () => ghost !== null && state.drawing === EMPTY;

/** Shows the chosen digit in every layer, with the contributions to and of the neuron that is looked into. */
export function show() {
  const { network, chosen, digits } = state;
  const digit = digits.at(chosen);
  const last = network.sizes.length - 1;
  if (built.kind !== kindOf(network)) return build();
  const { image, reached } = ghost && isHaunted() ? ghost : { image: null, reached: Infinity };
  const all = recall(network.layers, image ? [image] : imagesOf(digits));
  const activations = network.sizes.map(
    (n, l) => (l <= reached ? all[l][image ? 0 : chosen] : null) ?? new Float32Array(n),
  );
  state.outputs = image ? [] : all[last];
  dispatchEvent(new Event("shown")); // to a stop of the tour
  const [layer, j] = state.looked ?? [0, 0];
  const { layers } = built;
  const contributions = (state.looked ? contributionsAround(layer, j, activations) : state.flash) ?? [];
  paintInput(pixels, activations[0], contributions[0]);
  layers.forEach((view, l) => {
    view.show(activations[l + 1], contributions[l + 1], layer === l + 1 ? j : undefined);
  });
  if (state.looked) paintWires(wiresAround(layer, j, contributions), isUpright);
  else if (!state.flash && state.pen === null && (image || isKnown(chosen))) {
    const best = image ? predictionOf(all[last][0]) : digitRead(chosen);
    const seen = all.map((layer) => layer[image ? 0 : chosen]);
    paintWires(wiresTo(best, seen, reached), isUpright, QUIET);
  } else paintWires([], isUpright);
  if (network.fresh && layers.length > 1) paintWeights(layers[0], network.layers[0].weights);
  showAnswer(image && reached === network.sizes.length ? (ghost?.answer ?? "") : "");
  faded = layer === 1 ? contributions[0] : undefined;
  paint();
  find("see", HTMLElement).ariaPressed = `${Boolean(state.drawing.sight)}`;
  const { past, future, teaching } = state;
  const drawn = state.drawing !== EMPTY;
  const possible = { undo: past.length && !teaching, redo: future.length && !teaching, clear: drawn };
  for (const [name, is] of Object.entries(possible)) find(name, HTMLElement).ariaDisabled = `${!is}`;
  find("teach", HTMLElement).classList.toggle("possible", teaching || (Boolean(digit) && !state.worker));
  const which = whichOfSeveral();
  if (!teaching) write("which", `No, ${which ? `the ${which}` : "it"} is`);
  for (const [i, box] of find("boxes", HTMLElement).querySelectorAll("button").entries()) {
    box.ariaPressed = `${i === chosen}`;
    box.children[0].textContent = `${digitRead(i)}`;
  }
  if (state.looked) explain(inSentence(layer, j, activations, asFormula));
}

/** Where neuron j of a layer is in the network's box. A pixel's box reaches to the end of the image, where its wires begin. @type {(layer: number, j: number) => Box} */
function placeOf(layer, j) {
  if (layer) return built.layers[layer - 1].placeOf(j);
  const { offsetLeft, offsetTop, offsetWidth } = pixels;
  const cell = offsetWidth / 28;
  const left = offsetLeft + cell * (j % 28);
  const top = offsetTop + cell * Math.floor(j / 28);
  return isUpright
    ? { left, top, right: left + cell, bottom: offsetTop + offsetWidth }
    : { left, top, right: offsetLeft + offsetWidth, bottom: top + cell };
}

/** The strongest wires of the neuron that is looked into. @type {(layer: number, j: number, contributions: Float32Array[]) => Wire[]} */
function wiresAround(layer, j, contributions) {
  const here = placeOf(layer, j);
  const wires = (/** @type {number} */ next) => {
    const values = contributions[next] ?? new Float32Array(0);
    return ranked(values.map(Math.abs))
      .slice(0, MOST)
      .map((k) => {
        const there = placeOf(next, k);
        return { from: next < layer ? there : here, to: next < layer ? here : there, value: values[k] };
      });
  };
  return [...wires(layer - 1), ...wires(layer + 1)];
}

/** How an answer comes about, as far as the signal has reached: the wires that contribute most to its output, those that
 * contribute most to their neurons, and so on back to the pixels. @type {(answer: number, activations: Float32Array[], reached: number) => Wire[]} */
function wiresTo(answer, activations, reached) {
  const { layers } = state.network;
  const wires = /** @type {Wire[]} */ ([]);
  for (let layer = layers.length, ends = [answer]; layer > 0; layer--) {
    const starts = ends.flatMap((j) => {
      const before = activations[layer - 1];
      const values = shades(weightsOf(layers[layer - 1], j).map((weight, k) => weight * before[k]));
      const strongest = ranked(values.map(Math.abs)).slice(0, BRANCHES[layers.length - layer]);
      if (layer <= reached)
        wires.push(...strongest.map((k) => ({ from: placeOf(layer - 1, k), to: placeOf(layer, j), value: values[k] })));
      return strongest;
    });
    ends = [...new Set(starts)];
  }
  const { offsetLeft: left, offsetTop: top, offsetWidth, offsetHeight } = find("digit", HTMLElement);
  if (reached <= layers.length || isUpright) return wires; // an upright answer may be anywhere in the window
  const to = { left, top, right: left + offsetWidth, bottom: top + offsetHeight };
  return [...wires, { from: placeOf(layers.length, answer), to, value: 1, tone: "answer" }];
}

/** By layer: the weights of neuron j for the pixels, or what hidden neurons contribute to it; and what it contributes
 * to those of the next layer. @type {(layer: number, j: number, activations: Float32Array[]) => Float32Array[]} */
function contributionsAround(layer, j, activations) {
  const { layers } = state.network;
  const shown = [];
  const before = activations[layer - 1];
  const a = activations[layer][j];
  const least = layer === 1 ? FAINT : 0;
  shown[layer - 1] = shades(weightsOf(layers[layer - 1], j)).map((w, k) => w * (least + (1 - least) * before[k]));
  if (layer === layers.length) return shown;
  const onward = layers[layer].biases.map((_, next) => weightsOf(layers[layer], next)[j]);
  shown[layer + 1] = shades(onward).map((shade) => a * shade);
  return shown;
}

let asFormula = false; // is what the neuron does, once it is pressed

/** Looks into a neuron, or into none. Pressed again, it says what it does as a formula, and back in words.
 * @type {(neuron: State["looked"], isPressed?: boolean) => void} */
export function look(neuron, isPressed = false) {
  if (!neuron && !state.looked) return;
  const isSame = `${neuron}` === `${state.looked}`;
  asFormula = isSame && asFormula !== isPressed;
  state.looked = neuron;
  show();
  if (!neuron) explain();
}
