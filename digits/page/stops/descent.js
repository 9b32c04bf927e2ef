import { desired, exampleOf, quadraticCost, quadraticDelta } from "../network/backprop.js";
import { wantsStill, write } from "../shell/elements.js";
import { feedforward, sigmoid, weightedInputs } from "../network/feedforward.js";
import { rightDigit, small } from "./small.js";
import { axes, circle, number, polyline, repeated, text } from "./figure.js";

const RATES = [5, 50, 800]; // that crawl, learn and overshoot, as a single bias moves
const IMAGES = 300; // test images in the cost, beside the visitor's
const SHIFT = 8; // from the bias that was learned to where the descents begin
const [FROM, TO, MOST] = [-64, 12, 0.6]; // biases and costs in view; η = 800 leapt to -62 at most, in 1,500 trained outputs
const [LEAP, PACE] = [600, 200]; // milliseconds of a step, and from one to the next
const STEPS = 100; // of going on
const [ARROW, STEEP] = [42, 0.03]; // pixels of the arrow, and a slope for which it is that long

/** The bias of the right output, by which alone the cost is to fall: for each image, the output's weighted input z without
 * it, and the desired output y; `rest` is the cost of the other outputs. A path has the biases of a descent, one per step;
 * `since` is when the newest step began. @typedef {{ z: number; y: number }} Sample */
const descents = {
  image: /** @type {Float32Array | null} */ (null),
  digit: 0,
  samples: /** @type {Sample[]} */ ([]),
  rest: 0,
  paths: [[0]],
  since: 0,
  frame: 0,
};
const steps = repeated(step, PACE, STEPS);
const last = (path) => path[path.length - 1];

/** Gradient descent as a ball in a valley, at three learning rates. @type {Stop} */
export const descent = {
  on: {
    "descent-step": () => {
      steps.stop();
      step();
    },
    "descent-go": steps.toggle,
    "descent-again": () => {
      steps.stop();
      descents.image = null;
    },
  },
  leave: steps.stop,
  isPlaying: steps.isOn,

  model({ image, layers }) {
    if (descents.image !== image && small.mnist) begin(image, layers, small.mnist);
    const { digit, paths } = descents;
    const biases = paths.map(last);
    const [costs, slopes] = [biases.map(costAt), biases.map(slopeOf)];
    const stuck = biases.findIndex((bias) => average(bias, (a) => a) < 0.01); // the descent on flat ground, or -1
    return { digit, paths, costs, slopes, stuck, steps: paths[0].length - 1 };
  },

  says({ digit, costs, stuck, steps }) {
    if (!steps) {
      return `The bias of output ${digit} starts ${SHIFT} too high, so output ${digit} fires for nearly every image, and C = ${number(costs[0])}. One bias that moves alone needs large rates; when all weights and biases move at once, η = 3 is enough.`;
    }
    const all = RATES.map((rate, n) => `${number(costs[n])} with η = ${rate}`).join(", ");
    const reason = ` η = ${RATES[stuck]} has leapt over the valley, to where output ${digit} is near 0 for every image. The ground is flat there, so the ball hardly moves.`;
    return `After ${steps} step${steps > 1 ? "s" : ""} C is ${all}.${stuck < 0 ? "" : reason}`;
  },

  // Three valleys, side by side or one below another.
  draw({ digit, paths, costs, slopes }, { width, height }) {
    const elapsed = (performance.now() - descents.since) / (steps.isOn() ? PACE : LEAP);
    const share = wantsStill() || paths[0].length === 1 ? 1 : Math.min(1, elapsed); // of the newest step
    cancelAnimationFrame(descents.frame);
    if (share < 1) descents.frame = requestAnimationFrame(() => dispatchEvent(new Event("shown")));
    write("descent-go", steps.isOn() ? "Pause" : "Go on");
    const isWide = width > 520;
    const [wide, high] = isWide ? [width / 3, height] : [width, (height - 18) / 3];
    const ground = Array.from({ length: 4 * (TO - FROM) + 1 }, (_, n) => FROM + n / 4).map((bias) => [
      bias,
      costAt(bias),
    ]);
    const valleys = paths.map((path, n) => {
      const [left, top] = isWide ? [wide * n, 0] : [0, high * n];
      const label = isWide || n === 2 ? `bias b of output ${digit}` : "";
      const box = { left: left + 34, top: top + 30, right: left + wide - 8, bottom: top + high - (isWide ? 40 : 22) };
      return valley({ rate: RATES[n], path, cost: costs[n], slope: slopes[n] }, ground, share, box, label);
    });
    return valleys.join("");
  },
};

