// One digit's ink, drawn the way MNIST's digits were: redraw.py, in the same order. On the pad everything is ink, so no
// ink has to be found there: all strokes together are one digit for `redraw`.

const BOX = 20; // of 28 pixels, the longer side of a digit
const FINE = 4; // resolution of all steps but the last: pixels to one of MNIST's
const LEAN = [-0.25, 0]; // range of the lean, in columns per row: negative leans to the right
const STROKE = [2, 4]; // range of the stroke width, in MNIST's pixels

// The ink of one digit, an image of 0..1 that is not all 0, as MNIST draws it: Float32Array(784) of 0..1.
function redraw(ink) {
  ink = crop(ink, ...bounds(_drawn(ink)));
  const fine = (BOX * FINE) / Math.max(ink.width, ink.height), size = fine < 1 ? area : linear;
  ink = resized(ink, size, ...[ink.width, ink.height].map((n) => Math.max(1, rounded(n * fine))));
  let drawn = normalStrokes(_drawn(upright(crop(ink, -BOX, -BOX, ink.width + BOX, ink.height + BOX))));
  drawn = crop(drawn, ...bounds(drawn));
  const scale = BOX / Math.max(drawn.width, drawn.height);
  const [x, y] = centreOfMass(drawn); // goes to the middle of pixel 14
  const small = resampled(
    drawn,
    area(drawn.width, 28, scale, 14.5 - x * scale),
    area(drawn.height, 28, scale, 14.5 - y * scale),
  );
  return small.data.map((value) => Math.min(value, 1));
}

// Where a pixel is at least half ink; in fainter ink, where it is nearly as dark as the darkest.
function _drawn({ width, height, data }) {
  const least = Math.min(0.5, 0.9 * maximum(data));
  return filled(width, height, (i) => Number(data[i] > least));
}

// Shear a digit until its lean, by its second moments, is within LEAN.
function upright({ width, height, data }) {
  const [x, y] = centreOfMass({ width, height, data });
  let both = 0, square = 0;
  for (let i = 0; i < data.length; i++) {
    const across = (i % width) + 0.5 - x, down = Math.floor(i / width) + 0.5 - y;
    both += data[i] * down * across;
    square += data[i] * down * down;
  }
  const lean = both / Math.max(square, 1e-9), excess = lean - clamp(lean, ...LEAN);
  return filled(width, height, (i) => {
    const row = Math.floor(i / width), from = (i % width) + excess * (row + 0.5 - y), left = Math.floor(from);
    const one = left >= 0 && left < width ? data[row * width + left] : 0;
    const next = left >= -1 && left < width - 1 ? data[row * width + left + 1] : 0;
    return one + (from - left) * (next - one);
  });
}

// Thicken or thin the strokes of a digit, a mask at FINE times MNIST's resolution, to a width within STROKE.
function normalStrokes(drawn) {
  const { width, height, data } = drawn, depth = distances(drawn).data;
  let sum = 0, count = 0;
  for (let i = 0; i < data.length; i++) {
    sum += depth[i];
    count += data[i];
  }
  const wide = (4 * sum) / count / FINE; // across a stroke of width w, the mean distance to its edge is w / 4
  const more = ((clamp(wide, ...STROKE) - wide) / 2) * FINE;
  if (more > 0) {
    const outside = distances(filled(width, height, (i) => 1 - data[i])).data;
    return filled(width, height, (i) => Number(outside[i] <= more));
  }
  const least = Math.min(-more, 0.9 * maximum(depth));
  return filled(width, height, (i) => Number(depth[i] > least));
}

// The x and y of an image's centre of mass; the first pixel reaches from 0 to 1.
function centreOfMass({ width, data }) {
  let sum = 0, x = 0, y = 0;
  for (let i = 0; i < data.length; i++) {
    sum += data[i];
    x += data[i] * ((i % width) + 0.5);
    y += data[i] * (Math.floor(i / width) + 0.5);
  }
  return [x / sum, y / sum];
}

// Left, top, right and bottom of the pixels that are not 0.
function bounds({ width, height, data }) {
  let left = width, top = height, right = 0, bottom = 0;
  for (let i = 0; i < data.length; i++) {
    if (!data[i]) continue;
    const x = i % width, y = Math.floor(i / width);
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + 1);
    bottom = y + 1;
  }
  return [left, top, right, bottom];
}

// Whether [red, green, blue] are drawn as MNIST's are: grey, 28x28, in a box of 20 (a few of 19) pixels, with the
// centre of mass in the middle.
function drawnAsMnist([grey, ...others]) {
  if (grey.width !== 28 || grey.height !== 28 || !grey.data.some((value) => value)) return false;
  if (others.some(({ data }) => data.some((value, i) => value !== grey.data[i]))) return false;
  const [left, top, right, bottom] = bounds(grey), longer = Math.max(right - left, bottom - top);
  return 19 <= longer && longer <= BOX && centreOfMass(grey).every((c) => Math.abs(c - 14.5) < 0.6);
}
