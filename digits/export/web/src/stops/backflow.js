import { backpropagate, backwards, desired, meanCost, sgdStep } from "../backpropagation.js";
import { borrowedNow, RATE, rightDigit } from "../borrowed.js";
import { find, write } from "../elements.js";
import { relative } from "../layers.js";
import { ranked } from "../network.js";
import { state } from "../state.js";
import { imageShown, keep, show } from "../view.js";

const NUDGE = 0.01; // of a weight, to see how C changes
const LONG = 2500; // milliseconds of an equation, while they go on by themselves
const LAST = 3; // phase, after which a step of gradient descent is made

/** The state of this stop: its phase, which is 0 forward, 1 the errors of the outputs, 2 those of all neurons, 3 the
 * gradient; and the timer while it plays. */
const backflowState = { phase: 0, timer: 0 };

/** Backpropagation for one image, equation by equation: BP1 to BP4 of chapter 2. @type {Stop} */
export const backflow = {
  title: "Errors flow back", section: "Chapter 2: the four fundamental equations", view: ".outputs",
  text: "How is the gradient found? Each output has an error δ. Shown is −δ, its wish: red to rise, blue to fall. Errors flow back along the weights, summed, times σ′(z) = a(1 − a), how steep the sigmoid is. The slope of C for a weight is input times error. Click any neuron.",
  question: "An input a is 0. What is the slope of C for its weight?",
  answers: [["0", "Right: ∂C/∂w = a·δ: such a weight learns nothing here."], ["δ", "No: that is the slope for the bias."], ["1", "No: see BP4."]],
  className: "flow",
  controls: `<button id="backward" type="button">Previous</button> <button id="forward" type="button">Equation</button> <button id="play" type="button">Play</button>`,
  network: "untrained",
  shows: wishes,
  on: { backward: () => goThrough(-1), forward: () => goThrough(1), play },
  leave() {
    pause();
    backflowState.phase = 0;
  },
  draw({ layers }) {
    const example = exampleShown(), { phase } = backflowState;
    if (!example) return "Draw a digit first.";
    const flow = backpropagate(layers, [example]), layer = Math.max(1, layers.length - Number(phase !== 1));
    // At first we look at the output that should be 1, later at the hidden neuron with the largest error. A visitor may
    // pick another.
    keep(layer, phase === 1 ? example.y.indexOf(1) : ranked(flow.errors[layer - 1][0].map(Math.abs))[0]);
    write("play", backflowState.timer ? "Pause" : "Play");
    write("forward", phase === LAST ? `Step, η = ${RATE}` : `Equation ${phase + 1}`);
    find("backward", HTMLElement).ariaDisabled = `${phase === 0}`;
    return { lasting: equationAt(phase, layers, flow, example, state.looked ?? [layer, 0]) };
  },
};

/** What is on the pad, and what it should be. @type {() => Example | null} */
function exampleShown() {
  const image = imageShown();
  return image && borrowedNow() ? { image, y: desired(rightDigit(image)) } : null;
}

/** What neurons wish in this phase. @param {Neuron} looked */
function wishes(looked) {
  const example = exampleShown(), { layers } = state.network, { phase } = backflowState;
  state.what = phase > 1 && looked[0] < layers.length ? "−w·δ" : "−δ"; // a neuron's parts, or the outputs' own
  return example && looked[0] ? wishesAt(phase, layers, backpropagate(layers, [example]), looked) : [];
}

/** Goes on by a phase, or back; after the last, by a step of gradient descent. @param {number} by */
function goThrough(by) {
  const example = exampleShown(), network = borrowedNow(), phase = backflowState.phase + by;
  if (!example || !network || phase < 0) return;
  if (phase > LAST) {
    network.layers = structuredClone(network.layers);
    sgdStep(network.layers, [example], RATE);
  }
  backflowState.phase = phase % (LAST + 1);
  show();
}

/** Goes through all phases by itself, until it is pressed again, or the stop is left. */
function play() {
  const { timer } = backflowState;
  pause();
  if (!timer) {
    backflowState.timer = setInterval(() => goThrough(1), LONG);
    goThrough(1);
  }
  show();
}

function pause() {
  clearInterval(backflowState.timer);
  backflowState.timer = 0;
}

/** The weight that the equation shows, from neuron j to neuron k of the next layer. If a hidden neuron is picked, k is
 * where most of its error comes from. If an output is picked, j is the most active neuron before it.
 * @type {(layers: Layer[], found: Errors, looked: Neuron) => { layer: number; k: number; j: number }} */
