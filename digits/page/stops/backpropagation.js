import { desired, sgdStep } from "../network/backprop.js";
import { find, write } from "../shell/elements.js";
import { ranked } from "../network/feedforward.js";
import { RATE, costShown } from "./cost.js";
import { added, passShown } from "./hidden.js";
import { slopeShown } from "./sigmoid.js";
import { rightDigit, untrained } from "./small.js";
import { arrow, circle, disc, number, part, pixelImage, rect, rounded, signed, stop, text, total } from "./figure.js";

const LAST = 7; // phase: a guess, six slopes, and the step

/** What the stop remembers. `layers` is the network before the next step, after `steps` steps. `phase` counts the
 * slopes that are shown. `j` is the hidden neuron, and `order` all of them. If `isOpen`, the table of all outputs is
 * shown. `image` and `digit` are the visitor's. */
const flow = {
  layers: untrained(),
  steps: 0,
  phase: 0,
  j: -1,
  order: [0],
  isOpen: false,
  image: /** @type {Float32Array | null} */ (null),
  digit: 0,
};

/** The chain rule, backwards: six slopes of the cost, from that for an output to that for the weight of a pixel. */
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
      flow.j = flow.order[(flow.order.indexOf(flow.j) + 1) % 30];
    },
  },
  arrive: () => Object.assign(flow, { image: null }),

  model: modelOf,
  example: (seen) => modelOf(seen, { phase: LAST, isOpen: false }),

  says({ phase, steps, digit, isOpen, own, neuron, rest, pixel, costs }) {
    const { a, error, slope, delta } = own;
    const { j, sum } = neuron;
    const weight = neuron.weights[digit];
    if (isOpen)
      return `A row for each output: y is what it should be. a − y times the slope of its sigmoid is δ, and δ times its weight from neuron ${j} is what it adds to line 4. Together: ${signed(sum, 3)}.`;
    const alone = number(pixel.change * pixel.slope, 5);
    return [
      steps
        ? `After ${steps} step${steps > 1 ? "s" : ""}, output ${digit} is ${number(a)}. It should be 1. Find the slopes again.`
        : `This network is untrained. You drew a ${digit}, so output ${digit} should be 1, but it is ${number(a)}. Does C rise or fall if we raise the weight ${number(pixel.weight, 4)}, and how fast?`,
      `1. C has ½ (a − 1)² from output ${digit}. The slope of this is a − 1 = ${signed(error, 2)}: if output ${digit} rises by 0.01, C changes by ${signed(error, 2)} times as much, ${signed(error / 100, 4)}.`,
      `2. If z of output ${digit} rises by 0.01, output ${digit} rises by ${number(slope)} times as much (the slope of its sigmoid), and C changes by ${signed(error, 2)} times that. So the slope of C for this z is ${signed(error, 2)} × ${number(slope)} = ${signed(delta, 3)}.`,
      `3. If neuron ${j} rises by 0.01, z of output ${digit} changes by ${signed(weight, 2)} times as much (the weight), and C by ${signed(delta, 3)} times that. So by way of output ${digit}, the slope of C for neuron ${j} is ${signed(neuron.products[digit], 3)}.`,
      `4. C is a sum over ten outputs, and neuron ${j} moves them all. The same three lines give ${signed(rest, 3)} for the nine others (press “The others do the same”). What they add to C adds up: ${signed(sum, 3)}.`,
      `5. If z of neuron ${j} rises by 0.01, neuron ${j} rises by ${number(neuron.slope)} times as much (the slope of its sigmoid), and C changes by ${signed(sum, 3)} times that. So the slope of C for this z is ${signed(neuron.delta, 4)}.`,
      `6. If the weight rises by 0.01, z of neuron ${j} rises by ${number(pixel.ink)} times as much (the ink of the pixel), and C changes by ${signed(neuron.delta, 4)} times that. So the slope of C for the weight is ${signed(pixel.slope, 4)}.`,
      `Step = −η × slope, with η = ${RATE}: ${signed(pixel.change, 4)}. Alone, it changes C by about ${signed(pixel.change, 4)} × ${signed(pixel.slope, 4)} = ${alone}. But all 23,860 weights and biases have found their slopes like this. They step at once, and it adds up: C goes from ${number(costs[0])} to ${number(costs[1])}.`,
    ][phase];
  },

  draw(model, size) {
    const { phase, isOpen } = model;
    find("backpropagation-back", HTMLElement).ariaDisabled = `${phase === 0}`;
    write("backpropagation-next", phase === LAST ? "Another step" : "Next line");
    write("backpropagation-all", isOpen ? "One output" : "The others do the same");
    return (isOpen ? table : closeUp)(model, size);
  },
});

