// Operations on images, as far as reading handwriting needs them. None changes its arguments.

/** @type {(width: number, height: number) => Image} */
export const blank = (width, height) => ({ width, height, data: new Float32Array(width * height) });

/** @type {(image: Image, change: (value: number, i: number, image: Image) => number) => Image} */
export function mapped(image, change) {
  const { width, height, data } = image;
  const out = blank(width, height);
  for (let i = 0; i < data.length; i++) out.data[i] = change(data[i], i, image);
  return out;
}

/** The context of a new canvas that is not in view, whose pixels are read.
 * @type {(width: number, height: number) => OffscreenContext} */
export const offscreen = (width, height) =>
  /** @type {OffscreenContext} */ (new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true }));

/** A mask of what is over a threshold. @type {(image: Image, threshold: number) => Image} */
export const binarized = (image, threshold) => mapped(image, (value) => Number(value > threshold));

/** The values where a mask is not 0. @type {(image: Image, mask: Image) => Float32Array} */
export const valuesIn = ({ data }, mask) => data.filter((_, i) => mask.data[i]);

/** @type {(value: number, low: number, high: number) => number} */
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
/** @param {Float32Array} values */
export const maximum = (values) => values.reduce((most, value) => Math.max(most, value), -Infinity);

/** The largest of absolute values, and at least `least`. @type {(values: Float32Array, least: number) => number} */
export const magnitude = (values, least) => values.reduce((most, value) => Math.max(most, Math.abs(value)), least);
/** Values as shades of -1 to 1, of which the largest is `most`; small ones stand out more.
 * @type {(values: Float32Array, most?: number) => Float32Array} */
export const shades = (values, most = magnitude(values, 1e-9)) =>
  values.map((value) => Math.sign(value) * Math.min(1, Math.abs(value) / most) ** 0.75);
/** Whether two images have the same values; those in a saved copy are rounded.
 * @type {(one: Float32Array, other: Float32Array) => boolean} */
export const isSame = (one, other) => one.every((value, i) => Math.abs(value - other[i]) < 1e-3);
/** @param {Float32Array} values */
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
/** The value that this share of an array lies below. @type {(values: Float32Array, share: number) => number} */
export const quantile = (values, share) => values.toSorted()[Math.floor(share * values.length)];
/** The value up to which half of all weights are, by rising values. @type {(values: number[], weights?: number[]) => number} */
export function weightedMedian(values, weights = values) {
  const order = [...values.keys()].sort((i, j) => values[i] - values[j]);
  let half = weights.reduce((sum, weight) => sum + weight, 0) / 2;
  for (const i of order) {
    half -= weights[i];
    if (half <= 0) return values[i];
  }
  return 0;
}

/** Of two middle ones their mean. @param {ArrayLike<number>} values */
export function median(values) {
  const sorted = Float64Array.from(values).sort();
  const { length } = values;
  return (sorted[(length - 1) >> 1] + sorted[length >> 1]) / 2;
}

/** The nearest integer; of two, the even one, as Python rounds. @type {(value: number) => number} */
export function rounded(value) {
  const up = Math.round(value);
  return up - value === 0.5 && up % 2 ? up - 1 : up;
}

/** The mean of three colours. @type {(colours: Image[]) => Image} */
export const meanOf = ([red, green, blue]) => mapped(red, (value, i) => (value + green.data[i] + blue.data[i]) / 3);

// Resizing and filtering.

/** @type {(size: number, taps: number, tap: (i: number, t: number) => [at: number, weight: number]) => Axis} */
function axis(size, taps, tap) {
  const at = new Int32Array(size * taps);
  const weights = new Float32Array(size * taps);
  for (let k = 0; k < at.length; k++) [at[k], weights[k]] = tap(Math.floor(k / taps), k % taps);
  return { size, taps, at, weights };
}

/** Pixels are scaled, then shifted, and each is shared among the pixels that it covers. Only reduces.
 * @param {number} from @param {number} to @returns {Axis} */
