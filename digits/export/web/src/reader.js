// Any picture of handwriting to the digits that a network reads in it: as in digits/handwriting/.

import { foregrounds, see } from "./eye.js";
import { held } from "./held.js";
import { blank, boxOf, clamp, crop, cubic, dilated, keyOf, mapped, mappedBox } from "./images.js";
import { median, quantile, resized, rounded, valuesIn } from "./images.js";
import { bestPaths, candidates, confidence } from "./lattice.js";
import { predictionOf, recall } from "./network.js";
import { isNormalized, normalize } from "./normalization.js";
import { segment } from "./segmentation.js";

const { BOX, NEAR, REST } = held.constants.normalize;
const { WORKING, NARROW } = held.constants.picture, { SMALLEST, CANDIDATES, GUESSES } = held.constants.lines;
const { PRINTED, WORD, SIGN } = held.constants.voting, { SURE, REJECTION_THRESHOLD } = held.constants.fitted;
const { COMPONENTS } = held.constants.components;
export const HALF = 0.5; // what is drawn as one digit is none if no output is over it
const SAME = 0.5; // intersection over union of two boxes, over which they hold the same digit

/** Whether outputs are those of a digit: one is over HALF. @type {(outputs: Float32Array) => boolean} */
export const isDigit = (outputs) => outputs[predictionOf(outputs)] > HALF;

/** The digits read in lines: of their groups, those that are not rejected.
 * @type {(lines: Line[], layers: Layer[]) => Digit[]} */
export const read = (lines, layers) => digitsOf(groupsIn(lines, layers));

/** @type {(found: Group[][]) => Digit[]} */
export function digitsOf(found) {
  const kept = found.map((line) => line.filter(({ confidence }) => confidence > REJECTION_THRESHOLD));
  return kept.filter((line) => line.length).flatMap((all, line) => (
    all.flatMap(({ digits }, group) => digits.map((one) => ({ ...one, line, group })))
  ));
}

/** The boxes of what is rejected. @type {(found: Group[][]) => Box[]} */
export const unreadIn = (found) => found.flat().flatMap(({ digits, confidence }) => (
  confidence > REJECTION_THRESHOLD ? [] : digits.map(({ box }) => box)
));

/** The groups in each line, from above. The guesses at a line, those at one place, vote for what it says. It falls into
 * groups at its wide gaps; a group's confidence is the geometric mean of that in the path that is read, and of all
 * guesses' on average.
 * @type {(lines: Line[], layers: Layer[]) => Group[][]} */
export function groupsIn(lines, layers) {
  const outputs = recall(layers, lines.flatMap(({ digits }) => digits.map(({ image }) => image)))[layers.length];
  const guessed = lines.map((line) => hypotheses(line, outputs.splice(0, line.digits.length)));
  const places = /** @type {Hypothesis[][][]} */ ([]); // the guesses at each line of the picture
  for (const guess of guessed.sort(([a], [b]) => b.weight - a.weight)) {
    const middle = (guess[0].top + guess[0].bottom) / 2;
    const home = places.find(([[first]]) => first.top <= middle && middle < first.bottom);
    if (home) home.push(guess);
    else places.push([guess]);
  }
  const often = places.filter(({ length }) => length > REJECTION_THRESHOLD ** 2 * lines[0].guesses);
  return (often.length ? often : places).map((place) => {
    const votes = new Map();
    for (const { said, weight } of place.flat()) votes.set(said, (votes.get(said) ?? 0) + weight);
    const [best] = place.flat().sort((a, b) => votes.get(b.said) - votes.get(a.said) || b.weight - a.weight);
    const count = Math.max(lines[0].guesses, place.length); // one guess may have two lines here
    const found = groups(best).map(({ digits, start, end }) => {
      const sure = place.reduce((sum, [guess]) => sum + sureness(guess, start, end), 0) / count;
      const withImages = digits.map((digit) => ({ ...digit, images: imagesOf(place, digit) }));
      return { digits: withImages, confidence: Math.sqrt(sureness(best, start, end) * sure) };
    });
    return { top: best.top, found };
  }).sort((a, b) => a.top - b.top).map(({ found }) => found);
}

/** The images of a digit, its own first: of each guess, that of the candidate which is most in its place.
 * @type {(place: Hypothesis[][], digit: Digit) => Float32Array[]} */
function imagesOf(place, { image, box }) {
  const all = [image, ...place.flatMap(([{ line: { digits } }]) => {
    const shares = digits.map((one) => overlap(one.box, box)), most = Math.max(...shares);
    return most > SAME ? [digits[shares.indexOf(most)].image] : [];
  })];
  const keys = all.map(keyOf);
  return all.filter((_, n) => keys.indexOf(keys[n]) === n);
}

/** The intersection of two boxes over their union, 0..1. @type {(one: Box, other: Box) => number} */
function overlap(one, other) {
  const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top), both = wide * high;
  return wide > 0 && high > 0 ? both / (areaOf(one) + areaOf(other) - both) : 0;
}

/** @param {Box} box */
const areaOf = ({ left, top, right, bottom }) => (right - left) * (bottom - top);

