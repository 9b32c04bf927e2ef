// A hidden neuron as several stops show it, and numbers as people write them.

import { ranked, sigmoid, weightedInputs } from "../network.js";

/** The neuron whose z is nearest to a value, or one of the next, by its place in that order: its number, its weights (784) and
 * bias, what each pixel contributes, and z = w·a + b. @type {(layers: Layer[], image: Float32Array, nearest: number, place: number) => HiddenNeuron} */
export function hiddenNeuron([layer], image, nearest, place) {
  const zs = weightedInputs(layer, image), order = ranked(zs.map((z) => -Math.abs(z - nearest))), j = order[place % order.length];
  const weights = layer.weights.subarray(784 * j, 784 * (j + 1)), contributions = weights.map((w, k) => w * image[k]);
  return { j, weights, contributions, bias: layer.biases[j], z: zs[j], sum: zs[j] - layer.biases[j], a: sigmoid(zs[j]) };
}

/** A number with its sign as people write it. @type {(value: number, places?: number) => string} */
export const signed = (value, places = 1) => (Number(value.toFixed(places)) || 0).toFixed(places).replace("-", "−");
