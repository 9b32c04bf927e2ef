// A story of eight stops, each with a thing to do in the page's own views. A stop that changes the network puts another
// in the place of the visitor's, which comes back when the stop is left.

import { any, desired, freshLayers, quadraticCost, sgdStep, supportOf } from "./backpropagation.js";
import { find, nextFrame, onClick, openSheet, write } from "./elements.js";
import { heldImages } from "./held.js";
import { bring } from "./input.js";
import { relative } from "./layers.js";
import { nonzero, outputsOf, predictionOf, sigmoid, weightedInput } from "./network.js";
import { EMPTY, state } from "./state.js";
import { describe, finish, percent, say, show, testImages } from "./view.js";
import { askOf, newWorker } from "./workers.js";

const HIDDEN = 30, RATE = 3, BATCH = 10; // of the network that is trained for an epoch, the chapter's first
const SHARE = 0.1; // of an epoch, after which its weights are shown; to test them takes most of the time
const SLOWLY = 2000; // milliseconds that a step takes on the page
const card = find("story", HTMLElement);
const stops = /** @type {NodeListOf<HTMLElement>} */ (card.querySelectorAll(".stop"));
const steepness = find("steepness", HTMLInputElement), meant = find("meant", HTMLSelectElement);
const still = matchMedia("(prefers-reduced-motion: reduce)");
let at = 0; // the stop, to which one comes back
let nth = 0; // of the neurons that a stop goes through
let visitors = state.network, borrowed = /** @type {Network | null} */ (null);
let step = /** @type {Step | null} */ (null); // the last one down the slope
let worker = /** @type {Worker | null} */ (null); // which trains the borrowed network
let busy = false;
const strongest = { weights: new Float32Array(), order: /** @type {number[]} */ ([]) }; // neurons of the first layer

/** What is done at each stop. @type {Stop[]} */
const PLAN = [
  { show: () => tell(`${(imageShown() ?? []).filter((value) => value > 0).length} of 784 pixels are not 0.`) },
  {
    arrive: () => Object.assign(state, { inPlace: true }),
    show() {
      const { weights, biases } = state.network.layers[0];
      if (weights !== strongest.weights) {
        const rows = Array.from(biases, (_, j) => weights.subarray(784 * j, 784 * (j + 1)));
        const order = ranked(Float32Array.from(rows, (row) => row.reduce((sum, w) => sum + w * w, 0)));
        Object.assign(strongest, { weights, order });
      }
      keep(1, strongest.order[nth % biases.length]);
      tellNeuron();
    },
  },
  { arrive: setSteepness, show: showSigmoid },
  {
    arrive: () => Object.assign(state, { connected: true }),
    show() {
      const a = state.outputs[state.chosen] ?? new Float32Array(10), j = ranked(a)[nth % a.length];
      keep(state.network.layers.length, j);
      tell(`Output ${j}: ${a[j].toFixed(2)}.`);
    },
  },
  { show: showError },
  { arrive: startAfresh, show: showError },
  { arrive: startAfresh },
  {
    show() {
      const order = ranked(excitations());
      keep(1, order[nth % order.length]);
      tellNeuron();
    },
  },
];

/** Lets the story be opened, gone through and closed. */
export function offerStory() {
  onClick("tell", () => {
    if (!card.hidden) close();
    else if (!state.teaching && !state.worker) {
      open(true);
      goTo(at);
    }
  });
  onClick("close", close);
  onClick("back", () => goTo(at - 1));
  onClick("next", () => goTo(at + 1));
  card.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation(); // or the pad would be cleared
    close();
  });
  addEventListener("shown", () => card.hidden || PLAN[at].show?.());
  for (const button of card.querySelectorAll(".another")) {
    button.addEventListener("click", () => {
      nth++;
      show();
    });
  }
  onClick("take", () => bring(any([...Array(10).keys()])));
  onClick("descend", stepDown);
  onClick("pass", learnEpoch);
  steepness.addEventListener("input", () => {
    setSteepness();
    show();
    say();
  });
  meant.selectedIndex = -1; // until there is an answer
  meant.addEventListener("change", show);
}

