import { borrowedNow } from "../borrowed.js";
import { find } from "../elements.js";
import { ranked, sigmoid as activation, weightedInputs } from "../network.js";
import { keepHidden, say, show } from "../view.js";

/** A sigmoid becomes a step where all weights and biases are multiplied by a large c. @type {Stop} */
export const sigmoid = {
  title: "A sigmoid in place of a step", section: "Sigmoid neurons", view: ".hidden",
  text: "A perceptron jumps from 0 to 1 where z passes 0: a small change of one weight may turn the answer over. A sigmoid neuron, σ(z), rises smoothly, so small changes make small changes, and it can learn. Multiply all weights and biases by c, and it becomes a step.",
  question: "What is σ(0)?",
  answers: [["0", "No: that is reached far left only."], ["½", "Right: it is midway, there the perceptron jumps."], ["1", "No: that is reached far right only."]],
  controls: `
    <svg id="sigmoid" viewBox="0 0 120 40" aria-hidden="true"><path d="M0 40H60V0H120"/><polyline/><circle r="3"/></svg>
    <input id="steepness" type="range" min="0" max="6" step="0.25" value="0" aria-label="Steepness c" title="c">`,
  network: "small",
  on: {
    steepness() {
      multiply();
      show();
      say();
    },
  },
  arrive: multiply,
  draw({ image, layers }) { // σ(cz), and on it the neuron that is picked, or else the one whose z is nearest to 1
    const c = factor(), all = weightedInputs(layers[0], image).map((z) => z / c);
    const j = keepHidden(ranked(all.map((z) => -Math.abs(z - 1)))[0]), figure = find("sigmoid", SVGElement);
    const x = (/** @type {number} */ z) => 60 + 10 * z, y = (/** @type {number} */ z) => 40 - 40 * activation(c * z);
    const points = Array.from({ length: 241 }, (_, i) => i / 20 - 6).map((z) => `${x(z)},${y(z)}`);
    figure.querySelector("polyline")?.setAttribute("points", points.join(" "));
    figure.querySelector("circle")?.setAttribute("cx", `${x(all[j])}`);
    figure.querySelector("circle")?.setAttribute("cy", `${y(all[j])}`);
    return `Neuron ${j}: z = ${all[j].toFixed(1)}, σ(${c.toFixed(0)}z) = ${activation(c * all[j]).toFixed(2)}.`;
  },
};

/** What weights and biases are multiplied by. */
const factor = () => 2 ** Number(find("steepness", HTMLInputElement).value);

function multiply() {
  const c = factor(), network = borrowedNow();
  if (!network) return;
  network.layers = network.base.map(({ weights, biases }) => (
    { weights: weights.map((w) => c * w), biases: biases.map((b) => c * b) }
  ));
}
