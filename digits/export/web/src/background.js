// The foreground of a picture, whatever its background, its light, its shadows and its ruled lines: as in
// digits/handwriting/background.py.

import { connectedComponents } from "./components.js";
import { held } from "./held.js";
import { area, blurred, clamp, closing, divided, filled, linear, mapped, maximum } from "./images.js";
import { mean, quantile, resized, rounded, sample, valuesIn } from "./images.js";
import { withoutRuledLines } from "./ruled-lines.js";

const {
  WINDOWS, COARSE, EVEN, DARK, LIFT, FASTEST, STRONG, THRESHOLD, THIN, CLEAR, PALE, TEXTURE,
} = held.constants.background;

/** The foreground of a picture, [red, green, blue] of 0..255; a small one is `enlarged` so many times.
 * @type {(colours: Image[], enlarged: number) => Foreground | null} */
export function findForeground([red, green, blue], enlarged) {
  const grey = blurred(mapped(red, (value, i) => (value + green.data[i] + blue.data[i]) / 765), 1);
  const dark = onDarkBackground(grey), light = mapped(grey, (value) => (dark ? 1 - value : value) + LIFT[0]);
  const unlined = withoutRuledLines(light, divided(light, estimateBackground(light, WINDOWS[0])));
  const [gradients, edges] = contrasts(mapped(light, (value) => Math.log(value + LIFT[1])));
  const onLines = mapped(light, (value, i) => Number(unlined.data[i] !== value));
  const offLines = mapped(edges, (edge, i) => Number(edge && !onLines.data[i]));
  const across = (3 + enlarged) | 1; // pixels across a thin stroke and its edges
  let best = clearestWindow(unlined, gradients, maximum(offLines.data) ? offLines : edges, across);
  if (maximum(onLines.data) && (!best || sidesMet(best))) {
    const whole = clearestWindow(light, gradients, edges, across);
    if (whole && sidesMet(whole) === 4) best = whole; // cut tight: a level stroke runs from border to border too
  }
  return best && !isTexture(best) ? best : null;
}

/** The foreground by that window that makes its components clearest; null if it has none.
 * @type {(light: Image, gradients: Image[], edges: Image, across: number) => Foreground | null} */
function clearestWindow(light, gradients, edges, across) {
  let best = null, most = 0;
  for (const window of WINDOWS) {
    const darkness = mapped(divided(light, estimateBackground(light, window)), (share) => 1 - share);
    const mask = binarize(darkness, THRESHOLD * mean(valuesIn(darkness, edges)), across);
    const foreground = { darkness, ...connectedComponents(mask, gradients) };
    const main = foreground.components.filter((component) => component.main);
    const clarity = main.reduce((sum, one) => sum + one.clarity ** CLEAR, 0);
    if (clarity > most) [best, most] = [foreground, clarity];
  }
  return best;
}

/** Where a picture is at least so dark; or where it is darkest `across` it, with background there: a thin stroke looks
 * paler than it is. @type {(darkness: Image, least: number, across: number) => Image} */
function binarize(darkness, least, across) {
  const { width, height, data } = darkness, faint = THIN * least, half = across >> 1;
  /** @type {(i: number, place: number, size: number, step: number) => boolean} */
  const isMiddle = (i, place, size, step) => {
    const end = i + Math.min(half, size - 1 - place) * step;
    let most = 0, fewest = Infinity;
    for (let k = i - Math.min(half, place) * step; k <= end; k += step) {
      if (data[k] > most) most = data[k];
      if (data[k] < fewest) fewest = data[k];
    }
    return data[i] === most && fewest < faint;
  };
  return mapped(darkness, (value, i) => Number(value > least || (value > faint && (
    isMiddle(i, i % width, width, 1) || isMiddle(i, Math.floor(i / width), height, width)
  ))));
}

/** @type {(components: Component[]) => Component} */
const clearest = (components) => components.reduce((one, other) => (other.clarity > one.clarity ? other : one));

/** How many sides of the picture the clearest component meets. @type {(foreground: Foreground) => number} */
function sidesMet({ labels: { width, height }, components }) {
  const { left, top, right, bottom } = clearest(components);
  return [left === 0, top === 0, right === width, bottom === height].filter(Boolean).length;
}

/** Whether the foreground is hardly darker than the background, or only the dark half of a texture: there both halves
 * vary as noise does. @type {(foreground: Foreground) => boolean} */
function isTexture({ darkness, labels, components }) {
  const dark = sample(labels.data).map((label) => Number(label > 0)), best = clearest(components).label;
  const outside = sample(darkness.data).filter((_, i) => !dark[i]), background = mean(outside);
  if (mean(darkness.data.filter((_, i) => labels.data[i] === best)) - background < PALE) return true;
  if (mean(dark) < TEXTURE[0]) return false;
  const kept = new Set(components.map(({ label }) => label));
  const inside = darkness.data.filter((_, i) => kept.has(labels.data[i]));
  return deviation(inside) + deviation(outside) > TEXTURE[1] * (mean(inside) - background);
}

/** The standard deviation. @type {(values: Float32Array) => number} */
function deviation(values) {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

/** Whether most of a picture's border is darker than its edges. @type {(picture: Image) => boolean} */
function onDarkBackground(picture) {
  const light = mapped(picture, (value) => value + LIFT[2]), { width, height } = light;
  const [w, h] = [width, height].map((n) => Math.ceil(n / 8));
  const around = resized(blurred(resized(light, area, w, h), EVEN * Math.min(w, h)), linear, width, height);
  const even = divided(light, around), [, edges] = contrasts(even);
  const border = even.data.filter((_, i) => i < width || i >= even.data.length - width || (i + 1) % width < 2);
  return quantile(border, DARK) < mean(valuesIn(even, edges));
}

/** By how much each pixel is darker than its neighbours to the right, left, below and above: four images of -1 to 1,
 * where 1 is nearly the greatest change in the picture, and 0 beyond its border; and a mask of where it is STRONG.
 * @type {(light: Image) => [Image[], Image]} */
export function contrasts({ width, height, data }) {
  const slopes = [[1, 0], [-1, 0], [0, 1], [0, -1]].map(([across, down]) => filled(width, height, (i) => {
    const x = clamp((i % width) + across, 0, width - 1), y = clamp(Math.floor(i / width) + down, 0, height - 1);
    return data[y * width + x] - data[i];
  }));
  const change = filled(width, height, (i) => Math.max(Math.abs(slopes[0].data[i]), Math.abs(slopes[2].data[i])));
  const most = Math.max(quantile(sample(change.data), FASTEST), 1e-3);
  const least = Math.min(STRONG * most, maximum(change.data));
  const edges = mapped(change, (value) => Number(value >= least));
  return [slopes.map((slope) => mapped(slope, (value) => clamp(value / most, -1, 1))), edges];
}

/** The light of the background, by a morphological closing. @type {(light: Image, window: number) => Image} */
function estimateBackground(light, window) {
  const { width, height, data } = light, lightest = maximum(data);
  if (window >= 1) return mapped(light, () => lightest);
  const reduction = Math.max(1, Math.floor(Math.floor(window * Math.min(width, height)) / COARSE));
  const [w, h] = [width, height].map((n) => Math.max(1, Math.floor(n / reduction)));
  const side = Math.max(3, rounded(window * Math.min(w, h))) | 1;
  const closed = resized(closing(resized(light, area, w, h), side), linear, width, height);
  return mapped(closed, (value, i) => Math.max(value, data[i]));
}
