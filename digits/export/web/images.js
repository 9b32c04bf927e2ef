// The operations on images that ink.js and redraw.js need. An image is {width, height, data}, data a Float32Array, row
// by row; a mask is an image of 0 and 1. No function changes its arguments, except `quantile`.

function blank(width, height) {
  return { width, height, data: new Float32Array(width * height) };
}

// The image whose pixel i is value(i).
function filled(width, height, value) {
  const image = blank(width, height), { data } = image;
  for (let i = 0; i < data.length; i++) data[i] = value(i);
  return image;
}

// The image with each value, and its index, put through a function.
function changed({ width, height, data }, change) {
  return filled(width, height, (i) => change(data[i], i));
}

function divided(one, other) {
  return changed(one, (value, i) => value / other.data[i]);
}

function transposed({ width, height, data }) {
  return filled(height, width, (i) => data[(i % height) * width + Math.floor(i / height)]);
}

// The values where a mask is 1.
function valuesIn(image, mask) {
  return image.data.filter((_, i) => mask.data[i]);
}

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

function maximum(values) {
  let most = -Infinity;
  for (let i = 0; i < values.length; i++) if (values[i] > most) most = values[i];
  return most;
}

// The largest of absolute values, and at least `least`.
function magnitude(values, least) {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), least);
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values) {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

// The nearest integer; of two, the even one, as Python rounds.
function rounded(value) {
  const up = Math.round(value);
  return up - value === 0.5 && up % 2 ? up - 1 : up;
}

// The value that this share of an array lies below. Reorders the array.
function quantile(values, share) {
  const k = Math.floor(share * values.length);
  let low = 0, high = values.length - 1;
  while (low < high) { // Hoare's selection: until all before k are at most values[k], and all after it at least
    const pivot = values[(low + high) >> 1];
    let i = low, j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const value = values[i];
      values[i++] = values[j];
      values[j--] = value;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k];
}

// Resizing and filtering. Along one axis, each of `size` pixels of the result is a weighted sum of `taps` pixels of the
// image. An axis is {size, taps, at, weights}: tap t of pixel i is pixel at[i * taps + t] times weights[i * taps + t].

// The axis whose tap t of pixel i is weight(i, t) times pixel position(i, t).
function axis(size, taps, position, weight) {
  const at = new Int32Array(size * taps), weights = new Float32Array(size * taps);
  for (let i = 0; i < size; i++) {
    for (let t = 0; t < taps; t++) {
      at[i * taps + t] = position(i, t);
      weights[i * taps + t] = weight(i, t);
    }
  }
  return { size, taps, at, weights };
}

// Pixels are scaled, then shifted, and each is shared among the pixels that it covers. Only reduces.
function area(from, to, scale = to / from, shift = 0) {
  const edge = (i) => (i - shift) / scale; // of a pixel of the result, in those of the image
  const pixel = (i, t) => Math.floor(edge(i)) + t;
  return axis(to, Math.ceil(1 / scale) + 1, (i, t) => clamp(pixel(i, t), 0, from - 1), (i, t) => {
    const p = pixel(i, t), covered = Math.min(p + 1, edge(i + 1)) - Math.max(p, edge(i));
    return p < 0 || p >= from ? 0 : scale * Math.max(0, covered);
  });
}

// Linear interpolation between the two nearest pixels.
function linear(from, to) {
  const middle = (i) => ((i + 0.5) * from) / to - 0.5;
  return axis(to, 2, (i, t) => clamp(Math.floor(middle(i)) + t, 0, from - 1), (i, t) => {
    const right = middle(i) - Math.floor(middle(i));
    return t ? right : 1 - right;
  });
}

// Interpolation from the four nearest pixels, by the cubic convolution of R. Keys (1981) with a = -3/4.
function cubic(from, to) {
  const middle = (i) => ((i + 0.5) * from) / to - 0.5;
  return axis(to, 4, (i, t) => clamp(Math.floor(middle(i)) + t - 1, 0, from - 1), (i, t) => {
    const d = Math.abs(middle(i) - Math.floor(middle(i)) + 1 - t);
    return d < 1 ? (1.25 * d - 2.25) * d * d + 1 : ((-0.75 * d + 3.75) * d - 6) * d + 3;
  });
}

// A blur by a bell curve of this standard deviation; the image is mirrored about the middle of its outermost pixels.
function gauss(size, deviation) {
  const half = rounded(8 * deviation + 1) >> 1, period = Math.max(1, 2 * size - 2);
  const position = (i, t) => Math.min(Math.abs(i + t - half) % period, period - (Math.abs(i + t - half) % period));
  const weight = (_, t) => Math.exp(-(((t - half) / deviation) ** 2) / 2) / (deviation * Math.sqrt(2 * Math.PI));
  return axis(size, 2 * half + 1, position, weight);
}

const resized = (image, how, width, height) => resampled(image, how(image.width, width), how(image.height, height));
const blurred = (image, deviation) => resampled(image, gauss(image.width, deviation), gauss(image.height, deviation));

// The image resized or filtered along both axes.
function resampled(image, across, down) {
  const wide = blank(across.size, image.height), out = blank(across.size, down.size);
  for (let y = 0, i = 0; y < image.height; y++) {
    for (let x = 0, k = 0; x < across.size; x++, i++) {
      let sum = 0;
      for (let t = 0; t < across.taps; t++, k++) sum += across.weights[k] * image.data[y * image.width + across.at[k]];
      wide.data[i] = sum;
    }
  }
  for (let k = 0; k < down.at.length; k++) {
    const weight = down.weights[k], row = Math.floor(k / down.taps) * out.width, from = down.at[k] * out.width;
    for (let x = 0; x < out.width; x++) out.data[row + x] += weight * wide.data[from + x];
  }
  return out;
}

// A part of an image, with zeros beyond its border.
function crop(image, left, top, right, bottom) {
  const out = blank(right - left, bottom - top);
  for (let y = Math.max(top, 0); y < Math.min(bottom, image.height); y++) {
    for (let x = Math.max(left, 0); x < Math.min(right, image.width); x++) {
      out.data[(y - top) * out.width + x - left] = image.data[y * image.width + x];
    }
  }
  return out;
}

// Shapes.

// Each pixel becomes the largest in a window around it, an odd number of pixels wide and high.
function dilated(image, across, down) {
  const { width, height } = image, wide = blank(width, height), out = blank(width, height);
  for (let y = 0; y < height; y++) largest(image.data, wide.data, y * width, 1, width, across);
  for (let x = 0; x < width; x++) largest(wide.data, out.data, x, width, height, down);
  return out;
}

// The same along one line of `count` pixels, from index `first` in steps of `step`, in a window of `side`.
function largest(from, to, first, step, count, side) {
  const half = side >> 1;
  for (let k = 0; k < count; k++) {
    const end = first + Math.min(k + half + 1, count) * step;
    let most = -Infinity;
    for (let i = first + Math.max(k - half, 0) * step; i < end; i += step) if (from[i] > most) most = from[i];
    to[first + k * step] = most;
  }
}

// A morphological closing, in which whatever is dark and narrower than a window is filled; beyond the border is white.
function closing(image, side) {
  const negative = (image) => changed(image, (value) => 2 - value), { width, height } = image;
  const around = crop(negative(image), -side, -side, width + side, height + side);
  const opened = dilated(negative(dilated(negative(around), side, side)), side, side);
  return negative(crop(opened, side, side, width + side, height + side));
}

// The distance in pixels from each pixel of a mask to the nearest 0: within its column, then by Pythagoras.
function distances(mask) {
  const { width, height } = mask, size = width * height;
  const column = filled(width, height, (i) => (mask.data[i] ? width + height : 0)).data;
  for (let i = width; i < size; i++) column[i] = Math.min(column[i], column[i - width] + 1);
  for (let i = size - width - 1; i >= 0; i--) column[i] = Math.min(column[i], column[i + width] + 1);
  return filled(width, height, (i) => {
    const x = i % width;
    let best = column[i] ** 2;
    for (let d = 1; d * d < best && d < width; d++) {
      if (d <= x) best = Math.min(best, d * d + column[i - d] ** 2);
      if (d < width - x) best = Math.min(best, d * d + column[i + d] ** 2);
    }
    return Math.sqrt(best);
  });
}
