// Lines that are printed on paper, taken out of a picture: as in digits/handwriting/ruled_lines.py.

import { held } from "./held.js";
import { blank, clamp, dilated, mapped, quantile, rounded, sample } from "./images.js";

const { DARKER, SPAN, UNBROKEN, VOTES, TILT, ANGLE, MOST, DISTANT, HALF_WIDTH } = held.constants.ruled_lines;

/** Light with lines from border to border divided out. @type {(light: Image, share: Image) => Image} */
export function withoutRuledLines(light, share) {
  const some = sample(share.data), usual = quantile(some, 0.5);
  const noise = quantile(some.map((value) => Math.abs(value - usual)), 0.5);
  const least = usual - Math.max(DARKER[0], DARKER[1] * noise), dark = mapped(share, (value) => Number(value < least));
  const rest = withoutLevelLines(light, share, dark);
  return transposed(withoutLevelLines(transposed(rest), transposed(share), transposed(dark)));
}

/** @type {(image: Image) => Image} */
const transposed = ({ width, height, data }) => (
  mapped(blank(height, width), (_, i) => data[(i % height) * width + Math.floor(i / height)])
);

/** Light with the level ones among the lines of a mask divided out, whose shades are in `share`.
 * @type {(light: Image, share: Image, dark: Image) => Image} */
function withoutLevelLines(light, share, dark) {
  const { width, height } = light, near = dilated(dark, 1, 3).data, out = light.data.slice();
  const taken = /** @type {number[]} */ ([]); // the middles of lines
  for (const line of levelLines(dark)) {
    const inside = line.flatMap((row, i) => (row >= 0 && row < height ? [row * width + i] : []));
    const middle = line[width >> 1];
    if (inside.length < SPAN * width || taken.some((row) => Math.abs(row - middle) < DISTANT)) continue;
    if (inside.reduce((sum, i) => sum + near[i], 0) <= UNBROKEN * inside.length) continue;
    taken.push(middle);
    for (let offset = -HALF_WIDTH; offset <= HALF_WIDTH; offset++) { // a line has a width and soft edges
      const along = line.map((row, i) => clamp(row + offset, 0, height - 1) * width + i);
      const shade = Math.min(1, quantile(Float32Array.from(along, (i) => share.data[i]), 0.5));
      for (const i of along) out[i] /= shade;
    }
  }
  return { width, height, data: out };
}

/** Lines on which a mask is mostly 1, the best first: their row in each column. @type {(mask: Image) => number[][]} */
function levelLines({ width, height, data }) {
  const tilts = 1 + Math.round((2 * TILT) / ANGLE), most = width + height;
  const bins = 2 * most + 3; // one more at each end, which stays 0
  const angles = new Float32Array(tilts).fill(Math.PI / 2 - TILT);
  for (let n = 1; n < tilts; n++) angles[n] = angles[n - 1] + Math.fround(ANGLE);
  const cosines = angles.map(Math.cos), sines = angles.map(Math.sin);
  const votes = new Int32Array((tilts + 2) * bins);
  for (let i = 0; i < data.length; i++) {
    if (!data[i]) continue;
    const column = i % width, row = Math.floor(i / width);
    for (let n = 0; n < tilts; n++) {
      const distance = rounded(Math.fround(Math.fround(column * cosines[n]) + Math.fround(row * sines[n])));
      votes[(n + 1) * bins + most + 1 + distance]++;
    }
  }
  const peaks = [];
  for (let i = bins; i < votes.length - bins; i++) {
    const here = votes[i];
    if (here <= Math.floor(VOTES * width) || here <= votes[i - 1] || here < votes[i + 1]) continue;
    if (here > votes[i - bins] && here >= votes[i + bins]) peaks.push(i);
  }
  peaks.sort((a, b) => votes[b] - votes[a] || a - b);
  return peaks.slice(0, MOST).map((i) => {
    const n = Math.floor(i / bins) - 1, distance = (i % bins) - most - 1;
    return Array.from({ length: width }, (_, column) => rounded((distance - column * cosines[n]) / sines[n]));
  });
}
