// A network that is trained from nothing, a few mini-batches at a time: what a worker does, while one goes on drawing.

import { exampleOf, quadraticCost, sgdStep } from "./backpropagation.js";
import { feedforward, predictionOf } from "./network.js";

const SATURATED = 0.01; // a right output that is lower: the slope of the sigmoid is almost 0
const AT_ONCE = 100; // images that are tested together
export const MEASURED = 10_000; // training images at most on which it is told how it does

let run = /** @type {ReturnType<typeof begin> | null} */ (null);

/** Begins, if a `fresh` network is asked for; or goes on by a share of an epoch, at most to its end, but by one
 * mini-batch at least. @type {(job: Training) => Trained | null} */
export function train({ fresh, share }) {
  if (fresh) run = begin(fresh);
  if (!run) return null;
  const { mnist, layers, batch, rate } = run, epoch = Math.ceil(mnist.train / batch); // in mini-batches
  const left = epoch - (run.done % epoch), steps = fresh ? 0 : Math.min(left, Math.max(1, Math.round(share * epoch)));
  for (let i = 0; i < steps; i++) {
    const start = (run.done++ % epoch) * batch;
    if (start === 0) run.order = shuffled(run.order);
    sgdStep(layers, run.order.slice(start, start + batch).map((i) => exampleOf(mnist, i)), rate);
  }
  const train = measured(layers, mnist, 0, Math.min(MEASURED, mnist.train));
  const test = measured(layers, mnist, mnist.train, mnist.test);
  return { layers, epoch: run.done / epoch, train, test };
}

/** @param {Fresh} settings */
const begin = (settings) => ({ ...settings, done: 0, order: [...Array(settings.mnist.train).keys()] });

/** @template T @param {T[]} all */
function shuffled(all) {
  const keyed = all.map((one) => ({ one, key: Math.random() })).sort((a, b) => a.key - b.key);
  return keyed.map(({ one }) => one);
}

/** How a network does on so many images, from one on.
 * @type {(layers: Layer[], mnist: Mnist, begin: number, n: number) => Measures} */
export function measured(layers, mnist, begin, n) {
  let right = 0, cost = 0, stuck = 0;
  for (let first = 0; first < n; first += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, n - first) }, (_, i) => exampleOf(mnist, begin + first + i));
    const outputs = feedforward(layers, some.map(({ image }) => image))[layers.length];
    for (const [i, { y }] of some.entries()) {
      const digit = predictionOf(y);
      if (predictionOf(outputs[i]) === digit) right++;
      if (outputs[i][digit] < SATURATED) stuck++;
      cost += quadraticCost(outputs[i], y);
    }
  }
  return { accuracy: right / n, cost: cost / n, stuck: stuck / n };
}
