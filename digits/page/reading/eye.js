// The eye: two networks of sigmoid neurons say of each pixel how surely it is handwriting. As in
// digits/handwriting/eye.py, and with the same weights.

import { missingLight } from "./background.js";
import { componentsOf } from "./components.js";
import { bytesOf, held, unpacked } from "../held.js";
import { binarized, blank, boxOf, clamp, crop, linear } from "./images.js";
import { mapped, meanOf, quantile, resized, valuesIn, weightedMedian } from "./images.js";
import { sigmoid } from "../network/feedforward.js";

const { LEVELS, REACH, COLOUR, UNSURE, PALE, FULL, DARKEST, HALVED, PART, LEGIBLE, CERTAIN, TEXTURE, NOISE } =
  held.constants.eye;
const FIRST = 3; // layers of the first network

let learned = /** @type {Layer[] | undefined} */ (undefined);

/** The layers of the first network, then of the second. */
function layers() {
  learned ??= unpacked(bytesOf(held.eye.packed).buffer, held.eye.sizes, Int8Array);
  return learned;
}

/** @type {(image: Image) => Image} */
export function half({ width, height, data }) {
  const wide = (width + 1) >> 1;
  return mapped(blank(wide, (height + 1) >> 1), (_, i) => {
    const left = 2 * (i % wide);
    const y = 2 * Math.floor(i / wide);
    const right = Math.min(left + 1, width - 1);
    const above = y * width;
    const below = Math.min(y + 1, height - 1) * width;
    return (data[above + left] + data[below + left] + data[above + right] + data[below + right]) / 4;
  });
}

/** @param {Image} image */
function pyramid(image) {
  const images = [image];
  while (images.length < LEVELS) images.push(half(images[images.length - 1]));
  return images;
}

/** What the first network sees: darkness, and two differences of colours, these not in the finest level; and where it
 * looks, at what is not PALE. @type {(missing: Image[]) => { seen: View[][]; where: Image }} */
function shown([red, green, blue]) {
  const darkness = meanOf([red, green, blue]);
  const where = binarized(darkness, PALE);
  const dark = valuesIn(darkness, where);
  const full = DARKEST * (dark.length ? quantile(dark, FULL) : 1);
  const colour = (/** @type {(i: number) => number} */ difference) =>
    pyramid(mapped(red, (_, i) => clamp(0.5 + (0.5 * difference(i)) / full, 0, 1)));
  const warm = colour((i) => red.data[i] - blue.data[i]);
  const leafy = colour((i) => green.data[i] - (red.data[i] + blue.data[i]) / 2);
  const seen = pyramid(mapped(darkness, (value) => clamp(value / full, 0, 1))).map((image, n) =>
    n ? [view(image, REACH), view(warm[n], COLOUR), view(leafy[n], COLOUR)] : [view(image, REACH - 1)],
  );
  return { seen, where };
}

/** @type {(image: Image, reach: number) => View} */
const view = (image, reach) => ({ ...image, reach });

/** What the second network sees: the same, and the first one's output.
 * @type {(seen: View[][], output: Image) => View[][]} */
const shownAgain = (seen, output) => pyramid(output).map((image, n) => [...seen[n], view(image, seen[n][0].reach)]);

/** Rows of inputs (count, k), times weights (n, all) from column `from` on: (count, n). Two rows and four columns at once,
 * so that no sum is stored before it is whole.
 * @type {(inputs: Float64Array, count: number, k: number, weights: Float32Array, from: number, all: number, n: number) =>
 *   Float64Array} */
export function product(inputs, count, k, weights, from, all, n) {
  const out = new Float64Array(count * n);
  for (let j = 0; j < n; j += 4) {
    const j1 = Math.min(j + 1, n - 1);
    const j2 = Math.min(j + 2, n - 1);
    const j3 = Math.min(j + 3, n - 1);
    const p = from + j * all;
    const q = from + j1 * all;
    const r = from + j2 * all;
    const s = from + j3 * all;
    for (let i = 0; i < count; i += 2) {
      const i1 = Math.min(i + 1, count - 1);
      const row = i * k;
      const next = i1 * k;
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      let e = 0;
      let f = 0;
      let g = 0;
      let h = 0;
      for (let t = 0; t < k; t++) {
        const x = inputs[row + t];
        const y = inputs[next + t];
        const w = weights[p + t];
        const w1 = weights[q + t];
        const w2 = weights[r + t];
        const w3 = weights[s + t];
        a += x * w;
        b += x * w1;
        c += x * w2;
        d += x * w3;
        e += y * w;
        f += y * w1;
        g += y * w2;
        h += y * w3;
      }
      const to = i * n;
      const to1 = i1 * n;
      out[to + j] = a;
      out[to + j1] = b;
      out[to + j2] = c;
      out[to + j3] = d;
      out[to1 + j] = e;
      out[to1 + j1] = f;
      out[to1 + j2] = g;
      out[to1 + j3] = h;
    }
  }
  return out;
}

/** What is around cells of a level, one after another: (cells, k). @type {(views: View[], cells: Int32Array, k: number) =>
 *   Float64Array} */
function patches(views, cells, k) {
  const out = new Float64Array(cells.length * k);
  let begin = 0;
  for (const { width, height, data, reach } of views) {
    for (let n = 0; n < cells.length; n++) {
      const x = cells[n] % width;
      const y = (cells[n] - x) / width;
      let to = n * k + begin;
      for (let down = y - reach; down <= y + reach; down++) {
        const row = Math.min(Math.max(down, 0), height - 1) * width;
        for (let across = x - reach; across <= x + reach; across++) {
          out[to++] = data[row + Math.min(Math.max(across, 0), width - 1)];
        }
      }
    }
    begin += (2 * reach + 1) ** 2;
  }
  return out;
}

