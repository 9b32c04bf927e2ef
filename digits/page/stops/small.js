// The network of the tour: 784-30-10, small enough to be seen whole, and trained here in about two seconds.

import { freshLayers, seeded } from "../network/backprop.js";
import { heldImages } from "../held.js";
import { outputsOf, predictionOf } from "../network/feedforward.js";
import { digitRead } from "../shell/answer.js";
import { state } from "../shell/state.js";
import { askOf, newWorker } from "../shell/workers.js";

const RATE = 3; // learning rate of the chapter's first network
export const BATCH = 10; // its mini-batch size
const SIZES = [784, 30, 10];
const EPOCHS = 6;

/** The small network, once it is trained, and the images of the page. @type {{ layers: Layer[] | null; mnist: Mnist | null }} */
export const small = { layers: null, mnist: null };
let training = /** @type {Promise<void> | undefined} */ (undefined);

/** An untrained network of the same sizes, with the same random weights each time: stops and visits show the same one. */
export const untrained = () => freshLayers(SIZES, seeded());

/** The image whose digit the visitor has named, and the digit. */
const named = { image: new Float32Array(0), digit: 0 };
/** @type {(image: Float32Array, digit: number) => void} */
export const nameDigit = (image, digit) => void Object.assign(named, { image, digit });

/** What a digit should be: what the visitor says, or else what the page reads on the pad. @param {Float32Array} image */
export function rightDigit(image) {
  if (image === named.image) return named.digit;
  const i = state.digits.findIndex((digit) => digit.image === image);
  return i in state.outputs ? digitRead(i) : predictionOf(outputsOf(state.network.layers, image));
}

/** What a worker is asked first, to train an untrained network on the first `n` training images.
 * @type {(mnist: Mnist, n?: number) => Training} */
export const beginOn = (mnist, n) => ({ fresh: { mnist, layers: untrained(), batch: BATCH, rate: RATE, n }, share: 0 });

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
