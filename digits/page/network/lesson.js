// A lesson, which is fine-tuning with rehearsal: the network is told what is on the pad, or that it is not a digit, in
// which case all desired outputs are 0. It learns this by gradient descent. So that it forgets little, each mini-batch
// mixes the lesson with earlier ones and MNIST's images; half of these are of the digit that the drawing was taken for,
// which is forgotten first. The cost is the cross-entropy, as an output that is wrong is often saturated.

import { any, crossEntropyDelta, desired, exampleOf, sgdStep, supportOf } from "./backprop.js";
import { shades } from "../reading/images.js";
import { feedforward, outputsOf, predictionOf } from "./feedforward.js";
import { isDigit } from "../reading/reader.js";

const RATE = 0.4;
const BATCH = 20;
const EARLIER = 0.2;
const TAKEN = 0.5;
const STEPS = 400; // as chosen on misread real digits
const LEARNED = 0.92; // least right output
const SHY = 0.3; // largest output for what is not a digit
const EXTRA = 5; // steps beyond those until it is learned, so that lessons to come do not undo it

/** Begins a lesson for a copy of these layers. `goOn` makes steps for that many milliseconds, at least one. The
 * lesson ends EXTRA steps after it is learned, or is given up after STEPS; `end` says what was learned, and whether it was.
 * @type {(job: Lesson, before: Layer[]) => { goOn: (milliseconds: number) => Progress; end: () => object }} */
export function begin({ lesson, earlier, mnist }, before) {
  const layers = structuredClone(before);
  const numbers = [...Array(mnist.train).keys()];
  const { image, y } = lesson;
  const isNone = !y.includes(1);
  const first = outputsOf(layers, image);
  const mistake = predictionOf(isNone ? first : first.with(predictionOf(y), -1));
  const aim = isNone ? desired(mistake).map((value) => -value) : y;
  const start = supportOf(layers, aim);
  const taken = numbers.filter((i) => mnist.bytes[i] === mistake);
  let steps = 0;
  let extra = 0;
  const rehearsed = () => {
    if (earlier.length && Math.random() < EARLIER) return any(earlier);
    return exampleOf(mnist, any(taken.length && Math.random() < TAKEN ? taken : numbers));
  };
  const outputs = () => outputsOf(layers, image);
  const isRight = () => isDigit(outputs()) !== isNone && (isNone || predictionOf(outputs()) === predictionOf(y));
  const isLearned = () => isRight() && (isNone ? Math.max(...outputs()) <= SHY : Math.max(...outputs()) >= LEARNED);
  const isOver = () => (extra >= EXTRA && isLearned()) || steps >= STEPS;
  return {
    goOn(milliseconds) {
      const since = performance.now();
      do {
        if (isLearned()) extra++;
        sgdStep(layers, [lesson, ...Array.from({ length: BATCH - 1 }, rehearsed)], RATE, crossEntropyDelta);
        steps++;
      } while (!isOver() && performance.now() - since < milliseconds);
      const changes = supportOf(layers, aim).map((now, l) => shades(now.map((value, k) => value - start[l][k])));
      return { steps, isOver: isOver(), changes, activations: feedforward(layers, [image]) };
    },
    end: () => ({ layers, steps, isLearned: isRight() }),
  };
}
