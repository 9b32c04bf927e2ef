import { borrow, borrowedNow, loan, trainerOf } from "../borrowed.js";
import { wantsStill } from "../elements.js";
import { held } from "../held.js";
import { state } from "../state.js";
import { describe, percent, say, show, testImages } from "../view.js";
import { askOf } from "../workers.js";

const SHARE = 0.1; // of an epoch, after which its weights are shown; to test them takes most of the time

/** The state of this stop: the worker that trains the borrowed network, and what came of it so far.
 * @type {{ trainer: Worker | null, result: Result }} */
const epochState = { trainer: null, result: "" };

/** An epoch: once through MNIST's images, in a worker. @type {Stop} */
export const epoch = {
  title: "A whole epoch", section: "Implementing our network to classify digits", view: ".hidden",
  text: "One image teaches little. The training images are shuffled and cut into mini-batches of ten, and each makes one step: all of them once are an epoch. Watch the weights of this network’s hidden neurons, which start as noise, and what it makes of your digit.",
  question: "5,500 images, mini-batches of ten: how many steps are an epoch?",
  answers: [["10", "No: that is the size of a mini-batch."], ["550", "Right: 5,500 / 10."], ["5,500", "No: a step takes ten images."]],
  controls: `<button id="pass" type="button">One epoch</button>`,
  network: "untrained",
  on: { pass: learn },
  leave: end,
  draw: () => epochState.result,
};

function end() {
  epochState.trainer?.terminate();
  Object.assign(epochState, { trainer: null, result: "" });
}

/** Trains for an epoch, and shows the weights meanwhile. If the stop is left, nothing more comes of it. */
async function learn() {
  if (!borrowedNow()) end();
  const network = borrowedNow() ?? borrow("untrained"), { train: all } = held.mnist;
  if (network.left) return;
  network.left = 1;
  const trainer = epochState.trainer ?? await trainerOf(network.layers);
  if (loan.borrowed !== network) return trainer.terminate();
  epochState.trainer = trainer;
  for (let isOver = false; state.network === network && !isOver;) {
    const { epoch, train, test, layers } = await askOf(trainer, { share: wantsStill() ? 1 : SHARE });
    if (loan.borrowed !== network) return;
    isOver = Number.isInteger(epoch);
    Object.assign(network, { layers, epoch });
    const [seen, images] = [Math.round(epoch * all), all].map((n) => n.toLocaleString("en"));
    const right = `Epoch ${epoch}: ${percent(test.accuracy)} % of ${testImages()} are read right.`;
    const sofar = `${seen} of ${images} images seen. C = ${train.cost.toFixed(3)}, on all of them.`;
    epochState.result = isOver ? { lasting: right } : sofar;
    show();
  }
  network.left = 0;
  say();
  describe();
}