export function area(from, to, scale = to / from, shift = 0) {
  return axis(to, Math.ceil(1 / scale) + 1, (i, t) => {
    const start = (i - shift) / scale;
    const end = (i + 1 - shift) / scale;
    const p = Math.floor(start) + t;
    const covered = Math.max(0, Math.min(p + 1, end) - Math.max(p, start));
    return [clamp(p, 0, from - 1), p < 0 || p >= from ? 0 : scale * covered];
  });
}

/** Interpolation between the nearest `taps` pixels, given the weight of one at a distance of d pixels.
 * @type {(taps: number, weight: (d: number) => number) => (from: number, to: number) => Axis} */
const interpolation = (taps, weight) => (from, to) =>
  axis(to, taps, (i, t) => {
    const middle = ((i + 0.5) * from) / to - 0.5;
    const p = Math.floor(middle) + t + 1 - taps / 2;
    return [clamp(p, 0, from - 1), weight(Math.abs(middle - p))];
  });

export const linear = interpolation(2, (d) => 1 - d);
/** By the cubic convolution of R. Keys (1981) with a = -3/4. */
export const cubic = interpolation(4, (d) =>
  d < 1 ? (1.25 * d - 2.25) * d * d + 1 : ((-0.75 * d + 3.75) * d - 6) * d + 3,
);

/** A Gaussian blur, mirrored about the outermost pixels. @type {(image: Image, deviation: number) => Image} */
export function blurred(image, deviation) {
  const half = rounded(8 * deviation + 1) >> 1;
  const weights = Array.from({ length: 2 * half + 1 }, (_, t) => Math.exp(-(((t - half) / deviation) ** 2) / 2));
  const total = weights.reduce((sum, weight) => sum + weight);
  const [across, down] = [image.width, image.height].map((size) =>
    axis(size, 2 * half + 1, (i, t) => {
      const period = Math.max(1, 2 * size - 2);
      const p = Math.abs(i + t - half) % period;
      return [Math.min(p, period - p), weights[t] / total];
    }),
  );
  return resampled(image, across, down);
}

/** @type {(image: Image, how: (from: number, to: number) => Axis, width: number, height: number) => Image} */
export const resized = (image, how, w, h) => resampled(image, how(image.width, w), how(image.height, h));

/** The image resized or filtered along both axes. @type {(image: Image, across: Axis, down: Axis) => Image} */
export function resampled(image, across, down) {
  const wide = blank(across.size, image.height);
  const out = blank(across.size, down.size);
  for (let y = 0, i = 0; y < image.height; y++) {
    for (let x = 0, k = 0; x < across.size; x++, i++) {
      let sum = 0;
      for (let t = 0; t < across.taps; t++, k++) sum += across.weights[k] * image.data[y * image.width + across.at[k]];
      wide.data[i] = sum;
    }
  }
  for (let k = 0; k < down.at.length; k++) {
    const weight = down.weights[k];
    const row = Math.floor(k / down.taps) * out.width;
    const from = down.at[k] * out.width;
    for (let x = 0; x < out.width; x++) out.data[row + x] += weight * wide.data[from + x];
  }
  return out;
}

// Shapes.

/** A part of an image, with zeros beyond its border. @type {(image: Image, box: Box) => Image} */
export function crop(image, { left, top, right, bottom }) {
  const out = blank(right - left, bottom - top);
  for (let y = Math.max(top, 0); y < Math.min(bottom, image.height); y++) {
    const row = image.data.subarray(y * image.width, (y + 1) * image.width);
    out.data.set(row.subarray(Math.max(left, 0), Math.max(right, 0)), (y - top) * out.width + Math.max(-left, 0));
  }
  return out;
}

/** Zeros put around an image or, below 0, pixels taken off. @param {Image} image @param {number} across */
export function padded(image, across, down = across) {
  return crop(image, { left: -across, top: -down, right: image.width + across, bottom: image.height + down });
}

/** A box that is enlarged by a margin on each side. @type {(box: Box, margin: number) => Box} */
export const grown = ({ left, top, right, bottom }, margin) => ({
  left: left - margin,
  top: top - margin,
  right: right + margin,
  bottom: bottom + margin,
});

