// A story of some stops, each with a thing to do in the page's own views, and a question. Most put another network in the
// place of the visitor's, which comes back when the stop is left: a small one, trained here, or one that knows nothing.

import { equationAt, wishesAt } from "./backflow.js";
import { any, backpropagate, crossEntropyDelta, desired, exampleOf, freshLayers, meanCost } from "./backpropagation.js";
import { quadraticCost, sgdStep, supportOf } from "./backpropagation.js";
import { drawDescent, slice } from "./descent.js";
import { find, nextFrame, onClick, openSheet, write } from "./elements.js";
import { held, heldImages } from "./held.js";
import { bring } from "./input.js";
import { relative } from "./layers.js";
import { binaryLayer, nonzero, outputsOf, predictionOf, sigmoid, weightedInput } from "./network.js";
import { isDigit } from "./reader.js";
import { EMPTY, state } from "./state.js";
import { closeTraining, openTraining } from "./training.js";
import { describe, finish, percent, say, show, testImages } from "./view.js";
import { askOf, newWorker } from "./workers.js";

const SIZES = [784, 30, 10], RATE = 3, BATCH = 10; // of a network that is trained here, the chapter's first
const SHAPE = { sizes: SIZES, shape: SIZES.join("-"), fresh: true };
const EPOCHS = 6; // that the small one is trained, which takes about two seconds
const SHY = 0.2, GENTLE = 0.3, ENOUGH = 100; // no output is over, for what is no digit: learned at this rate, in so many steps
const LAST = 3; // phase of backpropagation, after which its step is made
const STEPS = 500; // of gradient descent, after which it starts over
const SHARE = 0.1; // of an epoch, after which its weights are shown; to test them takes most of the time
const SLOWLY = 600, ON = 150, LONG = 2500; // milliseconds of a step on the page, one after another; and of an equation
const card = find("story", HTMLElement);
const stops = /** @type {NodeListOf<HTMLElement>} */ (card.querySelectorAll(".stop"));
const steepness = find("steepness", HTMLInputElement), meant = find("meant", HTMLSelectElement);
const still = matchMedia("(prefers-reduced-motion: reduce)");
let at = 0; // the stop, to which one comes back
let nth = 0; // of the neurons that a stop goes through
let picked = /** @type {Neuron | null} */ (null); // another one, that is clicked
let visitors = state.network, borrowed = /** @type {Network | null} */ (null);
let makesSmall = false; // from when it is first asked for
let base = /** @type {Layer[]} */ ([]); // of the borrowed one, before anything is moved
/** The small network, once it is trained. @type {{ small: (Partial<Network> & { layers: Layer[] }) | null }} */
export const story = { small: null };
let descent = /** @type {Descent | null} */ (null);
let goesOn = /** @type {object | null} */ (null); // step by step, from when it is begun
let phase = 0; // of backpropagation: forward, the errors of outputs, those of all, the gradient, and the step is made
let worker = /** @type {Worker | null} */ (null); // which trains the borrowed network
let busy = false;
let ahead = /** @type {Ahead} */ ({ slice: [] }); // where the next step goes
let examples = /** @type {Example[]} */ ([]); // of MNIST's, one of each digit

