// Which pixels of a photo are ink, whatever the paper, its light, its shadows and its lines: ink.py, in the same order.

const WINDOWS = [0.4, 0.24, 0.12, 0.06]; // widest stroke, as a share of the picture's shorter side: one guess each
const FRACTIONS = [0.42, 0.65]; // threshold, as a share of the darkest ink: one guess each
const EDGE = 0.5; // least mean steepness of a part's edge; 1 is the steepest edge of the picture
const FAT = 0.5; // a part with strokes wider than this share of its length is a blot
const GRAIN = 6; // least contrast of ink, in median deviations of the paper
const COARSE = 8; // resolution at which the paper under the ink is estimated: pixels across a window

// Tell the ink of a picture, [red, green, blue] of 0..255, from its paper.
//
// Returns {darkness, labels, parts}, or null if there is no ink: an image, 0 on the paper; an Int32Array with the label
// of each pixel's part; and the parts of the ink, {label, left, top, right, bottom, score}.
function findInk(colours) {
  const { width, height } = colours[0];
  const gauss = [-3, -2, -1, 0, 1, 2, 3].map((d) => Math.exp(-d * d / (2 * 0.8 ** 2)));
  const sum = gauss.reduce((a, b) => a + b), weights = gauss.map((weight) => weight / sum);
  const across = filter(width, weights), down = filter(height, weights.map((weight) => weight / 255));
  const light = colours.map((colour) => resampled(colour, across, down));
  const some = Math.ceil((3 * width * height) / 7); // every seventh of the values red, green, blue, red, ...
  const { data } = filled(some, 1, (i) => light[(7 * i) % 3].data[Math.floor((7 * i) / 3)]);
  const darkPaper = clamp((0.35 - quantile(data, 0.5)) * 10, -1, 1); // 1: the ink is lighter; -1: it is darker
  const changed = (change) => light.map(({ data }) => filled(width, height, (i) => change(data[i])));
  const guesses = [];
  if (darkPaper < 1) guesses.push(..._guesses(changed((value) => value + 0.03), Math.exp(-darkPaper)));
  if (darkPaper > -1) guesses.push(..._guesses(changed((value) => 0.1 / (value + 0.1)), Math.exp(darkPaper)));
  const parts = guesses.flatMap((ink) => ink.parts.map((part) => [part, ink]));
  for (const [best, ink] of parts.sort(([one], [other]) => other.score - one.score)) {
    if (!isBlot(ink.labels, width, best)) return ink;
    ink.parts.splice(ink.parts.indexOf(best), 1);
  }
  return null;
}

// The inks to choose from, one for each of WINDOWS and FRACTIONS, in the light [red, green, blue] > 0. All suppose that
// ink is darker than the paper, an assumption of the given likelihood.
function _guesses(colours, likelihood) {
  const { width, height } = colours[0];
  const [red, green, blue] = colours.map((colour) => withoutInk(colour, WINDOWS[0]).data);
  const light = withoutLines(filled(width, height, (i) => (red[i] + green[i] + blue[i]) / 3));
  const edge = steepness(filled(width, height, (i) => Math.log(Math.max(light.data[i], 0.05))));
  const found = [];
  for (const window of WINDOWS) {
    const share = withoutInk(light, window), darkness = filled(width, height, (i) => 1 - share.data[i]);
    const some = sample(darkness.data), paper = quantile(some, 0.5), darkest = quantile(some, 0.998);
    if (darkest - paper < GRAIN * quantile(some.map((value) => Math.abs(value - paper)), 0.5)) continue;
    for (const fraction of FRACTIONS) {
      const mask = filled(width, height, (i) => Number(darkness.data[i] > fraction * darkest));
      found.push({ darkness, ...components(mask, edge, likelihood) });
    }
  }
  return found;
}

// The steepness of an image near each pixel; 1 is its steepest edge.
function steepness(image) {
  const { width, height } = image, slope = [-1, 0, 1], smooth = [1, 2, 1];
  const across = resampled(image, filter(width, slope), filter(height, smooth)).data;
  const down = resampled(image, filter(width, smooth), filter(height, slope)).data;
  const edge = filled(width, height, (i) => Math.sqrt(across[i] ** 2 + down[i] ** 2));
  const steepest = Math.max(quantile(sample(edge.data), 0.995), 1e-3), near = dilated(edge, 3, 3);
  return filled(width, height, (i) => near.data[i] / steepest);
}

// Every seventh value.
function sample(values) {
  return filled(Math.ceil(values.length / 7), 1, (i) => values[7 * i]).data;
}

// Light divided by the light of the paper around it: a morphological closing, in which whatever is dark and narrower
// than the window (a share of the picture's shorter side) is filled.
function withoutInk(light, window) {
  const { width, height } = light;
  const reduction = Math.max(1, Math.floor(Math.floor(window * Math.min(width, height)) / COARSE));
  const [w, h] = [width, height].map((n) => Math.max(1, Math.floor(n / reduction)));
  const side = Math.max(3, rounded(window * Math.min(w, h)));
  const coarse = resampled(light, area(width, w), area(height, h));
  const framed = closing(resampled(coarse, frame(w, side), frame(h, side)), side);
  const paper = resampled(crop(framed, side, side, side + w, side + h), linear(w, width), linear(h, height));
  return filled(width, height, (i) => light.data[i] / paper.data[i]);
}

