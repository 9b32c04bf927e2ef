// The network of the tour: 784-30-10, small enough to be seen whole, and trained here in about two seconds.

import { freshLayers } from "../network/backprop.js";
import { heldImages } from "../held.js";
import { outputsOf, predictionOf } from "../network/feedforward.js";
import { state } from "../shell/state.js";
import { askOf, newWorker } from "../shell/workers.js";

const RATE = 3; // learning rate of the chapter's first network
export const BATCH = 10; // its mini-batch size
const SIZES = [784, 30, 10];
const EPOCHS = 6;

/** The small network, once it is trained, and the images of the page. @type {{ layers: Layer[] | null; mnist: Mnist | null }} */
export const small = { layers: null, mnist: null };
let training = /** @type {Promise<void> | undefined} */ (undefined);

/** An untrained network of the same sizes. */
export const untrained = () => freshLayers(SIZES);

/** What a digit should be: what the visitor's own network reads. @param {Float32Array} image */
export const rightDigit = (image) => predictionOf(outputsOf(state.network.layers, image));

/** What a worker is asked first, to train an untrained network on images. @type {(mnist: Mnist) => Training} */
export const beginOn = (mnist) => ({ fresh: { mnist, layers: untrained(), batch: BATCH, rate: RATE }, share: 0 });

/** Trains the small network, once. */
export const trainSmall = () => {
  training ??= train();
  return training;
};

async function train() {
  const trainer = newWorker();
  const mnist = await heldImages();
  let last = await askOf(trainer, beginOn(mnist));
  while (last.epoch < EPOCHS) last = await askOf(trainer, { share: 1 });
  trainer.terminate();
  Object.assign(small, { layers: last.layers, mnist });
}
