// The lines of a picture, the numbers that each may say, and the digits of these: as in digits/handwriting/lines.py.

import { connectedComponents, lineHeight, lines } from "./components.js";
import { cut } from "./cutting.js";
import { see, turned } from "./eye.js";
import { held } from "./held.js";
import { binarized, blank, clamp, cubic, mapped, mappedBox, resized, rounded } from "./images.js";
import { numbers, outputs } from "./line_network.js";
import { isNormalized } from "./normalization.js";
import { boxFrom, strip } from "./strips.js";

const { SMALL, SMALLEST, FOREGROUND, APART, PLACE } = held.constants.lines, { DIGIT } = held.constants.strips;
const { WORKING, NARROW } = held.constants.picture, { CERTAIN } = held.constants.eye;

/** The lines of a picture, and why they may hold no digit. In a `quick` look the eye is less sure, and nothing is turned.
 * @type {(pixels: ImageData, quick?: boolean) => Found} */
export function findLines(pixels, quick = false) {
  if (isTooSmall(pixels)) return { lines: [], refusal: "small" };
  const colours = openPicture(pixels);
  if (isNormalized(colours)) {
    const image = colours[0].data.map((grey) => grey / 255), box = { left: 0, top: 0, right: 28, bottom: 28 };
    const candidates = [..."0123456789"].map((digits) => ({ digits, likelihood: 0, parts: [{ image, box }] }));
    return { lines: [{ groups: [candidates], known: true }] };
  }
  const sight = see(enlarged(colours), quick), { width, height, data } = sight.sure;
  if (!data.some((value) => value > FOREGROUND)) return { lines: [], refusal: "blank" };
  const scale = Math.max(pixels.width, pixels.height) / Math.max(width, height);
  const turnedLines = (/** @type {number} */ degrees) => (
    linesIn({ sure: turned(sight.sure, degrees), darkness: turned(sight.darkness, degrees) }, scale)
  );
  return { lines: linesIn(sight, scale), refusal: "unlike", turnedLines: quick ? undefined : turnedLines };
}

/** What the eye sees in a picture, in the size to work on. @param {ImageData} pixels */
export const seen = (pixels) => see(enlarged(openPicture(pixels)));

/** The lines in what the eye sees, from the top, of which a pixel is `scale` of the picture.
 * @type {(sight: Sight, scale?: number) => Line[]} */
export function linesIn(sight, scale = 1) {
  const { sure } = sight, components = connectedComponents(binarized(sure, FOREGROUND), sure, binarized(sure, CERTAIN));
  return lines(components).filter((line) => scale * lineHeight(line) >= SMALL).map((line) => {
    const along = strip(sight, line), log = outputs(along), candidates = numbers(log);
    const known = /** @type {Map<string, Digit[]>} */ (new Map()); // digits by their places
    const parts = (/** @type {number[]} */ places) => {
      const cuts = known.get(`${places}`) ?? cut(along, places.map((place) => PLACE * (place + 0.5))).map(({ image, box }) => (
        { image, box: mappedBox(boxFrom(along.from, box), (side) => rounded(side * scale)) }
      ));
      known.set(`${places}`, cuts);
      return cuts;
    };
    return { groups: ranges(candidates[0].places, log.length).map(([first, last]) => (
      (last - first < log.length ? numbers(log.slice(first, last)) : candidates).map(({ digits, likelihood, places }) => (
        { digits, likelihood, parts: parts(places.map((place) => first + place)) }
      ))
    )) };
  });
}

/** The first and the last place of each group, of `count` places: wide gaps between digits part groups.
 * @type {(places: number[], count: number) => Pair[]} */
function ranges(places, count) {
  const wide = places.slice(1).map((next, n) => [places[n], next]).filter(([a, b]) => PLACE * (b - a) > APART * DIGIT);
  const ends = wide.map(([a, b]) => (a + b + 1) >> 1);
  return [0, ...ends].map((first, n) => [first, ends[n] ?? count]);
}

/** Whether a picture is too small or too narrow to show a digit. @param {ImageData} pixels */
export function isTooSmall({ width, height }) {
  const shorter = Math.min(width, height);
  return shorter < 8 || Math.max(width, height) > NARROW * shorter;
}

/** A small picture, enlarged. @type {(colours: Image[]) => Image[]} */
function enlarged(colours) {
  const [{ width, height }] = colours, times = Math.ceil(SMALLEST / Math.floor(Math.sqrt(width * height)));
  if (times <= 1) return colours;
  return colours.map((colour) => mapped(resized(colour, cubic, times * width, times * height), byte));
}

/** @param {number} value */
const byte = (value) => Math.round(clamp(value, 0, 255));

/** A picture as [red, green, blue], images of integers 0..255, reduced to WORKING. Transparency becomes white, or black
 * under light strokes. @type {(pixels: ImageData) => Image[]} */
function openPicture({ width, height, data }) {
  let light = 0, opaque = 0;
  for (let k = 0; k < data.length; k += 4) {
    light += data[k + 3] * (0.299 * data[k] + 0.587 * data[k + 1] + 0.114 * data[k + 2]);
    opaque += data[k + 3];
  }
  const behind = light > 127 * opaque ? 0 : 255;
  const reduction = Math.ceil(Math.floor(Math.sqrt(width * height)) / WORKING[1]);
  const [w, h] = [width, height].map((n) => Math.ceil(n / reduction));
  const [counts, ...sums] = Array.from({ length: 4 }, () => blank(w, h)); // of the pixels that become one
  for (let y = 0, k = 0; y < height; y++) {
    for (let x = 0; x < width; x++, k += 4) {
      const i = Math.floor(y / reduction) * w + Math.floor(x / reduction), alpha = data[k + 3] / 255;
      for (let c = 0; c < 3; c++) sums[c].data[i] += data[k + c] * alpha + behind * (1 - alpha);
      counts.data[i]++; // fewer at the right and at the bottom
    }
  }
  return sums.map((sum) => mapped(sum, (value, i) => byte(value / counts.data[i])));
}
