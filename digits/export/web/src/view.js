// What the page shows: the answer and the pad, every layer of the network, and what is said of them in words.

import { element, find, write } from "./elements.js";
import { held } from "./held.js";
import { neuronsView, paintInput, paintWeights, relative } from "./layers.js";
import { binaryLayer, feedforward, outputsOf, predictionOf, weightedInput } from "./network.js";
import { paintPad, paper } from "./pad.js";
import { REJECTION_THRESHOLD, isDigit } from "./reader.js";
import { EMPTY, state } from "./state.js";
import { digitsOfStrokes } from "./strokes.js";

const FAINT = 0.55; // share that weights are shown with whose pixel is 0
const root = document.documentElement;
const pixels = /** @type {HTMLCanvasElement} */ (document.querySelector("#pixels canvas"));
const built = { shape: "", layers: /** @type {ReturnType<typeof neuronsView>[]} */ ([]) }; // that are in view

/** Makes a view for each layer of neurons. */
function build() {
  const { sizes, shape } = state.network;
  for (const figure of document.querySelectorAll(".layer")) figure.remove();
  const layers = sizes.slice(1).map((_, l) => neuronsView(sizes, l + 1, (j) => look(j === null ? null : [l + 1, j])));
  find("network-view", HTMLElement).append(...layers.map(({ figure }) => figure));
  root.style.setProperty("--wide", `${Math.ceil((sizes.length + 1) / 2)}`);
  Object.assign(built, { shape, layers });
  state.looked = null;
  fit();
}

/** Makes the layers a multiple of 28 screen pixels wide, so that their pixels are sharp, and draws all again. */
export function fit() {
  root.style.removeProperty("--side");
  const side = Math.floor((pixels.clientWidth * devicePixelRatio) / 28) * 28;
  root.style.setProperty("--side", `${side / devicePixelRatio}px`);
  paper.width = paper.height = Math.round(paper.clientWidth * devicePixelRatio); // not asked for while one draws
  show();
}

/** Reads what is on the pad, and shows it. */
export function readPad() {
  const { strokes, digits } = state.drawing;
  state.digits = digits ?? digitsOfStrokes(strokes, state.network.layers);
  const clarities = state.digits.map(({ clarity }) => clarity);
  state.chosen = clarities.indexOf(Math.max(...clarities));
  state.flash = null;
  showBoxes();
  show();
}

/** The same, and says it; and how long that took, if `since` is when the pen was lifted. @param {number} [since] */
export function finish(since) {
  readPad();
  say();
  describe();
  write("time", since && state.digits.length ? `read in ${(performance.now() - since).toFixed(1)} ms` : "");
}

/** Shows the chosen digit in every layer, with the contributions to and of the neuron that is looked into. */
export function show() {
  const { network, chosen, digits } = state, digit = digits.at(chosen);
  if (built.shape !== network.shape) return build();
  const activations = digit
    ? feedforward(network.layers, [digit.image]).map(([a]) => a)
    : network.sizes.map((n) => new Float32Array(n));
  const [layer, j] = state.looked ?? [0, 0], { layers } = built;
  const contributions = state.looked ? contributionsAround(layer, j, activations) : (state.flash ?? []);
  paintInput(pixels, activations[0], contributions[0]);
  layers.forEach((view, l) => {
    view.show(activations[l + 1], contributions[l + 1], layer === l + 1 ? j : undefined);
  });
  if (network.fresh) paintWeights(layers[0], network.layers[0].weights);
  showAnswer(activations[layers.length], Boolean(digit));
  paintPad(digit, layer === 1 ? contributions[0] : undefined);
  const drawn = state.drawing !== EMPTY;
  find("pad", HTMLElement).classList.toggle("written", layer === 1 || drawn);
  for (const [name, possible] of Object.entries({ undo: state.past.length, redo: state.future.length, clear: drawn })) {
    find(name, HTMLElement).ariaDisabled = `${!possible}`;
  }
  find("teach", HTMLElement).classList.toggle("possible", Boolean(digit) && !state.worker);
  for (const [i, box] of [...find("boxes", HTMLElement).children].entries()) box.ariaPressed = `${i === chosen}`;
  if (state.looked) explain(inSentence(layer, j, activations));
}

/** By layer: the weights of neuron j for the pixels, or what hidden neurons contribute to it; and what it contributes
 * to those of the next layer. @type {(layer: number, j: number, activations: Float32Array[]) => Float32Array[]} */
function contributionsAround(layer, j, activations) {
  const { layers } = state.network, found = [], before = activations[layer - 1], a = activations[layer][j];
  const w = layers[layer - 1].weights.subarray(j * before.length, (j + 1) * before.length);
  found[layer - 1] = relative(w, (k) => (layer === 1 ? FAINT + (1 - FAINT) * before[k] : before[k]));
  if (layer === layers.length) return found;
  const { weights, biases } = layers[layer], n = activations[layer].length;
  found[layer + 1] = relative(biases.map((_, next) => weights[next * n + j]), () => a);
  return found;
}

