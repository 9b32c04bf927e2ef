import { find } from "../elements.js";
import { axes, number, pixelImage, pixelPane, svg, text } from "../figure.js";
import { relative } from "../layers.js";
import { chooseNext, hiddenNeuron, sumsOf, ticksOf } from "./hidden.js";

/** The neuron whose weights were changed, and the new weights by pixel; and the pixel that was chosen, or -1 for that
 * with the largest product; and the one that was drawn last. */
const weightsState = { j: -1, changed: /** @type {Map<number, number>} */ (new Map()), chosen: -1, drawn: 0 };
const ownWeights = () => weightsState.changed.clear();

/** What the weights of a hidden neuron do to the digit, pixel by pixel. @type {Stop} */
export const weights = {
  title: "What weights do to your digit", section: ["chap1.html#sigmoid_neurons", "Sigmoid neurons"],
  text: "The page’s own network, which reads your drawings, is too large to look into, so the page has just trained a small one. It has 30 hidden neurons between the pixels and the outputs. A hidden neuron has one weight per pixel, red if positive and blue if negative. It multiplies each pixel by its weight and adds up the products: ink on red raises the sum, ink on blue lowers it. Click a pixel, and change its weight.",
  figure: "Your digit, the weights of a neuron, their products, and the sum of the products on an axis",
  question: "You draw a stroke across blue weights only. What happens to the sum?",
  answers: [["It rises", "No: blue weights are negative, so their products are too."], ["It falls", "Right: every inked pixel adds a negative product."], ["Nothing", "No: only pixels without ink add nothing."]],
  controls: `<button id="weights-another" type="button">Another neuron</button>
    <label>Weight of the marked pixel <input id="weights-slider" type="range" min="-5" max="5" step="0.01"></label>
    <button id="weights-own" type="button">Restore the weights</button>`,
  on: {
    "weights-another": chooseNext,
    "weights-slider": () => {
      weightsState.chosen = weightsState.drawn;
      weightsState.changed.set(weightsState.drawn, Number(find("weights-slider", HTMLInputElement).value));
    },
    "weights-own": ownWeights,
  },
  leave: ownWeights, // other stops show the neuron as it is
  draw({ image, layers, width, height }) {
    const { j, weights } = hiddenNeuron(layers, image), { changed, chosen } = weightsState;
    if (j !== weightsState.j) ownWeights();
    weightsState.j = j;
    for (const [k, weight] of changed) weights[k] = weight;
    const { products, plus, minus, sum } = sumsOf(weights, image), sizes = products.map(Math.abs);
    const k = chosen < 0 ? sizes.indexOf(Math.max(...sizes)) : chosen;
    weightsState.drawn = k;
    find("weights-slider", HTMLInputElement).value = `${weights[k]}`;
    const isWide = width > height, below = 132, gap = 44;
    const side = isWide ? Math.min((width - 2 * gap) / 3, height - 24 - below) : Math.min((width - gap) / 2, (height - 62 - below) / 2);
    const start = (width - (isWide ? 3 : 2) * side - (isWide ? 2 : 1) * gap) / 2, next = start + side + gap;
    const places = [[start, 24], [next, 24], isWide ? [next + side + gap, 24] : [(width - side) / 2, side + 68]];
    const squares = [
      { sign: "", title: "Your digit, a", values: image, tone: "foreground", number: `a = ${number(image[k])}` },
      { sign: "×", title: "Weights, w", values: relative(weights), number: `w = ${number(weights[k])}` },
      { sign: "=", title: "Products, w × a", values: relative(weights, (pixel) => image[pixel]), number: `w × a = ${number(products[k])}` },
    ].flatMap(({ sign, title, values, tone, number }, n) => {
      const [left, top] = places[n], place = { left, top, side }, cell = side / 28;
      return [
        text(left - gap / 2, top + side / 2 + 8, sign, "middle", "sign"), text(left + side / 2, top - 10, title),
        pixelImage(place, values, tone), text(left + side / 2, top + side + 18, number),
        svg("rect", { x: left + (k % 28) * cell - 2, y: top + Math.floor(k / 28) * cell - 2, width: cell + 4, height: cell + 4, class: "window" }),
        pixelPane(place, (pixel) => {
          weightsState.chosen = pixel;
        }),
      ];
    });
    return [[...squares, ...bars({ left: 64, right: width - 76, top: places[2][1] + side + 28, bottom: height - 40 }, { plus, minus, sum })],
      `Neuron ${j}: ${number(plus)} (red) − ${number(-minus)} (blue) = ${number(sum)}, which is w·a. Ink on ${sum > 0 ? "red outweighs ink on blue" : "blue outweighs ink on red"}.${image[k] ? "" : " The marked pixel has no ink, so its weight adds nothing."}`];
  },
};

/** On an axis: the red products lead to the right from 0, the blue ones back from there, to their sum.
 * @type {(box: Box, sums: { plus: number; minus: number; sum: number }) => SVGElement[]} */
function bars(box, { plus, minus, sum }) {
  const from = Math.min(0, 5 * Math.floor(sum / 5)), to = Math.max(5, 5 * Math.ceil(plus / 5));
  const { x, node } = axes(box, { from, to, ticks: ticksOf(from, to), label: "w·a, the sum of all products" }, { from: 0, to: 1, ticks: [], label: "" });
  const high = (box.bottom - box.top) / 3;
  const bar = (/** @type {number} */ n, /** @type {number} */ start, /** @type {number} */ end, /** @type {string} */ tone, /** @type {string} */ words) => {
    const isRight = end >= start, y = box.top + n * high;
    return svg("g", {}, svg("rect", { x: x(Math.min(start, end)), y: y + 2, width: x(Math.max(start, end)) - x(Math.min(start, end)), height: high - 4, class: tone }),
      text(x(end) + (isRight ? 6 : -6), y + high / 2 + 5, words, isRight ? "start" : "end", "haloed"));
  };
  return [node, svg("path", { d: `M${x(0)} ${box.top}V${box.bottom}`, class: "zero" }),
    bar(0, 0, plus, "fill-red", number(plus)), bar(1, plus, sum, "fill-blue", number(minus)), bar(2, 0, sum, "dot", `w·a = ${number(sum)}`)];
}
