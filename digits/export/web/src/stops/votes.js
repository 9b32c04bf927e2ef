import { ranked } from "../network.js";
import { keep } from "../view.js";

/** Neurons vote for and against those of the next layer. @type {Stop} */
export const votes = {
  title: "The layers vote", section: "The architecture of neural networks", view: ".outputs",
  text: "A neuron’s activation, times a weight, is its vote on each neuron of the next layer. Lines lead to an output from those that vote most, red for it and blue against it. Choose other neurons, hidden ones too: then they also show what they vote for.",
  question: "An active neuron has a large negative weight to output 7. Then output 7 …",
  answers: [["falls", "Right: activation times weight is negative."], ["rises", "No: its part in z is negative."], ["stays", "No: only an inactive neuron changes nothing."]],
  controls: `<button class="another" type="button">Another output</button>`,
  network: "small",
  draw({ a = new Float32Array(10), layers, nth }) {
    const [layer, j] = keep(layers.length, ranked(a)[nth % a.length]);
    return layer === layers.length ? `Output ${j}: ${a[j].toFixed(2)}.` : `Hidden neuron ${j}.`;
  },
};
