// How a network learns: mini-batches, backpropagation and gradient descent, as in digits/backprop.py.

import { activationsOf, nonzero, outputsOf, predictionOf } from "./network.js";

const HARDLY = 1e-7; // a neuron's error, or a change of its weights, so small is lost in rounding

/** Moves weights and biases, in place, down the gradient of the quadratic cost on a mini-batch.
 * @type {(layers: Layer[], batch: Example[], rate: number) => void} */
export function sgdStep(layers, batch, rate) {
  const activations = [batch.map(({ image }) => image)];
  for (const layer of layers) activations.push(activationsOf(layer, activations[activations.length - 1]));
  /** @type {Float32Array[]} */
  let deltas = activations[layers.length].map((a, i) => a.map((a, j) => (a - batch[i].y[j]) * a * (1 - a))); // BP1
  for (let l = layers.length - 1; l >= 0; l--) {
    const { weights, biases } = layers[l], a = activations[l];
    const below = l > 0 ? a.map((a, i) => propagatedBack(weights, deltas[i], a)) : [];
    const on = a.map(nonzero), n = a[0].length;
    for (let j = 0; j < biases.length; j++) {
      for (let i = 0; i < batch.length; i++) {
        const change = (rate / batch.length) * deltas[i][j];
        if (Math.abs(change) < HARDLY) continue;
        const { places, values } = on[i], row = j * n;
        biases[j] -= change; // BP3
        for (let k = 0; k < places.length; k++) weights[row + places[k]] -= change * values[k]; // BP4
      }
    }
    deltas = below;
  }
}

/** BP2: the errors of a layer with activations a, by the weights and the errors of the next one.
 * @type {(weights: Float32Array, delta: Float32Array, a: Float32Array) => Float32Array} */
function propagatedBack(weights, delta, a) {
  const n = a.length, error = new Float32Array(n);
  for (let j = 0; j < delta.length; j++) {
    if (Math.abs(delta[j]) < HARDLY) continue;
    for (let k = 0; k < n; k++) error[k] += weights[j * n + k] * delta[j];
  }
  return error.map((e, k) => e * a[k] * (1 - a[k]));
}

/** Layers of small random weights: of standard deviation 1 / sqrt(inputs), in the first layer, where most inputs are
 * 0, twice that; and biases of 0. @type {(sizes: number[]) => Layer[]} */
export function freshLayers(sizes) {
  return sizes.slice(1).map((neurons, l) => {
    const deviation = (l === 0 ? 2 : 1) / Math.sqrt(sizes[l]);
    const weights = new Float32Array(neurons * sizes[l]).map(() => deviation * normal());
    return { weights, biases: new Float32Array(neurons) };
  });
}

/** A number from N(0, 1), by the transform of Box and Muller. */
function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

/** How many of the examples are read right. @type {(layers: Layer[], examples: Example[]) => number} */
export function countRight(layers, examples) {
  return examples.filter(({ image, y }) => predictionOf(outputsOf(layers, image)) === predictionOf(y)).length;
}

/** Trains layers, in place, an epoch at a time; yields after each, and first before any.
 * @type {(layers: Layer[], examples: Example[], settings: {epochs: number, batch: number, rate: number}) =>
 * Generator<void>} */
export function* train(layers, examples, { epochs, batch, rate }) {
  yield;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = shuffled(examples);
    for (let i = 0; i < order.length; i += batch) sgdStep(layers, order.slice(i, i + batch), rate);
    yield;
  }
}

/** In a random order. @type {(examples: Example[]) => Example[]} */
function shuffled(examples) {
  const keyed = examples.map((example) => ({ example, key: Math.random() }));
  return keyed.sort((one, other) => one.key - other.key).map(({ example }) => example);
}
