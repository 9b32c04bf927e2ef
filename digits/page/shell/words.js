// What is said, in words: of what is read, of a neuron, of the network.

import { weightedInput, predictionOf } from "../network/feedforward.js";
import { held } from "../held.js";
import { HALF } from "../reading/reader.js";
import { number } from "../stops/figure.js";
import { digitRead, isApart, isKnown, isTaught, lines, said, unreadMarks, whichOfSeveral } from "./answer.js";
import { canHover, find, write } from "./elements.js";
import { state } from "./state.js";

const CLEAR = 0.8; // an output above which no second digit is named, if no other is over HALF
const FEW = 0.1; // an output below which it is near 0
const REFUSALS = {
  // two lines at most on a phone, or the pad would move
  small: "Too small or too narrow for a digit: choose a larger picture.",
  blank: "Nothing stands out from the background: write darker.",
  unlike: "Nothing here looks like a digit: cut out the number alone.",
};
const WORDS = ["", "one", "two", "three", "four", "five", "six"];

/** Says in words what was read, or something else; not while one draws, since screen readers speak it. */
export function say(other = "") {
  const { digits } = state;
  const { picture, refusal } = state.drawing;
  const none = refusal ? REFUSALS[refusal] : "Reading …";
  const instead = picture ? none : `Or ${canHover() ? "drop, paste or " : ""}choose a picture of handwriting.`;
  find("said", HTMLElement).classList.toggle("read", !other && digits.length > 0);
  write("said", other || (digits.length ? inWords() : instead));
}

/** What is read, and the two largest outputs for the chosen digit. */
function inWords() {
  const { outputs, chosen } = state;
  const a = outputs[chosen];
  const best = digitRead(chosen);
  const second = predictionOf(a.with(best, -1));
  const [first, then] = [best, second].map((digit) => a[digit].toFixed(2));
  if (!isKnown(chosen) && isTaught(chosen)) return `Not a digit: no output is over ${HALF}.`;
  if (!isKnown(chosen)) {
    const least = a[best] < FEW ? "all ten outputs are near 0" : `the largest output is only ${first}, for ${best}`;
    return `This looks like no digit: ${least}.`;
  }
  const all = lines()
    .map((line) => line.map((i) => (isApart(i) ? ` ${said(i)}` : said(i))).join(""))
    .join(", ");
  const which = whichOfSeveral();
  const prefix = which && `${all}. The ${which}: `;
  const { degrees } = state.drawing;
  const turned = degrees ? `Turned by ${degrees}°. ` : "";
  const isClear = a[best] >= CLEAR && a[second] < HALF;
  const rest = unreadMarks().length ? " The rest is not read." : "";
  return `${turned}${prefix}${best} (output ${first})${isClear ? "" : `, or ${second} (output ${then})`}.${rest}`;
}

/** Neuron j of a layer, in words or as a formula.
 * @type {(layer: number, j: number, activations: Float32Array[], asFormula: boolean) => string} */
export function inSentence(layer, j, activations, asFormula) {
  const { layers } = state.network;
  const { weights, biases } = layers[layer - 1];
  const a = activations[layer][j].toFixed(2);
  const z = number(weightedInput(weights, biases[j], activations[layer - 1], j), 1);
  if (asFormula) return `z = w·a + b = ${z} is its weighted input, and σ(z) = ${a} its activation.`;
  const pixels = "red pixels excite it, blue ones inhibit it";
  const neurons = "red neurons contribute to it, blue ones against it";
  const beyond = layer + 1 < layers.length ? `Hidden ${layer + 1} shows` : "The outputs show";
  const onward = layer < layers.length ? `. ${beyond} its contributions, activation times weight` : "";
  const fires = layer < layers.length ? `Neuron ${j} fires at ${a}` : `Output ${j} is ${a}`;
  return `${fires}: ${layer === 1 ? pixels : neurons}${onward}. Click it for the formula.`;
}

/** @type {(sentence?: string | null) => void} */
export function explain(sentence) {
  const where = canHover() ? "Point at" : "Tap";
  const rest =
    "any part, or a neuron, to see what it does. 784 pixels go in, ten outputs come out, and the largest is the answer.";
  write("explain", sentence ?? `${where} ${rest}`);
}

/** @type {(share: number) => string} */
export const percent = (share) => (100 * share).toFixed(1);
/** The images on which every accuracy is measured. */
export const testImages = () => `${held.mnist.test.toLocaleString("en")} test images`;

/** Says which network this is. */
export function describe() {
  const { layers, sizes, fresh, epoch, lessons, accuracy } = state.network;
  const hidden = sizes.length - 2;
  const size = layers.reduce((sum, { weights, biases }) => sum + weights.length + biases.length, 0);
  const between = hidden ? `${WORDS[hidden] ?? hidden} layer${hidden > 1 ? "s" : ""} of neurons` : "no hidden layer";
  const shape = `784 pixels, ${between}, ten answers`;
  const facts = [!fresh && lessons ? `${lessons.length} lesson${lessons.length > 1 ? "s" : ""}` : shape]; // in one line
  if (fresh) facts.push(epoch ? "trained here" : "random weights");
  else if (typeof accuracy === "number") facts.push(`${percent(accuracy)} % of ${testImages()}`);
  write("about", facts.join(" · "));
  find("forget", HTMLElement).style.visibility = fresh || lessons === held.lessons ? "hidden" : "";
  const count = size.toLocaleString("en");
  const tests = held.mnist.test ? `, and ${testImages()},` : "";
  const all = `${count} weights and biases${tests}`;
  write("held", `The network’s ${all} are in this file. Nothing you draw leaves it.`);
}
