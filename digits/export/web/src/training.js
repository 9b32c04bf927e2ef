// Networks that are trained from nothing, in a worker, so that one goes on drawing; the slider through the epochs of the
// newest, and a row for each run.

import { freshLayers } from "./backpropagation.js";
import { drawCurves, drawHistograms, errorOf, nameOf } from "./curve.js";
import { element, find, onClick, openSheet, write } from "./elements.js";
import { held, heldImages } from "./held.js";
import { fromIdx } from "./idx.js";
import { change, state } from "./state.js";
import { describe, finish, say, show } from "./view.js";
import { askOf, newWorker } from "./workers.js";

const EPOCHS = 30, FEW = 10; // of a run, and of one of the book's experiments
const EXPERIMENTS = [["15", 3], ["30", 3], ["100", 3], ["30", 0.001], ["30", 100]]; // hidden neurons, learning rates
const MOST = 12; // runs that are remembered
const PACE = 100; // ms from one step to the next, at least, so that one sees it
const BY_HEART = 0.04; // so much lower is the error on the images that it trained with
const panel = find("training", HTMLElement), slider = find("epoch", HTMLInputElement);
const form = find("settings", HTMLFormElement);
const WHAT = "An epoch goes once through all images; after each mini-batch a step goes down the slope of the cost.";
const WHY = "What is held out, the test images, is read a little worse than what it trained with. Try other settings.";
const SLOW = "Hardly better than guessing (underfitting): it learns slowly. Try a larger learning rate.";
const FILES = "To train with 50,000 grey images, choose MNIST’s four IDX files, packed or not: train-images-idx3-ubyte.gz and so on.";
/** The newest network after each epoch, the first fresh, the last maybe amid one; what was measured, at every step; the
 * visitor's network; and all runs, the newest last.
 * @type {{epochs: Epoch[], points: Measured[], before: Network, runs: Run[]}} */
export const training = { epochs: [], points: [], before: state.network, runs: [] };
let worker = /** @type {Worker | null} */ (null); // of the newest run, until it is over
let run = /** @type {Run | undefined} */ (undefined); // the newest
let chosen = /** @type {Run | undefined} */ (undefined); // whose row is
let left = 0; // steps that are still to be done
let busy = false; // with one of them
let since = 0; // when it was asked for
let until = EPOCHS; // it goes on
let ahead = /** @type {typeof EXPERIMENTS} */ ([]); // experiments that are still to be made
let grey = /** @type {Mnist | null} */ (null); // images that the visitor has brought

/** Lets the panel be opened, used and closed. */
export function offerTraining() {
  sayImages(held.mnist);
  showEpoch(false);
  onClick("train", openTraining);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ahead = [];
    if (left > 1) left = 0;
    else goOn(Infinity);
    showEpoch();
  });
  form.addEventListener("change", ({ target }) => {
    if (target instanceof Element && target.id === "share") return;
    stop(); // the next one has other settings
    showEpoch();
  });
  onClick("step", () => {
    if (!form.reportValidity()) return;
    goOn(1);
    showEpoch();
  });
  onClick("again", () => {
    if (!worker || !form.reportValidity()) return;
    stop();
    goOn(Infinity);
    showEpoch();
  });
  onClick("experiments", () => {
    stop();
    ahead = [...EXPERIMENTS];
    experiment();
  });
  const idx = find("idx", HTMLInputElement);
  onClick("grey", () => {
    write("advice", FILES);
    idx.click();
  });
  idx.addEventListener("change", async () => {
    const images = await fromIdx(idx.files ?? []);
    idx.value = "";
    if (!images) return write("advice", `These are others. ${FILES}`);
    stop();
    grey = images;
    sayImages(grey);
    showEpoch();
  });
  slider.addEventListener("input", () => {
    slider.value = `${Math.min(Number(slider.value), training.epochs.length - 1)}`;
    state.network = training.epochs[Number(slider.value)].network;
    showEpoch();
  });
  onClick("leave", () => {
    [left, ahead, state.worker] = [0, [], null];
    openSheet(panel, false);
    const trained = state.network.fresh;
    if (trained) change({ network: training.before });
    finish();
    if (trained) say("The network of before is back. Undo brings this one.");
    find("train", HTMLElement).focus();
  });
}