/** The network's confidence in what a line says between two columns of the picture.
 * @type {(one: Hypothesis, start?: number, end?: number) => number} */
function sureness({ line, outputs, steps }, start = -Infinity, end = Infinity) {
  const inside = steps.filter(([n]) => {
    const { left, right } = line.digits[n].box;
    return start <= (left + right) / 2 && (left + right) / 2 < end;
  });
  return line.known ? 1 : confidence(line.candidates, outputs, inside);
}

/** The digits of a line, parted where a gap is wide or holds a sign, and the columns that each is between.
 * @type {(one: Hypothesis) => (Omit<Group, "confidence"> & { start: number; end: number })[]} */
function groups({ line, outputs, steps, top, bottom }) {
  const begun = (start = -Infinity) => ({ digits: /** @type {Digit[]} */ ([]), start, end: Infinity });
  const found = [begun()];
  let [last, right] = [Infinity, 0]; // where the last digit ends, and the last segment
  for (const [n, digit] of steps) {
    const { box } = line.digits[n];
    if (digit !== null) {
      if (box.left - last > WORD * (bottom - top)) {
        const start = (right + box.left) / 2;
        found[found.length - 1].end = start;
        found.push(begun(start));
      }
      found[found.length - 1].digits.push({ ...line.digits[n], value: digit, outputs: outputs[n] });
      last = box.right;
    } else if (last < Infinity && Math.max(box.right - box.left, box.bottom - box.top) > SIGN * (bottom - top)) {
      last = -Infinity; // whatever is next, is apart
    }
    right = box.right;
  }
  return found;
}

/** Whether what is read is one and the same drawing again and again, as no hand draws.
 * @type {(digits: Digit[]) => boolean} */
export function isPrinted(digits) {
  if (digits.length < 3 || digits.some(({ value }) => value !== digits[0].value)) return false;
  return median(digits.slice(1).map(({ image }, n) => {
    let apart = 0, all = 0;
    for (const [k, a] of digits[n].image.entries()) {
      apart += Math.abs(a - image[k]);
      all += a + image[k];
    }
    return apart / all;
  })) < PRINTED;
}

/** What a guess at a line may say, the best first, by the outputs for its candidates. What is drawn as MNIST's digits
 * are is sure. @type {(line: Line, outputs: Float32Array[]) => Hypothesis[]} */
function hypotheses(line, outputs) {
  const { candidates: all, digits, known } = line, digit = predictionOf(outputs[0]);
  const alone = /** @type {Path} */ ({ said: `${digit}`, score: 0, steps: [[0, digit]] });
  const paths = known ? [alone] : bestPaths(all, outputs);
  const likelihoods = paths.map(({ score }) => Math.exp(score - paths[0].score));
  const total = likelihoods.reduce((sum, one) => sum + one, 0), clarity = Math.max(...digits.map((one) => one.clarity));
  return paths.map(({ said, steps }, n) => {
    const some = steps.some(([, digit]) => digit !== null) ? steps.filter(([, digit]) => digit !== null) : steps;
    const top = median(some.map(([n]) => digits[n].box.top)), bottom = median(some.map(([n]) => digits[n].box.bottom));
    const one = { line, outputs, steps, said, top, bottom, weight: 0 };
    return { ...one, weight: likelihoods[n] / total * sureness(one) ** SURE * clarity };
  });
}

/** Digits with their boxes divided by a scale, then moved. @param {Digit[]} digits @param {number} scale
 * @param {number} x @param {number} y @returns {Digit[]} */
export const moved = (digits, scale, x, y) => digits.map((digit) => (
  { ...digit, box: mappedBox(digit.box, (left) => left / scale + x, (top) => top / scale + y) }
));

/** Whether a picture is too small or too narrow to show a digit. @param {ImageData} pixels */
export function isTooSmall({ width, height }) {
  const shorter = Math.min(width, height);
  return shorter < 8 || Math.max(width, height) > NARROW * shorter;
}

/** The lines of a picture, in each of several guesses at its foreground; in a `quick` look, in few, which is less sure.
 * @type {(pixels: ImageData, quick?: boolean) => Line[]} */
export function findLines(pixels, quick = false) {
  if (isTooSmall(pixels)) return [];
  const colours = openPicture(pixels), [{ data }] = colours;
  if (isNormalized(colours)) {
    const alone = { first: 0, last: 1, width: 1, height: 1, breaks: 0, clipped: false };
    const image = data.map((grey) => grey / 255), box = { left: 0, top: 0, right: 28, bottom: 28 };
    return [{ candidates: [alone], digits: [{ image, box, clarity: 1 }], guesses: 1, known: true }];
  }
  return linesSeen(seen(pixels, quick), pixels, quick);
}

/** What the eye sees in a picture, in the size to work on. @type {(pixels: ImageData, quick?: boolean) => Sight} */
export const seen = (pixels, quick) => see(enlargedPicture(openPicture(pixels)), quick);

/** The lines of `findLines` in what is seen of a picture of this size, or of the same turned.
 * @type {(sight: Sight, size: { width: number; height: number }, quick?: boolean, most?: number) => Line[]} */
