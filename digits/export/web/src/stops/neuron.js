import { borrowedNow } from "../borrowed.js";
import { drawLine, find } from "../elements.js";
import { ranked, sigmoid } from "../network.js";
import { state } from "../state.js";
import { finish, imageShown, keepHidden } from "../view.js";

/** How the weighted input of a neuron comes about, and what its bias and its weights do to it. @type {Stop} */
export const neuron = {
  title: "A neuron weighs them", section: "Sigmoid neurons", view: "#pad",
  text: "A hidden neuron adds its inputs, each times a weight, and a bias: z = w·a + b. Its weights lie on the pad, red above 0, blue below. The curve is the sum, pixel by pixel, then b. Move b, or the heaviest w: past z = 0 a perceptron jumps, a sigmoid bends.",
  question: "The strokes miss every red pixel, and b is −5. What is z?",
  answers: [["0", "No: the bias counts without any input."], ["−5 or less", "Right: nothing is added to b, and the blue ones subtract."], ["5", "No: b is added as it is."]],
  className: "sum",
  controls: `
    <svg viewBox="0 0 208 40" role="img" aria-label="The sum, pixel by pixel"><path d="M0 20H208"/><polyline id="running"/><polyline id="adding"/><circle id="total" cx="204" r="3"/></svg>
    <label>b <input id="bias" type="range" min="-20" max="20" step="0.1" aria-label="Bias"></label>
    <label>w <input id="weight" type="range" min="-10" max="10" step="0.1" aria-label="Weight"></label>
    <button class="another" type="button">Another</button>`,
  network: "small",
  startsEmpty: true,
  inPlace: true,
  on: { bias: () => move("bias"), weight: () => move("weight") },
  draw({ image, layers: [{ weights, biases }], nth }) {
    keepHidden(nth % biases.length);
    const [layer, j] = state.looked ?? [0, 0];
    if (layer !== 1) return;
    const parts = partsOf(weights, j, image), sums = [0];
    for (const part of parts) sums.push(sums[sums.length - 1] + part);
    const sum = sums[784], b = biases[j], z = sum + b;
    drawSums(sums, z);
    for (const [id, value] of Object.entries({ bias: b, weight: weights[784 * j + heaviest(parts)] })) {
      const range = find(id, HTMLInputElement);
      if (document.activeElement !== range) range.value = `${value}`;
    }
    const numbers = [sum, b, z].map((value) => `${Math.round(100 * value) / 100 || 0}`.replace("-", "−"));
    return `Neuron ${j}: Σ w·a = ${numbers[0]}, b = ${numbers[1]}, z = ${numbers[2]}. `
      + `Sigmoid ${sigmoid(z).toFixed(2)}, perceptron ${Number(z > 0)}.`;
  },
};

/** What each pixel adds to the weighted input of neuron j.
 * @type {(weights: Float32Array, j: number, image: Float32Array) => Float32Array} */
const partsOf = (weights, j, image) => image.map((a, k) => a * weights[784 * j + k]);

/** The pixel that counts most. @param {Float32Array} parts */
const heaviest = (parts) => ranked(parts.map(Math.abs))[0];

/** Draws the sum from pixel to pixel, then the bias, which leads to z. @type {(sums: number[], z: number) => void} */
function drawSums(sums, z) {
  const most = Math.max(1, ...sums.map(Math.abs), Math.abs(z));
  const y = (/** @type {number} */ value) => 20 - (19 * value) / most;
  drawLine("running", sums.filter((_, k) => k % 4 === 0).map((value, k) => [k, y(value)]));
  drawLine("adding", [[196, y(sums[784])], [204, y(z)]]);
  find("total", SVGCircleElement).setAttribute("cy", `${y(z)}`);
}

/** Moves the bias of the kept neuron, or the weight that counted most at first. @param {"bias" | "weight"} id */
function move(id) {
  const network = borrowedNow(), [, j] = state.kept ?? [0, 0], value = Number(find(id, HTMLInputElement).value);
  if (!network) return;
  const [{ weights, biases }, ...rest] = network.layers, image = imageShown() ?? new Float32Array(784);
  const at = 784 * j + heaviest(partsOf(network.base[0].weights, j, image));
  const moved = id === "bias" ? { biases: biases.with(j, value) } : { weights: weights.with(at, value) };
  network.layers = [{ weights, biases, ...moved }, ...rest];
  finish();
}