// Light with printed lines divided out: dark, level or upright, running from border to border.
function withoutLines(light) {
  const { width, height } = light, share = withoutInk(light, WINDOWS.at(-1)).data;
  const some = sample(share), paper = quantile(some, 0.5);
  const noise = quantile(some.map((value) => Math.abs(value - paper)), 0.5);
  const least = paper - Math.max(0.03, 4 * noise);
  const dark = filled(width, height, (i) => Number(share[i] < least)), out = { ...light, data: light.data.slice() };
  for (const [length, rows, step, stride] of [[width, height, 1, width], [height, width, width, 1]]) {
    const near = step === 1 ? dilated(dark, 1, 3).data : dilated(dark, 3, 1).data, taken = [];
    for (const line of levelLines(dark.data, length, rows, step, stride)) {
      const inside = line.flatMap((row, i) => (row >= 0 && row < rows ? [row * stride + i * step] : []));
      const middle = line[length >> 1];
      if (inside.length < 0.5 * length || taken.some((row) => Math.abs(row - middle) < 5)) continue;
      if (inside.reduce((sum, i) => sum + near[i], 0) <= 0.9 * inside.length) continue;
      taken.push(middle);
      for (let offset = -3; offset <= 3; offset++) { // a line has a width and soft edges
        const along = line.map((row, i) => clamp(row + offset, 0, rows - 1) * stride + i * step);
        const shade = Math.min(1, quantile(along.map((i) => share[i]), 0.5));
        for (const i of along) out.data[i] /= shade;
      }
    }
  }
  return out;
}

// The lines along which most of a mask is 1, the best first: of each, its row in each of `length` columns. The indices
// of two columns differ by `step`, those of two rows by `stride`.
//
// By the Hough transform (Duda and Hart, 1972): each pixel votes for the lines through it, by their angle, at most 10
// degrees from level, and their distance from the first pixel.
function levelLines(mask, length, rows, step, stride) {
  const ANGLES = 41, most = length + rows, bins = 2 * most + 3; // one more at each end, which stays 0
  const angles = Array.from({ length: ANGLES }, (_, n) => Math.PI / 2 + ((n - 20) * Math.PI) / 360);
  const cosines = Float64Array.from(angles, Math.cos), sines = Float64Array.from(angles, Math.sin);
  const votes = new Int32Array((ANGLES + 2) * bins);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < length; column++) {
      if (!mask[row * stride + column * step]) continue;
      for (let n = 0; n < ANGLES; n++) {
        votes[(n + 1) * bins + most + 1 + Math.round(column * cosines[n] + row * sines[n])]++;
      }
    }
  }
  const peaks = [];
  for (let i = bins; i < votes.length - bins; i++) {
    const here = votes[i];
    if (here <= Math.floor(0.64 * length) || here <= votes[i - 1] || here < votes[i + 1]) continue;
    if (here > votes[i - bins] && here >= votes[i + bins]) peaks.push(i);
  }
  peaks.sort((a, b) => votes[b] - votes[a] || a - b);
  return peaks.slice(0, 400).map((i) => {
    const n = Math.floor(i / bins) - 1, distance = (i % bins) - most - 1;
    return Array.from({ length }, (_, column) => rounded((distance - column * cosines[n]) / sines[n]));
  });
}

// Label the connected parts of a mask; list those with a steep edge, off the border of the picture. `edge` is the
// steepness of the picture at each pixel.
function components(mask, edge, likelihood) {
  const { width, height } = mask, labels = new Int32Array(width * height), stack = new Int32Array(width * height);
  const parts = [];
  for (let first = 0, label = 0; first < labels.length; first++) {
    if (!mask.data[first] || labels[first]) continue;
    labels[first] = ++label;
    stack[0] = first;
    let n = 0, total = 0, squares = 0; // of the pixels of its rim
    let left = width, top = height, right = 0, bottom = 0;
    for (let size = 1; size > 0;) {
      const i = stack[--size], x = i % width, y = Math.floor(i / width);
      let around = 0;
      for (let v = Math.max(y - 1, 0); v < Math.min(y + 2, height); v++) {
        for (let u = Math.max(x - 1, 0), j = v * width + u; u < Math.min(x + 2, width); u++, j++) {
          if (!mask.data[j]) continue;
          around++;
          if (labels[j]) continue;
          labels[j] = label;
          stack[size++] = j;
        }
      }
      left = Math.min(left, x);
      top = Math.min(top, y);
      right = Math.max(right, x + 1);
      bottom = Math.max(bottom, y + 1);
      if (around === 9) continue;
      n++;
      total += edge.data[i];
      squares += edge.data[i] ** 2;
    }
    if (total <= EDGE * n || left === 0 || top === 0 || right === width || bottom === height) continue;
    const even = total ** 2 / (n * squares); // 1 if the edge is equally steep everywhere
    const score = likelihood * n ** 0.5 * (total / n - EDGE) * even ** 3;
    parts.push({ label, left, top, right, bottom, score });
  }
  return { labels, parts };
}

// Whether a part is too fat to be made of strokes.
function isBlot(labels, width, { label, left, top, right, bottom }) {
  const w = right - left + 2, h = bottom - top + 2;
  const here = filled(w, h, (i) => Number(labels[(top - 1 + Math.floor(i / w)) * width + left - 1 + (i % w)] === label));
  return 2 * maximum(distances(here).data) >= FAT * Math.max(w, h);
}