/** What is done at each stop. @type {Stop[]} */
const PLAN = [
  { show: () => tell(`${(imageShown() ?? []).filter((value) => value > 0).length} of 784 pixels are not 0.`) },
  {
    arrive() {
      Object.assign(state, { inPlace: true });
      borrowSmall();
    },
    show: showSum,
  },
  {
    arrive() {
      borrowSmall();
      showGate();
    },
  },
  {
    arrive() {
      borrowSmall();
      setSteepness();
    },
    show: showSigmoid,
  },
  {
    arrive: borrowSmall,
    show() {
      const a = state.outputs[state.chosen] ?? new Float32Array(10);
      const [layer, j] = keep(state.network.layers.length, ranked(a)[nth % a.length]);
      tell(layer === state.network.layers.length ? `Output ${j}: ${a[j].toFixed(2)}.` : `Hidden neuron ${j}.`);
    },
  },
  {
    arrive: borrowSmall,
    show() {
      const a = state.outputs[state.chosen];
      if (!a) return tell("Draw a digit first.");
      const digit = predictionOf(a), on = binaryLayer(held.bits, desired(digit));
      tell(`${digit} = ${on.map((bit, i) => `${bit} · ${8 >> i}`).join(" + ")}.`);
    },
  },
  { arrive: borrowSmall, show: showError },
  {
    async arrive() {
      startAfresh();
      const mnist = await heldImages();
      examples = Array.from({ length: 10 }, (_, digit) => exampleOf(mnist, mnist.bytes.indexOf(digit)));
      show();
    },
    show: showDescent,
  },
  {
    arrive() {
      startAfresh();
      Object.assign(state, { view: wishes });
    },
    show: showEquation,
  },
  { arrive: startAfresh },
  {
    arrive: borrowSmall,
    show() {
      const order = ranked(excitations());
      tell(`Hidden neuron ${keepHidden(order[nth % order.length])}.`);
    },
  },
  {
    arrive: borrowSmall,
    show() {
      const a = state.outputs[state.chosen];
      if (!a) return tell("Draw what is no digit.");
      const most = Math.max(...a).toFixed(2);
      tell(isDigit(a) ? `Taken for a ${predictionOf(a)}: ${most}.` : `For no digit: the largest output is ${most}.`);
    },
  },
];

/** Lets the story be opened, gone through and closed. */
export function offerStory() {
  onClick("tell", () => {
    if (card.hidden) openStory(at + 1);
    else closeStory();
  });
  onClick("close", closeStory);
  onClick("back", () => goTo(at - 1));
  onClick("next", () => goTo(at + 1));
  card.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || document.body.classList.contains("embed")) return;
    event.stopPropagation(); // or the pad would be cleared
    closeStory();
  });
  addEventListener("shown", () => card.hidden || PLAN[at].show?.());
  for (const button of card.querySelectorAll(".another")) {
    button.addEventListener("click", () => {
      [nth, picked] = [nth + 1, null];
      show();
    });
  }
  for (const button of card.querySelectorAll(".take")) {
    button.addEventListener("click", () => bring(any([...Array(10).keys()])));
  }
  onClick("network-view", () => {
    if (card.hidden || !state.looked) return;
    picked = state.looked;
    show();
  });
  onClick("ask", () => {
    find("ask", HTMLElement).ariaPressed = `${card.classList.toggle("asking")}`;
  });
  for (const question of card.querySelectorAll("fieldset")) {
    question.addEventListener("change", ({ target }) => {
      if (target instanceof HTMLInputElement) question.querySelector("output")?.replaceChildren(target.value);
    });
  }
  for (const id of ["x1", "x2"]) find(id, HTMLElement).addEventListener("change", showGate);
  onClick("unlearn", unlearn);
  onClick("own", () => {
    closeStory();
    openTraining();
  });
  onClick("descend", () => {
    goesOn = null;
    stepDown();
  });
  onClick("go-on", goDown);
  onClick("afresh", () => {
    startAfresh();
    finish();
  });
  for (const id of /** @type {const} */ (["bias", "weight"])) {
    find(id, HTMLInputElement).addEventListener("input", () => moveNeuron(id));
  }
  onClick("backward", () => goThrough(-1));
  onClick("forward", () => goThrough(1));
  onClick("play", play);
  for (const id of ["eta", "over"]) find(id, HTMLElement).addEventListener("input", show);
  onClick("pass", learnEpoch);
  steepness.addEventListener("input", () => {
    setSteepness();
    show();
    say();
  });
  meant.selectedIndex = -1; // until there is an answer
  meant.addEventListener("change", show);
}

