// A lesson, which is fine-tuning with rehearsal: the network is told what is on the pad, and learns it by gradient
// descent. So that it forgets little else, each mini-batch mixes the lesson with earlier ones and MNIST's images; half of
// these are of the digit that the drawing was taken for, which is forgotten first. The cost is the cross-entropy, as an
// output that is wrong is often saturated.

import { any, crossEntropyDelta, exampleOf, sgdStep, supportOf } from "./backpropagation.js";
import { relative } from "./layers.js";
import { feedforward, outputsOf, predictionOf } from "./network.js";
import { isDigit } from "./reader.js";

const RATE = 0.4, BATCH = 20, EARLIER = 0.2, TAKEN = 0.5, STEPS = 400; // as chosen on misread real digits
const LEARNED = 0.92; // least right output
const EXTRA = 5; // steps beyond those until it is learned, so that lessons to come do not undo it

/** @type {(job: Lesson, before: Layer[]) => { lesson: Example; layers: Layer[]; start: Float32Array[]; steps: number;
 *   extra: number; other: () => Example }} */
export function begin({ lesson, earlier, mnist }, before) {
  const layers = structuredClone(before), numbers = [...Array(mnist.train).keys()];
  const { image, y } = lesson, mistake = predictionOf(outputsOf(layers, image).with(predictionOf(y), -1));
  const taken = numbers.filter((i) => mnist.bytes[i] === mistake);
  const other = () => {
    if (earlier.length && Math.random() < EARLIER) return any(earlier);
    return exampleOf(mnist, any(taken.length && Math.random() < TAKEN ? taken : numbers));
  };
  return { lesson, layers, start: supportOf(layers, y), steps: 0, extra: 0, other };
}

/** Steps until it is learned and EXTRA ones, for so long, and at least one; after STEPS it is given up.
 * @type {(one: ReturnType<typeof begin>, milliseconds: number) => Progress} */
export function goOn(one, milliseconds) {
  const { lesson, layers, start, other } = one, { image, y } = lesson, since = performance.now();
  do {
    if (isLearned(one)) one.extra++;
    sgdStep(layers, [lesson, ...Array.from({ length: BATCH - 1 }, other)], RATE, crossEntropyDelta);
    one.steps++;
  } while (!isOver(one) && performance.now() - since < milliseconds);
  const changes = supportOf(layers, y).map((now, l) => relative(now.map((value, k) => value - start[l][k])));
  const activations = feedforward(layers, [image]).map(([a]) => a);
  return { steps: one.steps, isOver: isOver(one), changes, activations };
}

/** @type {(one: ReturnType<typeof begin>) => boolean} */
const isOver = (one) => (one.extra >= EXTRA && isLearned(one)) || one.steps >= STEPS;

/** What was learned, and whether it was. @param {ReturnType<typeof begin>} one */
export function end({ layers, steps, lesson: { image, y } }) {
  const outputs = outputsOf(layers, image);
  return { layers, steps, isLearned: predictionOf(outputs) === predictionOf(y) && isDigit(outputs) };
}

/** Whether the largest output is the right one, and sure enough. @param {ReturnType<typeof begin>} one */
function isLearned({ lesson: { image, y }, layers }) {
  const outputs = outputsOf(layers, image);
  return predictionOf(outputs) === predictionOf(y) && Math.max(...outputs) >= LEARNED;
}
