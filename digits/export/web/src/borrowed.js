// The network that the tour borrows: at most stops, it takes the place of the visitor's until the stop is left. It is
// small enough to be seen whole.

import { freshLayers } from "./backpropagation.js";
import { heldImages } from "./held.js";
import { outputsOf, predictionOf } from "./network.js";
import { state } from "./state.js";
import { askOf, newWorker } from "./workers.js";

export const RATE = 3, BATCH = 10; // learning rate and mini-batch of the chapter's first network
const SIZES = [784, 30, 10], SHAPE = { sizes: SIZES, shape: SIZES.join("-"), fresh: true };
const EPOCHS = 6; // of the small network: about two seconds

/** The visitor's network, the borrowed one, and the small one once it is trained. @type {Loan} */
export const loan = { visitors: state.network, borrowed: null, small: null };

/** Borrows an untrained network or the small one. Until that is trained, the visitor's own stands in.
 * @type {(which: "small" | "untrained") => Borrowed} */
export function borrow(which) {
  giveBack();
  const { network } = state, { sizes, shape, layers } = network, standIn = { sizes, shape, layers };
  const facts = which === "untrained" ? { ...SHAPE, layers: freshLayers(SIZES) } : (loan.small ?? standIn);
  const borrowed = { reader: layers, test_accuracy: null, ...facts, base: facts.layers, left: 0 };
  [loan.visitors, loan.borrowed, state.network] = [network, borrowed, borrowed];
  return borrowed;
}

/** Brings the visitor's network back, also to the moments that undo and redo bring. */
export function giveBack() {
  for (const moment of [state, ...state.past, ...state.future]) {
    if (moment.network === loan.borrowed) moment.network = loan.visitors;
  }
  loan.borrowed = null;
}

/** The borrowed network, unless undo has brought another one. */
export const borrowedNow = () => (state.network === loan.borrowed ? loan.borrowed : null);

/** What the borrowed network should read in an image: what the visitor's network reads. @param {Float32Array} image */
export const rightDigit = (image) => predictionOf(outputsOf(loan.visitors.layers, image));

/** A worker that trains these layers, by the share of an epoch that it is asked for. @param {Layer[]} layers */
export async function trainerOf(layers) {
  const mnist = await heldImages(), trainer = newWorker();
  askOf(trainer, { fresh: { mnist, layers, batch: BATCH, rate: RATE }, share: 0 });
  return trainer;
}

/** Trains the small network. */
export async function trainSmall() {
  const trainer = await trainerOf(freshLayers(SIZES));
  let last = await askOf(trainer, { share: 1 });
  while (last.epoch < EPOCHS) last = await askOf(trainer, { share: 1 });
  trainer.terminate();
  const { layers, epoch, test: { accuracy } } = last;
  loan.small = { ...SHAPE, layers, epoch, accuracy };
}
