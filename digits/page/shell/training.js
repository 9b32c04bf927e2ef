// Training a network from nothing, in a worker, so that one goes on drawing; and the slider through its epochs.

import { freshLayers } from "../network/backprop.js";
import { drawCurves, errorOf, nameOf } from "./curve.js";
import { find, onClick, visit, write } from "./elements.js";
import { held, heldImages } from "../held.js";
import { change, state } from "./state.js";
import { finish, fit, show } from "./network.js";
import { describe, say, testImages } from "./words.js";
import { askOf, newWorker } from "./workers.js";

const EPOCHS = 30; // of a run
const PACE = 100; // milliseconds from one step to the next, at least, so that one sees it
const panel = find("training", HTMLElement);
const slider = find("epoch", HTMLInputElement);
const form = find("settings", HTMLFormElement);
const WHAT =
  "In an epoch the network sees every training image once. After each mini-batch it takes a step down the slope of the cost.";
const WHY =
  "It reads test images a little worse than training images, because it never trains with them. Try other settings.";
const SLOW = "Hardly better than guessing (underfitting): it learns slowly. Try a larger learning rate.";
const SIZES = "Type a number of neurons from 1 to 300, up to three of them such as 100-30, or none.";

/** The network after each epoch, the first untrained, the last maybe within an epoch; what was measured at every step; and
 * the visitor's network. @type {{ epochs: Epoch[], points: Measured[], before: Network }} */
export const training = { epochs: [], points: [], before: state.network };
let worker = /** @type {Worker | null} */ (null); // that trains, until the run is over
let left = 0; // steps that are still to be done

/** Lets the panel be opened, used and closed. */
export function offerTraining() {
  write("tests", testImages());
  write("examples", `${held.mnist.train.toLocaleString("en")} training images`);
  showEpoch(false);
  onClick("train", () => visit("#training"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    goOn(left === Infinity ? 0 : Infinity);
  });
  form.addEventListener("input", ({ target }) => {
    const size = find("size", HTMLInputElement); // for which the browser only says "match the requested format"
    size.setCustomValidity("");
    if (size.validity.patternMismatch) size.setCustomValidity(SIZES);
    if (target instanceof Element && target.id === "share") return;
    stop(); // the next run has other settings
    goOn(0);
  });
  onClick("step", () => form.reportValidity() && goOn(left === Infinity ? 1 : left + 1)); // however fast one clicks
  onClick("again", () => {
    if (!worker || !form.reportValidity()) return;
    stop();
    goOn(Infinity);
  });
  slider.addEventListener("input", () => {
    slider.value = `${Math.min(Number(slider.value), training.epochs.length - 1)}`;
    state.network = training.epochs[Number(slider.value)].network;
    showEpoch();
  });
  onClick("leave", () => visit(""));
}

const ours = /** @type {WeakSet<Network>} */ (new WeakSet()); // those of the panel, of all runs

/** Whether the network that is shown is one of the panel's. */
const isOurs = () => ours.has(state.network);

/** Opens the panel, as it was left. */
export function openTraining() {
  if (state.teaching) return say("Wait until it has learned.");
  open(true);
  find("start", HTMLElement).focus();
  panel.scrollIntoView({ block: "nearest" });
  state.worker = worker;
  const { network } = training.epochs.at(Number(slider.value)) ?? {};
  if (!isOurs()) training.before = state.network;
  if (network) state.network = network;
  showEpoch(Boolean(network));
}

/** Closes it, and brings the visitor's network back; the run can be gone on with. */
export function closeTraining() {
  if (panel.hidden) return;
  [left, state.worker] = [0, null];
  open(false);
  find("train", HTMLElement).focus({ preventScroll: true });
  const trained = isOurs();
  if (trained) change({ network: training.before });
  finish();
  if (trained) say("The previous network is back. Undo brings the trained one.");
}

/** The panel stands below the network, which becomes smaller. @param {boolean} opened */
function open(opened) {
  panel.hidden = !opened;
  document.body.classList.toggle("training", opened);
  fit();
}

/** Does so many steps from now on, if need be of a new network. @param {number} steps */
function goOn(steps) {
  left = steps;
  if (steps && !worker) train();
  showEpoch();
}

