// Networks that are trained from nothing, in a worker, so that one goes on drawing; the slider through the epochs of the
// newest, and a row for each run.

import { freshLayers } from "./backpropagation.js";
import { drawCurves, errorOf, nameOf } from "./curve.js";
import { element, find, onClick, visit, write } from "./elements.js";
import { held, heldImages } from "./held.js";
import { change, state } from "./state.js";
import { describe, finish, fit, say, show, testImages } from "./view.js";
import { askOf, newWorker } from "./workers.js";

const EPOCHS = 30, FEW = 10; // of a run, and of one of the book's experiments
const EXPERIMENTS = [["15", 3], ["30", 3], ["100", 3], ["30", 0.001], ["30", 100]]; // hidden neurons, learning rates
const MOST = 12; // runs that are remembered
const PACE = 100; // ms from one step to the next, at least, so that one sees it
const BY_HEART = 0.03, EARLY = 5; // so much lower is the error on what it trained with, from some epochs on
const panel = find("training", HTMLElement), slider = find("epoch", HTMLInputElement);
const form = find("settings", HTMLFormElement);
const WHAT = "In an epoch the network sees every training image once. After each mini-batch it takes a step down the slope of the cost.";
const WHY = "It reads test images a little worse than training images, because it never trains with them. Try other settings.";
const SLOW = "Hardly better than guessing (underfitting): it learns slowly. Try a larger learning rate.";
/** The newest network after each epoch, the first fresh, the last maybe amid one; what was measured, at every step; the
 * visitor's network; and all runs, the newest last.
 * @type {{epochs: Epoch[], points: Measured[], before: Network, runs: Run[]}} */
