// How much of the background's light each pixel lacks: as in digits/handwriting/background.py.

import { held } from "./held.js";
import { area, blurred, closing, linear, mapped, mean, resized, rounded } from "./images.js";

const { LIFT, WINDOW, COARSE, EVEN, SOFT } = held.constants.background;

/** The share of the background's light that is missing in red, green and blue, of 0..255.
 * @type {(colours: Image[]) => Image[]} */
export function missingLight(colours) {
  const light = colours.map((colour) => blurred(mapped(colour, (value) => value / 255), SOFT)), [red, green, blue] = light;
  const dark = onDarkBackground(mapped(red, (value, i) => (value + green.data[i] + blue.data[i]) / 3));
  return light.map((one) => {
    const lifted = mapped(one, (value) => (dark ? 1 - value : value) + LIFT[0]), background = estimateBackground(lifted);
    return mapped(lifted, (value, i) => 1 - value / background.data[i]);
  });
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
  const light = mapped(picture, (value) => value + LIFT[1]), { width, height } = light;
  const [w, h] = [width, height].map((n) => Math.ceil(n / 8));
  const around = resized(blurred(resized(light, area, w, h), EVEN * Math.min(w, h)), linear, width, height);
  const even = light.data.map((value, i) => value / around.data[i]), middle = mean(even);
  return mean(even.map((value) => (value - middle) ** 3)) > 0;
}
