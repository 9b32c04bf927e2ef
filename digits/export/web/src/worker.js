// What a worker does: it reads pictures, tests a network, or trains one from nothing.

import { accuracyOf, exampleOf, freshLayers, sgdStep } from "./backpropagation.js";
import { findLines, isTooSmall, read } from "./reader.js";

/** @param {MessageEvent<Reading | Test | Training>} event */
self.onmessage = ({ data: job, ports: [port] }) => {
  if ("pixels" in job) port.postMessage(readPicture(job));
  else if ("layers" in job) port.postMessage(accuracyOf(job.layers, job.mnist));
  else train(job);
};

/** The digits in a picture, or why there are none. @param {Reading} job */
function readPicture({ pixels, layers }) {
  const lines = findLines(pixels), digits = read(lines, layers), none = isTooSmall(pixels) ? "small" : "blank";
  return { digits, refusal: digits.length ? undefined : lines.length ? "unlike" : none };
}

/** Sends the layers as they are after each epoch, and their accuracy. @type {(job: Training) => void} */
function train({ mnist, sizes, epochs, batch, rate }) {
  const examples = Array.from({ length: mnist.train }, (_, i) => exampleOf(mnist, i)), layers = freshLayers(sizes);
  const send = () => self.postMessage({ layers, accuracy: accuracyOf(layers, mnist) });
  send();
  for (let epoch = 0; epoch < epochs; epoch++) {
    const shuffled = examples.map((example) => ({ example, key: Math.random() })).sort((a, b) => a.key - b.key);
    const order = shuffled.map(({ example }) => example);
    for (let i = 0; i < order.length; i += batch) sgdStep(layers, order.slice(i, i + batch), rate);
    send();
  }
}
