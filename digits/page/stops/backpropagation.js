import { desired, sgdStep } from "../network/backprop.js";
import { find, write } from "../shell/elements.js";
import { ranked } from "../network/feedforward.js";
import { costShown } from "./cost.js";
import { added, passShown } from "./hidden.js";
import { slopeShown } from "./sigmoid.js";
import { rightDigit, untrained } from "./small.js";
import { arrow, circle, disc, number, part, pixelImage, rounded, signed, stop, text, total } from "./figure.js";

const RATE = 0.5; // learning rate, so low that the digit is not learned at once
const LAST = 7; // phase: a guess, six numbers, and the step

/** What the stop remembers. `layers` is the network before the next step, after `steps` steps. `phase` counts the
 * numbers that are shown. `place` chooses the hidden neuron: 0 is the one with the strongest wish. If `isOpen`, the table
 * of all outputs is shown. `image` and `digit` are the visitor's. */
const flow = {
  layers: untrained(),
  steps: 0,
  phase: 0,
  place: 0,
  isOpen: false,
  image: /** @type {Float32Array | null} */ (null),
  digit: 0,
};

/** Errors flow back: the six numbers between the error of one output and the change of one weight. */
export const backpropagation = stop({
  on: {
    "backpropagation-back": () => {
      flow.phase = Math.max(0, flow.phase - 1);
    },
    "backpropagation-next": next,
    "backpropagation-all": () => {
      flow.isOpen = !flow.isOpen;
    },
    "backpropagation-other": () => {
      flow.place = (flow.place + 1) % 30;
    },
  },
  arrive: () => Object.assign(flow, { image: null }),

  model: modelOf,
  example: (seen) => modelOf(seen, { phase: LAST, isOpen: false }),

  says({ phase, steps, digit, own, neuron, rest, pixel, after, costs }) {
    const { a, error, slope, wish } = own;
    const { j, sum } = neuron;
    const rise = (/** @type {number} */ value) => (value > 0 ? "fire more" : "fire less");
    return [
      steps
        ? `After ${steps} step${steps > 1 ? "s" : ""}, output ${digit} is ${number(a)}. It should be 1. Press Next.`
        : `Nobody has trained this network: its weights are random. You drew a ${digit}, so output ${digit} should be 1, but it is ${number(a)}. Press Next.`,
      `1. The error of output ${digit} is what it should be minus what it is: 1 − ${number(a)} = ${signed(error, 2)}. It has to rise.`,
      `2. Where its sigmoid is flat, a push changes little. So the error times the slope, ${number(slope)}, is how strongly output ${digit} wishes to rise: ${signed(wish, 3)} (BP1 in the book).`,
      `3. It sends this wish back to hidden neuron ${j}, times the weight between them, ${signed(neuron.weights[digit], 2)}. The message says: ${rise(neuron.messages[digit])}.`,
      `4. The nine other outputs send messages, too: together ${signed(rest, 3)}. All ten add up to ${signed(sum, 3)}: ${rise(sum)}.`,
      `5. Neuron ${j} multiplies this sum by the slope of its own sigmoid. This is how strongly it wishes to ${rise(sum)}: ${signed(neuron.wish, 4)} (BP2).`,
      `6. It does so by its weights. Ink times wish is downhill: minus the slope of C for the weight from this pixel (BP4). Times a learning rate of ${RATE}, the weight changes by ${signed(pixel.change, 4)}.`,
      `This weight goes from ${number(pixel.weight, 4)} to ${number(pixel.next, 4)}, and all 23,860 weights and biases move with it, each by its own slope: a step of gradient descent. Output ${digit} goes from ${number(a)} to ${number(after[digit])}, and C from ${number(costs[0])} to ${number(costs[1])}.`,
    ][phase];
  },

  draw(model, size) {
    const { phase, isOpen } = model;
    find("backpropagation-back", HTMLElement).ariaDisabled = `${phase === 0}`;
    write("backpropagation-next", phase === LAST ? "Next step" : "Next");
    write("backpropagation-all", isOpen ? "One output" : "The others do the same");
    return (isOpen ? table : closeUp)(model, size);
  },
});

/** The numbers of the close-up, as they are shown: each follows from those before it.
 * @param {Seen} seen @param {object} [shown] another phase */
