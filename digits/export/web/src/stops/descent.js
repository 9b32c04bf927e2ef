import { backpropagate, descend, desired, exampleOf, meanCost, supportOf } from "../backpropagation.js";
import { borrow, borrowedNow, loan, rightDigit } from "../borrowed.js";
import { drawLine, find, nextFrame, wantsStill, write } from "../elements.js";
import { heldImages } from "../held.js";
import { relative } from "../layers.js";
import { state } from "../state.js";
import { finish, imageShown, say, show } from "../view.js";

const BACK = 0.5, AHEAD = 2, POINTS = 25; // how far a slice reaches, in steps, and the points that it is drawn through
const WIDE = 100, HIGH = 40; // of a chart
const STEPS = 500; // most of them, one after another
const SLOWLY = 600, QUICKLY = 150; // milliseconds of a step on its own, and of one after another

/** The state of this stop: the descent so far, and one of MNIST's images for each digit.
 * @type {{ run: Descent | null, examples: Example[] }} */
const descentState = { run: null, examples: [] };

/** Gradient descent, step by step: the cost so far, and the cost where the next step goes. @type {Stop} */
export const descent = {
  title: "Gradient descent", section: "Learning with gradient descent", view: ".outputs",
  text: "The gradient says how C changes with each weight; a step goes against it, times the learning rate η. Left, C so far; right, C ahead. η = 0.1 crawls, 3 learns, 30 overshoots to C = 0.5: all outputs 0.",
  question: "After one step C stays at 0.5. What has happened?",
  answers: [["η is too small", "No: C would go on falling, slowly."], ["η is too large", "Right: it overshot to where all outputs are saturated near 0, so nothing more is learned."], ["It has learned all", "No: then C would be near 0."]],
  className: "descent",
  controls: `
    <svg viewBox="0 0 208 40" role="img" aria-label="The cost so far, and straight ahead"><path d="M0 0V40H100M108 0V40H208"/><polyline id="costs"/><g transform="translate(108)"><polyline id="ahead"/><circle id="there" r="3"/><circle id="now" r="3"/></g></svg>
    <label>η <input id="eta" type="number" min="0.001" max="1000" step="any" value="0.3" required></label>
    <select id="over" aria-label="Cost of"><option value="one">this digit<option value="ten" selected>ten digits</select>
    <button id="descend" type="button">Step</button> <button id="go-on" type="button">Go on</button> <button id="afresh" type="button">Afresh</button>`,
  network: "untrained",
  on: {
    descend: () => goDown(1),
    "go-on": () => goDown(isGoingOn() ? 1 : STEPS),
    afresh() {
      borrow("untrained");
      finish();
    },
    eta: show,
    over: show,
  },
  async arrive() {
    const mnist = await heldImages();
    descentState.examples = Array.from({ length: 10 }, (_, digit) => exampleOf(mnist, mnist.bytes.indexOf(digit)));
    show();
  },
  draw({ image, a, layers }) {
    const rate = eta(), network = borrowedNow();
    if (!a || !network) return "Draw a digit first.";
    const run = runFor(image, network), { batch, costs, changes, share } = run, steps = costs.length - 1;
    Object.assign(state, { flash: [...changes, batch[0].y.map((y, j) => y - a[j])], what: "y − a" });
    write("go-on", isGoingOn() ? "Pause" : "Go on");
    if (!rate) return "η is a number from 0.001 to 1,000.";
    if (share === 0 && (layers !== run.ahead.layers || rate !== run.ahead.rate)) {
      run.ahead = { layers, rate, slice: slice(layers, batch, rate) };
    }
    drawDescent(costs, run.ahead.slice, share, meanCost(layers, batch));
    const [first, last] = [costs[0].toFixed(2), costs[steps].toFixed(costs[steps] < 0.1 ? 4 : 2)];
    const whose = batch.length > 1 ? "Ten digits" : `To be a ${rightDigit(image)}`;
    const result = `${whose}: C = ${steps ? `${first} → ${last}` : first}, ${steps} step${steps === 1 ? "" : "s"}.`;
    return network.left ? result : { lasting: result };
  },
};

/** The learning rate that is typed, or 0. */
function eta() {
  const { value, validity } = find("eta", HTMLInputElement);
  return validity.valid ? Number(value) : 0;
}

