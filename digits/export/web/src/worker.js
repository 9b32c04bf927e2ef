// What a worker does: it reads strokes and pictures, teaches and tests a network, or trains one from nothing.

import { rightOf } from "./backpropagation.js";
import { contextOf } from "./elements.js";
import { begin, end, goOn } from "./lesson.js";
import { feedforward } from "./network.js";
import { findLines, isTooSmall, moved, read } from "./reader.js";
import { digitsOfStrokes } from "./strokes.js";
import { train } from "./trainer.js";

const LARGEST = 2000; // pixels of a picture's longer side; larger ones are reduced, which some browsers need
const SOME = 50; // test images

let layers = /** @type {Layer[]} */ ([]); // of the last job that came with some
let lesson = /** @type {ReturnType<typeof begin> | null} */ (null);

/** @param {MessageEvent<Job>} event */
self.onmessage = async ({ data: job, ports: [port] }) => {
  port.postMessage(await answerTo(job));
};

/** @param {Job} job */
function answerTo(job) {
  if ("share" in job) return train(job);
  if ("layers" in job) layers = job.layers ?? layers;
  if ("file" in job) return opened(job.file).catch(() => null);
  if ("picture" in job) return readPicture(job.picture, job.every);
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
    right += rightOf(layers, mnist, first, Math.min(SOME, mnist.test - first));
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

/** The digits in a picture, in sides of a pad that it fills, or why there are none.
 * @type {(picture: ImageBitmap, every?: number) => object} */
function readPicture(picture, every) {
  const { width, height } = picture, longer = Math.max(width, height);
  const pixels = reduced(picture).getImageData(0, 0, width, height);
  const lines = findLines(pixels, every), digits = read(lines, layers), none = isTooSmall(pixels) ? "small" : "blank";
  const refusal = digits.length ? undefined : lines.length ? "unlike" : none;
  return { ...withActivations(moved(digits, longer, (1 - width / longer) / 2, (1 - height / longer) / 2)), refusal };
}
