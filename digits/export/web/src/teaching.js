// A lesson, which is fine-tuning with rehearsal: the network is told what is on the pad, and learns it by gradient
// descent. So that it forgets little else, each mini-batch mixes the drawing with earlier lessons and MNIST's images;
// half of these are of the digit that the drawing was taken for, which is forgotten first.

import { any, backwards, desired, exampleOf, sgdStep } from "./backpropagation.js";
import { find, nextFrame } from "./elements.js";
import { heldImages } from "./held.js";
import { relative } from "./layers.js";
import { outputsOf, predictionOf } from "./network.js";
import { isDigit } from "./reader.js";
import { change, state } from "./state.js";
import { describe, say, show, whichOfSeveral } from "./view.js";
import { ask } from "./workers.js";

const RATE = 0.5, BATCH = 5, EARLIER = 0.05, TAKEN = 0.5, STEPS = 400; // as chosen on misread real digits

/** Lets each button teach its digit. */
export function offerLessons() {
  for (const [digit, button] of find("teach", HTMLElement).querySelectorAll("button").entries()) {
    button.addEventListener("click", () => learn(digit));
  }
}

/** Teaches that this is the chosen digit, and shows what changes. @type {(digit: number) => Promise<void>} */
async function learn(digit) {
  const { image } = state.digits.at(state.chosen) ?? {}, before = state.network, earlier = before.lessons ?? [];
  const which = whichOfSeveral();
  if (!image || state.teaching || state.worker) return;
  state.teaching = true;
  change({});
  const lesson = { image, y: desired(digit) }, then = supportOf(before.layers, lesson.y);
  const layers = structuredClone(before.layers), lessons = [...earlier, lesson];
  const network = /** @type {Network} */ ({ ...before, accuracy: undefined, layers, lessons });
  const steps = await teach(layers, lesson, earlier, () => {
    state.network = network;
    state.flash = supportOf(layers, lesson.y).map((now, l) => relative(now.map((value, k) => value - then[l][k])));
    show();
  });
  show(); // as it is after the last step
  const mnist = await heldImages();
  before.accuracy ??= await ask({ mnist, layers: before.layers });
  network.accuracy = await ask({ mnist, layers });
  state.teaching = false;
  const count = `${digit} after ${steps} step${steps === 1 ? "" : "s"}`;
  const result = isLearned(layers, lesson) ? count : `${which ? "s" : "S"}till not ${count}, its outputs are saturated`;
  const [old, now] = [before, network].map(({ accuracy = 0 }) => (100 * accuracy).toFixed(1));
  say(`${which && `The ${which}: `}${result}; test images ${old} → ${now} %.`);
  describe();
  setTimeout(() => {
    state.flash = null;
    show();
  }, 1500);
}

/** Teaches layers, in place; calls `seen` in each frame. How many steps it took, though it may still not be learned.
 * @type {(layers: Layer[], lesson: Example, earlier: Example[], seen: () => void) => Promise<number>} */
async function teach(layers, lesson, earlier, seen) {
  const all = await heldImages(), numbers = [...Array(all.train).keys()];
  const prediction = predictionOf(outputsOf(layers, lesson.image));
  const taken = numbers.filter((i) => all.bytes[i] === prediction);
  const other = () => {
    if (earlier.length && Math.random() < EARLIER) return any(earlier);
    return exampleOf(all, any(taken.length && Math.random() < TAKEN ? taken : numbers));
  };
  let steps = 0, since = performance.now();
  while (steps < STEPS && !isLearned(layers, lesson)) {
    sgdStep(layers, [lesson, ...Array.from({ length: BATCH - 1 }, other)], RATE);
    if (++steps > 20 && performance.now() - since < 6) continue; // first a step in every frame
    await nextFrame();
    seen(); // in a frame of its own: twice in one would lay the neurons out twice
    since = performance.now();
  }
  return steps;
}

/** Whether the largest output is right, and that of a digit. @type {(layers: Layer[], lesson: Example) => boolean} */
function isLearned(layers, { image, y }) {
  const outputs = outputsOf(layers, image);
  return predictionOf(outputs) === predictionOf(y) && isDigit(outputs);
}

/** How much the activations of each layer but the last speak for the outputs y, by the weights that lead there.
 * @type {(layers: Layer[], y: Float32Array) => Float32Array[]} */
export function supportOf(layers, y) {
  const support = [y];
  for (const { weights } of layers.toReversed()) support.unshift(backwards(weights, support[0]));
  return support.slice(0, -1);
}
