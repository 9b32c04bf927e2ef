// What a worker does, asked once: it reads a picture, or trains a network from nothing.

import { countRight, exampleOf, sgdStep } from "./backpropagation.js";
import { findLines, read } from "./reader.js";

/** @param {MessageEvent<Reading | Training>} event */
self.onmessage = ({ data: job }) => {
  if ("pixels" in job) self.postMessage(read(findLines(job.pixels), job.layers));
  else train(job);
};

/** Sends the layers as they are after each epoch, and the share of the test images that they read.
 * @type {(job: Training) => void} */
function train({ mnist, sizes, epochs, batch, rate }) {
  const examples = Array.from({ length: mnist.train + mnist.test }, (_, i) => exampleOf(mnist, i));
  const test = examples.splice(mnist.train), layers = freshLayers(sizes);
  const send = () => self.postMessage({ layers, accuracy: countRight(layers, test) / test.length });
  send();
  for (let epoch = 0; epoch < epochs; epoch++) {
    const shuffled = examples.map((example) => ({ example, key: Math.random() })).sort((a, b) => a.key - b.key);
    const order = shuffled.map(({ example }) => example);
    for (let i = 0; i < order.length; i += batch) sgdStep(layers, order.slice(i, i + batch), rate);
    send();
  }
}

/** Layers of small random weights: of standard deviation 1 / sqrt(inputs), in the first layer, where most inputs are
 * 0, twice that; and biases of 0. @type {(sizes: number[]) => Layer[]} */
function freshLayers(sizes) {
  return sizes.slice(1).map((neurons, l) => {
    const deviation = (l === 0 ? 2 : 1) / Math.sqrt(sizes[l]);
    const weights = new Float32Array(neurons * sizes[l]).map(() => ( // by the transform of Box and Muller
      deviation * Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
    ));
    return { weights, biases: new Float32Array(neurons) };
  });
}
