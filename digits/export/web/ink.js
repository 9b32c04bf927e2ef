// Which pixels of a picture are ink, whatever the paper, its light, its shadows and its lines: as in ink.py.

const WINDOWS = [0.06, 0.12, 0.3, 1]; // wider than strokes, as shares of a picture's shorter side; 1: even light
const EVEN = 0.3; // standard deviation of the blur that takes out the light, as a share of the picture's shorter side
const DARK = 0.6; // paper is dark if so much of the border is: two of four sides may be a table's lines
const STRONG = 0.4; // an edge is where the light changes at least so fast; 1 is nearly the fastest in the picture
const THRESHOLD = 0.85; // ink is at least so dark, as a share of the mean darkness at the edges
const THIN = 0.6; // a thin stroke is at least so dark, as a share of that, and its paper is not
const STEEP = [0.2, 0.3]; // least mean steepness of the rim: of the best part, and of others
const SMALL = [0.08, 0.01]; // least area of a main part, and of any, as a share of the best one's
const EDGE = 0.2; // a long part that stays so near the edge, in shorter sides of the picture, is a table's line
const PALE = 0.03; // least contrast of ink
const TEXTURE = [0.25, 0.64]; // least share of dark pixels, and their spread, as a share of the contrast
const COARSE = 12; // resolution at which the paper under the ink is estimated: pixels across a window

// Tell the ink of a picture, [red, green, blue] of 0..255, from its paper; a small one is `enlarged` so many times.
//
// Returns {darkness, labels, parts}, or null if there is no ink: an image, 0 on the paper; one of each pixel's part, by
// its label; and the parts of the ink, {label, left, top, right, bottom, score, main}: main ones are neither small nor
// cut off at the left or right border of the picture, as a neighbour's ink is.
function findInk(colours, enlarged) {
  const [, green, blue] = colours.map(({ data }) => data), sum = (red, i) => (red + green[i] + blue[i]) / 765;
  const grey = blurred(changed(colours[0], sum), 1), dark = onDarkPaper(grey);
  const light = changed(grey, (value) => (dark ? 1 - value : value) + 0.05), unlined = withoutLines(light);
  const [slopes, steep] = steepness(changed(light, (value) => Math.log(value + 0.35)));
  const onLines = changed(light, (value, i) => Number(unlined.data[i] !== value));
  const offLines = changed(steep, (edge, i) => Number(edge && !onLines.data[i]));
  const across = (3 + enlarged) | 1; // pixels across a thin stroke and its edges
  let best = clearest(unlined, slopes, maximum(offLines.data) ? offLines : steep, across);
  if (maximum(onLines.data) && (!best || sides(best))) {
    const whole = clearest(light, slopes, steep, across);
    if (whole && sides(whole) === 4) best = whole; // cut to the ink: a level stroke runs from border to border too
  }
  return best && !isGrain(best) ? best : null;
}

// The ink of a picture by that window of WINDOWS that makes its parts clearest; null if it has no parts.
function clearest(light, slopes, edges, across) {
  let best = null, most = 0;
  for (const window of WINDOWS) {
    const darkness = changed(divided(light, paperUnder(light, window)), (share) => 1 - share);
    const least = THRESHOLD * mean(valuesIn(darkness, edges));
    const ink = { darkness, ...parts(inked(darkness, least, across), slopes) };
    const main = ink.parts.filter((part) => part.main);
    const score = main.reduce((sum, part) => sum + part.score ** 3, 0); // all digits count, clear ones far more
    if (score > most) [best, most] = [ink, score];
  }
  return best;
}

// Where a picture is at least so dark, or has a stroke so thin that it looks paler than it is: its middle is nowhere
// darker in so many pixels `across` it, and paper is among them. Without it, thin strokes break.
function inked(darkness, least, across) {
  const { width, height, data } = darkness, faint = THIN * least, half = across >> 1;
  const isMiddle = (i, place, size, step) => {
    let most = 0, low = Infinity;
    for (let d = Math.max(-half, -place); d <= half && place + d < size; d++) {
      const value = data[i + d * step];
      if (value > most) most = value;
      if (value < low) low = value;
    }
    return data[i] === most && low < faint;
  };
  const isThin = (i) => isMiddle(i, i % width, width, 1) || isMiddle(i, Math.floor(i / width), height, width);
  return changed(darkness, (value, i) => Number(value > least || (value > faint && isThin(i))));
}

const bestOf = (parts) => parts.reduce((one, other) => (other.score > one.score ? other : one));

// How many sides of the picture the clearest part reaches.
function sides({ labels: { width, height }, parts }) {
  const { left, top, right, bottom } = bestOf(parts);
  return [left === 0, top === 0, right === width, bottom === height].filter(Boolean).length;
}

