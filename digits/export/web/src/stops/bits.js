import { desired } from "../backpropagation.js";
import { held } from "../held.js";
import { binaryLayer, predictionOf } from "../network.js";

/** A layer of four neurons turns the ten outputs into the bits of the digit. @type {Stop} */
export const bits = {
  title: "Ten outputs, four bits", section: "A simple network to classify handwritten digits", view: "#pad",
  text: "Why ten outputs, if four neurons could name a digit in binary? Shapes speak for digits, hardly for bits. Given the ten, a layer of four neurons makes the bits: each has weights to the digits in which its bit is 1. They stand beside the answer.",
  question: "Which of the four neurons are on for a 6?",
  answers: [["8 and 2", "No: these make 10."], ["4 and 2", "Right: 4 + 2 = 6."], ["4 and 1", "No: these make 5."]],
  controls: `<button class="take" type="button">Another digit</button>`,
  network: "small",
  draw({ a }) {
    if (!a) return "Draw a digit first.";
    const digit = predictionOf(a), on = binaryLayer(held.bits, desired(digit));
    return `${digit} = ${on.map((bit, i) => `${bit} · ${8 >> i}`).join(" + ")}.`;
  },
};