/** Opens the story at a stop, the first being 1, unless something is under way. @param {number} number */
export function openStory(number) {
  if (state.teaching) return say("Wait until it has learned, or stop it.");
  closeTraining();
  if (card.hidden) open(true);
  goTo(Math.min(number, stops.length) - 1);
  if (!makesSmall) trainSmall();
}

/** @type {(opened: boolean) => void} */
function open(opened) {
  openSheet(card, opened);
  find("tell", HTMLElement).ariaExpanded = `${opened}`;
  document.documentElement.style.setProperty("--sheet", opened ? `${card.offsetHeight}px` : "");
}

export function closeStory() {
  if (card.hidden) return;
  find("tell", HTMLElement).focus(); // which goes back to the top, before a phone's pad stays in view again
  leave();
  open(false);
  history.replaceState(null, "", location.href.split("#")[0]);
  finish();
  describe();
}

/** Goes to a stop, if there is one of that number. @type {(to: number) => void} */
function goTo(to) {
  if (!stops[to]) return;
  leave();
  at = to;
  for (const [i, stop] of stops.entries()) stop.classList.toggle("here", i === at);
  write("place", `${at + 1} of ${stops.length}`);
  history.replaceState(null, "", `#stop=${at + 1}`); // so that a stop has a link
  find("back", HTMLElement).ariaDisabled = `${at === 0}`;
  find("next", HTMLElement).ariaDisabled = `${at === stops.length - 1}`;
  stops[at].querySelector("h2")?.focus({ preventScroll: true });
  PLAN[at].arrive?.();
  finish();
  describe();
  document.querySelector(stops[at].dataset.view ?? "")?.scrollIntoView({ block: "nearest" });
  heldImages().then(() => { // then it is there at once
    if (at > 1 && !card.hidden && state.drawing === EMPTY) bring(5);
  });
}

/** Makes all as it was before the stop. */
function leave() {
  giveBack();
  Object.assign(state, { looked: null, kept: null, inPlace: false, flash: null, view: null, what: undefined });
  card.classList.remove("asking");
  find("ask", HTMLElement).ariaPressed = "false";
  [nth, picked, phase, descent, goesOn] = [0, null, 0, null, null];
}

/** Puts another network in the place of the visitor's; of its shape, if none is given.
 * @type {(layers: Layer[], facts?: Partial<Network>) => Network} */
function borrow(layers, facts) {
  giveBack();
  const { sizes, shape } = state.network;
  visitors = state.network;
  borrowed = { sizes, shape, layers, reader: visitors.layers, test_accuracy: null, ...facts };
  state.network = borrowed;
  base = layers;
  return borrowed;
}

/** The small network, which one can see whole; until it is trained, one like the visitor's. */
function borrowSmall() {
  borrow(story.small?.layers ?? state.network.layers, story.small ?? {});
}

/** What a worker is asked first, to train these layers. @type {(mnist: Mnist, layers: Layer[]) => Training} */
const begun = (mnist, layers) => ({ fresh: { mnist, layers, batch: BATCH, rate: RATE }, share: 0 });

async function trainSmall() {
  makesSmall = true;
  const mnist = await heldImages(), trainer = newWorker();
  let last = await askOf(trainer, begun(mnist, freshLayers(SIZES)));
  while (last.epoch < EPOCHS) last = await askOf(trainer, { share: 1 });
  trainer.terminate();
  const { layers, epoch, test: { accuracy } } = last;
  story.small = { ...SHAPE, layers, epoch, accuracy };
  if (!card.hidden && borrowed && base === visitors.layers) goTo(at); // which waited for it
}

/** Brings the visitor's network back, also where undo and redo would bring the other. */
function giveBack() {
  for (const moment of [state, ...state.past, ...state.future]) {
    if (moment.network === borrowed) moment.network = visitors;
  }
  worker?.terminate();
  borrowed = worker = descent = null;
  busy = false;
}