/** Whether more steps follow by themselves. */
const isGoingOn = () => (loan.borrowed?.left ?? 0) > 1;

/** The descent for an image alone, or with images of the other digits; a new one, if any of this has changed.
 * @type {(image: Float32Array, network: Borrowed) => Descent} */
function runFor(image, network) {
  const isAlone = find("over", HTMLSelectElement).value === "one", digit = rightDigit(image), { run, examples } = descentState;
  const [drawn, ...others] = run?.network === network ? run.batch : [];
  if (run && drawn?.image === image && drawn.y[digit] === 1 && (others.length === 0) === isAlone) return run;
  const batch = [{ image, y: desired(digit) }, ...(isAlone ? [] : examples.filter(({ y }) => y[digit] === 0))];
  const { layers } = network, costs = [meanCost(layers, batch)], changes = Array(layers.length);
  descentState.run = { network, batch, costs, changes, share: 0, ahead: { slice: [] } };
  return descentState.run;
}

/** Goes down by so many steps from now on; those that were left are dropped. @param {number} steps */
async function goDown(steps) {
  const network = borrowedNow(), isUnderWay = network?.left;
  if (!network) return;
  network.left = steps;
  if (isUnderWay) return;
  while (network.left && await step(network)) network.left--;
  network.left = 0;
  show();
  say();
}

/** Goes a step, slowly, along the slice that is shown. Returns false if there is none.
 * @type {(network: Borrowed) => Promise<boolean>} */
async function step(network) {
  const image = imageShown(), rate = eta(), { layers } = network, start = performance.now();
  if (!image || !rate || borrowedNow() !== network) return false;
  const run = runFor(image, network), { batch } = run, [{ y }] = batch, pace = isGoingOn() ? QUICKLY : SLOWLY;
  const gradient = backpropagate(layers, batch), before = supportOf(layers, y);
  while (run.share < 1) {
    const time = Math.max(0, await nextFrame() - start);
    if (borrowedNow() !== network || descentState.run !== run) return true; // the next step sees what has changed
    run.share = wantsStill() ? 1 : Math.min(1, time / pace);
    network.layers = structuredClone(layers);
    descend(network.layers, gradient, run.share * rate);
    run.changes = supportOf(network.layers, y).map((now, l) => relative(now.map((value, k) => value - before[l][k])));
    if (run.share < 1) show();
  }
  run.costs.push(meanCost(network.layers, batch));
  run.share = 0;
  show();
  return true;
}

/** A slice through the valley of the cost, along the gradient on examples: [steps of this rate ahead, cost] of some
 * points. @type {(layers: Layer[], batch: Example[], rate: number) => [number, number][]} */
export function slice(layers, batch, rate) {
  const gradient = backpropagate(layers, batch);
  return Array.from({ length: POINTS + 1 }, (_, i) => {
    const ahead = (i / POINTS) * (BACK + AHEAD) - BACK, moved = structuredClone(layers);
    descend(moved, gradient, ahead * rate);
    return [ahead, meanCost(moved, batch)];
  });
}

/** Draws the costs so far, the newest at the right, and a slice with the network on it, `share` of a step from where it
 * began and at a cost, and where the step ends.
 * @type {(costs: number[], ahead: [number, number][], share: number, costNow: number) => void} */
function drawDescent(costs, ahead, share, costNow) {
  const last = Math.max(costs.length - 1, 10), most = Math.max(...ahead.map(([, cost]) => cost), ...costs);
  const y = (/** @type {number} */ cost) => HIGH * (1 - cost / most);
  const x = (/** @type {number} */ steps) => (WIDE * (steps + BACK)) / (BACK + AHEAD);
  drawLine("costs", costs.map((cost, i) => [(WIDE * i) / last, y(cost)]));
  drawLine("ahead", ahead.map(([steps, cost]) => [x(steps), y(cost)]));
  const next = ahead[(POINTS * (1 + BACK)) / (BACK + AHEAD)];
  for (const [id, [steps, cost]] of Object.entries({ now: [share, costNow], there: next })) {
    find(id, SVGCircleElement).setAttribute("cx", `${x(steps)}`);
    find(id, SVGCircleElement).setAttribute("cy", `${y(cost)}`);
  }
}
