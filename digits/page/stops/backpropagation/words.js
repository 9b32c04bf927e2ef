// The words of the stop on backpropagation: for each phase, what it did to the neuron that the sentence is about.

import { backwards } from "../../network/backprop.js";
import { predictionOf, slopeAt } from "../../network/feedforward.js";
import { number, signed } from "../figure.js";
import { BLAME, ERRORS, GUESS, messagesTo, RATE, sumOf, WEIGHTS } from "./pass.js";

/** @typedef {import("./pass.js").Pass} Pass */

/** @param {Pass} pass */
function guessed({ steps, picked, isHidden, j, y, digit, hidden, outputs }) {
  if (picked && isHidden)
    return `Neuron ${j} adds up your pixels times its weights, and fires at ${number(hidden[j])}.`;
  if (picked) return `Output ${j} is ${number(outputs[j])}. It should be ${y[j]}.`;
  const best = predictionOf(outputs);
  const begin = steps
    ? `After ${steps} step${steps > 1 ? "s" : ""}, output ${best}`
    : `Nobody has trained this network yet: its weights are random, and its outputs are guesses. Output ${best}`;
  return `${begin} is the largest, at ${number(outputs[best])}. Your digit is a ${digit}: output ${digit} should be 1, and all others 0.`;
}

/** @param {Pass} pass */
function erred({ picked, isHidden, j, y, digit, outputs }) {
  if (isHidden) return `Neuron ${j} does not know its error yet. The outputs will tell it in the next phase.`;
  const error = (k) =>
    `Output ${k} should be ${y[k]} but is ${number(outputs[k])}, so it wants to ${y[k] ? "rise (red)" : "fall (blue)"}.`;
  const a = outputs[j];
  const slope = `How strongly? By its error times the slope of its sigmoid: on a flat part a push changes little. The slope is a (1 − a) = ${number(a)} × ${number(1 - a)} = ${number(slopeAt(a))}.`;
  return `${error(j)} ${slope}${picked ? "" : ` ${error(predictionOf(outputs.with(digit, -1)))}`}`;
}

/** What a hidden neuron is told, and by which output the most. @param {Pass} pass */
function blamed(pass) {
  const { isHidden, j, y, hidden, blame, weights } = pass;
  if (!isHidden) {
    const [more, less] = y[j] ? ["more (red)", "less (blue)"] : ["less (blue)", "more (red)"];
    return `Output ${j} wants to ${y[j] ? "rise" : "fall"}. A neuron whose weight to this output is positive is told: fire ${more}. If the weight is negative: fire ${less}.`;
  }
  const messages = messagesTo(pass, j);
  const sum = sumOf(messages);
  const k = predictionOf(messages.map((part) => part * Math.sign(sum)));
  const [push, hold, where] = weights[30 * k + j] > 0 ? ["pushed", "pushes", "up"] : ["held", "holds", "down"];
  const reason = sum < 0 ? `${push} output ${k} ${where} by mistake` : `${hold} output ${k} ${where}, as it should`;
  return `Neuron ${j} ${reason}, so it is told to fire ${sum < 0 ? "less (blue)" : "more (red)"}. Each output tells it what the output wants, times the weight between them. The messages add up to ${signed(sum, 2)}. Neuron ${j} multiplies this by the slope of its own sigmoid, ${number(slopeAt(hidden[j]))}; the product is what it wants: ${signed(-blame[j], 3)}.`;
}

/** @param {Pass} pass */
function weighed({ isHidden, j, hidden, firing, blame, deltas }) {
  const rule = `A weight changes by its input times what the neuron at its end wants, times a learning rate of ${RATE}, which is small so that one step does not overshoot.`;
  if (isHidden) {
    return `${rule} Neuron ${j} fires at ${number(hidden[j])}, which is the input of the weights at the right. At the left, neuron ${j} wants ${signed(-blame[j], 3)}, so its weight from a fully inked pixel (input 1) changes by ${signed(-RATE * blame[j], 4)}.`;
  }
  return `${rule} Output ${j} wants ${signed(-deltas[j], 3)}, so its weight from neuron ${firing}, which fires at ${number(hidden[firing])}, changes by ${signed(-RATE * deltas[j] * hidden[firing], 4)}.`;
}

/** @param {Pass} pass */
function moved({ isHidden, picked, j, y, hidden, hiddenAfter, outputs, outputsAfter, costs }) {
  if (isHidden)
    return `Neuron ${j} fired at ${number(hidden[j])} before the step, and fires at ${number(hiddenAfter[j])} now.`;
  const change = `Output ${j} went from ${number(outputs[j])} to ${number(outputsAfter[j])}`;
  if (picked) return `${change}. It should be ${y[j]}.`;
  return `All weights have made a small step. ${change}, and the cost C fell from ${number(costs[0])} to ${number(costs[1])}. Training repeats this with thousands of digits.`;
}

/** The sentence of each phase. @type {((pass: Pass) => string)[]} */
export const SENTENCES = [guessed, erred, blamed, weighed, moved];

/** Of three digits. @param {number} value */
const exact = (value) => `${Number(value.toPrecision(3))}`.replace("-", "−");

/** The equations of this phase, with the numbers of that neuron. @type {(pass: Pass) => string[]} */
export function formulaOf(pass) {
  const { phase, isHidden, neuron, output, image, y, hidden, outputs, blame, deltas, weights, firing, costs } = pass;
  const a = outputs[output];
  const h = hidden[neuron];
  if (phase === GUESS) {
    return [
      "a′ = σ(z) with z = w · a + b: the activations a′ of a layer from those of the layer before it, a",
      `C = ½ Σ (y − a)² = ${exact(costs[0])}, where y is what an output should be, and a what it is`,
    ];
  }
  if (phase === ERRORS) {
    return [
      "BP1, the first equation of backpropagation: δ = (a − y) · σ′(z), where σ′(z) = a (1 − a) says how easily the activation moves",
      `For output ${output}: δ = (${exact(a)} − ${y[output]}) · ${exact(a)} · ${exact(1 - a)} = ${exact(deltas[output])}`,
      `δ is the slope of the cost, and what an output wants is −δ: downhill`,
    ];
  }
  if (phase === BLAME) {
    const sum = backwards(weights, deltas)[neuron];
    return [
      "BP2: δ = (Σ w · δ of the outputs) · σ′(z)",
      `For neuron ${neuron}: δ = ${exact(sum)} · ${exact(h)} · ${exact(1 - h)} = ${exact(blame[neuron])}`,
      `What neuron ${neuron} wants is −δ`,
    ];
  }
  if (phase === WEIGHTS) {
    const [who, delta] = isHidden ? [`neuron ${neuron}`, blame[neuron]] : [`output ${output}`, deltas[output]];
    const [what, input] = isHidden ? ["a pixel with ink", Math.max(...image)] : [`neuron ${firing}`, hidden[firing]];
    return [
      `BP3, the slope of C for the bias of ${who}: ∂C/∂b = δ = ${exact(delta)}`,
      `BP4, for its weight from ${what}: ∂C/∂w = a · δ = ${exact(input)} · ${exact(delta)} = ${exact(input * delta)}`,
    ];
  }
  return [
    `w → w − η · ∂C/∂w and b → b − η · ∂C/∂b, with the learning rate η = ${RATE}`,
    `C = ${exact(costs[0])} → ${exact(costs[1])}`,
  ];
}
