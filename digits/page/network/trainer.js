// A network that is trained from nothing, a few mini-batches at a time: what a worker does, while one goes on drawing.

import { exampleOf, seeded, sgdStep } from "./backprop.js";
import { outputsOf, predictionOf } from "./feedforward.js";

const SATURATED = 0.01; // a right output that is lower: the slope of the sigmoid is almost 0

let run = /** @type {(Fresh & { done: number; order: number[]; random: () => number }) | null} */ (null); // mini-batches done, images

/** Begins, if a `fresh` network is asked for; or goes on by a share of an epoch, at most to its end, but by one
 * mini-batch at least. @type {(job: Training) => Trained | null} */
export function train({ fresh, share }) {
  if (fresh) run = { ...fresh, done: 0, order: [...Array(fresh.n ?? fresh.mnist.train).keys()], random: seeded() };
  if (!run) return null;
  const { mnist, layers, batch, rate, order } = run;
  const epoch = Math.ceil(order.length / batch); // in mini-batches
  const left = epoch - (run.done % epoch);
  const steps = fresh ? 0 : Math.min(left, Math.max(1, Math.round(share * epoch)));
  for (let i = 0; i < steps; i++) {
    const start = (run.done++ % epoch) * batch;
    if (start === 0) {
      // shuffle, in the same way in each run
      const keys = order.map(run.random);
      order.sort((i, j) => keys[i] - keys[j]);
    }
    const examples = order.slice(start, start + batch).map((i) => exampleOf(mnist, i));
    sgdStep(layers, examples, rate);
  }
  const train = measured(layers, mnist, 0, order.length);
  const test = measured(layers, mnist, mnist.train, mnist.test);
  return { layers, epoch: run.done / epoch, train, test };
}

/** How a network does on `n` images, the first being number `begin`.
 * @type {(layers: Layer[], mnist: Mnist, begin: number, n: number) => Measures} */
export function measured(layers, mnist, begin, n) {
  let right = 0;
  let stuck = 0;
  for (let i = begin; i < begin + n; i++) {
    const { image, y } = exampleOf(mnist, i);
    const outputs = outputsOf(layers, image);
    const digit = predictionOf(y);
    if (predictionOf(outputs) === digit) right++;
    if (outputs[digit] < SATURATED) stuck++;
  }
  return { accuracy: right / n, stuck: stuck / n };
}
