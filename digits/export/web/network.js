// The network: the activations of every layer for an image, and the four bits of its outputs. Names are as in
// digits/network.py and digits/neurons.py.
"use strict";

const network = unpack(JSON.parse(document.getElementById("network").textContent));

// The activations of every layer, the first being the image (784) 0..1 itself: a' = sigmoid(w a + b).
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

// The digit whose output is largest; of a detector, whether its one output is over 0.5.
function answerOf(outputs) {
  return outputs.length > 1 ? outputs.indexOf(Math.max(...outputs)) : outputs[0] > 0.5;
}

// The network with its layers cut from `parameters`: weights and biases, layer after layer, float32 in base64.
function unpack({ parameters, ...rest }) {
  const bytes = Uint8Array.from(atob(parameters), (character) => character.charCodeAt(0));
  let start = 0;
  const take = (n) => new Float32Array(bytes.buffer, 4 * start, n, (start += n));
  const layers = rest.sizes.slice(1).map((n, l) => ({ weights: take(n * rest.sizes[l]), biases: take(n) }));
  return { ...rest, layers };
}
