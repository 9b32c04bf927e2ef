import { desired, exampleOf, quadraticCost, quadraticDelta } from "../network/backprop.js";
import { find, write } from "../shell/elements.js";
import { clamp } from "../reading/images.js";
import { feedforward, imagesOf, sigmoid, weightedInputs } from "../network/feedforward.js";
import { rightDigit, small } from "./small.js";
import { arrow, axes, circle, number, part, polyline, repeated, rounded, stop, text } from "./figure.js";

const RATES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]; // by a single bias that moves, each slope is small
const IMAGES = 300; // test images in the cost, beside the visitor's
const [FROM, TO] = [-12, 12]; // biases in view
const START = 8; // the bias of every trail at first
const [PACE, STEPS] = [200, 40]; // milliseconds from one step to the next, and steps of going on
const MOST = 3; // trails
const EXAMPLES = [5, 50, 500]; // rates of the trails on paper

/** A descent: its learning rate, and the bias before each step and now. @typedef {{ rate: number; path: number[] }} Trail */

/** The bias of the right output, by which alone the cost is to fall: for each image, the output's weighted input z without
 * it, and the desired output y; `rest` is the cost of the other outputs. */
const descents = {
  image: /** @type {Float32Array | null} */ (null),
  digit: 0,
  samples: [{ z: 0, y: 0 }],
  rest: 0,
  rate: 4, // its place in RATES
  trails: /** @type {Trail[]} */ ([]),
  ground: [[0]],
};
const steps = repeated(step, PACE, STEPS);

/** A trail from the start, beside the newest ones. */
function begin() {
  steps.stop();
  const made = descents.trails.filter(({ path }) => path.length > 1).slice(1 - MOST);
  descents.trails = [...made, { rate: RATES[descents.rate], path: [START] }];
}

/** Gradient descent in a valley, the cost as a function of one bias. */
export const descent = stop({
  on: {
    "descent-step": steps.once,
    "descent-go": steps.toggle,
    "descent-rate": ({ value }) => {
      descents.rate = Number(value);
      begin();
    },
    "descent-again": () => {
      descents.trails = [];
      begin();
    },
  },
  leave: steps.stop,
  isPlaying: steps.isOn,

  model: modelOf,
  example: (seen) => modelOf(seen, EXAMPLES),

  says({ digit, costs, rate, bias, steps, slope, ground }) {
    const cost = number(costs[costs.length - 1], 3);
    if (!steps)
      return `Output ${digit} has a bias of ${START} here, so it fires at nearly every image: C = ${cost}. The slope is ${number(slope, 4)}: C rises with the bias, so the bias must fall.`;
    const after = `η = ${rate}: after ${steps} step${steps > 1 ? "s" : ""} b = ${number(bias)} and C = ${cost}.`;
    if (costs[costs.length - 1] < Math.min(...ground.map(([, cost]) => cost)) + 0.005)
      return `${after} This is the bottom of the valley, or close to it: the slope, and with it the step, is small.`;
    if (Math.abs(slope) < 0.0002)
      return `${after} The ground is flat here, but not the bottom: the slope is almost 0, and the bias hardly moves.`;
    return `${after} The slope is ${number(slope, 4)}, so the next step leads ${slope > 0 ? "left" : "right"}, downhill.`;
  },

  draw({ digit, trails, ground, costs, rate, bias, slope, change, next }, { width, height }) {
    find("descent-rate", HTMLInputElement).value = `${descents.rate}`;
    write("descent-eta", `Learning rate η = ${rate}`);
    write("descent-go", steps.isOn() ? "Pause" : "Go on");
    const box = { left: 44, right: width - 16, top: 30, bottom: height - 78 };
    const most = Math.ceil(10 * Math.max(...ground.map(([, cost]) => cost))) / 10;
    const { x, y, svg } = axes(
      box,
      { from: FROM, to: TO, ticks: [-12, -8, -4, 0, 4, 8, 12], label: `bias b of output ${digit}` },
      { from: 0, to: most, ticks: [0, 0.1, 0.2, 0.3, 0.4, 0.5].filter((c) => c <= most), label: "average cost C" },
    );
    const inView = (/** @type {number} */ bias) => clamp(bias, FROM, TO);
    const at = (/** @type {number} */ bias) => [x(inView(bias)), y(costAt(inView(bias)))];
    const hops = (/** @type {Trail} */ { path }, /** @type {number} */ n) =>
      polyline(path.map(at), n === trails.length - 1 ? "curve" : "jump") +
      path.map((bias) => circle(at(bias)[0], at(bias)[1], 3, "step")).join("");
    const ends = trails.map(({ rate, path }, n) => {
      const last = path[path.length - 1];
      const [u, v] = at(last);
      const isOut = last !== inView(last);
      const [side, anchor] = last < 0 ? [1, "start"] : [-1, "end"];
      const out = `${arrow([u + 30 * side, v - 16], [u, v - 16], "red")} ${text(u + 36 * side, v - 11, `out of the plot, to b = ${number(last)}`, anchor, "haloed")}`;
      const row = box.top + 22 * n + 18;
      return `${isOut ? out : circle(u, v, 8, n === trails.length - 1 ? "point" : "step")}
        ${text(box.left + 8, row, `η = ${rate}: C = ${number(costs[n], 3)} after ${path.length - 1} step${path.length === 2 ? "" : "s"}`, "start", n === trails.length - 1 ? "strong haloed" : "haloed")}`;
    });
    const tangent = [-1.5, 1.5].map((d) => [x(inView(bias) + d), y(costAt(bias) + d * slope)]);
    const places = ground.map(([bias, cost]) => [x(bias), y(cost)]);
    return `${svg} ${part("valley|ground", polyline(places, "ahead"))} ${trails.map(hops).join("")}
      ${part("slope", bias === inView(bias) ? polyline(tangent, "slope") : "")} ${ends.join("")}
      ${bias === inView(bias) && change ? arrow([x(bias), box.bottom], [x(inView(next)), box.bottom], change > 0 ? "blue" : "red") : ""}
      ${text((box.left + box.right) / 2, height - 6, `${width > 560 ? "next step = −η × slope" : "next step"} = −${rate} × ${number(slope, 4)} = ${number(-change)}`, "middle", "strong")}`;
  },
});

