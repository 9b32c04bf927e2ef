// The foreground of a picture, whatever its background, its light, its shadows and its ruled lines: as in
// digits/handwriting/background.py.

import { connectedComponents } from "./components.js";
import { held } from "./held.js";
import { area, binarized, blurred, closing, divided, linear, mapped, maximum } from "./images.js";
import { mean, padded, quantile, resized, rounded, sample, valuesIn } from "./images.js";
import { withoutRuledLines } from "./ruled-lines.js";

const {
  WINDOWS, COARSE, EVEN, DARK, LIFT, FASTEST, STRONG, HARDLY, BLURS, LOW, THRESHOLDS, INNER, PALE, TEXTURE,
} = held.constants.background;

/** Guesses at the foreground of a picture, [red, green, blue] of 0..255: one for each threshold, blur and window,
 * none of a texture. Of a `quick` look, only those of the first threshold and blur.
 * @type {(colours: Image[], quick?: boolean) => Generator<Foreground>} */
export function* findForegrounds([red, green, blue], quick = false) {
  const low = Math.min(red.width, red.height) < LOW, blurs = low && !quick ? BLURS : BLURS.slice(0, 1);
  const thresholds = THRESHOLDS[Number(low)].slice(0, quick ? 1 : undefined);
  const grey = blurred(mapped(red, (value, i) => (value + green.data[i] + blue.data[i]) / 765), 1);
  const dark = onDarkBackground(grey), light = mapped(grey, (value) => (dark ? 1 - value : value) + LIFT[0]);
  const unruled = withoutRuledLines(light, divided(light, estimateBackground(light, WINDOWS[0])));
  const found = [];
  for (const blur of blurs) {
    const [smooth, unlined] = [light, unruled].map((one) => (blur ? blurred(one, blur) : one));
    const shades = mapped(smooth, (value) => Math.log(value + LIFT[1])), { most, edges } = contrasts(shades, INNER);
    const offLines = mapped(edges, (edge, i) => Number(edge && unruled.data[i] === light.data[i]));
    const at = maximum(offLines.data) ? offLines : edges;
    for (const window of WINDOWS) {
      const background = estimateBackground(unlined, window).data;
      const darkness = mapped(unlined, (value, i) => 1 - value / background[i]), strong = mean(valuesIn(darkness, at));
      const guess = (/** @type {number} */ threshold) => {
        const mask = binarized(darkness, threshold * strong);
        return { darkness, mask, components: connectedComponents(mask, shades, most) };
      };
      const first = guess(thresholds[0]);
      if (!first.components.length || isTexture(first, first.mask)) continue;
      yield first;
      found.push(guess);
    }
  }
  for (const threshold of thresholds.slice(1)) for (const guess of found) yield guess(threshold);
}

/** Whether the foreground is hardly darker than the background, or only the dark half of a texture: there both halves
 * vary as noise does. @type {(foreground: Foreground, mask: Image) => boolean} */
function isTexture({ darkness, components }, mask) {
  const best = components.reduce((one, other) => (other.clarity > one.clarity ? other : one));
  const dark = sample(mask.data), outside = sample(darkness.data).filter((_, i) => !dark[i]);
  const at = (/** @type {number[]} */ pixels) => Float32Array.from(pixels, (i) => darkness.data[i]);
  if (mean(at(best.pixels)) - mean(outside) < PALE) return true;
  if (mean(dark) < TEXTURE[0]) return false;
  const inside = at(components.flatMap(({ pixels }) => pixels));
  return deviation(inside) + deviation(outside) > TEXTURE[1] * (mean(inside) - mean(outside));
}

/** The standard deviation. @param {Float32Array} values */
const deviation = (values, middle = mean(values)) => Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));

/** Whether most of a picture's border is darker than its edges. @type {(picture: Image) => boolean} */
function onDarkBackground(picture) {
  const light = mapped(picture, (value) => value + LIFT[2]), { width, height } = light;
  const [w, h] = [width, height].map((n) => Math.ceil(n / 8));
  const around = resized(blurred(resized(light, area, w, h), EVEN * Math.min(w, h)), linear, width, height);
  const even = divided(light, around), [x, y] = [width, height].map((side) => rounded(INNER * side));
  const border = Float32Array.from([even, padded(even, -x, -y)].flatMap(({ width, data }) => (
    [...data.subarray(0, width), ...data.subarray(-width), ...data.filter((_, i) => (i + 1) % width < 2)]
  )));
  return quantile(border, DARK) < mean(valuesIn(even, contrasts(even).edges));
}

/** Nearly the highest contrast of pixels next to each other, and a mask where it is STRONG; without a margin, a share
 * of each side, unless there is hardly any other. @param {Image} light @returns {{most: number, edges: Image}} */
function contrasts(light, margin = 0) {
  const { width, height, data } = light, change = mapped(light, (value, i) => {
    const right = (i + 1) % width ? data[i + 1] : value, below = i + width < data.length ? data[i + width] : value;
    return Math.max(Math.abs(right - value), Math.abs(below - value));
  });
  const [across, down] = [width, height].map((side) => rounded(margin * side)), inner = padded(change, -across, -down);
  if (maximum(inner.data) < HARDLY * maximum(change.data)) return contrasts(light);
  const most = Math.max(quantile(sample(inner.data), FASTEST), 1e-3);
  const least = Math.min(STRONG * most, maximum(inner.data));
  return { most, edges: padded(mapped(inner, (value) => Number(value >= least)), across, down) };
}

/** The light of the background, by a morphological closing. @type {(light: Image, window: number) => Image} */
function estimateBackground(light, window) {
  const { width, height, data } = light;
  const reduction = Math.max(1, Math.floor(Math.floor(window * Math.min(width, height)) / COARSE));
  const [w, h] = [width, height].map((n) => Math.max(1, Math.floor(n / reduction)));
  const side = Math.max(3, rounded(window * Math.min(w, h))) | 1;
  const closed = resized(closing(resized(light, area, w, h), side), linear, width, height);
  return mapped(closed, (value, i) => Math.max(value, data[i]));
}
