// A network that is trained from nothing, in a worker, so that one goes on drawing; and the slider through its epochs.

import { freshLayers } from "./backpropagation.js";
import { drawCurves, drawHistograms, errorOf, nameOf } from "./curve.js";
import { find, onClick, openSheet, write } from "./elements.js";
import { held, heldImages } from "./held.js";
import { change, state } from "./state.js";
import { describe, finish, say, show } from "./view.js";
import { askOf, newWorker } from "./workers.js";

const EPOCHS = 30;
const PACE = 100; // ms from one step to the next, at least, so that one sees it
const panel = find("training", HTMLElement), slider = find("epoch", HTMLInputElement);
const [train, test] = [held.mnist.train, held.mnist.test].map((count) => count.toLocaleString("en"));
const WHAT = "In an epoch the network sees all its images once. After each mini-batch its weights and biases move "
  + "a little down the slope of the cost.";
const WHY = `${train} images of one bit a pixel train here, 50,000 grey ones in Python. Fewer images teach less: 30 `
  + "hidden neurons read about 92 % of the test images here, 96 % there; 100 read 94 % here, 98 % there.";
const SLOW = "Hardly better than guessing: it learns slowly. Try a larger learning rate.";
/** The network after each epoch, the first fresh, the last maybe amid one; what was measured, at every step, and in the
 * run before; and the network before.
 * @type {{epochs: Epoch[], points: Measured[], earlier: Measured[], before: Network}} */
export const training = { epochs: [], points: [], earlier: [], before: state.network };
let left = 0; // steps that are still to be done
let busy = false; // with one of them
let since = 0; // when it was asked for
let name = ""; // of the run, by its settings
let sizes = /** @type {number[]} */ ([]); // of its layers

/** Lets the panel be opened, used and closed. */
export function offerTraining() {
  write("tests", `${test} test images`);
  write("examples", `${train} training images`);
  showEpoch(false);
  onClick("train", () => {
    openSheet(panel, true);
    find("start", HTMLElement).focus();
    showPad();
  });
  const form = panel.querySelector("form");
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    if (left > 1) left = 0;
    else goOn(Infinity);
    showEpoch();
  });
  form?.addEventListener("change", ({ target }) => {
    if (target instanceof Element && target.id === "share") return;
    stop(); // the next one has other settings
    showEpoch();
  });
  onClick("step", () => {
    goOn(1);
    showEpoch();
  });
  onClick("again", () => {
    if (!training.points.length) return;
    stop();
    goOn(Infinity);
    showEpoch();
  });
  slider.addEventListener("input", () => {
    slider.value = `${Math.min(Number(slider.value), training.epochs.length - 1)}`;
    state.network = training.epochs[Number(slider.value)].network;
    showEpoch();
  });
  onClick("leave", () => {
    stop();
    openSheet(panel, false);
    if (state.network.fresh) change({ network: training.before });
    finish();
    find("train", HTMLElement).focus();
  });
}

/** Scrolls no further down than until the whole pad is above the sheet, so that what is read is in sight too; on its
 * side, where the pad is beside it, to the panel. */
function showPad() {
  if (getComputedStyle(panel).position !== "fixed") return panel.scrollIntoView();
  scrollTo(0, 0); // where the pad sticks to no edge
  scrollTo(0, find("pad", HTMLElement).getBoundingClientRect().bottom + 12 - panel.getBoundingClientRect().top);
}

/** Does so many steps from now on, if need be of a new network. @type {(steps: number) => void} */
function goOn(steps) {
  if (state.teaching) return;
  left = steps;
  if (state.worker) ask();
  else start();
}