/** Trains a new network with the panel's settings, while steps are `left`, and it is not stopped. */
async function train() {
  const [size, rate, batch] = ["size", "rate", "batch"].map((id) => find(id, HTMLInputElement).value);
  const sizes = [784, ...(size === "none" ? [] : size.split("-").map(Number)), 10];
  const mine = newWorker();
  if (!isOurs()) training.before = state.network;
  change({}); // so that undo brings this network back
  Object.assign(training, { epochs: [], points: [] });
  [worker, state.worker, slider.value] = [mine, mine, "0"];
  const mnist = await heldImages();
  const layers = freshLayers(sizes);
  let fresh = /** @type {Fresh | undefined} */ ({ mnist, layers, batch: Number(batch), rate: Number(rate) });
  for (; worker === mine; fresh = undefined) {
    const since = performance.now();
    const share = Number(find("share", HTMLSelectElement).value);
    if (!fresh) left = Math.max(0, left - 1);
    const trained = await askOf(mine, { fresh, share });
    if (worker !== mine) return; // it was stopped, and this came after
    take(trained, sizes);
    let wait = PACE - (performance.now() - since);
    for (; worker === mine && (wait > 0 || !left); wait = left ? 0 : PACE) {
      await new Promise((next) => setTimeout(next, wait));
    }
  }
}

/** Takes a network after a step, and shows it if the slider is at the last epoch. @type {(trained: Trained, sizes: number[]) => void} */
function take({ layers, ...point }, sizes) {
  const { epochs, points } = training;
  const { epoch } = point;
  const { accuracy } = point.test;
  const network = { sizes, shape: sizes.join("-"), accuracy, test_accuracy: null, fresh: true, epoch, layers };
  const followed = Number(slider.value) >= epochs.length - 1;
  ours.add(network);
  epochs[Math.ceil(epoch)] = { network, point }; // in place of one within this epoch
  points.push(point);
  if (epoch >= EPOCHS) stop();
  if (followed) {
    slider.max = `${epochs.length - 1}`; // before its value, which it limits
    slider.value = slider.max;
    if (!panel.hidden) Object.assign(state, { network, flash: null });
  }
  if (!panel.hidden) showEpoch();
}

function stop() {
  worker?.terminate();
  worker = state.worker = null;
  left = 0;
}

/** Shows the epoch that the slider is at: the curve up to the newest, and what the network reads then. */
function showEpoch(all = true) {
  const { epochs, points } = training;
  const { point } = epochs.at(Number(slider.value)) ?? {};
  const goesOn = left === Infinity;
  const dash = "–";
  drawCurves(points, point);
  write("start", goesOn ? "Pause" : worker ? "Go on" : "Start");
  find("again", HTMLElement).ariaDisabled = `${!worker}`;
  for (const id of ["progress", "advice", "said"]) {
    // an epoch takes a tenth of a second
    find(id, HTMLElement).ariaLive = goesOn ? "off" : "polite";
  }
  const cells = {
    at: `Epoch ${point ? nameOf(point.epoch) : dash}`,
    "test-error": point ? errorOf(point.test.accuracy) : dash,
    "train-error": point ? errorOf(point.train.accuracy) : dash,
  };
  for (const [id, text] of Object.entries(cells)) write(id, text);
  slider.disabled = !point;
  slider.ariaValueText = point ? `${cells.at}: ${cells["test-error"]} of the test images are misread` : "none";
  const advice = point ? adviceOn(point) : WHAT;
  if (find("advice", HTMLElement).textContent !== advice) write("advice", advice);
  if (!all) return;
  show();
  say();
  describe();
}

/** What goes wrong, if something does, or why more cannot be expected. @type {(point: Measured) => string} */
function adviceOn({ epoch, test: { accuracy, stuck } }) {
  if (stuck > 0.8) {
    const share = `${(100 * stuck).toFixed(0)} %`;
    return `Saturated: on ${share} of the test images the right output is below 0.01, where σ′(z) = a(1 − a) is almost 0, so that hardly anything is learned. Try a smaller learning rate.`;
  }
  if (epoch < 1) return WHAT;
  if (accuracy < 0.5 && stuck < 0.1) return SLOW;
  return WHY;
}
