// The foreground of a picture, whatever its background, its light, its shadows and its ruled lines: as in
// digits/handwriting/background.py.

import { connectedComponents } from "./components.js";
import { held } from "./held.js";
import { area, blank, blurred, clamp, closing, divided, linear, mapped, maximum } from "./images.js";
import { mean, padded, quantile, resized, rounded, sample, valuesIn } from "./images.js";
import { withoutRuledLines } from "./ruled-lines.js";

const {
  WINDOWS, COARSE, EVEN, DARK, LIFT, FASTEST, STRONG, HARDLY, THRESHOLDS, INNER, PALE, TEXTURE,
} = held.constants.background;

/** Guesses at what is foreground in a picture, [red, green, blue] of 0..255: one for each window and threshold, without
 * what looks like printed lines and, if there is any, with it. What is only texture is left out.
 * @type {(colours: Image[]) => Foreground[]} */
export function findForegrounds([red, green, blue]) {
  const grey = blurred(mapped(red, (value, i) => (value + green.data[i] + blue.data[i]) / 765), 1);
  const dark = onDarkBackground(grey), light = mapped(grey, (value) => (dark ? 1 - value : value) + LIFT[0]);
  const [gradients, edges] = contrasts(mapped(light, (value) => Math.log(value + LIFT[1])), INNER);
  const unruled = withoutRuledLines(light, divided(light, estimateBackground(light, WINDOWS[0])));
  const offLines = mapped(edges, (edge, i) => Number(edge && unruled.data[i] === light.data[i]));
  const isRuled = unruled.data.some((value, i) => value !== light.data[i]);
  return (isRuled ? [unruled, light] : [light]).flatMap((view) => WINDOWS.flatMap((window) => {
    const background = estimateBackground(view, window).data;
    const darkness = mapped(view, (value, i) => 1 - value / background[i]);
    const strong = mean(valuesIn(darkness, view === unruled && maximum(offLines.data) ? offLines : edges));
    const least = THRESHOLDS.map((threshold) => threshold * strong);
    const guesses = least.map((least) => {
      const mask = mapped(darkness, (value) => Number(value > least));
      return { darkness, components: connectedComponents(mask, gradients) };
    });
    return guesses[0].components.length && !isTexture(guesses[0], least[0]) ? guesses : [];
  }));
}

/** Whether the foreground is hardly darker than the background, or only the dark half of a texture: there both halves
 * vary as noise does. @type {(foreground: Foreground, least: number) => boolean} */
function isTexture({ darkness, components }, least) {
  const best = components.reduce((one, other) => (other.clarity > one.clarity ? other : one));
  const some = sample(darkness.data), outside = some.filter((value) => value <= least), background = mean(outside);
  const valuesAt = (/** @type {Component[]} */ all) => (
    Float32Array.from(all.flatMap(({ pixels }) => pixels), (i) => darkness.data[i])
  );
  if (mean(valuesAt([best])) - background < PALE) return true;
  if (1 - outside.length / some.length < TEXTURE[0]) return false;
  const inside = valuesAt(components);
  return deviation(inside) + deviation(outside) > TEXTURE[1] * (mean(inside) - background);
}

/** The standard deviation. @param {Float32Array} values */
const deviation = (values, middle = mean(values)) => Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));

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
 * where 1 is nearly the greatest change in the picture, and 0 beyond its border; and a mask of where it is STRONG. What
 * is in a margin, a share of each side, is passed over, unless there is hardly anything else.
 * @type {(light: Image, margin?: number) => [Image[], Image]} */
export function contrasts(light, margin = 0) {
  const { width, height, data } = light, [change, ...slopes] = Array.from({ length: 5 }, () => blank(width, height));
  const [right, left, below, above] = slopes.map((slope) => slope.data);
  for (let i = 0; i < data.length; i++) {
    if ((i + 1) % width) right[i] = data[i + 1] - data[i];
    if (i + width < data.length) below[i] = data[i + width] - data[i];
    change.data[i] = Math.max(Math.abs(right[i]), Math.abs(below[i]));
    if (i % width) left[i] = -right[i - 1];
    if (i >= width) above[i] = -below[i - width];
  }
  const [across, down] = [width, height].map((side) => rounded(margin * side)), inner = padded(change, -across, -down);
  if (maximum(inner.data) < HARDLY * maximum(change.data)) return contrasts(light);
  const most = Math.max(quantile(sample(inner.data), FASTEST), 1e-3);
  const least = Math.min(STRONG * most, maximum(inner.data));
  const edges = padded(mapped(inner, (value) => Number(value >= least)), across, down);
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