export function linesSeen(sight, size, quick = false, most = CANDIDATES) {
  const found = /** @type {Line[]} */ ([]), limit = Math.floor(most / GUESSES), { width, height } = sight.sure;
  const scale = Math.max(size.width, size.height) / Math.max(width, height);
  let guesses = 0, partial = 0, left = most;
  for (const guess of foregrounds(sight, quick)) {
    const lines = segment(guess), kept = within(lines, limit);
    left -= kept.reduce((sum, one) => sum + one.candidates.length, 0);
    if (left < 0) break;
    guesses++;
    partial += Number(kept.length < lines.length || guess.components.length === COMPONENTS);
    found.push(...digitsIn(guess, lines, kept, scale));
  }
  return found.map((line) => ({ ...line, guesses, crowded: 2 * partial > guesses }));
}

/** A small picture, enlarged. @type {(colours: Image[]) => Image[]} */
function enlargedPicture(colours) {
  const [{ width, height }] = colours, times = Math.ceil(SMALLEST / Math.floor(Math.sqrt(width * height)));
  if (times <= 1) return colours;
  return colours.map((colour) => mapped(resized(colour, cubic, times * width, times * height), byte));
}

/** @type {(line: SegmentedLine) => number} */
const clarityOf = ({ segments }) => Math.max(...segments.map(({ clarity }) => clarity));

/** The clearest of lines that have so many candidates in all, and these.
 * @type {(lines: SegmentedLine[], most: number) => Candidates[]} */
function within(lines, most) {
  return lines.toSorted((a, b) => clarityOf(b) - clarityOf(a)).flatMap((line) => {
    const found = candidates(line);
    if (found.length > most) return [];
    most -= found.length;
    return [{ line, candidates: found }];
  });
}

/** @param {number} value */
const byte = (value) => Math.round(clamp(value, 0, 255));

/** The lines of the only guess; `imageOf` normalizes a digit.
 * @type {(foreground: Foreground, imageOf: typeof normalize) => Line[]} */
export function linesIn(foreground, imageOf) {
  const lines = segment(foreground);
  return digitsIn(foreground, lines, within(lines, CANDIDATES), 1, imageOf);
}

/** Those of a guess's lines that are `kept`, each candidate as a digit; a pixel is `scale` of the picture.
 * @type {(guess: Foreground, lines: SegmentedLine[], kept: Candidates[], scale: number, imageOf?: typeof normalize)
 *   => Line[]} */
function digitsIn({ darkness }, lines, kept, scale, imageOf = normalize) {
  const labels = blank(darkness.width, darkness.height), numbers = /** @type {Map<Segment, number>} */ (new Map());
  for (const segment of lines.flatMap(({ segments }) => segments)) {
    numbers.set(segment, numbers.size + 1);
    for (const i of segment.pixels) labels.data[i] = numbers.size;
  }
  return kept.map(({ line, candidates: all }) => {
    const digits = all.map(({ first, last }) => {
      const run = line.segments.slice(first, last), [start, end] = [run[0].stroke, run[run.length - 1].stroke];
      const whole = REST ? line.segments.filter(({ stroke }) => stroke >= start && stroke <= end) : run;
      const numbersOf = (/** @type {Segment[]} */ some) => new Set(some.map((one) => numbers.get(one)));
      return digitOf(darkness, labels, run, numbersOf(run), numbersOf(whole), scale, imageOf);
    });
    return { candidates: all, digits, guesses: 1 };
  });
}

/** A run of segments as a digit: their pixels and soft edges, and the rest of the `whole` that they are cut from.
 * @type {(darkness: Image, labels: Image, run: Segment[], own: Set<number | undefined>, whole: typeof own, scale: number,
 *   imageOf: typeof normalize) => Digit} */
function digitOf(darkness, labels, run, own, whole, scale, imageOf) {
  const { left, top, right, bottom } = boxOf(run.flatMap(({ pixels }) => pixels), darkness.width);
  const isCut = whole.size > own.size, longer = Math.max(right - left, bottom - top);
  const margin = isCut ? 2 + Math.floor(longer * NEAR / BOX) : 1;
  const outer = { left: left - margin, top: top - margin, right: right + margin, bottom: bottom + margin };
  const here = crop(labels, outer), mask = mapped(here, (label) => Number(own.has(label))), near = dilated(mask, 3).data;
  const dark = crop(darkness, outer), most = quantile(valuesIn(dark, mask), 0.5);
  const isStroke = (/** @type {number} */ i) => near[i] && (mask.data[i] || !here.data[i]);
  const strokes = mapped(dark, (value, i) => (isStroke(i) ? clamp(value / most, 0, 1) : 0));
  const rest = isCut ? mapped(here, (label) => Number(whole.has(label) && !own.has(label))) : undefined;
  const clarity = Math.max(...run.map((segment) => segment.clarity));
  const box = mappedBox({ left, top, right, bottom }, (n) => rounded(n * scale));
  return { image: imageOf(strokes, rest), box, clarity };
}

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
