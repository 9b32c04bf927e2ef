// A lesson, which is fine-tuning with rehearsal: the network is told what is on the pad, and learns it by gradient
// descent, in all images of it that vote for the answer. So that it forgets little else, each mini-batch mixes the first
// that is not learned with earlier lessons and MNIST's images; half of these are of the digit that the drawing was taken
// for, which is forgotten first. The cost is the cross-entropy, as an output that is wrong is often saturated.

import { any, crossEntropy, exampleOf, sgdStep, supportOf } from "./backpropagation.js";
import { relative } from "./layers.js";
import { feedforward, outputsOf, predictionOf } from "./network.js";

const RATE = 0.4, BATCH = 20, EARLIER = 0.2, TAKEN = 0.5, STEPS = 400; // as chosen on misread real digits
const LEARNED = 0.8; // least right output: guesses vote by their confidence, and what is read badly is turned

/** @type {(job: Lesson, before: Layer[]) => { lesson: Example[]; layers: Layer[]; start: Float32Array[]; steps: number;
 *   other: () => Example }} */
export function begin({ lesson, earlier, mnist }, before) {
  const layers = structuredClone(before), numbers = [...Array(mnist.train).keys()];
  const [{ image, y }] = lesson, prediction = predictionOf(outputsOf(layers, image));
  const taken = numbers.filter((i) => mnist.bytes[i] === prediction);
  const other = () => {
    if (earlier.length && Math.random() < EARLIER) return any(any(earlier));
    return exampleOf(mnist, any(taken.length && Math.random() < TAKEN ? taken : numbers));
  };
  return { lesson, layers, start: supportOf(layers, y), steps: 0, other };
}

/** Steps until it is learned, for so long, and at least one; after STEPS it is given up.
 * @type {(one: ReturnType<typeof begin>, milliseconds: number) => Progress} */
export function goOn(one, milliseconds) {
  const { lesson: [{ image, y }], layers, start, other } = one, since = performance.now();
  do {
    const next = unlearned(one);
    if (!next || one.steps >= STEPS) break;
    sgdStep(layers, [next, ...Array.from({ length: BATCH - 1 }, other)], RATE, crossEntropy);
    one.steps++;
  } while (performance.now() - since < milliseconds);
  const changes = supportOf(layers, y).map((now, l) => relative(now.map((value, k) => value - start[l][k])));
  const activations = feedforward(layers, [image]).map(([a]) => a);
  return { steps: one.steps, isOver: one.steps >= STEPS || !unlearned(one), changes, activations };
}

/** What was learned, and the activations for these images. @type {(one: ReturnType<typeof begin>, job: End) => any} */
export function end(one, { images }) {
  const { layers, steps } = one;
  return { layers, steps, isLearned: !unlearned(one), activations: feedforward(layers, images) };
}

/** The first image whose largest output is not yet the right one, or not sure enough.
 * @param {ReturnType<typeof begin>} one */
const unlearned = ({ lesson, layers }) => lesson.find(({ image, y }) => {
  const outputs = outputsOf(layers, image);
  return predictionOf(outputs) !== predictionOf(y) || Math.max(...outputs) < LEARNED;
});