/** Whether the borrowed network is in use: undo may have brought another. */
const isBorrowed = () => state.network === borrowed;

/** Looks into a neuron, or that which is picked, while no other is pointed at; returns it.
 * @type {(layer: number, j: number) => Neuron} */
function keep(layer, j) {
  const kept = picked ?? [layer, j];
  if (state.looked === state.kept) state.looked = kept;
  state.kept = kept;
  return kept;
}

/** The same of a neuron that sees the pixels, where no other may be picked; returns its number. @param {number} j */
function keepHidden(j) {
  if (picked?.[0] !== 1) picked = null;
  return keep(1, j)[1];
}

/** The image of the chosen digit. */
const imageShown = () => state.digits.at(state.chosen)?.image;

/** The weighted inputs of the first layer's neurons, for what is on the pad. */
function excitations() {
  const { weights, biases } = state.network.layers[0], image = imageShown() ?? new Float32Array(784);
  const on = nonzero(image);
  return biases.map((b, j) => weightedInput(weights, b, image, j, on));
}

/** Where values are, the largest first. @param {Float32Array} values */
const ranked = (values) => [...values.keys()].sort((a, b) => values[b] - values[a]);

/** Says what came of it at the stop; screen readers say only what is there to stay.
 * @type {(result: string, stays?: boolean) => void} */
function tell(result, stays = false) {
  const output = stops[at].querySelector(":scope > div output"), live = stays ? "polite" : "off";
  if (!output || (output.textContent === result && output.ariaLive === live)) return;
  output.ariaLive = live;
  output.replaceChildren(result);
}

// A neuron.

/** Shows how the weighted input of a neuron comes about: the sum from pixel to pixel, then the bias. */
function showSum() {
  keepHidden(nth % base[0].biases.length);
  const [layer, looked] = state.looked ?? [0, 0];
  if (layer !== 1) return;
  const { weights, biases } = state.network.layers[0], image = imageShown() ?? new Float32Array(784);
  const parts = image.map((a, k) => a * weights[784 * looked + k]), sums = [0];
  for (const part of parts) sums.push(sums[sums.length - 1] + part);
  const sum = sums[784], b = biases[looked], z = sum + b, most = Math.max(1, ...sums.map(Math.abs), Math.abs(z));
  const y = (/** @type {number} */ value) => (20 - (19 * value) / most).toFixed(1);
  const every = sums.filter((_, k) => k % 4 === 0).map((value, k) => `${k},${y(value)}`);
  find("running", SVGPolylineElement).setAttribute("points", every.join(" "));
  find("adding", SVGPolylineElement).setAttribute("points", `196,${y(sum)} 204,${y(z)}`);
  find("total", SVGCircleElement).setAttribute("cy", y(z));
  const at = heaviest(parts), ranges = { bias: b, weight: weights[784 * looked + at] };
  for (const [id, value] of Object.entries(ranges)) {
    const range = find(id, HTMLInputElement);
    if (document.activeElement !== range) range.value = `${value}`;
  }
  const numbers = [sum, b, z].map((value) => `${Math.round(100 * value) / 100 || 0}`.replace("-", "−"));
  tell(`Neuron ${looked}: Σ w·a = ${numbers[0]}, b = ${numbers[1]}, z = ${numbers[2]}. `
    + `Sigmoid ${sigmoid(z).toFixed(2)}, perceptron ${Number(z > 0)}.`);
}

/** The pixel that counts most. @param {Float32Array} parts */
const heaviest = (parts) => ranked(parts.map(Math.abs))[0];

/** Moves the bias of the neuron that is looked into, or its weight that counts most. @param {"bias" | "weight"} id */
function moveNeuron(id) {
  const [, j] = state.kept ?? [0, 0], value = Number(find(id, HTMLInputElement).value);
  if (!borrowed || !isBorrowed()) return;
  const [first, ...rest] = borrowed.layers, image = imageShown() ?? new Float32Array(784);
  const at = 784 * j + heaviest(image.map((a, k) => a * base[0].weights[784 * j + k]));
  const { weights, biases } = first;
  borrowed.layers = [id === "bias" ? { weights, biases: biases.with(j, value) } : { weights: weights.with(at, value), biases }, ...rest];
  finish();
}

