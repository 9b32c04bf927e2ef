import { desired, exampleOf, meanCost, sgdStep } from "../backpropagation.js";
import { wantsStill, write } from "../elements.js";
import { axes, polyline, repeated, svg, text } from "../figure.js";
import { heldImages } from "../held.js";
import { outputsOf, sigmoid, weightedInputs } from "../network.js";
import { rightDigit, untrained } from "../small.js";

const RATES = [0.1, 3, 30]; // that crawl, learn and overshoot
const BEHIND = 2.5, AHEAD = 1.5; // steps of a path that are in view
const PLACES = [...evenly(0, 1, 60), ...evenly(1, BEHIND + AHEAD, 10)]; // of a valley that are drawn, in steps
const LEAP = 600, PACE = 200; // milliseconds of a step, and from one to the next
const STEPS = 100; // of going on
const ARROW = 42; // pixels of the slope

/** Evenly spaced places from one to another, `count` per step. @type {(from: number, to: number, count: number) => number[]} */
function evenly(from, to, count) {
  return Array.from({ length: Math.round((to - from) * count) + 1 }, (_, i) => from + i / count);
}

/** The descents, by rate, of one untrained network on the visitor's digit and one image of each other digit; and when the
 * newest step began. A path has a point for each step; `terrain` is the cost along it, at distances in steps.
 * @typedef {{ next: Layer[]; costAt: (steps: number) => number; points: Point[] }} Valley
 * @typedef {{ rate: number; batch: Example[]; layers: Layer[]; costs: number[]; terrain: Point[]; before?: Valley; valley: Valley }} Run */
export const descents = {
  image: /** @type {Float32Array | null} */ (null), start: /** @type {Layer[]} */ ([]), runs: /** @type {Run[]} */ ([]), since: 0, frame: 0,
  examples: /** @type {Example[]} */ ([]),
};
const steps = repeated(step, PACE, STEPS);

/** Gradient descent as balls in valleys, at three learning rates. @type {Stop} */
export const descent = {
  title: "Gradient descent rolls down the cost", section: ["chap1.html#learning_with_gradient_descent", "Learning with gradient descent"],
  text: "A step changes all weights in the direction in which the cost C falls fastest. A valley shows C in this direction; its arrow shows the slope at the ball. A step is as long as the slope times the learning rate η: press Step, and see what three rates do to the same untrained network.",
  figure: "Three valleys of the cost, for the learning rates 0.1, 3 and 30, each with a ball and its path; below, the cost after each step",
  question: "After one step C stays at 0.5. What has happened?",
  answers: [["η is too small", "No: C would go on falling, slowly."], ["η is too large", "Right: the step overshot to where all outputs are near 0. The slope is flat there, so nothing more is learned."], ["Learning is done", "No: then C would be near 0."]],
  controls: `<button id="descent-step" type="button">Step</button> <button id="descent-go" type="button">Go on</button> <button id="descent-again" type="button">Start over</button>`,
  on: {
    "descent-step": () => { steps.stop(); step(); },
    "descent-go": steps.toggle,
    "descent-again": () => { steps.stop(); descents.image = null; },
  },
  async arrive() {
    const mnist = await heldImages();
    descents.examples = Array.from({ length: 10 }, (_, digit) => exampleOf(mnist, mnist.bytes.indexOf(digit)));
    dispatchEvent(new Event("shown"));
  },
  leave: steps.stop,
  draw({ image, width, height }) {
    if (!descents.examples.length) return [[], ""];
    if (descents.image !== image) begin(image);
    const { runs, since } = descents, elapsed = (performance.now() - since) / (steps.isOn() ? PACE : LEAP);
    const share = wantsStill() || runs[0].costs.length === 1 ? 1 : Math.min(1, elapsed); // of the newest step
    cancelAnimationFrame(descents.frame);
    if (share < 1) descents.frame = requestAnimationFrame(() => dispatchEvent(new Event("shown")));
    write("descent-go", steps.isOn() ? "Pause" : "Go on");
    const words = sentenceOf(image);
    return [partsOf(share, width, height), steps.isOn() ? words : { lasting: words }];
  },
};

