// A network that is trained from nothing, in a worker, so that one goes on drawing; and the slider through its epochs.

import { find, onClick, write } from "./elements.js";
import { held, heldImages } from "./held.js";
import { change, state } from "./state.js";
import { describe, finish, fit, say, show } from "./view.js";
import { newWorker } from "./workers.js";

const EPOCHS = 30;
const panel = find("training", HTMLElement), slider = find("epoch", HTMLInputElement);
/** The network after each epoch, the first fresh; and the one before. @type {{epochs: Epoch[], before: Network}} */
export const training = { epochs: [], before: state.network };

/** Lets the panel be opened, used and closed. */
export function offerTraining() {
  onClick("train", () => {
    open(true);
    find("start", HTMLElement).focus();
  });
  panel.querySelector("form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    if (state.teaching) return;
    if (state.worker) stop();
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

/** Starts a worker with the panel's settings. Each of its epochs is shown, if the slider was at the last. */
function start() {
  const [hidden, batch, rate] = ["size", "batch", "rate"].map((id) => Number(find(id, HTMLSelectElement).value));
  const sizes = [784, hidden, 10], worker = newWorker();
  if (!state.network.fresh) training.before = state.network;
  change({}); // so that undo brings this network back
  state.worker = worker;
  slider.value = "0";
  training.epochs = [];
  worker.onmessage = ({ data: { layers, accuracy } }) => {
    if (worker !== state.worker) return; // stopped, and this came after
    const followed = Number(slider.value) >= training.epochs.length - 1, shape = sizes.join("-");
    const network = { sizes, shape, layers, accuracy, test_accuracy: accuracy, fresh: true };
    training.epochs.push(network);
    if (training.epochs.length > EPOCHS) stop();
    slider.disabled = false;
    if (followed) {
      slider.value = `${training.epochs.length - 1}`;
      Object.assign(state, { network, flash: null });
    }
    showEpoch();
  };
  heldImages().then((images) => worker.postMessage({ mnist: images, sizes, epochs: EPOCHS, batch, rate }));
}

function stop() {
  state.worker?.terminate();
  state.worker = null;
}

/** Shows the epoch that the slider is at: the curve up to the newest, and what the network reads then. */
function showEpoch() {
  const { epochs } = training, shown = epochs.at(Number(slider.value));
  const { train, test } = held.mnist, [learned, tested] = [train, test].map((count) => count.toLocaleString("en"));
  const points = epochs.map(({ accuracy }, i) => `${i},${100 * (1 - accuracy)}`).join(" ");
  document.querySelector("#curve polyline")?.setAttribute("points", points);
  write("start", state.worker ? "Stop" : "Start");
  const idle = state.worker ? "" : `${learned} images of MNIST to learn from are in this file.`;
  const progress = `Epoch ${slider.value}: ${(100 * (shown?.accuracy ?? 0)).toFixed(1)} % of ${tested} test images`;
  write("progress", shown ? progress : idle);
  find("said", HTMLElement).ariaLive = state.worker ? "off" : "polite"; // an epoch takes a tenth of a second
  show();
  say();
  describe();
}