/** Says what a perceptron with weights of -2 and a bias of 3 makes of two inputs: it is a NAND gate. */
function showGate() {
  const [x1, x2] = ["x1", "x2"].map((id) => Number(find(id, HTMLInputElement).checked)), z = 3 - 2 * x1 - 2 * x2;
  tell(`z = −2 · ${x1} − 2 · ${x2} + 3 = ${`${z}`.replace("-", "−")}: out comes ${Number(z > 0)}.`);
}

// A sigmoid in place of a step.

/** What weights and biases are multiplied by: where it is large, the sigmoid is a step. */
const factor = () => 2 ** Number(steepness.value);

function setSteepness() {
  const c = factor();
  if (!borrowed || !isBorrowed()) return;
  borrowed.layers = base.map(({ weights, biases }) => (
    { weights: weights.map((w) => c * w), biases: biases.map((b) => c * b) }
  ));
}

/** Draws σ(cz) for z of -6 to 6, and on it the neuron that is picked, or whose z is nearest to 1. */
function showSigmoid() {
  const c = factor(), all = excitations().map((z) => z / c), [nearest] = ranked(all.map((z) => -Math.abs(z - 1)));
  const x = (/** @type {number} */ z) => 60 + 10 * z, y = (/** @type {number} */ z) => 40 - 40 * sigmoid(c * z);
  const points = Array.from({ length: 241 }, (_, i) => i / 20 - 6).map((z) => `${x(z)},${y(z)}`);
  const j = keepHidden(nearest);
  card.querySelector("#sigmoid polyline")?.setAttribute("points", points.join(" "));
  card.querySelector("#sigmoid circle")?.setAttribute("cx", `${x(all[j])}`);
  card.querySelector("#sigmoid circle")?.setAttribute("cy", `${y(all[j])}`);
  tell(`Neuron ${j}: z = ${all[j].toFixed(1)}, σ(${c.toFixed(0)}z) = ${sigmoid(c * all[j]).toFixed(2)}.`);
}

// Cost, and a step down its slope.

/** The digit that is desired of a borrowed network: that which the visitor's reads. */
function wanted() {
  const image = imageShown();
  return image ? predictionOf(outputsOf(visitors.layers, image)) : 0;
}

/** Shows how far the outputs are from those desired. */
function showError() {
  const a = state.outputs[state.chosen];
  if (!a) return tell("Draw a digit first.");
  if (!meant.value) meant.value = `${predictionOf(a)}`;
  const y = desired(Number(meant.value));
  state.flash = [];
  state.flash[state.network.layers.length] = y.map((y, j) => y - a[j]);
  state.what = "y − a";
  tell(`C = ${quadraticCost(a, y).toFixed(2)}.`, true);
}

/** The learning rate that is typed, or 0. */
function eta() {
  const { value, validity } = find("eta", HTMLInputElement);
  return validity.valid ? Number(value) : 0;
}

/** Begins to go down for what is on the pad, or for one of MNIST's images of each digit with it, if it is not yet so.
 * @type {(image: Float32Array) => Descent} */
function descentFor(image) {
  const one = find("over", HTMLSelectElement).value === "one", digit = wanted();
  const is = descent?.batch[0].image === image && (descent.batch.length === 1) === one && descent.batch[0].y[digit] === 1;
  if (descent && is) return descent;
  const own = { image, y: desired(digit) }, { layers } = state.network;
  const others = one ? [] : examples.filter(({ y }) => y[digit] === 0), batch = [own, ...others];
  descent = { batch, costs: [meanCost(layers, batch)], changes: [], share: 0 };
  return descent;
}