/** Starts a worker with the panel's settings. What it sends is shown, if the slider was at the last epoch. */
function start() {
  const [hidden, batch, rate] = ["size", "batch", "rate"].map((id) => find(id, HTMLSelectElement).value);
  sizes = [784, ...hidden.split("-").map(Number), 10];
  if (!state.network.fresh) training.before = state.network;
  change({}); // so that undo brings this network back
  if (training.points.length > 1) {
    training.earlier = training.points;
    write("earlier", `earlier, ${name}`);
  }
  name = `${hidden} at ${rate} by ${batch}`;
  state.worker = newWorker();
  busy = true;
  slider.value = "0";
  Object.assign(training, { epochs: [], points: [] });
  heldImages().then((mnist) => {
    const fresh = { mnist, layers: freshLayers(sizes), batch: Number(batch), rate: Number(rate) };
    send({ fresh, share: 0 });
  });
}

/** Asks for a step, if there are some left and none is done. */
function ask() {
  if (busy || !left || !state.worker) return;
  left--;
  busy = true;
  since = performance.now();
  send({ share: Number(find("share", HTMLSelectElement).value) });
}

/** @param {Training} job */
async function send(job) {
  const { worker } = state, trained = worker && await askOf(worker, job);
  if (worker === state.worker) take(trained); // else it was stopped, and this came after
}

/** @param {Trained} trained */
function take({ layers, ...point }) {
  const { epochs, points } = training, { accuracy } = point.test, shape = sizes.join("-");
  const followed = Number(slider.value) >= epochs.length - 1;
  const reader = training.before.layers;
  const network = { sizes, shape, layers, reader, accuracy, test_accuracy: accuracy, fresh: true };
  epochs[Math.ceil(point.epoch)] = { network, point }; // in place of one amid this epoch
  points.push(point);
  busy = false;
  if (point.epoch >= EPOCHS) stop();
  else setTimeout(ask, PACE - (performance.now() - since));
  if (followed) {
    slider.value = `${epochs.length - 1}`;
    Object.assign(state, { network, flash: null });
  }
  showEpoch();
}

function stop() {
  state.worker?.terminate();
  state.worker = null;
  left = 0;
}

/** Shows the epoch that the slider is at: the curve up to the newest, and what the network reads then. */
function showEpoch(all = true) {
  const { epochs, points, earlier } = training, { point } = epochs.at(Number(slider.value)) ?? {};
  const runs = left > 1, dash = "–";
  drawCurves(points, earlier, point);
  drawHistograms(point?.test);
  write("start", runs ? "Pause" : state.worker ? "Go on" : "Start");
  find("again", HTMLElement).ariaDisabled = `${!points.length}`;
  find("progress", HTMLElement).ariaLive = runs ? "off" : "polite";
  const cells = {
    at: `Epoch ${point ? nameOf(point.epoch) : dash}`,
    "test-error": point ? errorOf(point.test.accuracy) : dash,
    "train-error": point ? errorOf(point.train.accuracy) : dash,
    cost: point ? point.train.cost.toFixed(3) : dash,
    "earlier-error": earlier.length ? errorOf(earlier[earlier.length - 1].test.accuracy) : dash,
  };
  for (const [id, text] of Object.entries(cells)) write(id, text);
  slider.disabled = !point;
  slider.ariaValueText = point ? `${cells.at}: ${cells["test-error"]} of the test images are misread` : "none";
  const advice = point ? adviceOn(point) : WHAT;
  if (find("advice", HTMLElement).textContent !== advice) write("advice", advice);
  if (!all) return;
  find("said", HTMLElement).ariaLive = runs ? "off" : "polite"; // an epoch takes a tenth of a second
  show();
  say();
  describe();
}

/** What goes wrong, if something does, or why more cannot be expected. @type {(point: Measured) => string} */
function adviceOn({ epoch, test: { accuracy, stuck } }) {
  const share = `${(100 * stuck).toFixed(0)} %`;
  if (stuck > 0.8) {
    return `Saturated: on ${share} of the test images the right output is below 0.01, where σ′(z) = a(1 − a) is `
      + "almost 0, so that hardly anything is learned. Try a smaller learning rate.";
  }
  return epoch >= 1 && accuracy < 0.5 && stuck < 0.1 ? SLOW : WHY;
}