/** All three begin with the same network. @param {Float32Array} image */
function begin(image) {
  const digit = rightDigit(image), layers = untrained();
  const batch = descents.examples.with(digit, { image, y: desired(digit) });
  const runs = RATES.map((rate) => {
    const valley = valleyOf(layers, batch, rate), terrain = /** @type {Point[]} */ (evenly(-1, 0, 20).map((steps) => [steps, valley.costAt(steps)]));
    return { rate, batch, layers, costs: [meanCost(layers, batch)], terrain, valley };
  });
  steps.stop();
  Object.assign(descents, { image, runs, start: layers });
}

/** The cost along the gradient on examples, at any number of steps of this rate; and the layers after one step. Weights change
 * evenly along the way, and so do the weighted inputs of the hidden neurons, which therefore need not be summed again.
 * @type {(layers: Layer[], batch: Example[], rate: number) => Valley} */
function valleyOf(layers, batch, rate) {
  const next = structuredClone(layers);
  sgdStep(next, batch, rate);
  const between = (/** @type {Float32Array} */ from, /** @type {Float32Array} */ to, /** @type {number} */ share) => (
    from.map((value, i) => value + share * (to[i] - value))
  );
  const sums = batch.map(({ image }) => [layers, next].map(([first]) => weightedInputs(first, image)));
  const costAt = (/** @type {number} */ steps) => {
    const weights = between(layers[1].weights, next[1].weights, steps), biases = between(layers[1].biases, next[1].biases, steps);
    return meanCost([{ weights, biases }], sums.map(([here, there], i) => (
      { image: between(here, there, steps).map(sigmoid), y: batch[i].y }
    )));
  };
  return { next, costAt, points: PLACES.map((steps) => [steps, costAt(steps)]) };
}

/** The points of a valley, moved right by `start` steps. @type {(points: Point[], start: number) => Point[]} */
const beyond = (points, start) => points.map(([steps, cost]) => [start + steps, cost]);

/** Makes a step of each descent. */
function step() {
  for (const run of descents.runs) {
    const { valley, batch, rate, costs } = run;
    run.terrain.push(...beyond(valley.points.filter(([steps]) => steps <= 1), costs.length - 1));
    Object.assign(run, { layers: valley.next, before: valley, valley: valleyOf(valley.next, batch, rate) });
    costs.push(meanCost(valley.next, batch));
  }
  descents.since = performance.now();
}

/** Three valleys, side by side or one below another; below them, how the cost went. @type {(share: number, width: number, height: number) => Node[]} */
function partsOf(share, width, height) {
  const isWide = width > 520, row = isWide ? height * 0.56 : 160, column = isWide ? width / 3 : width;
  const most = Math.ceil(2 * descents.runs[0].costs[0]) / 2, ys = { from: 0, to: most, ticks: [0, 0.5, 1, 1.5, 2].filter((tick) => tick <= most), label: "C" };
  return [...descents.runs.flatMap((run, n) => {
    const left = isWide ? column * n : 0, top = isWide ? 0 : row * n;
    return valleyParts(run, share, { left: left + 34, top: top + 32, right: left + column - 8, bottom: top + row - 40 }, ys);
  }), ...costParts({ left: 34, top: (isWide ? row : 3 * row) + 28, right: width - 64, bottom: height - 40 }, ys)];
}

/** A valley in a box: the ground, the ball, which leaps over it from step to step, its path so far, and, where it lies, the slope.
 * @type {(run: Run, share: number, box: Box, ys: AxisOf) => Node[]} */