/** The numbers of the close-up, as they are shown: each follows from those before it.
 * @param {Seen} seen @param {object} [shown] another phase */
function modelOf({ image }, shown) {
  const digit = rightDigit(image);
  if (flow.image !== image || flow.digit !== digit)
    Object.assign(flow, { layers: untrained(), steps: 0, phase: 0, j: -1, isOpen: false, image, digit });
  const { layers, steps, phase, isOpen } = { ...flow, ...shown };
  const { hidden, outputs: activations } = passShown(layers, image);
  const { errors, cost } = costShown(activations, digit);
  const outputs = activations.map((a, k) => {
    const [error, slope] = [rounded(-errors[k]), slopeShown(a)]; // a − y, and that of the sigmoid
    return { k, a, error, slope, delta: rounded(error * slope, 3) };
  });
  const all = hidden.map((a, j) => {
    const weights = outputs.map(({ k }) => rounded(layers[1].weights[30 * k + j]));
    const products = outputs.map(({ delta }, k) => rounded(delta * weights[k], 3));
    const [sum, slope] = [total(products, 3), slopeShown(a)];
    return { j, a, weights, products, sum, slope, delta: rounded(sum * slope, 4) };
  });
  // First the neurons through which the right output, and all ten, pull hardest in the same direction.
  const pull = (/** @type {number} */ one, /** @type {number} */ sum) => Math.min(one * Math.sign(sum), Math.abs(sum));
  flow.order = ranked(all.map(({ products, sum, slope }) => slope * pull(products[digit], sum)));
  if (flow.j < 0) flow.j = flow.order[0];
  const neuron = all[flow.j];
  const k = image.indexOf(Math.max(...image)); // the pixel with most ink
  const [ink, weight] = [rounded(image[k]), rounded(layers[0].weights[784 * neuron.j + k], 4)];
  const slope = rounded(ink * neuron.delta, 4);
  const change = rounded(-RATE * slope, 4);
  const pixel = { k, ink, weight, slope, change, next: rounded(weight + change, 4) };
  const next = stepped(image, digit);
  const after = { ...passShown(next, image), weight: rounded(next[1].weights[30 * digit + neuron.j]) };
  const own = outputs[digit];
  const rest = rounded(neuron.sum - neuron.products[digit], 3); // by way of the nine other outputs
  const costs = [cost, costShown(after.outputs, digit).cost];
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

/** One pixel, one hidden neuron and one output; below them the slopes so far, each from the one before it.
 * @type {(model: Model, size: Size) => string} */
function closeUp({ image, digit, phase, own, neuron, rest, pixel, after, costs }, { width, height }) {
  const isWide = width > 560;
  const row = Math.min(30, (height - 130) / 6);
  const list = height - 6 * row;
  const [y, radius] = [list / 2 + 4, Math.min(38, list / 5, width / 12)];
  const [middle, right] = [width / 2, width - Math.max(radius, 36) - 8];
  const { j } = neuron;
  const tone = (/** @type {number} */ slope) => (slope < 0 ? "red" : "blue"); // red: it should rise
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
  /** @type {(x: number, value: number, next: number, name: string, slope: number, isKnown: boolean, anchor: string) => string} */
  const node = (x, value, next, name, slope, isKnown, anchor) => `${disc([x, y], radius, value)}
    ${isKnown ? circle(x, y, radius + 4, `ring ${tone(slope)}`) : ""}
    ${text(x, y + 6, number(value), "middle", value > 0.5 ? "inverted" : "")}
    ${text(anchor === "end" ? width : x, y + radius + 24, name + (phase === LAST ? `: ${number(value)} → ${number(next)}` : isKnown ? (slope < 0 ? " ↑" : " ↓") : ""), anchor, "strong haloed")}`;
  const others = (/** @type {number} */ x, /** @type {number} */ n) =>
    Array.from({ length: n }, (_, i) => circle(x, 8 + ((list - 16) * (i + 0.5)) / n, 2, "dot faint")).join("");
  const [delta, back, deltas] = [signed(own.delta, 3), signed(neuron.products[digit], 3), signed(neuron.delta, 4)];
  const rows = [
    [`slope of C for output ${digit}`, `output ${digit}`, `${number(own.a)} − 1`, signed(own.error, 2)],
    [`… for z of output ${digit}`, "its z", `${signed(own.error, 2)} × ${number(own.slope)}`, delta],
    [`… for neuron ${j}, by output ${digit}`, `neuron ${j}`, `${delta} × ${signed(neuron.weights[digit], 2)}`, back],
    [`… for neuron ${j}, by all ten`, "all ten", `${back} ${added(rest, 3)}`, signed(neuron.sum, 3)],
    [`… for z of neuron ${j}`, "its z", `${signed(neuron.sum, 3)} × ${number(neuron.slope)}`, deltas],
    ["… for the weight of the pixel", "weight", `${deltas} × ${number(pixel.ink)}`, signed(pixel.slope, 4)],
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
    ${part("pixel|ink", pixelImage({ left: x0, top: y0, side }, image, "foreground"), rect(ink[0] - 4, ink[1] - 4, 8, 8, "window"), text(x0, y0 - 10, "one pixel", "start", "strong"))}
    ${wire([side + 8, ink[1]], [edge, y], `${isWide ? "weight " : ""}${number(pixel.weight, 4)}${phase === LAST ? ` → ${number(pixel.next, 4)}` : ""}`, pixel.slope, phase >= 6)}
    ${wire([middle + radius, y], [right - radius, y], `${isWide ? "weight " : ""}${number(neuron.weights[digit])}${phase === LAST ? ` → ${number(after.weight)}` : ""}`, neuron.products[digit], phase >= 3)}
    ${part(`hidden neuron ${j}|neuron ${j}|hidden neuron`, node(middle, neuron.a, after.hidden[j], `${isWide ? "hidden " : ""}neuron ${j}`, neuron.sum, phase >= 4, "middle"))}
    ${part(`output ${digit}|an output`, node(right, own.a, after.outputs[digit], `output ${digit}`, own.error, phase >= 1, "end"))}
    ${part("c", text(width, Math.max(16, y - radius - 24), `C = ${number(costs[0])}${phase === LAST ? ` → ${number(costs[1])}, by all 23,860 steps` : ""}`, "end", "strong haloed"))} ${rows.join("")}`;
}

/** What each output computes, and the sum for the hidden neuron. @type {(model: Model, size: Size) => string} */
function table({ outputs, neuron, digit }, { width, height }) {
  const row = Math.min(32, height / 12);
  const columns = /** @type {[string, string[]][]} */ ([
    ["output", outputs.map(({ k }) => `${k}`)],
    [width > 440 ? "line 1: a − y" : "a − y", outputs.map(({ error }) => signed(error, 2))],
    [width > 440 ? "slope of sigmoid" : "slope", outputs.map(({ slope }) => number(slope))],
    [width > 440 ? "line 2: δ" : "δ", outputs.map(({ delta }) => signed(delta, 3))],
    [width > 440 ? "weight" : "w", neuron.weights.map((weight) => signed(weight, 2))],
    [width > 440 ? "line 3: δ × w" : "δ × w", neuron.products.map((product) => signed(product, 3))],
  ]);
  const cells = columns.flatMap(([name, values], n) => {
    const x = 56 + ((width - 56) * n) / (columns.length - 1);
    return [name, ...values].map((words, i) =>
      text(x, row * (i + 0.7), words, "end", i === 0 ? "quiet" : i - 1 === digit ? "strong" : ""),
    );
  });
  return `${cells.join("")} <path d="M0 ${row * 11}H${width}" class="ahead"/>
    ${text(width, row * 11.7, `slope of C for neuron ${neuron.j}: ${signed(neuron.sum, 3)}`, "end", "strong")}`;
}