/** Opens the panel, as it was left. */
export function openTraining() {
  openSheet(panel, true);
  find("start", HTMLElement).focus();
  showPad();
  state.worker = worker;
  const { network } = training.epochs.at(Number(slider.value)) ?? {};
  if (!network || state.teaching) return;
  if (!state.network.fresh) training.before = state.network;
  state.network = network;
  showEpoch();
}

/** Scrolls no further down than until the whole pad is above the sheet, so that what is read is in sight too; on its
 * side, where the pad is beside it, to the panel. */
function showPad() {
  if (getComputedStyle(panel).position !== "fixed") return panel.scrollIntoView();
  scrollTo(0, 0); // where the pad sticks to no edge
  scrollTo(0, find("pad", HTMLElement).getBoundingClientRect().bottom + 12 - panel.getBoundingClientRect().top);
}

/** Says with how many images it trains, and on how many it is tested. @param {Omit<Mnist, "bytes">} images */
function sayImages({ train, test }) {
  write("tests", `${test.toLocaleString("en")} test images`);
  write("examples", `${train.toLocaleString("en")} training images`);
}

/** Does so many steps from now on, if need be of a new network. @type {(steps: number) => void} */
function goOn(steps) {
  if (state.teaching) return;
  left = steps;
  if (worker) ask();
  else start();
}

/** Makes the next experiment, if there is one. */
function experiment() {
  const [size, rate] = ahead.shift() ?? [];
  if (!size) return;
  for (const [id, value] of Object.entries({ size, rate, batch: 10 })) find(id, HTMLInputElement).value = `${value}`;
  goOn(Infinity);
  until = FEW;
  showEpoch();
}

/** Starts a worker with the panel's settings. What it sends is shown, if the slider was at the last epoch. */
function start() {
  const [size, rate, batch] = ["size", "rate", "batch"].map((id) => find(id, HTMLInputElement).value);
  const sizes = [784, ...(size === "none" ? [] : size.split("-").map(Number)), 10];
  if (!state.network.fresh) training.before = state.network;
  change({}); // so that undo brings this network back
  until = EPOCHS;
  run = chosen = { size, rate, batch, errors: [], seconds: 0 };
  training.runs = [...training.runs.filter(({ errors }) => errors.length > 1), run].slice(-MOST);
  worker = state.worker = newWorker();
  busy = true;
  slider.value = "0";
  Object.assign(training, { epochs: [], points: [] });
  heldImages().then((held) => {
    const fresh = { mnist: grey ?? held, layers: freshLayers(sizes), batch: Number(batch), rate: Number(rate) };
    send({ fresh, share: 0 }, sizes);
  });
}

/** Asks for a step, if there are some left and none is done. */
function ask() {
  if (busy || !left || !worker) return;
  left--;
  busy = true;
  send({ share: Number(find("share", HTMLSelectElement).value) }, training.epochs[0].network.sizes);
}

/** @type {(job: Training, sizes: number[]) => Promise<void>} */
async function send(job, sizes) {
  since = performance.now();
  const asked = worker, trained = asked && await askOf(asked, job);
  if (asked && asked === worker) take(trained, sizes); // else it was stopped, and this came after
}

/** @type {(trained: Trained, sizes: number[]) => void} */
function take({ layers, ...point }, sizes) {
  const { epochs, points, before } = training, { accuracy } = point.test, { epoch } = point, took = performance.now() - since;
  const followed = Number(slider.value) >= epochs.length - 1, number = Math.ceil(epoch);
  const facts = { sizes, shape: sizes.join("-"), accuracy, test_accuracy: accuracy, fresh: true, epoch };
  const network = { ...facts, layers, reader: before.layers };
  epochs[number] = { network, point }; // in place of one amid this epoch
  points.push(point);
  if (run) {
    if (Number.isInteger(epoch)) run.errors[number] = Math.round(1000 * (1 - accuracy));
    run.seconds += epoch ? took / 1000 : 0;
  }
  busy = false;
  if (epoch >= until) stop();
  else setTimeout(ask, PACE - took);
  if (followed) {
    slider.max = `${epochs.length - 1}`; // before its value, which it limits
    slider.value = slider.max;
    if (!panel.hidden) Object.assign(state, { network, flash: null });
  }
  if (!panel.hidden) showEpoch();
  if (!worker) experiment();
}

