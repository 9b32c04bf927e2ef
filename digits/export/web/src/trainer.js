// A network that is trained from nothing, a few mini-batches at a time: what a worker does, while one goes on drawing.

import { exampleOf, quadraticCost, sgdStep } from "./backpropagation.js";
import { feedforward, predictionOf } from "./network.js";

const BINS = 20; // of a histogram of activations, 0 to 1
const SATURATED = 0.01; // so far from 0 or 1, or nearer, the slope of the sigmoid is almost 0
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
  const hidden = new Float32Array(BINS), output = new Float32Array(BINS);
  let right = 0, cost = 0, stuck = 0, saturated = 0, neurons = 0;
  for (let first = 0; first < n; first += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, n - first) }, (_, i) => exampleOf(mnist, begin + first + i));
    const activations = feedforward(layers, some.map(({ image }) => image)).slice(1);
    const outputs = activations[layers.length - 1];
    for (const [l, layer] of activations.entries()) {
      const bins = l === layers.length - 1 ? output : hidden;
      for (const a of layer) {
        neurons += a.length;
        for (let j = 0; j < a.length; j++) {
          bins[Math.min(BINS - 1, Math.floor(BINS * a[j]))]++;
          if (a[j] < SATURATED || a[j] > 1 - SATURATED) saturated++;
        }
      }
    }
    for (const [i, { y }] of some.entries()) {
      const digit = predictionOf(y);
      if (predictionOf(outputs[i]) === digit) right++;
      if (outputs[i][digit] < SATURATED) stuck++;
      cost += quadraticCost(outputs[i], y);
    }
  }
  const shares = (/** @type {Float32Array} */ bins) => {
    const sum = bins.reduce((sum, count) => sum + count);
    return bins.map((count) => count / (sum || 1)); // without hidden neurons
  };
  return {
    accuracy: right / n, cost: cost / n, stuck: stuck / n, saturated: saturated / neurons,
    hidden: shares(hidden), output: shares(output),
  };
}
