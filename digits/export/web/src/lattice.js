// Which segments of a line are digits: every run of a few is a candidate, and the best paths through their lattice
// are found by dynamic programming (Viterbi). As in digits/handwriting/lattice.py.

import { around } from "./components.js";
import { held } from "./held.js";
import { clamp } from "./images.js";

const { SEGMENTS, BROAD, UNSEEN, PATHS, DIGITS } = held.constants.lattice;
const { GAP, APART, CUT, SHORT, LOW, LOW_ZERO, LONG, WIDE, CLIPPED, SKIP, UNSURE, DOUBT } = held.constants.fitted;

/** The runs of segments that may be a digit, by where they begin. @type {(line: SegmentedLine) => Candidate[]} */
export function candidates({ height, segments }) {
  const found = [], cuts = [0, ...segments.map(({ cut }) => CUT * UNSEEN * cut)];
  const gaps = segments.slice(1).map(({ stroke, left }, n) => (
    stroke === segments[n].stroke ? 0 : GAP + APART * Math.max(0, left - segments[n].right) / height
  ));
  for (let first = 0; first < segments.length; first++) {
    for (let last = first + 1; last <= Math.min(first + SEGMENTS, segments.length); last++) {
      const run = segments.slice(first, last), { left, top, right, bottom } = around(run);
      if (right - left > BROAD * height && run.length > 1) break;
      const breaks = gaps.slice(first, last - 1).reduce((sum, gap) => sum + gap, cuts[first] + cuts[last]);
      const [width, high] = [(right - left) / height, (bottom - top) / height];
      found.push({ first, last, width, height: high, breaks, clipped: run.every(({ clipped }) => clipped) });
    }
  }
  return found;
}

/** The best PATHS, each of other digits, the best first, given ten outputs of each candidate.
 * @type {(all: Candidate[], outputs: Float32Array[]) => Path[]} */
export function bestPaths(all, outputs) {
  const start = /** @type {Path} */ ({ said: "", score: 0, steps: [] }), paths = [new Map([["", start]])]; // to a node
  const best = (/** @type {number} */ n) => [...paths[n].values()].sort((a, b) => b.score - a.score).slice(0, PATHS);
  all.forEach(({ first, last, width, height, breaks, clipped }, number) => {
    const a = Array.from(outputs[number], (value) => clamp(value, UNSURE, 1 - UNSURE));
    const none = a.reduce((sum, value) => sum + Math.log(1 - value), 0);
    const long = LONG * Math.max(0, width - WIDE) + CLIPPED * Number(clipped);
    const penalty = (/** @type {number} */ digit) => (
      breaks + SHORT * Math.max(0, (digit === 0 ? LOW_ZERO : LOW) - height) + long
    );
    const likely = /** @type {(number | null)[]} */ ([...a.keys()].sort((p, q) => a[q] - a[p]).slice(0, DIGITS));
    if (last === first + 1) likely.push(null);
    const scores = likely.map((digit) => (digit === null
      ? none - Number(!clipped) * SKIP * Math.min(height, 1)
      : none + Math.log(a[digit] / (1 - a[digit])) - penalty(digit)));
    const there = paths[last] ?? new Map();
    paths[last] = there;
    for (const path of best(first)) {
      likely.forEach((digit, n) => {
        const said = path.said + (digit ?? ""), score = path.score + scores[n];
        if (score <= (there.get(said)?.score ?? -Infinity)) return;
        there.set(said, { said, score, steps: [...path.steps, [number, digit]] });
      });
    }
  });
  return best(paths.length - 1);
}

/** How sure the network is of a path: its mean activation across the digits, 0 if there are none.
 * @type {(all: Candidate[], outputs: Float32Array[], steps: Path["steps"]) => number} */
export function confidence(all, outputs, steps) {
  let sure = 0, wide = 0;
  for (const [n, digit] of steps) {
    const { width, height, breaks, clipped } = all[n];
    if (digit !== null) {
      sure += width * outputs[n][digit];
      wide += width + DOUBT * breaks;
    } else if (!clipped && height > LOW) wide += width;
  }
  return sure / Math.max(wide, 1e-9);
}
