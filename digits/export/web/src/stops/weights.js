import { find } from "../elements.js";
import { pixelImage, svg, text } from "../figure.js";
import { relative } from "../layers.js";
import { sigmoid } from "../network.js";
import { hiddenNeuron, signed } from "./hidden.js";

const EXCITED = 100; // no z is larger, so the nearest to it is the largest
const weightsState = { place: 0 };

/** What the weights of a hidden neuron do to the digit, pixel by pixel. @type {Stop} */
export const weights = {
  title: "What weights do to your digit", section: ["chap1.html#sigmoid_neurons", "Sigmoid neurons"],
  text: "A hidden neuron has one weight for each pixel: red is positive, blue is negative. It multiplies every pixel by its weight and adds up the products. Ink on red raises the sum, ink on blue lowers it, and a weight where you drew nothing does not count.",
  figure: "Your digit, the weights of a neuron, their products, and the sum of the products",
  question: "You draw a stroke across blue weights only. What happens to the sum?",
  answers: [["It rises", "No: blue weights are negative, so their products are too."], ["It falls", "Right: every inked pixel adds a negative product."], ["Nothing", "No: only pixels without ink add nothing."]],
  controls: `<button id="weights-another" type="button">Another neuron</button>
    <label>All weights × <input id="weights-factor" type="range" min="-1" max="2" step="0.1" value="1"></label>
    <button class="take" type="button">Another digit</button>`,
  on: {
    "weights-another": () => {
      weightsState.place++;
    },
    "weights-factor": () => {},
  },
  draw({ image, layers, width, height }) {
    const neuron = hiddenNeuron(layers, image, EXCITED, weightsState.place), factor = Number(find("weights-factor", HTMLInputElement).value);
    const weights = neuron.weights.map((w) => w * factor), products = neuron.contributions.map((product) => product * factor);
    const side = Math.min((width - 80) / 3, height - 130), step = side + 40, start = (width - 2 * step - side) / 2, top = 28;
    const squares = [["Your digit, a", image, "foreground"], ["Weights, w", scaled(weights, neuron.weights)], ["Products, w × a", scaled(products, neuron.contributions)]];
    const parts = squares.flatMap(([title, values, tone], n) => [
      text(start + n * step + side / 2, 16, /** @type {string} */ (title), "middle", "label"),
      pixelImage({ left: start + n * step, top, side }, /** @type {Float32Array} */ (values), /** @type {string} */ (tone)),
      ...(n ? [text(start + n * step - 20, top + side / 2 + 8, n === 1 ? "×" : "=", "middle", "sign")] : []),
    ]);
    const sums = [products.filter((product) => product > 0), products.filter((product) => product < 0)].map((all) => all.reduce((sum, product) => sum + product, 0));
    const sum = sums[0] + sums[1];
    return [[...parts, ...bars(sums, sum, { left: start, width: 2 * step + side, top: top + side + 22 })],
      `Neuron ${neuron.j}: red adds ${signed(sums[0])}, blue ${signed(sums[1])}. The sum w·a is ${signed(sum)}. With the bias ${signed(neuron.bias)}, z = ${signed(sum + neuron.bias)} and the activation is ${sigmoid(sum + neuron.bias).toFixed(2)}.`];
  },
};

/** Values in shades that keep their strength when all of them are multiplied. @type {(values: Float32Array, base: Float32Array) => Float32Array} */
function scaled(values, base) {
  const shades = relative(base);
  return values.map((value, k) => (base[k] ? Math.max(-1, Math.min(1, (shades[k] * value) / base[k])) : 0));
}

/** The sums of the red and of the blue products as bars from 0, and what is left of both.
 * @type {(sums: number[], sum: number, place: { left: number; width: number; top: number }) => SVGElement[]} */
function bars([plus, minus], sum, { left, width, top }) {
  const most = Math.max(plus, -minus, 1), x = (/** @type {number} */ value) => left + width / 2 + (value / most) * (width / 2 - 60);
  const bar = (/** @type {number} */ value, /** @type {number} */ y, /** @type {string} */ tone) => svg("rect", {
    x: Math.min(x(0), x(value)), y, width: Math.abs(x(value) - x(0)), height: 18, class: `fill-${tone}`,
  });
  return [
    bar(plus, top, "red"), bar(minus, top, "blue"),
    text(x(plus) + 8, top + 14, `+${signed(plus)}`, "start"), text(x(minus) - 8, top + 14, signed(minus), "end"),
    bar(sum, top + 30, sum > 0 ? "red" : "blue"),
    text(x(sum) + (sum > 0 ? 8 : -8), top + 44, `w·a = ${signed(sum)}`, sum > 0 ? "start" : "end", "label"),
    svg("path", { d: `M${x(0)} ${top - 6}V${top + 54}`, class: "zero" }),
  ];
}