// Whether the ink is hardly darker than the paper, or only the dark half of its grain or of a texture.
function isGrain({ darkness, labels, parts }) {
  const dark = sample(labels.data).map((label) => Number(label > 0)), best = bestOf(parts).label;
  const outside = sample(darkness.data).filter((_, i) => !dark[i]), paper = mean(outside);
  if (mean(darkness.data.filter((_, i) => labels.data[i] === best)) - paper < PALE) return true;
  if (mean(dark) < TEXTURE[0]) return false;
  const kept = new Set(parts.map((part) => part.label));
  const inside = darkness.data.filter((_, i) => kept.has(labels.data[i]));
  return deviation(inside) + deviation(outside) > TEXTURE[1] * (mean(inside) - paper);
}

// Whether most of the border of a picture of 0..1 is darker than its edges, where ink and paper meet.
function onDarkPaper(picture) {
  const light = changed(picture, (value) => value + 0.1), { width, height } = light;
  const [w, h] = [width, height].map((n) => Math.ceil(n / 8));
  const around = resized(blurred(resized(light, area, w, h), EVEN * Math.min(w, h)), linear, width, height);
  const even = divided(light, around), [, edges] = steepness(even);
  const border = even.data.filter((_, i) => i < width || i >= even.data.length - width || (i + 1) % width < 2);
  return quantile(border, DARK) < mean(valuesIn(even, edges));
}

// By how much each pixel is darker than its neighbours to the right, left, below and above: four images of -1 to 1,
// where 1 is nearly the greatest change in the picture, and 0 beyond its border; and a mask of where it is STRONG.
function steepness({ width, height, data }) {
  const slopes = [[1, 0], [-1, 0], [0, 1], [0, -1]].map(([across, down]) => filled(width, height, (i) => {
    const x = clamp((i % width) + across, 0, width - 1), y = clamp(Math.floor(i / width) + down, 0, height - 1);
    return data[y * width + x] - data[i];
  }));
  const change = filled(width, height, (i) => Math.max(Math.abs(slopes[0].data[i]), Math.abs(slopes[2].data[i])));
  const most = Math.max(quantile(sample(change.data), 0.995), 1e-3);
  const least = Math.min(STRONG * most, maximum(change.data));
  const edges = changed(change, (value) => Number(value >= least));
  return [slopes.map((slope) => changed(slope, (value) => clamp(value / most, -1, 1))), edges];
}

const sample = (values) => values.filter((_, i) => i % 7 === 0);

// The light of the paper, at least as light as the picture: a morphological closing. It fills whatever is dark and
// narrower than the window, a share of the picture's shorter side. Beyond the border it is white, or strokes that meet
// the border would be too wide for the window.
function paperUnder(light, window) {
  const { width, height, data } = light, lightest = maximum(data);
  if (window >= 1) return changed(light, () => lightest);
  const reduction = Math.max(1, Math.floor(Math.floor(window * Math.min(width, height)) / COARSE));
  const [w, h] = [width, height].map((n) => Math.max(1, Math.floor(n / reduction)));
  const side = Math.max(3, rounded(window * Math.min(w, h))) | 1;
  const closed = resized(closing(resized(light, area, w, h), side), linear, width, height);
  return changed(closed, (value, i) => Math.max(value, data[i]));
}

// Light with printed lines divided out: dark, level or upright, running from border to border.
function withoutLines(light) {
  const share = divided(light, paperUnder(light, WINDOWS[0]));
  const some = sample(share.data), usual = quantile(some, 0.5);
  const noise = quantile(some.map((value) => Math.abs(value - usual)), 0.5);
  const least = usual - Math.max(0.03, 4 * noise), dark = changed(share, (value) => Number(value < least));
  const rest = withoutLevelLines(light, share, dark);
  return transposed(withoutLevelLines(...[rest, share, dark].map(transposed)));
}

// Light with the level ones among the lines of a mask divided out, whose shades are in `share`.
function withoutLevelLines(light, share, dark) {
  const { width, height } = light, near = dilated(dark, 1, 3).data, taken = [], out = light.data.slice();
  for (const line of levelLines(dark)) {
    const inside = line.flatMap((row, i) => (row >= 0 && row < height ? [row * width + i] : []));
    const middle = line[width >> 1];
    if (inside.length < 0.5 * width || taken.some((row) => Math.abs(row - middle) < 5)) continue;
    if (inside.reduce((sum, i) => sum + near[i], 0) <= 0.9 * inside.length) continue;
    taken.push(middle);
    for (let offset = -3; offset <= 3; offset++) { // a line has a width and soft edges
      const along = line.map((row, i) => clamp(row + offset, 0, height - 1) * width + i);
      const shade = Math.min(1, quantile(along.map((i) => share.data[i]), 0.5));
      for (const i of along) out[i] /= shade;
    }
  }
  return { width, height, data: out };
}