/** @type {(opened: boolean) => void} */
function open(opened) {
  openSheet(card, opened);
  find("tell", HTMLElement).ariaExpanded = `${opened}`;
  document.documentElement.style.setProperty("--sheet", opened ? `${card.offsetHeight}px` : "");
}

function close() {
  find("tell", HTMLElement).focus(); // which goes back to the top, before a phone's pad stays in view again
  leave();
  open(false);
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
  find("back", HTMLElement).ariaDisabled = `${at === 0}`;
  find("next", HTMLElement).ariaDisabled = `${at === stops.length - 1}`;
  stops[at].querySelector("h2")?.focus({ preventScroll: true });
  PLAN[at].arrive?.();
  finish();
  describe();
  document.querySelector(stops[at].dataset.view ?? "")?.scrollIntoView({ block: "nearest" });
  if (at > 1 && state.drawing === EMPTY) bring(5);
}

/** Makes all as it was before the stop. */
function leave() {
  giveBack();
  Object.assign(state, { looked: null, kept: null, connected: false, inPlace: false, flash: null });
  [nth, step] = [0, null];
}

/** Puts another network in the place of the visitor's; of its shape, if none is given.
 * @type {(layers: Layer[], facts?: Partial<Network>) => Network} */
function borrow(layers, facts) {
  giveBack();
  const { sizes, shape } = state.network;
  visitors = state.network;
  borrowed = { sizes, shape, layers, reader: visitors.layers, test_accuracy: null, ...facts };
  state.network = borrowed;
  return borrowed;
}

/** Brings the visitor's network back, also where undo and redo would bring the other. */
function giveBack() {
  for (const moment of [state, ...state.past, ...state.future]) {
    if (moment.network === borrowed) moment.network = visitors;
  }
  worker?.terminate();
  borrowed = worker = null;
  busy = false;
}

/** Whether the borrowed network is in use: undo may have brought another. */
const isBorrowed = () => state.network === borrowed;

/** Looks into a neuron while no other is pointed at. @type {(layer: number, j: number) => void} */
function keep(layer, j) {
  const kept = /** @type {Neuron} */ ([layer, j]);
  if (state.looked === state.kept) state.looked = kept;
  state.kept = kept;
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
  const output = stops[at].querySelector("output"), live = stays ? "polite" : "off";
  if (!output || (output.textContent === result && output.ariaLive === live)) return;
  output.ariaLive = live;
  output.replaceChildren(result);
}

/** Says z and the activation of the neuron of the first layer that is looked into. */
function tellNeuron() {
  const [layer, j] = state.looked ?? [0, 0];
  if (layer !== 1) return;
  const z = excitations()[j];
  tell(`Neuron ${j}: z = ${z.toFixed(1).replace("-", "−")}, activation ${sigmoid(z).toFixed(2)}.`);
}

// A sigmoid in place of a step.

/** What weights and biases are multiplied by: where it is large, the sigmoid is a step. */
const factor = () => 2 ** Number(steepness.value);

function setSteepness() {
  const c = factor(), from = isBorrowed() ? visitors : state.network;
  const layers = from.layers.map(({ weights, biases }) => (
    { weights: weights.map((w) => c * w), biases: biases.map((b) => c * b) }
  ));
  if (borrowed && isBorrowed()) borrowed.layers = layers;
  else borrow(layers);
}

/** Draws σ(cz) for z of -6 to 6, and on it the neuron whose z is nearest to 1. */
function showSigmoid() {
  const c = factor(), all = excitations().map((z) => z / c), [j] = ranked(all.map((z) => -Math.abs(z - 1)));
  const x = (/** @type {number} */ z) => 60 + 10 * z, y = (/** @type {number} */ z) => 40 - 40 * sigmoid(c * z);
  const points = Array.from({ length: 241 }, (_, i) => i / 20 - 6).map((z) => `${x(z)},${y(z)}`);
  keep(1, j);
  card.querySelector("polyline")?.setAttribute("points", points.join(" "));
  card.querySelector("circle")?.setAttribute("cx", `${x(all[j])}`);
  card.querySelector("circle")?.setAttribute("cy", `${y(all[j])}`);
  tell(`Neuron ${j}: z = ${all[j].toFixed(1)}, σ(${c.toFixed(0)}z) = ${sigmoid(c * all[j]).toFixed(2)}.`);
}