function valleyParts({ rate, costs, terrain, before, valley }, share, { left, top, right, bottom }, ys) {
  const count = costs.length - 1, isLeaping = share < 1 && before, base = isLeaping ? count - 1 : count;
  const at = isLeaping ? base + share : base, cost = isLeaping ? costs[base] + share * (costs[count] - costs[base]) : costs[base];
  const from = Math.max(-0.5, at - BEHIND), to = from + BEHIND + AHEAD, ticks = [0, 1, 2, 3, 4].map((n) => Math.ceil(from) + n).filter((tick) => tick <= to);
  const { x, y, node } = axes({ left, top, right, bottom }, { from, to, ticks, label: "distance in steps" }, ys);
  const onPage = (/** @type {Point[]} */ points) => points.map(([steps, cost]) => [x(steps), y(cost)]);
  const passed = terrain.filter(([steps]) => steps >= from - 1 && steps <= base), { points } = isLeaping ? before : valley;
  const ground = onPage([...passed, ...beyond(points, base)]);
  const path = onPage([...costs.slice(0, base + 1).map((value, n) => /** @type {Point} */ ([n, value])), [at, cost]]);
  const [ball] = path.slice(-1), slope = (valley.costAt(0.01) - valley.costAt(-0.01)) / 0.02;
  const along = [x(1) - x(0), y(slope) - y(0)], [dx, dy] = along.map((part) => part / Math.hypot(...along)), tip = [ball[0] + ARROW * dx, ball[1] + ARROW * dy];
  const head = [4, -4].map((side) => [tip[0] - 8 * dx + side * dy, tip[1] - 8 * dy - side * dx]);
  const frame = { x: left, y: top, width: right - left, height: bottom - top };
  return [
    node, text((left + right) / 2, top - 10, `η = ${rate}:  C = ${cost.toFixed(2)}`, "middle", "strong"),
    svg("svg", { ...frame, viewBox: `${left} ${top} ${frame.width} ${frame.height}` }, // which clips
      svg("polygon", { points: [[ground[0][0], bottom], ...ground, [right, bottom]].join(" "), class: "ground" }),
      polyline(ground, "ahead"), polyline(path, "curve"),
      ...path.slice(0, -1).map(([cx, cy]) => svg("circle", { cx, cy, r: 3.5, class: "step" }))),
    ...(isLeaping ? [] : [svg("path", { d: `M${ball}L${tip}M${head[0]}L${tip}L${head[1]}`, class: "slope" })]),
    svg("circle", { cx: ball[0], cy: ball[1], r: 7, class: "point" }),
  ];
}

/** The cost after each step, for all rates, named at the end of their lines. @type {(box: Box, ys: AxisOf) => Node[]} */
function costParts(box, ys) {
  const { runs } = descents, count = runs[0].costs.length - 1, last = [10, 20, 50, 100, 200, 500].find((end) => end >= count) ?? count;
  const { x, y, node } = axes(box, { from: 0, to: last, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1].map((part) => part * last), label: "steps" }, { ...ys, label: "C after each step" });
  let lowest = -Infinity; // of the names so far, from the top
  const names = runs.toSorted((p, q) => (q.costs.at(-1) ?? 0) - (p.costs.at(-1) ?? 0)).map(({ rate, costs }) => {
    lowest = Math.max(lowest + 16, y(costs[count]) + (count ? 5 : -11));
    return text(x(count) + 8, lowest, `η = ${rate}`, "start");
  });
  return [node, ...runs.map(({ costs }, n) => polyline(costs.map((cost, step) => [x(step), y(cost)]), `curve rate${n}`)), ...names];
}

/** What C is now, and of a run that is stuck, why. @param {Float32Array} image */
function sentenceOf(image) {
  const { runs } = descents, count = runs[0].costs.length - 1, costs = runs.map(({ costs }) => (costs[count] ?? 0).toFixed(2));
  if (!count) return `Ten digits, yours among them: C = ${costs[0]} before the first step.`;
  const stuck = runs.find(({ layers }) => Math.max(...outputsOf(layers, image)) < 0.01);
  const reason = stuck ? ` η = ${stuck.rate} has jumped over the valley to where all ten outputs are 0. C is flat there, so it stays at 0.5.` : "";
  return `After ${count} step${count > 1 ? "s" : ""} C is ${runs.map(({ rate }, n) => `${costs[n]} with η = ${rate}`).join(", ")}.${reason}`;
}