/** All three descents begin at the same bias, of the output for the visitor's digit.
 * @type {(image: Float32Array, layers: Layer[], mnist: Mnist) => void} */
function begin(image, layers, mnist) {
  steps.stop();
  const digit = rightDigit(image);
  const output = layers[layers.length - 1];
  const tests = Array.from({ length: IMAGES }, (_, i) => exampleOf(mnist, mnist.train + i));
  const examples = [{ image, y: desired(digit) }, ...tests];
  const [, hidden, outputs] = feedforward(
    layers,
    examples.map((example) => example.image),
  );
  const others = outputs.map((a, i) => quadraticCost(a.with(digit, examples[i].y[digit]), examples[i].y));
  Object.assign(descents, {
    image,
    digit,
    paths: RATES.map(() => [output.biases[digit] + SHIFT]),
    rest: others.reduce((sum, cost) => sum + cost) / examples.length,
    samples: hidden.map((a, i) => ({
      z: weightedInputs(output, a)[digit] - output.biases[digit],
      y: examples[i].y[digit],
    })),
  });
}

/** The mean over all images of what a function makes of the output and of the desired one, at a bias.
 * @type {(bias: number, of: (a: number, y: number) => number) => number} */
function average(bias, of) {
  const { samples } = descents;
  return samples.reduce((sum, { z, y }) => sum + of(sigmoid(z + bias), y), 0) / samples.length;
}
/** The cost at a bias. @param {number} bias */
const costAt = (bias) => descents.rest + average(bias, (a, y) => (y - a) ** 2 / 2);
/** Its slope there, dC/db (BP3). @param {number} bias */
const slopeOf = (bias) => average(bias, quadraticDelta);

/** Makes a step of each descent. */
function step() {
  for (const [n, path] of descents.paths.entries()) path.push(last(path) - RATES[n] * slopeOf(last(path)));
  descents.since = performance.now();
}

/** A valley in a box: the ground, the path of the ball so far, the ball, which leaps to where its newest step leads, and the
 * slope there, as an arrow that is longer where it is steeper. @type {(run: { rate: number; path: number[]; cost: number;
 *   slope: number }, ground: number[][], share: number, box: Box, label: string) => string} */
function valley({ rate, path, cost, slope }, ground, share, box, label) {
  const { x, y, svg } = axes(
    box,
    { from: FROM, to: TO, ticks: [-60, -40, -20, 0], label },
    { from: 0, to: MOST, ticks: [0, 0.2, 0.4, 0.6], label: "C" },
  );
  const line = ground.map(([bias, cost]) => [x(bias), y(cost)]);
  const places = path.map((bias) => [x(bias), y(costAt(bias))]);
  const [end, start] = [places[places.length - 1], places[Math.max(0, places.length - 2)]];
  const ball = start.map((from, axis) => from + share * (end[axis] - from));
  const along = [x(1) - x(0), y(slope) - y(0)].map((part) => (slope > 0 ? -part : part)); // downhill
  const [dx, dy] = along.map((part) => part / Math.hypot(...along));
  const long = ARROW * Math.min(1, Math.abs(slope) / STEEP);
  const tip = [ball[0] + long * dx, ball[1] + long * dy];
  const [one, other] = [4, -4].map((side) => [tip[0] - 8 * dx + side * dy, tip[1] - 8 * dy - side * dx]);
  const move =
    Math.abs(slope) < 0.0005 ? "almost 0" : `${number(slope, 3)} = ${number(rate * slope, rate > 100 ? 1 : 2)}`;
  const isResting = share === 1 && long >= 12;
  return `${svg} ${text((box.left + box.right) / 2, box.top - 10, `η = ${rate}:  C = ${number(cost)}`, "middle", "strong")}
    ${text(box.left + 8, box.top + 16, `next step: ${rate} × ${move}`, "start", "haloed")}
    <polygon points="${[[box.left, box.bottom], ...line, [box.right, box.bottom]].join(" ")}" class="ground"/>
    ${polyline(line, "ahead")} ${polyline([...places.slice(0, -1), ball], "curve")}
    ${places
      .slice(0, -1)
      .map(([x, y]) => circle(x, y, 3.5, "step"))
      .join("")}
    ${isResting ? `<path d="M${ball}L${tip}M${one}L${tip}L${other}" class="slope"/>` : ""}
    ${circle(ball[0], ball[1], 7, "point")}`;
}