function modelOf({ image }, shown) {
  const digit = rightDigit(image);
  if (flow.image !== image || flow.digit !== digit)
    Object.assign(flow, { layers: untrained(), steps: 0, phase: 0, place: 0, isOpen: false, image, digit });
  const { layers, steps, phase, isOpen } = { ...flow, ...shown };
  const { hidden, outputs: activations } = passShown(layers, image);
  const { errors, cost } = costShown(activations, digit);
  const outputs = activations.map((a, k) => {
    const [error, slope] = [errors[k], slopeShown(a)];
    return { k, a, y: Number(k === digit), error, slope, wish: rounded(error * slope, 3) };
  });
  const all = hidden.map((a, j) => {
    const weights = outputs.map(({ k }) => rounded(layers[1].weights[30 * k + j]));
    const messages = outputs.map(({ wish }, k) => rounded(wish * weights[k], 3));
    const [sum, slope] = [total(messages, 3), slopeShown(a)];
    return { j, a, weights, messages, sum, slope, wish: rounded(sum * slope, 4) };
  });
  const neuron = all[ranked(all.map(({ wish }) => Math.abs(wish)))[flow.place]];
  const k = image.indexOf(Math.max(...image)); // the pixel with most ink
  const [ink, weight] = [rounded(image[k]), rounded(layers[0].weights[784 * neuron.j + k], 4)];
  const change = rounded(RATE * ink * neuron.wish, 4);
  const pixel = { k, ink, weight, change, next: rounded(weight + change, 4) };
  const after = passShown(stepped(image, digit), image).outputs;
  const own = outputs[digit];
  const rest = rounded(neuron.sum - neuron.messages[digit], 3); // the nine other messages
  const costs = [cost, costShown(after, digit).cost];
  return { image, digit, phase, steps, isOpen, outputs, own, neuron, rest, pixel, after, costs };
}
/** @typedef {ReturnType<typeof modelOf>} Model */

/** Goes on to the next phase; after the last one its step is kept, and it begins again. */
function next() {
  flow.isOpen = false;
  if (flow.phase < LAST) flow.phase++;
  else if (flow.image)
    Object.assign(flow, { layers: stepped(flow.image, flow.digit), steps: flow.steps + 1, phase: 0 });
}

/** The layers after a step. @type {(image: Float32Array, digit: number) => Layer[]} */
function stepped(image, digit) {
  const layers = structuredClone(flow.layers);
  sgdStep(layers, [{ image, y: desired(digit) }], RATE);
  return layers;
}

/** One pixel, one hidden neuron and one output; below them the numbers so far, each from the one before it.
 * @type {(model: Model, size: Size) => string} */