// The lines along which most of a mask is 1, the best first: of each, its row in each column.
//
// By the Hough transform (Duda and Hart, 1972): each pixel votes for the lines through it, by their angle, at most 10
// degrees from level, and their distance from the first pixel. In single precision as in OpenCV, since many tie.
function levelLines({ width, height, data }) {
  const ANGLES = 41, most = width + height, bins = 2 * most + 3; // one more at each end, which stays 0
  const angles = new Float32Array(ANGLES).fill(Math.PI / 2 - Math.PI / 18);
  for (let n = 1; n < ANGLES; n++) angles[n] = angles[n - 1] + Math.fround(Math.PI / 360);
  const cosines = angles.map(Math.cos), sines = angles.map(Math.sin);
  const votes = new Int32Array((ANGLES + 2) * bins);
  for (let i = 0; i < data.length; i++) {
    if (!data[i]) continue;
    const column = i % width, row = Math.floor(i / width);
    for (let n = 0; n < ANGLES; n++) {
      const distance = rounded(Math.fround(Math.fround(column * cosines[n]) + Math.fround(row * sines[n])));
      votes[(n + 1) * bins + most + 1 + distance]++;
    }
  }
  const peaks = [];
  for (let i = bins; i < votes.length - bins; i++) {
    const here = votes[i];
    if (here <= Math.floor(0.64 * width) || here <= votes[i - 1] || here < votes[i + 1]) continue;
    if (here > votes[i - bins] && here >= votes[i + bins]) peaks.push(i);
  }
  peaks.sort((a, b) => votes[b] - votes[a] || a - b);
  return peaks.slice(0, 400).map((i) => {
    const n = Math.floor(i / bins) - 1, distance = (i % bins) - most - 1;
    return Array.from({ length: width }, (_, column) => rounded((distance - column * cosines[n]) / sines[n]));
  });
}

// Label the connected parts of a mask, and list the best one and others as clear.
//
// How steep its rim is, is the mean of the slopes from its pixels to neighbours that are not its own. Where the picture
// ends there is none: what reaches over the border is seldom ink.
function parts(mask, slopes) {
  const { width, height } = mask, near = Math.floor(EDGE * Math.min(width, height));
  const row = width + 2, around = [1, -1, row, -row, row + 1, row - 1, 1 - row, -1 - row];
  const labels = crop(mask, -1, -1, width + 1, height + 1), { data } = labels, found = []; // 1 is ink not yet labelled
  for (let first = 0; first < data.length; first++) {
    if (data[first] !== 1) continue;
    const label = found.length + 2, stack = [first];
    let left = width, top = height, right = 0, bottom = 0, size = 0, inside = 0, length = 0, steep = 0;
    data[first] = label;
    while (stack.length) {
      const i = stack.pop(), x = (i % row) - 1, y = Math.floor(i / row) - 1;
      [left, top] = [Math.min(left, x), Math.min(top, y)];
      [right, bottom] = [Math.max(right, x + 1), Math.max(bottom, y + 1)];
      size++;
      if (Math.min(x, y) >= near && x < width - near && y < height - near) inside++;
      around.forEach((step, n) => {
        const j = i + step;
        if (data[j] === 0 && n < 4) {
          length++;
          steep += slopes[n].data[y * width + x];
        } else if (data[j] === 1) {
          data[j] = label;
          stack.push(j);
        }
      });
    }
    const wide = right - left, high = bottom - top, mean = steep / length;
    const line = !inside && (wide > width / 2 || high > height / 2);
    const tight = left === 0 && top === 0 && right === width && bottom === height; // a 0, if there is nothing else
    const score = line && !tight ? -1 : length ** 0.3 * (mean - STEEP[0]) * (line ? 0.01 : 1);
    const neighbour = left === 0 || right === width; // of a digit in a line, cut off
    found.push({ label, left, top, right, bottom, score, size, neighbour, kept: mean > STEEP[1] && score > 0 });
  }
  const best = found.reduce((one, other) => (other.score > one.score ? other : one), { score: 0 });
  for (const part of found) part.main = part === best || (!part.neighbour && part.size > SMALL[0] * best.size);
  const parts = found.filter((part) => part === best || (part.kept && part.size > SMALL[1] * best.size));
  return { labels: crop(labels, 1, 1, width + 1, height + 1), parts };
}
