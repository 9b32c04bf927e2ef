// The numbers of the small network as they are shown, in hundredths: every stop shows the same ones, and they add up.

import { ranked, sigmoid, weightedInputs, weightsOf } from "../network/feedforward.js";
import { number, rounded, total } from "./figure.js";

/** The neuron that was chosen, or -1; and the one that is shown, with all neurons from the largest z to the smallest. */
const hidden = { chosen: -1, shown: -1, order: [0] };

/** @type {(j: number) => void} */
export const choose = (j) => {
  hidden.chosen = j;
};
/** The neuron that was chosen, or else this one. @param {number} j */
export const chosenOr = (j) => (hidden.chosen < 0 ? j : hidden.chosen);
/** Chooses the neuron with the next smaller z; after the last, the first. */
export const chooseNext = () => choose(hidden.order[(hidden.order.indexOf(hidden.shown) + 1) % hidden.order.length]);

/** z of each neuron: the sum w·a and the bias, both rounded. @type {(layer: Layer, a: Float32Array) => number[]} */
const inputsShown = (layer, a) =>
  Array.from(weightedInputs(layer, a), (z, j) => rounded(rounded(z - layer.biases[j]) + rounded(layer.biases[j])));
const activationsOf = (/** @type {number[]} */ zs) => zs.map((z) => rounded(sigmoid(z)));

/** z and the activation of each hidden neuron and of each output.
 * @type {(layers: Layer[], image: Float32Array) => { zs: number[]; hidden: number[]; outputZs: number[]; outputs: number[] }} */
export function passShown([first, last], image) {
  const zs = inputsShown(first, image);
  const outputZs = inputsShown(last, weightedInputs(first, image).map(sigmoid));
  return { zs, hidden: activationsOf(zs), outputZs, outputs: activationsOf(outputZs) };
}

/** The chosen neuron, or else the one with the largest z up to `most`; and the z of all.
 * @type {(layers: Layer[], image: Float32Array, most?: number) => HiddenNeuron} */
export function hiddenNeuron([layer], image, most = Infinity) {
  const zs = inputsShown(layer, image);
  const order = ranked(zs);
  const j = chosenOr(order.find((k) => zs[k] <= most) ?? order[0]);
  Object.assign(hidden, { shown: j, order });
  const bias = rounded(layer.biases[j]);
  return { j, zs, weights: weightsOf(layer, j).slice(), bias, sum: rounded(zs[j] - bias), z: zs[j] };
}

/** What pixels contribute to a neuron: the sums of all that is positive, of all that is negative, and of both.
 * @type {(weights: Float32Array, image: Float32Array) => { plus: number; minus: number; sum: number }} */
export function sumsOf(weights, image) {
  const products = weights.map((w, k) => w * image[k]);
  const [plus, sum] = [total(products.filter((product) => product > 0)), total(products)];
  return { plus, minus: rounded(sum - plus), sum };
}

/** Round numbers for an axis. @type {(from: number, to: number) => number[]} */
export function ticksOf(from, to) {
  const step = to - from > 30 ? 10 : 5;
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, n) => step * (first + n));
}

/** A number that is added, with its sign in front of it. @type {(value: number, digits?: number) => string} */
export const added = (value, digits = 2) => `${value < 0 ? "−" : "+"} ${number(Math.abs(value), digits)}`;