function stop() {
  worker?.terminate();
  worker = state.worker = null;
  left = 0;
}

/** Shows the epoch that the slider is at: the curve up to the newest, and what the network reads then. */
function showEpoch(all = true) {
  const { epochs, points, runs } = training, { point } = epochs.at(Number(slider.value)) ?? {};
  const goesOn = left > 1, dash = "–";
  drawCurves(points, runs.filter((one) => one !== run), chosen, point);
  drawHistograms(point?.test);
  showRuns();
  write("start", goesOn ? "Pause" : worker ? "Go on" : "Start");
  find("again", HTMLElement).ariaDisabled = `${!worker}`;
  find("progress", HTMLElement).ariaLive = goesOn ? "off" : "polite";
  const cells = {
    at: `Epoch ${point ? nameOf(point.epoch) : dash}`,
    "test-error": point ? errorOf(point.test.accuracy) : dash,
    "train-error": point ? errorOf(point.train.accuracy) : dash,
    cost: point ? point.train.cost.toFixed(3) : dash,
  };
  for (const [id, text] of Object.entries(cells)) write(id, text);
  slider.disabled = !point;
  slider.ariaValueText = point ? `${cells.at}: ${cells["test-error"]} of the test images are misread` : "none";
  if (run && point && point === points.at(-1)) run.says = adviceOn(point);
  const advice = chosen?.says ?? (point ? adviceOn(point) : WHAT);
  if (find("advice", HTMLElement).textContent !== advice) write("advice", advice);
  if (!all) return;
  find("said", HTMLElement).ariaLive = goesOn ? "off" : "polite"; // an epoch takes a tenth of a second
  show();
  say();
  describe();
}

/** Shows a row for each run, the newest first: its settings, its best error on the test images, how long it took. */
function showRuns() {
  const list = find("runs", HTMLElement), { runs } = training;
  for (let i = list.childElementCount; i < runs.length; i++) {
    const button = list.appendChild(element("button"));
    button.type = "button";
    button.addEventListener("click", () => {
      chosen = training.runs.at(-1 - i);
      showEpoch(false);
    });
  }
  for (const [i, button] of [...list.children].entries()) { // which stay, and keep the focus
    const { size, rate, batch, errors, seconds } = runs[runs.length - 1 - i];
    const best = errors.length ? `${(Math.min(...errors) / 10).toFixed(1)} %` : "–";
    button.replaceChildren(...[size, rate, batch, best, `${seconds.toFixed(1)} s`].map((text) => element("span", text)));
    button.ariaPressed = `${runs[runs.length - 1 - i] === chosen}`;
  }
}

/** What goes wrong, if something does, or why more cannot be expected. @type {(point: Measured) => string} */
function adviceOn({ epoch, train, test: { accuracy, stuck } }) {
  const share = `${(100 * stuck).toFixed(0)} %`;
  if (stuck > 0.8) {
    return `Saturated: on ${share} of the test images the right output is below 0.01, where σ′(z) = a(1 − a) is `
      + "almost 0, so that hardly anything is learned. Try a smaller learning rate.";
  }
  if (epoch >= 1 && accuracy < 0.5 && stuck < 0.1) return SLOW;
  if (train.accuracy - accuracy > BY_HEART) {
    return `Overfitting: learned by heart. It misreads ${errorOf(train.accuracy)} of the images that it trained with, and `
      + `${errorOf(accuracy)} of the test images. More images help, as MNIST’s 50,000 grey ones.`;
  }
  return WHY;
}