// Cost, and a step down its slope.

/** The digit that is desired: that which is chosen or, for a borrowed network, that which the visitor's reads. */
function wanted() {
  const image = imageShown();
  return state.network === borrowed && image ? predictionOf(outputsOf(visitors.layers, image)) : Number(meant.value);
}

/** Shows how far the outputs are from those desired, and what the last step has changed. */
function showError() {
  const a = state.outputs[state.chosen], image = imageShown();
  if (!a || !image) return tell("Draw a digit first.");
  if (!meant.value) meant.value = `${ranked(a)[1]}`;
  const digit = wanted(), y = desired(digit), cost = quadraticCost(a, y).toFixed(2), error = y.map((y, j) => y - a[j]);
  const last = step?.image === image && step.digit === digit ? step : null;
  state.flash = last ? [...last.changes] : [];
  state.flash[state.network.layers.length] = error;
  const steps = last ? `${last.cost.toFixed(2)} → ${cost}, by η = ${RATE}` : cost;
  tell(`${borrowed ? `To be a ${digit}: ` : ""}C = ${steps}.`, !busy);
}

/** Goes a step of gradient descent for what is on the pad, slowly. */
async function stepDown() {
  const image = imageShown();
  if (!image || busy) return;
  busy = true;
  const network = isBorrowed() ? state.network : startAfresh(), { layers } = network, digit = wanted();
  const y = desired(digit), then = supportOf(layers, y), cost = quadraticCost(outputsOf(layers, image), y);
  const after = structuredClone(layers), start = performance.now();
  sgdStep(after, [{ image, y }], RATE);
  for (let share = 0; share < 1 && state.network === network;) {
    share = still.matches ? 1 : Math.min(1, Math.max(0, await nextFrame() - start) / SLOWLY);
    network.layers = between(layers, after, share);
    const changes = supportOf(network.layers, y).map((now, l) => relative(now.map((value, k) => value - then[l][k])));
    step = { image, digit, cost, changes };
    busy = share < 1;
    show();
  }
  if (borrowed === network) busy = false; // else it was left, and another may be under way
  say();
}

/** Layers at `t` on the way from some, where it is 0, to others, where it is 1.
 * @type {(from: Layer[], to: Layer[], t: number) => Layer[]} */
const between = (from, to, t) => from.map(({ weights, biases }, l) => ({
  weights: weights.map((w, i) => w + t * (to[l].weights[i] - w)),
  biases: biases.map((b, j) => b + t * (to[l].biases[j] - b)),
}));

// An epoch.

/** Borrows a network that knows nothing, with as many layers as the visitor's, so that nothing moves. */
function startAfresh() {
  const sizes = state.network.sizes.map((n, l, { length }) => (l === 0 || l === length - 1 ? n : HIDDEN));
  tell("");
  return borrow(freshLayers(sizes), { sizes, shape: sizes.join("-"), fresh: true });
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
  if (!worker) askOf(trainer, { fresh: { mnist, layers, batch: BATCH, rate: RATE }, share: 0 });
  worker = trainer;
  for (let isOver = false; state.network === network && !isOver;) {
    const { epoch, train, test, layers } = await askOf(trainer, { share: still.matches ? 1 : SHARE });
    isOver = Number.isInteger(epoch);
    network.layers = layers;
    if (state.network === network) show();
    const seen = Math.round(epoch * mnist.train).toLocaleString("en");
    if (isOver) tell(`Epoch ${epoch}: ${percent(test.accuracy)} % of ${testImages()} are read.`, true);
    else tell(`${seen} images seen. C = ${train.cost.toFixed(3)}, on all of them.`);
  }
  busy = false;
  say();
}
