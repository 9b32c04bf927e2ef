// What a worker does: it reads strokes and pictures, teaches and tests a network, or trains one from nothing.

import { blank, movedBox, offscreen } from "./reading/images.js";
import { begin } from "./network/lesson.js";
import { findLines, seen } from "./reading/lines.js";
import { isTooSmall } from "./reading/picture.js";
import { digitsOf, unreadIn } from "./reading/answer.js";
import { moved, read } from "./reading/reader.js";
import { digitsOfStrokes, unread } from "./reading/strokes.js";
import { measured, train } from "./network/trainer.js";

const LARGEST = 2000; // pixels of a picture's longer side; larger ones are reduced, which some browsers need
const SEEN = [213, 94, 0]; // the colour of what is handwriting, vermilion

let layers = /** @type {Layer[]} */ ([]); // of the last job that came with some
let lesson = /** @type {ReturnType<typeof begin> | null} */ (null);

/** @param {MessageEvent<Job>} event */
self.onmessage = async ({ data: job, ports: [port] }) => {
  try {
    port.postMessage({ answer: await answerTo(job) });
  } catch (error) {
    port.postMessage({ error: `${error}` });
  }
};

/** @param {Job} job */
function answerTo(job) {
  if ("share" in job) return train(job);
  if ("layers" in job) layers = job.layers ?? layers;
  if ("file" in job) return opened(job.file).catch(() => null);
  if ("sight" in job) return sightOf(job.sight);
  if ("picture" in job) return readPicture(job);
  if ("strokes" in job) {
    const digits = digitsOfStrokes(job.strokes, { layers, team: job.team });
    return { digits, unread: unread(job.strokes, digits) };
  }
  if ("lesson" in job) lesson = begin(job, layers);
  else if ("mnist" in job) return measured(layers, job.mnist, job.mnist.train, job.mnist.test).accuracy;
  if (lesson && "milliseconds" in job) return lesson.goOn(job.milliseconds);
  if (lesson && "end" in job) return lesson.end();
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
  const context = offscreen(width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width, height);
  return context;
}

/** What the eye sees in a picture: the surer it is of a pixel, the less is it clear. @param {ImageBitmap} picture */
function sightOf(picture) {
  const pixels = pixelsOf(picture);
  const { width, height, data } = isTooSmall(pixels) ? blank(1, 1) : seen(pixels).sure;
  const context = offscreen(width, height);
  const image = context.createImageData(width, height);
  for (let i = 0; i < data.length; i++) image.data.set([...SEEN, 255 * data[i]], 4 * i);
  context.putImageData(image, 0, 0);
  return context.canvas.transferToImageBitmap();
}

/** The digits in a picture, in sides of a pad that it fills, or why there are none; one that lies on its side is turned.
 * @type {(job: { picture: ImageBitmap; team?: boolean }) => object} */
function readPicture({ picture, team }) {
  const { lines, degrees, refusal } = findLines(pixelsOf(picture));
  const groups = read(lines, { layers, team });
  const turned = degrees ? { picture: rotated(picture, degrees) } : {};
  const { width, height } = turned.picture ?? picture;
  const longer = Math.max(width, height);
  const [x, y] = [(1 - width / longer) / 2, (1 - height / longer) / 2];
  const digits = moved(digitsOf(groups), longer, x, y);
  const unread = unreadIn(groups).map((box) => movedBox(box, longer, x, y));
  return { digits, unread, refusal: digits.length ? undefined : refusal, degrees, ...turned };
}

/** @param {ImageBitmap} picture */
const pixelsOf = (picture) => reduced(picture).getImageData(0, 0, picture.width, picture.height);

/** @type {(picture: ImageBitmap, degrees: number) => ImageBitmap} */
function rotated(picture, degrees) {
  const { width, height } = picture;
  const [w, h] = degrees === 180 ? [width, height] : [height, width];
  const context = offscreen(w, h);
  context.translate(w / 2, h / 2);
  context.rotate((-degrees * Math.PI) / 180);
  context.drawImage(picture, -width / 2, -height / 2);
  return context.canvas.transferToImageBitmap();
}
