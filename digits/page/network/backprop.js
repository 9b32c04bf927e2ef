// How a network learns: mini-batches, backpropagation and gradient descent, as in digits/backprop.py.

import { feedforward, imagesOf, nonzero, slopeAt } from "./feedforward.js";

const HARDLY = 1e-7; // a neuron's error, or a change of its weights, so small is lost in rounding

/** Image number i of MNIST's, with the desired outputs. @type {(mnist: Mnist, i: number) => Example} */
export function exampleOf({ bytes, train, test }, i) {
  return { image: imageIn(bytes, train + test + 98 * i), y: desired(bytes[i]) };
}

/** The image of one bit a pixel that begins at a byte. @type {(bytes: Uint8Array, first?: number) => Float32Array} */
export const imageIn = (bytes, first = 0) =>
  new Float32Array(784).map((_, k) => (bytes[first + (k >> 3)] >> (7 - (k & 7))) & 1);

/** The desired outputs. @type {(digit: number) => Float32Array} */
export const desired = (digit) => new Float32Array(10).fill(1, digit, digit + 1);

/** One of them, by lot. @template T @param {T[]} all */
export const any = (all) => all[Math.floor(Math.random() * all.length)];

/** Half the squared distance of the outputs from those desired. @type {(a: Float32Array, y: Float32Array) => number} */
export const quadraticCost = (a, y) => a.reduce((sum, a, j) => sum + (y[j] - a) ** 2 / 2, 0);

/** The error dC/dz of an output neuron (BP1) by the quadratic cost. @type {(a: number, y: number) => number} */
export const quadraticDelta = (a, y) => (a - y) * slopeAt(a);
/** And by the cross-entropy: an output that is saturated and wrong learns fast. @type {typeof quadraticDelta} */
export const crossEntropyDelta = (a, y) => a - y;

/** Random numbers from 0 to 1, the same ones each time: a linear congruential generator. @returns {() => number} */
export function seeded() {
  let last = 1;
  return () => {
    last = (Math.imul(last, 1664525) + 1013904223) >>> 0;
    return last / 2 ** 32;
  };
}

/** Layers of small random weights: of standard deviation 1 / sqrt(inputs), in the first layer, where most inputs are
 * 0, twice that; and biases of 0. @type {(sizes: number[], random?: () => number) => Layer[]} */
export function freshLayers(sizes, random = Math.random) {
  return sizes.slice(1).map((neurons, l) => {
    const deviation = (l === 0 ? 2 : 1) / Math.sqrt(sizes[l]);
    const weights = new Float32Array(neurons * sizes[l]).map(
      () =>
        // by the transform of Box and Muller
        deviation * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
    );
    return { weights, biases: new Float32Array(neurons) };
  });
}

/** Of a mini-batch, the activations of every layer and the errors dC/dz of each but the first.
 * @type {(layers: Layer[], batch: Example[], deltaOf?: typeof quadraticDelta) => Errors} */
export function backpropagate(layers, batch, deltaOf = quadraticDelta) {
  const activations = feedforward(layers, imagesOf(batch));
  let below = activations[layers.length].map((a, i) => a.map((a, j) => deltaOf(a, batch[i].y[j]))); // BP1
  const errors = [below];
  for (let l = layers.length - 1; l > 0; l--) {
    // BP2
    below = below.map((delta, i) => {
      const a = activations[l][i];
      return backwards(layers[l].weights, delta).map((sum, k) => sum * slopeAt(a[k]));
    });
    errors.unshift(below);
  }
  return { activations, errors };
}

/** A step of stochastic gradient descent: weights and biases move, in place, against their gradient on a mini-batch.
 * @type {(layers: Layer[], batch: Example[], rate: number, deltaOf?: typeof quadraticDelta) => void} */
export function sgdStep(layers, batch, rate, deltaOf) {
  const { activations, errors } = backpropagate(layers, batch, deltaOf);
  for (const [l, { weights, biases }] of layers.entries()) {
    const on = activations[l].map(nonzero);
    const n = activations[l][0].length;
    const share = rate / on.length;
    for (let j = 0; j < biases.length; j++) {
      for (const [i, { places, values }] of on.entries()) {
        const change = share * errors[l][i][j];
        const row = j * n;
        if (Math.abs(change) < HARDLY) continue;
        biases[j] -= change; // BP3
        for (let k = 0; k < places.length; k++) weights[row + places[k]] -= change * values[k]; // BP4
      }
    }
  }
}

/** The transposed weights of a layer times a value of each of its neurons.
 * @type {(weights: Float32Array, values: Float32Array) => Float32Array} */
export function backwards(weights, values) {
  const n = weights.length / values.length;
  const sums = new Float32Array(n);
  for (let j = 0; j < values.length; j++) {
    if (Math.abs(values[j]) < HARDLY) continue;
    for (let k = 0; k < n; k++) sums[k] += weights[j * n + k] * values[j];
  }
  return sums;
}

/** How much the activations of each layer but the last speak for the outputs y, by the weights that lead there.
 * @type {(layers: Layer[], y: Float32Array) => Float32Array[]} */
export function supportOf(layers, y) {
  const support = [y];
  for (const { weights } of layers.toReversed()) support.unshift(backwards(weights, support[0]));
  return support.slice(0, -1);
}