function weightAt(layers, { activations, errors }, [layer, j]) {
  const most = (/** @type {Float32Array} */ values) => values.indexOf(Math.max(...values));
  if (layer === layers.length) return { layer, k: j, j: most(activations[layer - 1][0]) };
  return { layer: layer + 1, k: most(partsOf(layers[layer], errors[layer][0], j).map(Math.abs)), j };
}

/** What the errors of a layer give neuron j of the layer before: each, times the weight that leads there.
 * @type {(layer: Layer, errors: Float32Array, j: number) => Float32Array} */
function partsOf({ weights, biases }, errors, j) {
  const n = weights.length / biases.length;
  return errors.map((delta, k) => delta * weights[k * n + j]);
}

/** Whether each neuron should rise (red) or fall (blue), layer by layer: -δ of an output, and the share of the largest in
 * a hidden layer. The first phase shows the outputs alone. Later, the layer after the picked neuron shows its part in what
 * that neuron should do, and the pixels show how its weights should change.
 * @type {(phase: number, layers: Layer[], found: Errors, looked: Neuron) => Float32Array[]} */
function wishesAt(phase, layers, { activations, errors }, [layer, j]) {
  const shown = /** @type {Float32Array[]} */ ([]), last = layers.length;
  const wish = (/** @type {Float32Array} */ values) => relative(values.map((value) => -value));
  if (phase > 0) shown[last] = errors[last - 1][0].map((delta) => -delta);
  for (let l = 1; phase > 1 && l < last; l++) shown[l] = wish(errors[l - 1][0]);
  if (phase > 1 && layer < last) {
    const parts = partsOf(layers[layer], errors[layer][0], j).map((part) => -part);
    shown[layer + 1] = layer + 1 === last ? parts : relative(parts);
  }
  if (phase > 2 && layer === 1) shown[0] = wish(activations[0][0].map((a) => a * errors[0][0][j]));
  return shown;
}

/** The equation of a phase, with the numbers of the neuron or weight that is picked.
 * @type {(phase: number, layers: Layer[], found: Errors, example: Example, looked: Neuron) => string} */
function equationAt(phase, layers, found, example, looked) {
  const { activations, errors } = found, [layer, j] = looked, a = activations[layer][0][j], delta = errors[layer - 1][0][j];
  const slope = `${number(a)} · ${number(1 - a)}`, last = layers.length;
  if (phase === 0) return `Forward: a = σ(w·a + b), layer by layer. C = ½ Σ (y − a)² = ${number(meanCost(layers, [example]))}.`;
  if (phase === 1) {
    const k = layer === last ? j : example.y.indexOf(1), output = activations[last][0][k];
    const parts = `(${number(output)} − ${example.y[k]}) · ${number(output)} · ${number(1 - output)}`;
    return `BP1, output ${k}: δ = (a − y) · σ′(z) = ${parts} = ${number(errors[last - 1][0][k])}.`;
  }
  if (phase === 2) {
    if (layer === last) return "BP2: tap a hidden neuron, to see its error.";
    const sum = backwards(layers[layer].weights, errors[layer][0])[j];
    return `BP2, hidden neuron ${j}: δ = (Σ w·δ) · σ′(z) = ${number(sum)} · ${slope} = ${number(delta)}.`;
  }
  const weight = weightAt(layers, found, looked), from = activations[weight.layer - 1][0][weight.j];
  const error = errors[weight.layer - 1][0][weight.k], name = `neuron ${weight.j} to ${weight.k}`;
  const check = number(slopeOf(layers, example, weight));
  return `BP4, ${name}: ∂C/∂w = a·δ = ${number(from)} · ${number(error)} = ${number(from * error)}; by a nudge of ±${NUDGE}, ${check}. `
    + `BP3, its bias: ∂C/∂b = δ = ${number(error)}.`;
}

/** ∂C/∂w of a weight as C itself has it: the difference that a nudge makes.
 * @type {(layers: Layer[], example: Example, weight: ReturnType<typeof weightAt>) => number} */
function slopeOf(layers, example, { layer, k, j }) {
  const costs = [NUDGE, -NUDGE].map((nudge) => {
    const nudged = [...layers], { weights, biases } = layers[layer - 1], n = weights.length / biases.length;
    nudged[layer - 1] = { weights: weights.with(k * n + j, weights[k * n + j] + nudge), biases };
    return meanCost(nudged, [example]);
  });
  return (costs[0] - costs[1]) / (2 * NUDGE);
}

/** A number of three digits. @param {number} value */
const number = (value) => `${Number(value.toPrecision(3))}`.replace("-", "−");