/** Shows how far down the cost is, what lies ahead, and what the last step has changed. */
function showDescent() {
  const image = imageShown(), a = state.outputs[state.chosen], rate = eta();
  if (!image || !a || !isBorrowed()) return tell("Draw a digit first.");
  const { batch, costs, changes, share } = descentFor(image), last = costs.length - 1;
  state.flash = [...changes];
  state.flash[state.network.layers.length] = batch[0].y.map((y, j) => y - a[j]);
  state.what = "y − a";
  write("go-on", goesOn ? "Pause" : "Go on");
  if (!rate) return tell("η is a number from 0.001 to 1,000.");
  const { layers } = state.network, isNew = layers !== ahead.layers || batch !== ahead.batch || rate !== ahead.rate;
  if (share === 0 && isNew) ahead = { layers, batch, rate, slice: slice(layers, batch, rate) };
  drawDescent(costs, ahead.slice, share);
  const cost = last ? `${costs[0].toFixed(2)} → ${costs[last].toFixed(costs[last] < 0.1 ? 4 : 2)}` : costs[0].toFixed(2);
  tell(`${batch.length > 1 ? "Ten digits" : `To be a ${wanted()}`}: C = ${cost}, ${last} step${last === 1 ? "" : "s"}.`, !busy);
}

/** Goes a step of gradient descent, slowly, along the slice that is shown; if it can, and nothing else is under way.
 * @type {() => Promise<boolean>} */
async function stepDown() {
  const image = imageShown(), rate = eta();
  if (!image || busy || !rate || !borrowed || !isBorrowed()) return false;
  busy = true;
  const network = borrowed, { layers } = network, now = descentFor(image), { y } = now.batch[0];
  const after = structuredClone(layers), then = supportOf(layers, y), start = performance.now();
  sgdStep(after, now.batch, rate);
  for (; now.share < 1 && state.network === network && descent === now;) {
    now.share = still.matches ? 1 : Math.min(1, Math.max(0, await nextFrame() - start) / (goesOn ? ON : SLOWLY));
    network.layers = between(layers, after, now.share);
    now.changes = supportOf(network.layers, y).map((now, l) => relative(now.map((value, k) => value - then[l][k])));
    if (now.share === 1) {
      now.costs.push(meanCost(after, now.batch));
      now.share = 0;
      busy = false;
      show();
      break;
    }
    show();
  }
  if (borrowed === network) busy = false; // else it was left, and another may be under way
  if (!goesOn) say();
  return true;
}

/** Goes step after step, until it is stopped, or left. */
async function goDown() {
  goesOn = goesOn ? null : {};
  const network = borrowed;
  while (goesOn && network && borrowed === network && (descent?.costs.length ?? 0) <= STEPS && await stepDown()) {
    if (still.matches) await nextFrame();
  }
  goesOn = null;
  if (borrowed === network) show();
}

/** Layers at `t` on the way from some, where it is 0, to others, where it is 1.
 * @type {(from: Layer[], to: Layer[], t: number) => Layer[]} */
const between = (from, to, t) => from.map(({ weights, biases }, l) => ({
  weights: weights.map((w, i) => w + t * (to[l].weights[i] - w)),
  biases: biases.map((b, j) => b + t * (to[l].biases[j] - b)),
}));

// Backpropagation.

/** What is on the pad, and what it should be. @type {() => Example | null} */
function exampleShown() {
  const image = imageShown();
  return image && isBorrowed() ? { image, y: desired(wanted()) } : null;
}

/** What neurons wish in this phase. @param {Neuron} looked */
function wishes(looked) {
  const example = exampleShown(), { layers } = state.network;
  state.what = phase > 1 && looked[0] < layers.length ? "−w·δ" : "−δ"; // a neuron's parts, or the outputs' own
  return example && looked[0] ? wishesAt(phase, layers, backpropagate(layers, [example]), looked) : [];
}

