// A network that is trained from nothing, in a worker, so that one goes on drawing; and the slider through its epochs.

import { find, onClick, write } from "./elements.js";
import { held, heldImages } from "./held.js";
import { change, state } from "./state.js";
import { describe, finish, fit, say, show } from "./view.js";

const EPOCHS = 30;
const trustedTypes = /** @type {any} */ (globalThis).trustedTypes;
const scripts = trustedTypes?.createPolicy("worker", { createScriptURL: (/** @type {string} */ url) => url });
const panel = find("training", HTMLElement), slider = find("epoch", HTMLInputElement);
/** The network as it was after each epoch, the first fresh; and the one that the page showed before.
 * @type {{worker: Worker | null, epochs: (Network & {accuracy: number})[], before: Network}} */
export const training = { worker: null, epochs: [], before: state.network };

/** Lets the panel be opened, used and closed. */
export function offerTraining() {
  onClick("train", () => {
    open(true);
    find("start", HTMLElement).focus();
  });
  panel.querySelector("form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    if (state.teaching) return;
    if (state.training) stop();
    else start();
    showEpoch();
  });
  slider.addEventListener("input", () => {
    slider.value = `${Math.min(Number(slider.value), training.epochs.length - 1)}`;
    state.network = training.epochs[Number(slider.value)];
    showEpoch();
  });
  onClick("leave", () => {
    stop();
    open(false);
    if (state.network.fresh) change({ network: training.before });
    finish();
    find("train", HTMLElement).focus();
  });
}

/** @type {(opened: boolean) => void} */
function open(opened) {
  panel.hidden = !opened;
  document.body.classList.toggle("training", opened);
  fit();
}

/** Starts a worker with the panel's settings. */
function start() {
  const [hidden, batch, rate] = ["size", "batch", "rate"].map((id) => Number(find(id, HTMLSelectElement).value));
  const sizes = [784, hidden, 10], program = document.getElementById("worker")?.textContent ?? "";
  const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
  const worker = new Worker(scripts?.createScriptURL(url) ?? url);
  if (!state.network.fresh) training.before = state.network;
  change({}); // so that undo brings this network back
  state.training = true;
  slider.value = "0";
  Object.assign(training, { worker, epochs: [] });
  worker.onmessage = ({ data: { layers, accuracy } }) => {
    if (worker !== training.worker) return; // stopped, and this came after
    showNext({ sizes, shape: sizes.join("-"), layers, accuracy, test_accuracy: accuracy, fresh: true });
  };
  heldImages().then((images) => worker.postMessage({ mnist: images, sizes, epochs: EPOCHS, batch, rate }));
}

function stop() {
  training.worker?.terminate();
  training.worker = null;
  state.training = false;
}

/** Shows the network after another epoch, if the slider was at the last.
 * @type {(network: Network & {accuracy: number}) => void} */
function showNext(network) {
  const followed = Number(slider.value) >= training.epochs.length - 1;
  training.epochs.push(network);
  if (training.epochs.length > EPOCHS) stop();
  slider.disabled = false;
  if (followed) {
    slider.value = `${training.epochs.length - 1}`;
    state.network = network;
    state.flash = null;
  }
  showEpoch();
}

/** Shows the epoch that the slider is at: the curve up to the newest, and what the network reads then. */
export function showEpoch() {
  const { epochs } = training, shown = epochs.at(Number(slider.value));
  const { train, test } = held.mnist, [learned, tested] = [train, test].map((count) => count.toLocaleString("en"));
  const points = epochs.map(({ accuracy }, i) => `${i},${100 * (1 - accuracy)}`).join(" ");
  document.querySelector("#curve polyline")?.setAttribute("points", points);
  write("start", state.training ? "Stop" : "Start");
  const progress = shown
    ? `Epoch ${slider.value}: ${(100 * shown.accuracy).toFixed(1)} % of ${tested} test images`
    : state.training ? "" : `${learned} images of MNIST to learn from are in this file.`;
  write("progress", progress);
  find("said", HTMLElement).ariaLive = state.training ? "off" : "polite"; // an epoch takes a tenth of a second
  show();
  say();
  describe();
}