export const training = { epochs: [], points: [], before: state.network, runs: [] };
let worker = /** @type {Worker | null} */ (null); // of the newest run, until it is over
let run = /** @type {Run | undefined} */ (undefined); // the newest
let chosen = /** @type {Run | undefined} */ (undefined); // whose row is
let left = 0; // steps that are still to be done
let until = EPOCHS; // it goes on
let ahead = /** @type {typeof EXPERIMENTS} */ ([]); // experiments that are still to be made

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
    explainSize();
    if (target instanceof Element && target.id === "share") return;
    stop(); // the next one has other settings
    goOn(0);
  });
  onClick("step", () => form.reportValidity() && goOn(left === Infinity ? 1 : left + 1)); // however fast one clicks
  onClick("again", () => {
    if (!worker || !form.reportValidity()) return;
    stop();
    goOn(Infinity);
  });
  onClick("experiments", () => {
    stop();
    experiment([...EXPERIMENTS]);
  });
  slider.addEventListener("input", () => {
    slider.value = `${Math.min(Number(slider.value), training.epochs.length - 1)}`;
    state.network = training.epochs[Number(slider.value)].network;
    chosen = run;
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
  [left, ahead, state.worker] = [0, [], null];
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

/** Does so many steps from now on, if need be of a new network, and no more experiments. @param {number} steps */
function goOn(steps) {
  [left, ahead] = [steps, []];
  if (steps && !worker) train();
  showEpoch();
}

/** Says what a layer size may be, in place of the browser's "match the requested format". */
function explainSize() {
  const field = find("size", HTMLInputElement);
  field.setCustomValidity("");
  if (field.validity.patternMismatch) field.setCustomValidity("Type a number of neurons from 1 to 300, up to three of them such as 100-30, or none.");
}

/** Makes an experiment, and the others after it. @param {typeof EXPERIMENTS} all */
function experiment([[size, rate], ...others]) {
  for (const [id, value] of Object.entries({ size, rate, batch: 10 })) find(id, HTMLInputElement).value = `${value}`;
  explainSize();
  goOn(Infinity);
  [ahead, until] = [others, FEW];
}

/** Trains a new network with the panel's settings, while steps are `left`, and it is not stopped. What comes of it is
 * shown, if the slider is at the last epoch. */
async function train() {
  const [size, rate, batch] = ["size", "rate", "batch"].map((id) => find(id, HTMLInputElement).value);
  const sizes = [784, ...(size === "none" ? [] : size.split("-").map(Number)), 10], mine = newWorker();
  if (!isOurs()) training.before = state.network;
  change({}); // so that undo brings this network back
  const now = { size, rate, batch, errors: [], seconds: 0, says: WHAT };
  training.runs = [...training.runs.filter(({ errors }) => errors.length > 1), now].slice(-MOST);
  Object.assign(training, { epochs: [], points: [] });
  [run, chosen, worker, state.worker, until, slider.value] = [now, now, mine, mine, EPOCHS, "0"];
  const mnist = await heldImages(), layers = freshLayers(sizes);
  let fresh = /** @type {Fresh | undefined} */ ({ mnist, layers, batch: Number(batch), rate: Number(rate) });
  for (; worker === mine; fresh = undefined) {
    const since = performance.now(), share = Number(find("share", HTMLSelectElement).value);
    if (!fresh) left = Math.max(0, left - 1);
    const trained = await askOf(mine, { fresh, share }), took = performance.now() - since;
    if (worker !== mine) return; // it was stopped, and this came after
    take(now, trained, sizes, took);
    for (let wait = PACE - took; worker === mine && (wait > 0 || !left); wait = left ? 0 : PACE) {
      await new Promise((next) => setTimeout(next, wait));
    }
  }
}

/** @type {(run: Run, trained: Trained, sizes: number[], took: number) => void} */
function take(run, { layers, ...point }, sizes, took) {
  const { epochs, points } = training, { accuracy } = point.test, { epoch } = point;
  const followed = Number(slider.value) >= epochs.length - 1, number = Math.ceil(epoch);
  const facts = { sizes, shape: sizes.join("-"), accuracy, test_accuracy: null, fresh: true };
  const network = { ...facts, epoch, layers };
  ours.add(network);
  epochs[number] = { network, point }; // in place of one amid this epoch
  points.push(point);
  if (Number.isInteger(epoch)) run.errors[number] = Math.round(1000 * (1 - accuracy));
  run.seconds += epoch ? took / 1000 : 0;
  run.says = adviceOn(point);
  if (epoch >= until) stop();
  if (followed) {
    slider.max = `${epochs.length - 1}`; // before its value, which it limits
    slider.value = slider.max;
    if (!panel.hidden) Object.assign(state, { network, flash: null });
  }
  if (!panel.hidden) showEpoch();
  if (!worker && ahead.length) experiment(ahead);
}

function stop() {
  worker?.terminate();
  worker = state.worker = null;
  left = 0;
}

/** Shows the epoch that the slider is at: the curve up to the newest, and what the network reads then. */
function showEpoch(all = true) {
  const { epochs, points, runs } = training, { point } = epochs.at(Number(slider.value)) ?? {};
  const goesOn = left === Infinity, dash = "–";
  drawCurves(points, runs.filter((earlier) => earlier !== run), chosen, point);
  showRuns();
  write("start", goesOn ? "Pause" : worker ? "Go on" : "Start");
  find("again", HTMLElement).ariaDisabled = `${!worker}`;
  for (const id of ["progress", "advice", "said"]) { // an epoch takes a tenth of a second
    find(id, HTMLElement).ariaLive = goesOn ? "off" : "polite";
  }
  const cells = {
    at: `Epoch ${point ? nameOf(point.epoch) : dash}`,
    "test-error": point ? errorOf(point.test.accuracy) : dash,
    "train-error": point ? errorOf(point.train.accuracy) : dash,
    cost: point ? point.train.cost.toFixed(3) : dash,
  };
  for (const [id, text] of Object.entries(cells)) write(id, text);
  slider.disabled = !point;
  slider.ariaValueText = point ? `${cells.at}: ${cells["test-error"]} of the test images are misread` : "none";
  const ofNewest = point ? adviceOn(point) : WHAT;
  const ofOther = chosen && `${chosen.size} at ${chosen.rate}: ${chosen.says}`;
  const advice = chosen === run ? ofNewest : (ofOther ?? WHAT);
  if (find("advice", HTMLElement).textContent !== advice) write("advice", advice);
  if (!all) return;
  show();
  say();
  describe();
}

/** Shows a row for each run, the newest first: its settings, its best error on the test images, how long it took. */
function showRuns() {
  const list = find("runs", HTMLElement), { runs } = training;
  while (list.childElementCount > runs.length) list.lastChild?.remove();
  for (let i = list.childElementCount; i < runs.length; i++) {
    const button = Object.assign(element("button"), { type: "button" });
    list.append(button);
    button.addEventListener("click", () => {
      chosen = training.runs.at(-1 - i);
      showEpoch(false);
    });
  }
  for (const [i, button] of [...list.children].entries()) { // which stay, and keep the focus
    const listed = runs[runs.length - 1 - i], { size, rate, batch, errors, seconds } = listed;
    const best = errors.length ? `${(Math.min(...errors) / 10).toFixed(1)} %` : "–";
    button.replaceChildren(...[size, rate, batch, best, `${seconds.toFixed(1)} s`].map((text) => element("span", text)));
    button.ariaPressed = `${listed === chosen}`;
  }
}

/** What goes wrong, if something does, or why more cannot be expected. @type {(point: Measured) => string} */
function adviceOn({ epoch, train, test: { accuracy, stuck } }) {
  const share = `${(100 * stuck).toFixed(0)} %`;
  if (stuck > 0.8) {
    return `Saturated: on ${share} of the test images the right output is below 0.01, where σ′(z) = a(1 − a) is `
      + "almost 0, so that hardly anything is learned. Try a smaller learning rate.";
  }
  if (epoch < 1) return WHAT;
  if (accuracy < 0.5 && stuck < 0.1) return SLOW;
  if (epoch >= EARLY && train.accuracy - accuracy > BY_HEART) {
    return `Overfitting: learned by heart. It misreads ${errorOf(train.accuracy)} of the images that it trained with, and `
      + `${errorOf(accuracy)} of the test images. More images would help.`;
  }
  return WHY;
}
