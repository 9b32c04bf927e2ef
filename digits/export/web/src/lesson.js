// A lesson, which is fine-tuning with rehearsal: the network is told what is on the pad, and learns it by gradient
// descent. So that it forgets little else, each mini-batch mixes the drawing with earlier lessons and MNIST's images;
// half of these are of the digit that the drawing was taken for, which is forgotten first.

import { any, exampleOf, sgdStep, supportOf } from "./backpropagation.js";
import { relative } from "./layers.js";
import { feedforward, outputsOf, predictionOf } from "./network.js";
import { isDigit } from "./reader.js";

const RATE = 0.5, BATCH = 5, EARLIER = 0.05, TAKEN = 0.5, STEPS = 400; // as chosen on misread real digits

/** @type {(job: Lesson, before: Layer[]) => { lesson: Example; layers: Layer[]; start: Float32Array[]; steps: number;
 *   other: () => Example }} */
export function begin({ lesson, earlier, mnist }, before) {
  const layers = structuredClone(before), numbers = [...Array(mnist.train).keys()];
  const prediction = predictionOf(outputsOf(layers, lesson.image));
  const taken = numbers.filter((i) => mnist.bytes[i] === prediction);
  const other = () => {
    if (earlier.length && Math.random() < EARLIER) return any(earlier);
    return exampleOf(mnist, any(taken.length && Math.random() < TAKEN ? taken : numbers));
  };
  return { lesson, layers, start: supportOf(layers, lesson.y), steps: 0, other };
}

/** Steps until it is learned, for so long, and at least one; after STEPS it is given up.
 * @type {(one: ReturnType<typeof begin>, milliseconds: number) => Progress} */
export function goOn(one, milliseconds) {
  const { lesson, layers, start, other } = one, since = performance.now();
  do {
    if (isOver(one)) break;
    sgdStep(layers, [lesson, ...Array.from({ length: BATCH - 1 }, other)], RATE);
    one.steps++;
  } while (performance.now() - since < milliseconds);
  const changes = supportOf(layers, lesson.y).map((now, l) => relative(now.map((value, k) => value - start[l][k])));
  const activations = feedforward(layers, [lesson.image]).map(([a]) => a);
  return { steps: one.steps, isOver: isOver(one), changes, activations };
}

/** What was learned, and the activations for these images. @type {(one: ReturnType<typeof begin>, job: End) => any} */
export function end(one, { images }) {
  const { layers, steps } = one;
  return { layers, steps, isLearned: isLearned(one), activations: feedforward(layers, images) };
}

/** @param {ReturnType<typeof begin>} one */
const isOver = (one) => one.steps >= STEPS || isLearned(one);

/** Whether the largest output is right, and that of a digit. @param {ReturnType<typeof begin>} one */
function isLearned({ lesson: { image, y }, layers }) {
  const outputs = outputsOf(layers, image);
  return predictionOf(outputs) === predictionOf(y) && isDigit(outputs);
}
