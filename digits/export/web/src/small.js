// The network of the tour: 784-30-10, small enough to be seen whole, and trained here in about two seconds.

import { freshLayers } from "./backpropagation.js";
import { heldImages } from "./held.js";
import { outputsOf, predictionOf } from "./network.js";
import { state } from "./state.js";
import { askOf, newWorker } from "./workers.js";

export const RATE = 3, BATCH = 10; // learning rate and mini-batch of the chapter's first network
export const SIZES = [784, 30, 10];
const EPOCHS = 6;

/** The small network, once it is trained. @type {{ layers: Layer[] | null }} */
export const small = { layers: null };
let training = /** @type {Promise<void> | undefined} */ (undefined);

/** An untrained network of the same sizes. */
export const untrained = () => freshLayers(SIZES);

/** What a digit should be: what the visitor's own network reads. @param {Float32Array} image */
export const rightDigit = (image) => predictionOf(outputsOf(state.network.layers, image));

/** A worker that trains these layers on the page's images, by the share of an epoch that it is asked for.
 * @type {(layers: Layer[], mnist?: Mnist) => Promise<Worker>} */
export async function trainerOf(layers, mnist) {
  const trainer = newWorker();
  askOf(trainer, { fresh: { mnist: mnist ?? await heldImages(), layers, batch: BATCH, rate: RATE }, share: 0 });
  return trainer;
}

/** Trains the small network, once. */
export const trainSmall = () => {
  training ??= train();
  return training;
};

async function train() {
  const trainer = await trainerOf(untrained());
  let last = await askOf(trainer, { share: 1 });
  while (last.epoch < EPOCHS) last = await askOf(trainer, { share: 1 });
  trainer.terminate();
  small.layers = last.layers;
}
