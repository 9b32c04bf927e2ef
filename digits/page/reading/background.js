// How much of the background's light each pixel lacks: as in digits/handwriting/background.py.

import { held } from "../held.js";
import { area, blurred, closing, linear, mapped, mean, meanOf, median, resized, rounded } from "./images.js";

const { LIFT, WINDOW, COARSE, AROUND, BLURRED, BRIGHTEST, EVEN, SOFT } = held.constants.background;

/** The share of the background's light that is missing in red, green and blue, of 0..255.
 * @type {(colours: Image[]) => Image[]} */
export function missingLight(colours) {
  const shares = colours.map((colour) => mapped(colour, (value) => value / 255));
  const soft = shares.map((colour) => blurred(colour, SOFT));
  const dark = onDarkBackground(meanOf(soft));
  const light = soft.map((colour) => mapped(colour, (value) => (dark ? 1 - value : value) + LIFT[0]));
  const around = lightAround(meanOf(light)).data;
  return light.map((colour) => {
    const even = mapped(colour, (value, i) => value / around[i]);
    const most = BRIGHTEST * median(even.data);
    const bounded = mapped(even, (value) => Math.min(value, most));
    const background = estimateBackground(bounded).data;
    return mapped(bounded, (value, i) => 1 - value / background[i]);
  });
}

/** The mean light around each pixel of those that are lighter than the mean. @type {(light: Image) => Image} */
function lightAround(light) {
  const { width, height } = light;
  const deviation = AROUND * Math.min(width, height);
  const reduction = Math.max(1, Math.floor(Math.floor(deviation) / BLURRED));
  const [w, h] = [width, height].map((n) => Math.ceil(n / reduction));
  const coarse = resized(light, area, w, h);
  const blur = (/** @type {Image} */ image) => blurred(image, deviation / reduction);
  const level = blur(coarse).data;
  const lighter = mapped(coarse, (value, i) => Number(value >= level[i]));
  const share = blur(lighter).data;
  const sum = blur(mapped(coarse, (value, i) => value * lighter.data[i]));
  const around = mapped(sum, (value, i) => Math.max(value / Math.max(share[i], 1e-3), LIFT[0]));
  return resized(around, linear, width, height);
}

/** The light of the background, by a morphological closing. @type {(light: Image) => Image} */
function estimateBackground(light) {
  const { width, height, data } = light;
  const reduction = Math.max(1, Math.floor(Math.floor(WINDOW * Math.min(width, height)) / COARSE));
  const [w, h] = [width, height].map((n) => Math.max(1, Math.floor(n / reduction)));
  const side = Math.max(3, rounded(WINDOW * Math.min(w, h))) | 1;
  const closed = resized(closing(resized(light, area, w, h), side), linear, width, height);
  return mapped(closed, (value, i) => Math.max(value, data[i]));
}

/** Whether the strokes, the smaller part of evened light, are the lighter. @type {(picture: Image) => boolean} */
function onDarkBackground(picture) {
  const light = mapped(picture, (value) => value + LIFT[1]);
  const { width, height } = light;
  const [w, h] = [width, height].map((n) => Math.ceil(n / 8));
  const around = resized(blurred(resized(light, area, w, h), EVEN * Math.min(w, h)), linear, width, height);
  const even = light.data.map((value, i) => value / around.data[i]);
  const middle = mean(even);
  return mean(even.map((value) => (value - middle) ** 3)) > 0;
}
