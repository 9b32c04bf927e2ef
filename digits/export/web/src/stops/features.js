import { ranked, weightedInputs } from "../network.js";
import { keepHidden } from "../view.js";

/** The hidden neurons that the drawing excites most, one by one. @type {Stop} */
export const features = {
  title: "What hidden neurons look for", section: "Toward deep learning", view: "#pad",
  text: "Nobody told the hidden neurons what to look for. Training gave each its weights: it wants strokes on the red and none on the blue, perhaps a part of a loop, perhaps nothing that has a name. These are the ones that your drawing excites most, one by one.",
  question: "Who told a neuron to look for a loop?",
  answers: [["Who programmed it", "No: there is no rule for loops anywhere."], ["Nobody", "Right: its weights came from gradient descent alone."], ["The labels", "No: they only name the digit."]],
  controls: `<button class="another" type="button">The next one</button>`,
  network: "small",
  draw({ image, layers, nth }) {
    const order = ranked(weightedInputs(layers[0], image));
    return `Hidden neuron ${keepHidden(order[nth % order.length])}.`;
  },
};
