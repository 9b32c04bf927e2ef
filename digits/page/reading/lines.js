// The lines of a picture, the numbers that each may say, and the digits of these: as in digits/handwriting/lines.py.

import { lines, strokeBoxes, tallOf } from "./components.js";
import { cutter, explained } from "./cutting.js";
import { see, turned } from "./eye.js";
import { held } from "../held.js";
import { binarized, mappedBox, rounded } from "./images.js";
import { numbers } from "./line_network.js";
import { isNormalized } from "./normalize.js";
import { enlarged, isTooSmall, openPicture } from "./picture.js";
import { boxFrom, strip } from "./strips.js";

const { SMALL, APART, PLACE, FAR, CLEAR, TURNED, WELL } = held.constants.lines;
const { DIGIT, SURE } = held.constants.strips;
const { BLANK } = held.constants.line_network;
const { CERTAIN } = held.constants.eye;

/** The lines of a picture after it is turned, and why they may hold no digit. @type {(pixels: ImageData) => Found} */
export function findLines(pixels) {
  if (isTooSmall(pixels)) return { lines: [], degrees: 0, refusal: "small" };
  const colours = openPicture(pixels);
  if (isNormalized(colours)) {
    const image = colours[0].data.map((grey) => grey / 255);
    const box = { left: 0, top: 0, right: 28, bottom: 28 };
    const candidates = [..."0123456789"].map((digits) => ({ digits, likelihood: 0, parts: [[{ image, box }]] }));
    return { lines: [{ groups: [candidates], known: true }], degrees: 0 };
  }
  const sight = see(enlarged(colours));
  const { width, height, data } = sight.sure;
  if (!data.some((value) => value > SURE)) return { lines: [], degrees: 0, refusal: "blank" };
  const scale = Math.max(pixels.width, pixels.height) / Math.max(width, height);
  const { degrees, strips } = upright(sight, scale);
  return { lines: strips.map((strip) => lineOf(strip, scale)), degrees, refusal: "unlike" };
}

/** What the eye sees in a picture, in the size to work on. @param {ImageData} pixels */
export const seen = (pixels) => see(enlarged(openPicture(pixels)));

/** The strip of each line that is not too small, from the top. Each pixel that the eye sees is `scale` times as wide as one
 * of the picture. @type {(sight: Sight, scale: number) => Strip[]} */
export function stripsOf(sight, scale) {
  const { sure } = sight;
  const boxes = strokeBoxes(binarized(sure, SURE), sure, binarized(sure, CERTAIN));
  return lines(boxes)
    .filter((line) => scale * tallOf(line).height >= SMALL)
    .map((line) => strip(sight, line));
}

/** By how many degrees a picture is turned counterclockwise so that most is read in it, and its strips then.
 * @type {(sight: Sight, scale: number) => { degrees: number; strips: Strip[] }} */
function upright({ sure, darkness }, scale) {
  let best = { degrees: 0, strips: stripsOf({ sure, darkness }, scale) };
  let clearest = clear(best.strips);
  const inLines = best.strips.length < 2 || best.strips.some(({ tall }) => tall > 1);
  if (clearest.sure >= CLEAR * clearest.most && inLines) return best;
  for (const degrees of [90, 180, 270]) {
    const strips = stripsOf({ sure: turned(sure, degrees), darkness: turned(darkness, degrees) }, scale);
    const seen = clear(strips);
    if (seen.sure <= (best.degrees ? 1 : TURNED) * clearest.sure || seen.sure < WELL * seen.most) continue;
    [best, clearest] = [{ degrees, strips }, seen];
  }
  return best;
}

/** How clearly digits are seen: of each the squared height of its line, times its probability to the power of 4, times the
 * square root of how many components of the line are tall; and the most that this could be, if all of these were digits.
 * @param {Strip[]} strips */
function clear(strips) {
  let sure = 0;
  let most = 0;
  for (const { scale, tall, log } of strips) {
    const likeliest = log.map((here) => here.indexOf(Math.max(...here)));
    const ends = likeliest.flatMap((digit, place) => (digit === likeliest[place + 1] ? [] : [place + 1]));
    const peaks = ends
      .filter((end) => likeliest[end - 1] !== BLANK)
      .map((end) =>
        Math.max(...log.slice(ends[ends.indexOf(end) - 1] ?? 0, end).map((here) => here[likeliest[end - 1]])),
      );
    sure += (peaks.reduce((sum, peak) => sum + Math.exp(4 * peak), 0) * Math.sqrt(tall)) / scale ** 2;
    most += (Math.max(peaks.length, tall) * Math.sqrt(tall)) / scale ** 2;
  }
  return { sure, most };
}

/** What a strip may say, with the images of the digits. @type {(strip: Strip, scale: number) => Line} */
export function lineOf(strip, scale) {
  const { log, from } = strip;
  const likeliest = numbers(log);
  const cut = cutter(strip);
  return {
    groups: ranges(likeliest[0].places, log.length).map(([first, last]) => {
      const candidates = last - first < log.length ? numbers(log.slice(first, last)) : likeliest;
      const [best] = candidates;
      const parts = /** @type {Cuts[][]} */ ([]); // of the likeliest number of each length, which others of it share
      for (const { places } of candidates) {
        const middles = places.map((place) => PLACE * (first + place + 0.5));
        parts[places.length] ??= middles.map((middle, n) => {
          const share = explained(strip, middles[n - 1], middle, middles[n + 1]);
          return cut(middles[n - 1], middle, middles[n + 1]).map(({ image, box }) => ({
            image,
            box: mappedBox(boxFrom(from, box), (side) => rounded(side * scale)),
            share,
          }));
        });
      }
      return candidates
        .filter(({ likelihood }) => likelihood > best.likelihood - FAR)
        .map(({ digits, likelihood }) => ({ digits, likelihood, parts: parts[digits.length] }));
    }),
  };
}

/** The first and the last place of each group, of `count` places: wide gaps between digits part groups.
 * @type {(places: number[], count: number) => Pair[]} */
function ranges(places, count) {
  const wide = places
    .slice(1)
    .map((next, n) => [places[n], next])
    .filter(([a, b]) => PLACE * (b - a) > APART * DIGIT);
  const ends = wide.map(([a, b]) => (a + b + 1) >> 1);
  return [0, ...ends].map((first, n) => [first, ends[n] ?? count]);
}
