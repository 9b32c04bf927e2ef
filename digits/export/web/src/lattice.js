// Which segments of a line are digits: every run of a few is a candidate, and the best path through their lattice is
// found by dynamic programming (Viterbi). As in digits/handwriting/lattice.py.

import { around } from "./components.js";
import { held } from "./held.js";
import { clamp } from "./images.js";

const { SEGMENTS, BROAD, BREAK, GAP, SHORT, LONG, SKIP, UNSURE, DOUBT } = held.constants.lattice;

/** The runs of segments that may be a digit, by where they begin. @type {(line: SegmentedLine) => Candidate[]} */
export function candidates({ height, segments }) {
  const found = [], cut = segments.slice(1).map((segment, n) => segment.stroke === segments[n].stroke);
  const wide = cut.map((_, n) => Math.max(0, segments[n + 1].left - segments[n].right) / height);
  const gaps = cut.map((isCut, n) => (isCut ? 0 : GAP[0] + GAP[1] * wide[n]));
  for (let first = 0; first < segments.length; first++) {
    for (let last = first + 1; last <= Math.min(first + SEGMENTS, segments.length); last++) {
      const run = segments.slice(first, last), { left, top, right, bottom } = around(run);
      if (right - left > BROAD * height && run.length > 1) break;
      const ends = Number(first > 0 && cut[first - 1]) + Number(last < segments.length && cut[last - 1]);
      const breaks = gaps.slice(first, last - 1).reduce((sum, gap) => sum + gap, 0) + ends / 2;
      const [width, high] = [(right - left) / height, (bottom - top) / height];
      found.push({ first, last, width, height: high, breaks, clipped: run.every(({ clipped }) => clipped) });
    }
  }
  return found;
}

/** The best path, given ten outputs of each candidate. @type {(all: Candidate[], outputs: Float32Array[]) => Step[]} */
export function bestPath(all, outputs) {
  const best = [0], steps = /** @type {Step[]} */ ([]);
  all.forEach(({ first, last, width, height, breaks, clipped }, number) => {
    const a = Array.from(outputs[number], (value) => clamp(value, UNSURE, 1 - UNSURE)), most = Math.max(...a);
    const none = a.reduce((sum, value) => sum + Math.log(1 - value), 0);
    const digit = none + Math.log(most) - Math.log(1 - most);
    const penalty = BREAK * breaks + SHORT[1] * Math.max(0, SHORT[0] - height) + LONG[1] * Math.max(0, width - LONG[0]);
    const ways = [{ score: digit - penalty, isDigit: true }];
    if (last === first + 1) ways.push({ score: none - Number(!clipped) * SKIP * Math.min(height, 1), isDigit: false });
    for (const { score, isDigit } of ways) {
      if (best[first] + score > (best[last] ?? -Infinity)) {
        best[last] = best[first] + score;
        steps[last] = [number, isDigit];
      }
    }
  });
  const path = [];
  for (let end = best.length - 1; end > 0; end = all[steps[end][0]].first) path.unshift(steps[end]);
  return path;
}

/** How sure the network is of a path: its mean activation across the digits, 0 if there are none.
 * @type {(all: Candidate[], outputs: Float32Array[], path: Step[]) => number} */
export function confidence(all, outputs, path) {
  let sure = 0, wide = 0;
  for (const [n, isDigit] of path) {
    const { width, height, breaks, clipped } = all[n];
    if (isDigit) {
      sure += width * Math.max(...outputs[n]);
      wide += width + DOUBT * breaks;
    } else if (!clipped && height > SHORT[0]) wide += width;
  }
  return sure / Math.max(wide, 1e-9);
}
