// A lesson, which is fine-tuning with rehearsal: the network is told what is on the pad, and learns it by gradient
// descent, first a step in every frame, then as many as take six milliseconds. So that it forgets little else, each
// mini-batch mixes the drawing with earlier lessons and MNIST's images; half of these are of the digit that the drawing
// was taken for, which is forgotten first.

import { any, backwards, countRight, desired, exampleOf, sgdStep } from "./backpropagation.js";
import { find, nextFrame } from "./elements.js";
import { heldImages } from "./held.js";
import { relative } from "./layers.js";
import { outputsOf, predictionOf } from "./network.js";
import { isDigit } from "./reader.js";
import { change, state } from "./state.js";
import { describe, say, show, showBoxes } from "./view.js";

const RATE = 0.5, BATCH = 5, EARLIER = 0.05, TAKEN = 0.5, STEPS = 400; // as chosen on misread real digits

/** Lets each button teach its digit. */
export function offerLessons() {
  for (const [digit, button] of find("teach", HTMLElement).querySelectorAll("button").entries()) {
    button.addEventListener("click", () => learn(digit));
  }
}

/** Teaches the network what the chosen digit is, shows what changes, and says what was learned and lost.
 * @type {(digit: number) => Promise<void>} */
export async function learn(digit) {
  const { image } = state.digits.at(state.chosen) ?? {}, before = state.network;
  if (!image || state.teaching || state.training) return;
  state.teaching = true;
  change({});
  const lesson = { image, y: desired(digit) }, then = supportOf(before.layers, lesson.y);
  const { network, steps } = await teach(before, lesson, (taught) => {
    state.network = taught;
    const now = supportOf(taught.layers, lesson.y);
    state.flash = now.map((values, l) => relative(values.map((value, k) => value - then[l][k])));
    show();
  });
  show(); // as it is after the last step
  before.accuracy ??= await accuracyOf(before.layers);
  network.accuracy = await accuracyOf(network.layers);
  state.teaching = false;
  const percent = (/** @type {number} */ accuracy) => (100 * accuracy).toFixed(1);
  const count = `${steps} step${steps === 1 ? "" : "s"}`, learned = isLearned(network.layers, lesson);
  const result = learned ? `${digit} after ${count}` : `Still not ${digit} after ${count}, its outputs are saturated`;
  say(`${result}; test images ${percent(before.accuracy)} → ${percent(network.accuracy)} %.`);
  describe();
  showBoxes();
  setTimeout(() => {
    state.flash = null;
    show();
  }, 1500);
}

/** Calls `seen` in each frame; returns the network, which may still not have learned it, and how many steps were taken.
 * @type {(network: Network, lesson: Example, seen: (taught: Network) => void) =>
 * Promise<{network: Network, steps: number}>} */
async function teach({ layers: before, lessons: earlier = [], ...facts }, lesson, seen) {
  const layers = structuredClone(before), lessons = [...earlier, lesson];
  const network = { ...facts, accuracy: undefined, layers, lessons };
  const all = await heldImages(), numbers = [...Array(all.train).keys()];
  const prediction = predictionOf(outputsOf(layers, lesson.image));
  const taken = numbers.filter((i) => all.bytes[i] === prediction);
  const happens = (/** @type {number} */ share) => Math.random() < share;
  const other = () => (earlier.length && happens(EARLIER)
    ? any(earlier)
    : exampleOf(all, any(taken.length && happens(TAKEN) ? taken : numbers)));
  let steps = 0, since = performance.now();
  while (steps < STEPS && !isLearned(layers, lesson)) {
    sgdStep(layers, [lesson, ...Array.from({ length: BATCH - 1 }, other)], RATE);
    if (++steps > 20 && performance.now() - since < 6) continue;
    await nextFrame();
    seen(network); // in a frame of its own: twice in one would lay the neurons out twice
    since = performance.now();
  }
  return { network, steps };
}

/** Whether the largest output is right, and that of a digit. @type {(layers: Layer[], lesson: Example) => boolean} */
function isLearned(layers, { image, y }) {
  const outputs = outputsOf(layers, image);
  return predictionOf(outputs) === predictionOf(y) && isDigit(outputs);
}

/** The share of MNIST's test images in the page that layers read right; measured without blocking the page.
 * @type {(layers: Layer[]) => Promise<number>} */
async function accuracyOf(layers) {
  const all = await heldImages();
  let right = 0, since = performance.now();
  for (let i = 0; i < all.test; i++) {
    right += countRight(layers, [exampleOf(all, all.train + i)]);
    if (performance.now() - since < 8) continue;
    await nextFrame();
    since = performance.now();
  }
  return right / all.test;
}

/** How much the activations of each layer but the last speak for the outputs y, by the weights that lead there.
 * @type {(layers: Layer[], y: Float32Array) => Float32Array[]} */
function supportOf(layers, y) {
  const support = [y];
  for (const { weights } of layers.toReversed()) support.unshift(backwards(weights, support[0]));
  return support.slice(0, -1);
}