/** The value of an image between its pixels, 0 beyond its border. @type {(image: Image, x: number, y: number) => number} */
export function between({ width, height, data }, x, y) {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const row = (/** @type {number} */ n) => {
    if (n < 0 || n >= height) return 0;
    const one = left >= 0 && left < width ? data[n * width + left] : 0;
    const next = left >= -1 && left < width - 1 ? data[n * width + left + 1] : 0;
    return one + (x - left) * (next - one);
  };
  const above = row(top);
  return above + (y - top) * (row(top + 1) - above);
}

/** The box around the pixels that are not 0. @type {(image: Image) => Box} */
export function bounds({ width, data }) {
  const pixels = [...data.keys()].filter((i) => data[i]);
  return boxOf(pixels, width);
}

/** The box around pixels of an image. @param {number[]} pixels @param {number} width */
export function boxOf(pixels, width) {
  const box = { left: Infinity, top: Infinity, right: 0, bottom: 0 };
  for (const i of pixels) {
    const y = Math.floor(i / width);
    const x = i % width;
    if (x < box.left) box.left = x;
    if (y < box.top) box.top = y;
    if (x >= box.right) box.right = x + 1;
    if (y >= box.bottom) box.bottom = y + 1;
  }
  return box;
}

/** @type {(box: Box, across: (x: number) => number, down?: (y: number) => number) => Box} */
export const mappedBox = ({ left, top, right, bottom }, across, down = across) => ({
  left: across(left),
  top: down(top),
  right: across(right),
  bottom: down(bottom),
});

/** A box divided by a scale, then moved. @type {(box: Box, scale: number, x: number, y: number) => Box} */
export const movedBox = (box, scale, x, y) =>
  mappedBox(
    box,
    (left) => left / scale + x,
    (top) => top / scale + y,
  );

/** The x and y of the centre of mass; a pixel's middle is at 0.5. @type {(image: Image) => [number, number]} */
export function centreOfMass({ width, data }) {
  let sum = 0;
  let x = 0;
  let y = 0;
  for (let i = 0; i < data.length; i++) {
    sum += data[i];
    x += data[i] * ((i % width) + 0.5);
    y += data[i] * (Math.floor(i / width) + 0.5);
  }
  return [x / sum, y / sum];
}

/** The largest pixels, none below 0, in windows of odd sides. @param {Image} image @param {number} across */
export function dilated(image, across, down = across) {
  const { width, height } = image;
  const out = padded(image, across >> 1, down >> 1);
  const { data } = out;
  for (const [side, step] of [
    [across, 1],
    [down, out.width],
  ]) {
    for (let size = 1, more; size < side; size += more) {
      // a pixel is the largest of as many, from itself on
      more = Math.min(size, side - size);
      for (let i = 0, j = more * step; j < data.length; i++, j++) if (data[j] > data[i]) data[i] = data[j];
    }
  }
  return crop(out, { left: 0, top: 0, right: width, bottom: height });
}

/** A morphological closing; beyond the border is white. @param {Image} image @param {number} across */
export function closing(image, across, down = across) {
  const negative = (/** @type {Image} */ image) => mapped(image, (value) => 2 - value);
  const wide = dilated(negative(padded(negative(image), across, down)), across, down); // 2 - 0 beyond the border
  return padded(negative(dilated(negative(wide), across, down)), -across, -down);
}

/** From each pixel of a mask to the nearest 0: in its column, then by Pythagoras. What is further than `most` is only
 * known to be. @type {(mask: Image, most?: number) => Image} */
export function distances(mask, most = mask.width + mask.height) {
  const { width, height } = mask;
  const size = width * height;
  const beyond = Math.ceil(most) + 1;
  const column = mapped(mask, (value) => (value ? beyond : 0)).data;
  for (let i = width; i < size; i++) column[i] = Math.min(column[i], column[i - width] + 1);
  for (let i = size - width - 1; i >= 0; i--) column[i] = Math.min(column[i], column[i + width] + 1);
  return mapped(mask, (_, i) => {
    const x = i % width;
    let best = column[i] * column[i];
    for (let d = 1; d * d < best && d < width; d++) {
      const left = d <= x ? column[i - d] : beyond;
      const right = d < width - x ? column[i + d] : beyond;
      best = Math.min(best, d * d + left * left, d * d + right * right);
    }
    return Math.sqrt(best);
  });
}