function closeUp({ image, digit, phase, own, neuron, rest, pixel, after }, { width, height }) {
  const isWide = width > 560;
  const row = Math.min(30, (height - 130) / 6);
  const list = height - 6 * row;
  const [y, radius] = [list / 2 + 4, Math.min(38, list / 5, width / 12)];
  const [middle, right] = [width / 2, width - Math.max(radius, 36) - 8];
  const { j } = neuron;
  const tone = (/** @type {number} */ value) => (value > 0 ? "red" : "blue");
  const side = Math.min(list - 56, isWide ? 110 : 76);
  const cell = side / 28;
  const [x0, y0] = [0, y - side / 2];
  const ink = [x0 + ((pixel.k % 28) + 0.5) * cell, y0 + (Math.floor(pixel.k / 28) + 0.5) * cell];
  /** @type {(from: number[], to: number[], words: string, value: number, isLit: boolean) => string} */
  const wire = (from, to, words, value, isLit) => {
    const back = isLit ? arrow([to[0] - 14, to[1] - 10], [from[0] + 10, from[1] - 10], tone(value)) : "";
    return part(
      "weight",
      `<path d="M${from}L${to}" class="ahead"/> ${back}
      ${text(0.55 * from[0] + 0.45 * to[0], (from[1] + to[1]) / 2 + 24, words, "middle", "haloed")}`,
    );
  };
  /** @type {(x: number, value: number, name: string, wish: number, hasWish: boolean) => string} */
  const node = (x, value, name, wish, hasWish) => `${disc([x, y], radius, value)}
    ${hasWish ? circle(x, y, radius + 4, `ring ${tone(wish)}`) : ""}
    ${text(x, y + 6, number(value), "middle", value > 0.5 ? "inverted" : "")}
    ${text(x, y + radius + 24, name, "middle", "strong haloed")}`;
  const others = (/** @type {number} */ x, /** @type {number} */ n) =>
    Array.from({ length: n }, (_, i) => circle(x, 8 + ((list - 16) * (i + 0.5)) / n, 2, "dot faint")).join("");
  const [message, wishes] = [signed(neuron.messages[digit], 3), signed(neuron.wish, 4)];
  const rows = [
    ["error", "error", `1 − ${number(own.a)}`, signed(own.error, 2)],
    [`wish of output ${digit}`, "wish", `${signed(own.error, 2)} × ${number(own.slope)}`, signed(own.wish, 3)],
    [`message to neuron ${j}`, "message", `${signed(own.wish, 3)} × ${signed(neuron.weights[digit], 2)}`, message],
    ["all ten messages", "all ten", `${message} ${added(rest, 3)}`, signed(neuron.sum, 3)],
    [`wish of neuron ${j}`, "its wish", `${signed(neuron.sum, 3)} × ${number(neuron.slope)}`, wishes],
    ["change of weight", "change", `${RATE} × ${number(pixel.ink)} × ${wishes}`, signed(pixel.change, 4)],
  ].map(([long, short, sum, result], n) => {
    const at = list + row * (n + 0.7);
    const strong = n === phase - 1 ? "strong" : "";
    const name = text(0, at, `${n + 1}  ${isWide ? long : short}`, "start", strong || "quiet");
    const end = isWide ? 440 : width * 0.79;
    return part(
      short,
      name,
      n >= phase ? "" : `${text(end, at, `${sum} =`, "end", strong)} ${text(end + 6, at, result, "start", strong)}`,
    );
  });
  const edge = middle - radius;
  return `${others(middle, 30)} ${others(right, 10)}
    ${part("pixel|ink", pixelImage({ left: x0, top: y0, side }, image, "foreground"), circle(ink[0], ink[1], 5, "point"), text(x0, y0 - 10, "one pixel", "start", "strong"))}
    ${wire([side + 8, ink[1]], [edge, y], isWide ? `weight ${number(pixel.weight, 4)}` : number(pixel.weight, 4), pixel.change, phase >= 6)}
    ${wire([middle + radius, y], [right - radius, y], `${isWide ? "weight " : ""}${number(neuron.weights[digit])}`, neuron.messages[digit], phase >= 3)}
    ${part(`hidden neuron ${j}|neuron ${j}|hidden neuron`, node(middle, neuron.a, `${isWide ? "hidden " : ""}neuron ${j}`, neuron.wish, phase >= 5))}
    ${part(`output ${digit}|an output`, node(right, phase === LAST ? after[digit] : own.a, `output ${digit}`, own.wish, phase >= 2))}
    ${rows.join("")}`;
}

/** What each output computes; the messages add up. @type {(model: Model, size: Size) => string} */
function table({ outputs, neuron, digit }, { width, height }) {
  const row = Math.min(32, height / 12);
  const columns = /** @type {[string, string[]][]} */ ([
    ["", outputs.map(({ k }) => `${k}`)],
    ["is", outputs.map(({ a }) => number(a))],
    ["error", outputs.map(({ error }) => signed(error, 2))],
    ["slope", outputs.map(({ slope }) => number(slope))],
    ["wish", outputs.map(({ wish }) => signed(wish, 3))],
    [width > 440 ? "weight" : "w", neuron.weights.map((weight) => signed(weight, 2))],
    [width > 440 ? "message" : "sends", neuron.messages.map((message) => signed(message, 3))],
  ]).filter(([name]) => width > 440 || name !== "is");
  const cells = columns.flatMap(([name, values], n) => {
    const x = 26 + ((width - 26) * n) / (columns.length - 1);
    return [name, ...values].map((words, i) =>
      text(x, row * (i + 0.7), words, "end", i === 0 ? "quiet" : i - 1 === digit ? "strong" : ""),
    );
  });
  return `${cells.join("")} <path d="M0 ${row * 11}H${width}" class="ahead"/>
    ${text(width, row * 11.7, `all ten messages to neuron ${neuron.j}: ${signed(neuron.sum, 3)}`, "end", "strong")}`;
}
