// A hidden neuron as several stops show it. All of them show the one that the visitor has chosen, with the same numbers.

import { ranked, sigmoid, weightedInputs } from "../network/feedforward.js";
import { number } from "./figure.js";

/** The neuron that was chosen, or -1; and the one that is shown, with all neurons from the largest z to the smallest. */
const hidden = { chosen: -1, shown: -1, order: [0] };

/** @type {(j: number) => void} */
export const choose = (j) => {
  hidden.chosen = j;
};
/** Chooses the neuron with the next smaller z; after the last, the first. */
export const chooseNext = () => choose(hidden.order[(hidden.order.indexOf(hidden.shown) + 1) % hidden.order.length]);

/** To hundredths, as values are shown: so what is shown adds up. @type {(value: number) => number} */
export const rounded = (value) => Math.round(100 * value) / 100;

/** The chosen neuron, or else the one with the largest z up to `most`; and the z of all.
 * @type {(layers: Layer[], image: Float32Array, most?: number) => HiddenNeuron} */
export function hiddenNeuron([layer], image, most = Infinity) {
  const zs = weightedInputs(layer, image);
  const order = ranked(zs);
  const j = hidden.chosen < 0 ? (order.find((k) => zs[k] <= most) ?? order[0]) : hidden.chosen;
  Object.assign(hidden, { shown: j, order });
  const weights = layer.weights.slice(784 * j, 784 * (j + 1));
  const bias = rounded(layer.biases[j]);
  const { sum } = sumsOf(weights, image);
  return { j, zs, weights, bias, sum, z: rounded(sum + bias) };
}

/** What pixels contribute to a neuron, and the sums of what is positive, of what is negative, and of all.
 * @type {(weights: Float32Array, image: Float32Array) => { products: Float32Array; plus: number; minus: number; sum: number }} */
export function sumsOf(weights, image) {
  const products = weights.map((w, k) => w * image[k]);
  const total = (sign) => products.reduce((sum, product) => (sign * product > 0 ? sum + product : sum), 0);
  const [plus, minus] = [rounded(total(1)), rounded(total(-1))];
  return { products, plus, minus, sum: rounded(plus + minus) };
}

/** Round numbers for an axis. @type {(from: number, to: number) => number[]} */
export function ticksOf(from, to) {
  const step = to - from > 30 ? 10 : 5;
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, n) => step * (first + n));
}

/** A number that is added, with its sign in front of it. @type {(value: number) => string} */
export const added = (value) => `${value < 0 ? "−" : "+"} ${number(Math.abs(value))}`;
/** @type {(z: number) => string} */
export const inWords = (z) => `z = ${number(z)}, activation ${sigmoid(z).toFixed(2)}`;