/** Says the equation of the phase; of a hidden neuron, unless another is looked at, the one whose error is largest. */
function showEquation() {
  const example = exampleShown(), { layers } = state.network;
  if (!example) return tell("Draw a digit first.");
  const found = backpropagate(layers, [example]), layer = Math.max(1, layers.length - Number(phase !== 1));
  keep(layer, phase === 1 ? wanted() : ranked(found.errors[layer - 1][0].map(Math.abs))[0]);
  write("play", goesOn ? "Pause" : "Play");
  write("forward", phase === LAST ? `Step, η = ${RATE}` : `Equation ${phase + 1}`);
  find("backward", HTMLElement).ariaDisabled = `${phase === 0}`;
  tell(equationAt(phase, layers, found, example, state.looked ?? [layer, 0]), true);
}

/** Goes on by a phase, or back; after the last, by a step of gradient descent. @param {number} by */
function goThrough(by) {
  const example = exampleShown(), network = borrowed;
  if (!example || !network || phase + by < 0) return;
  if (phase + by > LAST) {
    const after = structuredClone(network.layers);
    sgdStep(after, [example], RATE);
    network.layers = after;
  }
  phase = (phase + by) % (LAST + 1);
  show();
}

/** Goes on by itself, until it is pressed again, or the stop is left. */
async function play() {
  goesOn = goesOn ? null : {};
  show();
  const mine = goesOn; // or one that was paused, and pressed again, would be there twice
  for (const network = borrowed; mine && goesOn === mine && borrowed === network;) {
    goThrough(1);
    await new Promise((next) => setTimeout(next, LONG));
  }
}

// An epoch.

/** Borrows a network that knows nothing. */
function startAfresh() {
  [descent, goesOn] = [null, null];
  tell("");
  return borrow(freshLayers(SIZES), SHAPE);
}

/** Goes once through MNIST's images in the page, in a worker, and shows the weights meanwhile; if the stop is left, the
 * worker ends, and nothing more comes of it. */
async function learnEpoch() {
  if (busy) return;
  const network = isBorrowed() ? state.network : startAfresh(), { layers } = network;
  busy = true;
  const mnist = await heldImages();
  if (borrowed !== network) return;
  const trainer = worker ?? newWorker();
  if (!worker) askOf(trainer, begun(mnist, layers));
  worker = trainer;
  for (let isOver = false; state.network === network && !isOver;) {
    const { epoch, train, test, layers } = await askOf(trainer, { share: still.matches ? 1 : SHARE });
    isOver = Number.isInteger(epoch);
    Object.assign(network, { layers, epoch });
    if (state.network === network) show();
    const seen = Math.round(epoch * mnist.train).toLocaleString("en");
    if (isOver) tell(`Epoch ${epoch}: ${percent(test.accuracy)} % of ${testImages()} are read right.`, true);
    else tell(`${seen} of ${mnist.train.toLocaleString("en")} images seen. C = ${train.cost.toFixed(3)}, on all of them.`);
  }
  busy = false;
  say();
  describe();
}

// What is no digit.

/** Teaches the borrowed network that what is on the pad is none, among images that are: no output shall be active. */
async function unlearn() {
  const image = imageShown(), network = borrowed, mnist = await heldImages(), y = new Float32Array(10);
  if (!image || !network || busy || borrowed !== network) return;
  busy = true;
  for (let step = 1; step <= ENOUGH && state.network === network && Math.max(...outputsOf(network.layers, image)) > SHY; step++) {
    const others = Array.from({ length: BATCH }, () => exampleOf(mnist, Math.floor(Math.random() * mnist.train)));
    const layers = structuredClone(network.layers);
    sgdStep(layers, [{ image, y }, ...others], GENTLE, crossEntropyDelta);
    network.layers = layers;
    await nextFrame();
    show();
  }
  if (borrowed === network) busy = false;
  say();
}
