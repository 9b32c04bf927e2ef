// What a worker does: it reads pictures, tests a network, or trains one from nothing.

import { accuracyOf } from "./backpropagation.js";
import { findLines, isTooSmall, read } from "./reader.js";
import { train } from "./trainer.js";

/** @param {MessageEvent<Reading | Test | Training>} event */
self.onmessage = ({ data: job, ports: [port] }) => {
  if ("pixels" in job) port.postMessage(readPicture(job));
  else if ("layers" in job) port.postMessage(accuracyOf(job.layers, job.mnist));
  else self.postMessage(train(job));
};

/** The digits in a picture, or why there are none. @param {Reading} job */
function readPicture({ pixels, layers }) {
  const lines = findLines(pixels), digits = read(lines, layers), none = isTooSmall(pixels) ? "small" : "blank";
  return { digits, refusal: digits.length ? undefined : lines.length ? "unlike" : none };
}
