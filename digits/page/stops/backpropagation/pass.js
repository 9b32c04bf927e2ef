// A pass of backpropagation through the network of its stop: one digit, forward and back, and a step of gradient descent.

import { backpropagate, desired, meanCost, sgdStep } from "../../network/backprop.js";
import { feedforward, predictionOf, ranked } from "../../network/feedforward.js";
import { rightDigit } from "../small.js";

export const PHASES = ["Guess", "Errors", "Blame", "Weights", "Step"];
export const [GUESS, ERRORS, BLAME, WEIGHTS, STEP] = PHASES.keys();
export const RATE = 0.1; // learning rate, so low that the digit is not learned at once

/** The state of this stop: its own network, before the step; how many steps were made before; the phase, and when it began;
 * the name of the neuron that was picked; the digit; the timer while it plays; and whether the formula is shown. */
export const flow = {
  layers: /** @type {Layer[]} */ ([]),
  steps: 0,
  phase: GUESS,
  since: 0,
  picked: "",
  image: new Float32Array(784),
  timer: 0,
  hasFormula: false,
};

/** The layers after the step. @param {Float32Array} image */
export function stepped(image) {
  const layers = structuredClone(flow.layers);
  sgdStep(layers, [{ image, y: desired(rightDigit(image)) }], RATE);
  return layers;
}

/** What all phases show: activations and errors before the step, activations after it, the hidden neuron that fires most,
 * the cost before and after; and the neuron that the sentences are about. Unless the visitor has picked another, that is
 * the right output at first, and the hidden neuron with the largest blame from the phase of blame on.
 * @param {Float32Array} image */
export function passOf(image) {
  const { layers, phase, picked, steps } = flow;
  const digit = rightDigit(image);
  const example = { image, y: desired(digit) };
  const { activations, errors } = backpropagate(layers, [example]);
  const [[hidden], [outputs]] = activations.slice(1);
  const [[blame], [deltas]] = errors;
  const after = stepped(image);
  const [[hiddenAfter], [outputsAfter]] = feedforward(after, [image]).slice(1);
  const most = ranked(blame)[0];
  const isEarly = phase <= ERRORS || phase === STEP;
  const [kind, name] = (picked || (isEarly ? `output ${digit}` : `hidden ${most}`)).split(" ");
  const [j, isHidden] = [Number(name), kind === "hidden"];
  const neuron = isHidden ? j : most;
  const output = isHidden ? digit : j;
  const costs = [layers, after].map((all) => meanCost(all, [example]));
  const facts = { layers, image, digit, y: example.y, phase, picked, steps, kind, j, isHidden, neuron, output, costs };
  const weights = layers[1].weights;
  return { ...facts, weights, hidden, outputs, blame, deltas, hiddenAfter, outputsAfter, firing: predictionOf(hidden) };
}
/** @typedef {ReturnType<typeof passOf>} Pass */

/** What each output tells hidden neuron j: what it wants, -δ, times the weight between them. @type {(pass: Pass, j: number) => Float32Array} */
export const messagesTo = ({ deltas, weights }, j) => deltas.map((delta, k) => -delta * weights[30 * k + j]);
export const sumOf = (values) => values.reduce((sum, value) => sum + value, 0);
