// What a worker does: it reads strokes and pictures, teaches and tests a network, or trains one from nothing.

import { offscreen } from "./elements.js";
import { turned as turnedImage } from "./eye.js";
import { held } from "./held.js";
import { blank, mappedBox } from "./images.js";
import { begin, end, goOn } from "./lesson.js";
import { digitsOf, findLines, groupsIn, isPrinted, isTooSmall, linesSeen, moved, seen, unreadIn } from "./reader.js";
import { digitsOfStrokes, unread } from "./strokes.js";
import { measured, train } from "./trainer.js";

const LARGEST = 2000; // pixels of a picture's longer side; larger ones are reduced, which some browsers need
const SEEN = [213, 94, 0]; // the colour of what is handwriting, vermilion
const { UPRIGHT, TURNED, TURNING, ALIKE } = held.constants.reader;

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
  if ("picture" in job) return readPicture(job.picture, job.quick);
  if ("strokes" in job) {
    const digits = digitsOfStrokes(job.strokes, layers);
    return { digits, unread: unread(job.strokes, digits) };
  }
  if ("lesson" in job) lesson = begin(job, layers);
  else if ("mnist" in job) return measured(layers, job.mnist, job.mnist.train, job.mnist.test).accuracy;
  if (lesson && "milliseconds" in job) return goOn(lesson, job.milliseconds);
  if (lesson && "end" in job) return end(lesson);
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
  const pixels = pixelsOf(picture), { width, height, data } = isTooSmall(pixels) ? blank(1, 1) : seen(pixels).sure;
  const context = offscreen(width, height);
  const image = context.createImageData(width, height);
  for (let i = 0; i < data.length; i++) image.data.set([...SEEN, 255 * data[i]], 4 * i);
  context.putImageData(image, 0, 0);
  return context.canvas.transferToImageBitmap();
}

/** The digits in a picture, in sides of a pad that it fills, or why there are none; one that lies on its side is turned.
 * Of a `quick` look, it is not.
 * @type {(picture: ImageBitmap, quick?: boolean) => object} */
function readPicture(picture, quick) {
  const pixels = pixelsOf(picture), lines = findLines(pixels, quick), asItIs = handwritten(lines);
  const crowded = lines.some((line) => line.crowded), best = quick || crowded ? undefined : turned(picture, pixels, asItIs);
  const { width, height } = best?.picture ?? picture, longer = Math.max(width, height);
  const found = best ? withUnturnedImages(digitsOf(best.groups), asItIs) : digitsOf(asItIs);
  const none = isTooSmall(pixels) ? "small" : "blank";
  const refusal = found.length ? undefined : asItIs.length ? "unlike" : none;
  const [x, y] = [(1 - width / longer) / 2, (1 - height / longer) / 2], digits = moved(found, longer, x, y);
  const unread = unreadIn(best?.groups ?? asItIs).map((box) => mappedBox(box, (n) => n / longer + x, (n) => n / longer + y));
  return { digits, unread, refusal, crowded, picture: best?.picture, degrees: best?.degrees };
}

/** The digit of a picture that was turned, if it and the picture as it was have but one, with its images in both: a
 * lesson is on all, since after it the picture may be read as it is.
 * @type {(digits: Digit[], unturned: Group[][]) => Digit[]} */
function withUnturnedImages(digits, unturned) {
  const [other, ...more] = unturned.flat().flatMap((group) => group.digits);
  if (digits.length !== 1 || !other || more.length) return digits;
  return [{ ...digits[0], images: [digits[0], other].flatMap(({ images = [] }) => images) }];
}

/** The groups in each line, of which the network has no confidence in what is printed. @param {Line[]} lines */
const handwritten = (lines) => groupsIn(lines, layers).map((line) => (
  line.map((group) => (isPrinted(group.digits) ? { ...group, confidence: 0 } : group))
));

/** @param {ImageBitmap} picture */
const pixelsOf = (picture) => reduced(picture).getImageData(0, 0, picture.width, picture.height);

/** A picture, badly read, after it is turned counterclockwise by so many degrees, if it is read more surely then, as
 * in digits/handwriting/reader.py. @type {(picture: ImageBitmap, pixels: ImageData, read: Group[][]) =>
 * { picture: ImageBitmap; groups: Group[][]; degrees: number } | undefined} */
function turned(picture, pixels, read) {
  const [sure, area] = sureArea(read);
  if (!read.length || (area && sure >= UPRIGHT * area)) return;
  const { sure: asItIs, darkness } = seen(pixels);
  let best, least = sureArea(read, ALIKE)[0];
  for (const degrees of [90, 180, 270]) {
    const sight = { sure: turnedImage(asItIs, degrees), darkness: turnedImage(darkness, degrees) };
    const groups = handwritten(linesSeen(sight, pixels, false, TURNING)), [surer, area] = sureArea(groups, ALIKE);
    if (surer > Math.max(least, TURNED * area)) [best, least] = [{ groups, degrees }, surer];
  }
  return best && { ...best, picture: rotated(picture, best.degrees) };
}

/** The area of the digits' boxes, `but` those of these values, times the confidence in their groups; and the area alone.
 * @type {(lines: Group[][], but?: number[]) => [number, number]} */
function sureArea(lines, but = []) {
  let sure = 0, all = 0;
  for (const { digits, confidence } of lines.flat()) {
    for (const { box: { left, top, right, bottom }, value = -1 } of digits) {
      if (but.includes(value)) continue;
      all += (right - left) * (bottom - top);
      sure += confidence * (right - left) * (bottom - top);
    }
  }
  return [sure, all];
}

/** @type {(picture: ImageBitmap, degrees: number) => ImageBitmap} */
function rotated(picture, degrees) {
  const { width, height } = picture, [w, h] = degrees === 180 ? [width, height] : [height, width];
  const context = offscreen(w, h);
  context.translate(w / 2, h / 2);
  context.rotate(-degrees * Math.PI / 180);
  context.drawImage(picture, -width / 2, -height / 2);
  return context.canvas.transferToImageBitmap();
}