/** Neuron j of a layer, in words. @type {(layer: number, j: number, activations: Float32Array[]) => string} */
function inSentence(layer, j, activations) {
  const { layers } = state.network, { weights, biases } = layers[layer - 1], a = activations[layer][j].toFixed(2);
  const z = weightedInput(weights, biases[j], activations[layer - 1], j).toFixed(1).replace("-", "−");
  const pixels = "red pixels excite it, blue ones inhibit it";
  const neurons = "red neurons contribute to it, blue ones against it";
  const own = layer < layers.length ? ". Beyond: its contributions, activation times weight" : "";
  return `Weighted input z = w·a + b = ${z}, activation σ(z) = ${a}: ${layer === 1 ? pixels : neurons}${own}.`;
}

/** @type {(sentence?: string | null) => void} */
export function explain(sentence) {
  write("explain", sentence ?? "Point at any part, or at a neuron, to see what it does.");
}

/** Looks into a neuron or, again, into none. @type {(neuron: State["looked"]) => void} */
export function look(neuron) {
  if (!neuron && !state.looked) return;
  state.looked = neuron;
  show();
  if (!neuron) explain();
}

/** @type {(outputs: Float32Array, read: boolean) => void} */
function showAnswer(outputs, read) {
  const prediction = predictionOf(outputs), recognised = read && isDigit(outputs);
  write("digit", recognised ? `${prediction}` : "?");
  find("digit", HTMLElement).style.opacity = `${recognised ? Math.max(0.3, outputs[prediction]) : 0.15}`;
  const bits = recognised ? binaryLayer(held.bits, outputs) : [];
  find("bits", HTMLElement).querySelectorAll("li").forEach((item, place) => {
    item.classList.toggle("one", bits[place] === 1);
    item.children[0].textContent = `${bits[place] ?? ""}`;
  });
}

/** @type {(digit: Digit) => Float32Array} */
const outputsFor = ({ image }) => outputsOf(state.network.layers, image);

/** A box around each digit of a picture, with what it is read as. */
export function showBoxes() {
  const { picture, digits } = state.drawing;
  find("boxes", HTMLElement).replaceChildren(...(picture && digits ? digits : []).map((digit, i) => {
    const { left, top, right, bottom } = digit.box;
    const box = element("button", element("span", `${predictionOf(outputsFor(digit))}`));
    box.addEventListener("click", () => {
      state.chosen = i;
      show();
      say();
    });
    const sides = { left, top, width: right - left, height: bottom - top };
    for (const [side, share] of Object.entries(sides)) box.style.setProperty(side, `${100 * share}%`);
    return box;
  }));
}

/** Says in words what was read, or something else; not while one draws, since screen readers speak it. */
export function say(other = "") {
  const readings = state.digits.map(outputsFor), outputs = readings.at(state.chosen);
  const none = state.drawing.digits ? "No digit is found: nothing here looks like one on a background." : "Reading …";
  const instead = state.drawing.picture ? none : "Or drop, paste or choose a picture of handwriting.";
  write("said", other || (outputs ? inWords(readings, outputs) : instead));
}

/** @type {(readings: Float32Array[], outputs: Float32Array) => string} */
function inWords(readings, outputs) {
  const best = predictionOf(outputs), second = predictionOf(outputs.with(best, -1));
  const [first, then] = [best, second].map((digit) => outputs[digit].toFixed(2));
  if (!isDigit(outputs)) return `No digit: no output is over ${REJECTION_THRESHOLD}, ${best} has ${first}.`;
  const isNewLine = (/** @type {number} */ i) => i > 0 && state.digits[i].line !== state.digits[i - 1].line;
  const all = readings.map((outputs, i) => (isNewLine(i) ? ", " : "") + predictionOf(outputs)).join("");
  return `${readings.length > 1 ? `Reads ${all}. Shown: ` : ""}${best} at ${first}, then ${second} at ${then}.`;
}

/** Says which network this is. */
export function describe() {
  const { layers, shape, fresh, lessons, test_accuracy: test } = state.network;
  const size = layers.reduce((sum, { weights, biases }) => sum + weights.length + biases.length, 0);
  const facts = [shape];
  if (fresh) facts.push("trained here");
  else if (lessons) facts.push(`${lessons.length} lesson${lessons.length > 1 ? "s" : ""}`);
  else if (test !== null) facts.push(`${(100 * test).toFixed(2)} % on MNIST’s test images`);
  write("about", facts.join(" · "));
  const count = size.toLocaleString("en");
  write("held", `The network’s ${count} weights and biases are in this file. Nothing you draw leaves it.`);
}