/** The valley, with the visitor's trails or those of other rates; the numbers are the newest trail's.
 * @param {Seen} seen @param {number[]} [rates] */
function modelOf({ image, layers }, rates) {
  const digit = rightDigit(image);
  if (small.mnist && (descents.image !== image || descents.digit !== digit)) survey(image, digit, layers, small.mnist);
  const { ground } = descents;
  const trails = rates?.map((rate) => ({ rate, path: pathOf(rate) })) ?? descents.trails;
  const { rate, path } = trails[trails.length - 1];
  const bias = path[path.length - 1];
  const costs = trails.map(({ path }) => costAt(path[path.length - 1]));
  return { digit, trails, ground, costs, rate, bias, steps: path.length - 1, ...stepFrom(bias, rate) };
}

/** All biases of a trail of STEPS steps. @param {number} rate */
function pathOf(rate) {
  const path = [START];
  while (path.length <= STEPS) path.push(stepFrom(path[path.length - 1], rate).next);
  return path;
}

/** What the cost of all images depends on. @type {(image: Float32Array, digit: number, layers: Layer[], mnist: Mnist) => void} */
function survey(image, digit, layers, mnist) {
  const output = layers[layers.length - 1];
  const tests = Array.from({ length: IMAGES }, (_, i) => exampleOf(mnist, mnist.train + i));
  const examples = [{ image, y: desired(digit) }, ...tests];
  const [, hidden, outputs] = feedforward(layers, imagesOf(examples));
  const others = outputs.map((a, i) => quadraticCost(a.with(digit, examples[i].y[digit]), examples[i].y));
  Object.assign(descents, {
    image,
    digit,
    trails: [],
    rest: others.reduce((sum, cost) => sum + cost) / examples.length,
    samples: hidden.map((a, i) => ({
      z: weightedInputs(output, a)[digit] - output.biases[digit],
      y: examples[i].y[digit],
    })),
  });
  descents.ground = Array.from({ length: 4 * (TO - FROM) + 1 }, (_, n) => FROM + n / 4).map((b) => [b, costAt(b)]);
  begin();
}

/** The mean over all images of what a function makes of the output and of the desired one, at a bias.
 * @type {(bias: number, of: (a: number, y: number) => number) => number} */
function average(bias, of) {
  const { samples } = descents;
  return samples.reduce((sum, { z, y }) => sum + of(sigmoid(z + bias), y), 0) / samples.length;
}
/** The cost at a bias. @param {number} bias */
const costAt = (bias) => descents.rest + average(bias, (a, y) => (y - a) ** 2 / 2);

/** The slope dC/db at a bias (BP3), what a step takes from the bias, and where it leads, as they are shown.
 * @type {(bias: number, rate: number) => { slope: number; change: number; next: number }} */
function stepFrom(bias, rate) {
  const slope = rounded(average(bias, quadraticDelta), 4);
  const change = rounded(rate * slope);
  return { slope, change, next: rounded(bias - change) };
}

/** Makes a step of the newest trail. */
function step() {
  const { rate, path } = descents.trails[descents.trails.length - 1];
  path.push(stepFrom(path[path.length - 1], rate).next);
}