/** The outputs of a network for the pixels of a mask, 0 elsewhere. @type {(network: Layer[], seen: View[][], mask: Image) => Image} */
function outputsAt(network, seen, { width, height, data }) {
  const image = blank(width, height);
  const pixels = [...data.keys()].filter((i) => data[i]);
  for (let first = 0; first < pixels.length; first += PART) {
    const part = pixels.slice(first, first + PART);
    const a = outputs(network, seen, part, width);
    for (let n = 0; n < part.length; n++) image.data[part[n]] = a[n];
  }
  return image;
}

/** The output of a network for some pixels of a picture so wide. The weighted inputs of its first layer are sums over
 * levels, and are found once for each cell of one.
 * @type {(network: Layer[], seen: View[][], pixels: number[], width: number) => Float64Array} */
function outputs([{ weights, biases }, ...rest], seen, pixels, width) {
  const n = biases.length;
  const inputs = weights.length / n;
  const owner = new Int32Array(pixels.length);
  let a = /** @type {Float64Array} */ (new Float64Array(pixels.length * n));
  let from = 0;
  for (const [halved, views] of seen.entries()) {
    const wide = views[0].width;
    const slots = new Int32Array(views[0].data.length).fill(-1);
    const cells = new Int32Array(pixels.length);
    let count = 0;
    for (let i = 0; i < pixels.length; i++) {
      const x = pixels[i] % width;
      const y = (pixels[i] - x) / width;
      const cell = (y >> halved) * wide + (x >> halved);
      if (slots[cell] < 0) {
        slots[cell] = count;
        cells[count++] = cell;
      }
      owner[i] = slots[cell];
    }
    const k = views.reduce((sum, { reach }) => sum + (2 * reach + 1) ** 2, 0);
    const sums = product(patches(views, cells.subarray(0, count), k), count, k, weights, from, inputs, n);
    for (let i = 0, to = 0; i < pixels.length; i++) {
      for (let j = 0, at = owner[i] * n; j < n; j++) a[to++] += sums[at++];
    }
    from += k;
  }
  activate(a, biases);
  for (const layer of rest) {
    const k = a.length / pixels.length;
    a = product(a, pixels.length, k, layer.weights, 0, k, layer.biases.length);
    activate(a, layer.biases);
  }
  return a;
}

/** Sums (count, n), in place, become activations. @type {(sums: Float64Array, biases: Float32Array) => void} */
function activate(sums, biases) {
  for (let i = 0, j = 0; i < sums.length; i++, j = (j + 1) % biases.length) sums[i] = sigmoid(sums[i] + biases[j]);
}

/** How surely each pixel is handwriting, by the light that is missing. A large picture is looked at in half its
 * resolution, then in full, if its digits are small. @type {(missing: Image[]) => Image} */
function look(missing) {
  const [{ width, height }] = missing;
  if (width * height <= HALVED) return lookOnce(missing);
  const coarse = lookOnce(missing.map(half));
  if (!isNoise(coarse) && usualHeight(coarse) < LEGIBLE) return lookOnce(missing);
  const fine = resized(coarse, linear, 2 * coarse.width, 2 * coarse.height);
  const pale = meanOf(missing);
  return mapped(crop(fine, { left: 0, top: 0, right: width, bottom: height }), (value, i) =>
    pale.data[i] > PALE ? value : 0,
  );
}

/** What the second network says of each pixel of which the first one is unsure, else the first one.
 * @type {(missing: Image[]) => Image} */
function lookOnce(missing) {
  const { seen, where } = shown(missing);
  const first = outputsAt(layers().slice(0, FIRST), seen, where);
  const unsure = mapped(first, (value) => Number(value > UNSURE && value < 1 - UNSURE));
  const second = outputsAt(layers().slice(FIRST), shownAgain(seen, first), unsure);
  return mapped(first, (value, i) => (unsure.data[i] ? second.data[i] : value));
}

/** Whether a picture is textured nearly everywhere, and hardly any of that is handwriting: a full look would take seconds
 * and find no more. The eye gives exactly 0 where it did not look. @param {Image} sure */
function isNoise({ data }) {
  const looked = data.filter((value) => value > 0).length;
  const certain = data.filter((value) => value > CERTAIN).length;
  return looked > TEXTURE * data.length && certain < NOISE * looked;
}

/** The usual height of what is handwriting: half of all pixels are in components that are no higher. @param {Image} sure */
function usualHeight(sure) {
  const components = componentsOf(binarized(sure, 0.5));
  const boxes = components.map((pixels) => boxOf(pixels, sure.width));
  return weightedMedian(
    boxes.map(({ top, bottom }) => bottom - top),
    components.map(({ length }) => length),
  );
}

/** What the eye sees in a picture, [red, green, blue] of 0..255. @type {(colours: Image[]) => Sight} */
export function see(colours) {
  const missing = missingLight(colours);
  return { sure: look(missing), darkness: meanOf(missing) };
}

/** An image turned counterclockwise by 90, 180 or 270 degrees. @type {(image: Image, degrees: number) => Image} */
export function turned(image, degrees) {
  if (!degrees) return image;
  const { width, height, data } = turned(image, degrees - 90);
  return mapped(blank(height, width), (_, i) => data[(i % height) * width + width - 1 - Math.floor(i / height)]);
}
