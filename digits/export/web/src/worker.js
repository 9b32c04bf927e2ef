// What a worker does: it reads strokes and pictures, teaches and tests a network, or trains one from nothing.

import { accuracyOf, exampleOf, sgdStep } from "./backpropagation.js";
import { contextOf } from "./elements.js";
import { begin, end, goOn } from "./lesson.js";
import { feedforward } from "./network.js";
import { findLines, isTooSmall, moved, read } from "./reader.js";
import { digitsOfStrokes } from "./strokes.js";

const LARGEST = 2000; // pixels of a picture's longer side; larger ones are reduced, which some browsers need
const SOME = 50; // test images

let layers = /** @type {Layer[]} */ ([]); // of the last job that came with some
let lesson = /** @type {ReturnType<typeof begin> | null} */ (null);

/** @param {MessageEvent<Job | Training>} event */
self.onmessage = async ({ data: job, ports: [port] }) => {
  if ("sizes" in job) train(job);
  else port.postMessage(await answerTo(job));
};

/** @param {Job} job */
function answerTo(job) {
  if ("layers" in job) layers = job.layers ?? layers;
  if ("file" in job) return opened(job.file).catch(() => null);
  if ("picture" in job) return readPicture(job.picture);
  if ("strokes" in job) return withActivations(digitsOfStrokes(job.strokes, layers));
  if ("lesson" in job) lesson = begin(job, layers);
  else if ("mnist" in job) return test(layers, job.mnist);
  if (lesson && "milliseconds" in job) return goOn(lesson, job.milliseconds);
  if (lesson && "images" in job) return end(lesson, job);
}

/** @param {Digit[]} digits */
const withActivations = (digits) => ({ digits, activations: feedforward(layers, digits.map(({ image }) => image)) });

/** The accuracy on the test images, some at a time, so that what is asked meanwhile need not wait for all.
 * @type {(layers: Layer[], mnist: Mnist) => Promise<number>} */
async function test(layers, mnist) {
  let right = 0;
  for (let first = 0; first < mnist.test; first += SOME) {
    const count = Math.min(SOME, mnist.test - first);
    right += Math.round(count * accuracyOf(layers, mnist, first, count));
    await new Promise((next) => setTimeout(next));
  }
  return right / mnist.test;
}

/** The picture in a file, upright, or a rejected promise. @param {Blob} file */
async function opened(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
  return reduced(bitmap, scale).canvas.transferToImageBitmap();
}

/** A picture on a canvas. @param {ImageBitmap} picture */
function reduced(picture, scale = 1) {
  const [width, height] = [picture.width, picture.height].map((n) => Math.max(1, Math.round(n * scale)));
  const context = contextOf(new OffscreenCanvas(width, height), { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width, height);
  return context;
}

/** The digits in a picture, in sides of a pad that it fills, or why there are none. @param {ImageBitmap} picture */
function readPicture(picture) {
  const { width, height } = picture, longer = Math.max(width, height);
  const pixels = reduced(picture).getImageData(0, 0, width, height);
  const lines = findLines(pixels), digits = read(lines, layers), none = isTooSmall(pixels) ? "small" : "blank";
  const refusal = digits.length ? undefined : lines.length ? "unlike" : none;
  return { ...withActivations(moved(digits, longer, (1 - width / longer) / 2, (1 - height / longer) / 2)), refusal };
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
