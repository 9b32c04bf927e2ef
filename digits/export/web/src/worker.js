// The worker that trains a network from nothing: asked once, it sends the layers as they are after each epoch, and the
// share of the test images that they read.

import { countRight, freshLayers, train } from "./backpropagation.js";
import { exampleOf } from "./mnist.js";

/** @param {MessageEvent<Job>} event */
self.onmessage = ({ data: { mnist, sizes, ...settings } }) => {
  const examples = Array.from({ length: mnist.train + mnist.test }, (_, i) => exampleOf(mnist, i));
  const test = examples.splice(mnist.train), layers = freshLayers(sizes);
  for (const _ of train(layers, examples, settings)) {
    self.postMessage({ layers, accuracy: countRight(layers, test) / test.length });
  }
};
