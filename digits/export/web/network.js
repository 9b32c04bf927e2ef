// The network: the activations of every layer for an image, and the four bits of the outputs. The names are those of
// digits/network.py and digits/neurons.py.
"use strict";

const network = unpack(JSON.parse(document.getElementById("network").textContent));

// All activations, from the input, an image (784) 0..1, to the output: a' = sigmoid(w a + b), layer after layer.
function feedforward(image) {
  const activations = [image];
  for (const { weights, biases } of network.layers) {
    const a = activations.at(-1);
    activations.push(biases.map((b, j) => sigmoid(weightedInput(weights, b, a, j))));
  }
  return activations;
}

function sigmoid(z) {
  return 1 / (1 + Math.exp(-z));
}

// z = w a + b of neuron j of a layer, whose weights (neurons, inputs) are one Float32Array.
function weightedInput(weights, b, a, j) {
  let z = b;
  for (let k = 0; k < a.length; k++) z += weights[j * a.length + k] * a[k];
  return z;
}

// Four perceptrons turn ten output activations into the bits of the digit: eights, fours, twos, ones.
function binaryLayer(outputs) {
  return network.bits.weights.map((w, j) => Number(weightedInput(w, network.bits.biases[j], outputs, 0) > 0));
}

// What the outputs say: the digit whose output is largest; of a detector's one output, whether it is over 0.5.
function answerOf(outputs) {
  return outputs.length > 1 ? outputs.indexOf(Math.max(...outputs)) : outputs[0] > 0.5;
}

// Weights and biases lie one after the other, layer by layer, as float32 in base64.
function unpack({ parameters, ...rest }) {
  const bytes = Uint8Array.from(atob(parameters), (character) => character.charCodeAt(0));
  let start = 0;
  const take = (n) => new Float32Array(bytes.buffer, 4 * start, n, (start += n));
  const layers = rest.sizes.slice(1).map((n, l) => ({ weights: take(n * rest.sizes[l]), biases: take(n) }));
  return { ...rest, layers };
}
