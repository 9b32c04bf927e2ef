// A network that reads along a line: as in digits/handwriting/line_network.py, and with the same weights.

import { half, product } from "./eye.js";
import { bytesOf, held, unpacked } from "../held.js";
import { sigmoid } from "../network/feedforward.js";

const { LAYERS, BLANK, BEAM, SHOWN, UNLIKELY } = held.constants.line_network;

let learned = /** @type {Layer[] | undefined} */ (undefined);

/** The logarithms of the probabilities of each digit, and of none, at each place of a strip.
 * @type {(planes: { dark: Image; sure: Image }) => Float64Array[]} */
export function outputs({ dark, sure }) {
  learned ??= unpacked(bytesOf(held.line.packed).buffer, held.line.sizes, Int8Array);
  const planes = [half(dark), half(sure)];
  let [{ width, height }] = planes;
  let z = /** @type {Float64Array} */ (new Float64Array(0));
  let a = /** @type {Float64Array} */ (new Float64Array(2 * width * height)); // by rows, columns, neurons
  for (let i = 0; i < width * height; i++) [a[2 * i], a[2 * i + 1]] = planes.map(({ data }) => data[i]);
  for (const [n, { weights, biases }] of learned.entries()) {
    const [, [rows, columns], [down, across]] = LAYERS[n];
    const above = rows === down ? 0 : rows >> 1;
    const k = weights.length / biases.length;
    const depth = k / rows / columns;
    const [high, wide] = [Math.floor((height + 2 * above - rows) / down) + 1, Math.ceil(width / across)];
    const seen = new Float64Array(high * wide * k);
    for (let place = 0; place < high * wide; place++) {
      const top = Math.floor(place / wide) * down - above;
      const left = (place % wide) * across - (columns >> 1);
      for (let row = 0; row < rows; row++) {
        if (top + row < 0 || top + row >= height) continue;
        for (let column = Math.max(0, -left); column < columns && left + column < width; column++) {
          const from = ((top + row) * width + left + column) * depth;
          const to = place * k + row * columns + column;
          for (let c = 0; c < depth; c++) seen[to + c * rows * columns] = a[from + c];
        }
      }
    }
    z = product(seen, high * wide, k, weights, 0, k, biases.length);
    for (let i = 0; i < z.length; i++) z[i] += biases[i % biases.length];
    [a, width, height] = [z.map(sigmoid), wide, high];
  }
  return Array.from({ length: width }, (_, t) => {
    const here = z.subarray(11 * t, 11 * t + 11);
    const most = Math.max(...here);
    const total = Math.log(here.reduce((sum, value) => sum + Math.exp(value - most), 0)) + most;
    return here.map((value) => value - total);
  });
}

/** The likeliest numbers in logarithms of probabilities, the best first, by prefix beam search.
 * @type {(log: Float64Array[]) => Numeral[]} */
export function numbers(log) {
  const p = log.map((here) => here.map(Math.exp));
  let beams = /** @type {[prefix: string, Beam][]} */ ([["", [1, 0, []]]]);
  let scale = 0;
  for (const [t, here] of p.entries()) {
    const likely = [...Array(BLANK).keys()].filter((digit) => here[digit] > UNLIKELY);
    const longer = new Map();
    const add = (/** @type {string} */ prefix, /** @type {Beam} */ [blank, digit, places]) => {
      const [b, d, at] = longer.get(prefix) ?? [0, 0, places]; // the likelier way says where its digits are
      longer.set(prefix, [b + blank, d + digit, b + d >= blank + digit ? at : places]);
    };
    for (const [prefix, [blank, digit, places]] of beams) {
      const last = prefix ? Number(prefix.at(-1)) : -1;
      const place = places.at(-1) ?? 0;
      const isSurer = prefix && t - place < 4 && here[last] > p[place][last];
      add(prefix, [
        (blank + digit) * here[BLANK],
        prefix ? digit * here[last] : 0,
        isSurer ? places.with(-1, t) : places,
      ]);
      for (const d of likely) add(prefix + d, [0, (d === last ? blank : blank + digit) * here[d], [...places, t]]);
    }
    const kept = likeliest([...longer], BEAM);
    const total = kept.reduce((sum, [, [b, d]]) => sum + b + d, 0) || 1e-300;
    scale += Math.log(total);
    beams = kept.map(([prefix, [b, d, places]]) => [prefix, [b / total, d / total, places]]);
  }
  return likeliest(beams, SHOWN).map(([digits, [b, d, places]]) => ({
    digits,
    likelihood: Math.log(b + d + 1e-300) + scale,
    places,
  }));
}

/** @type {(beams: [string, Beam][], most: number) => [string, Beam][]} */
const likeliest = (beams, most) => beams.sort(([, [b, d]], [, [e, f]]) => e + f - b - d).slice(0, most);
