import { find } from "../elements.js";
import { axes, disc, number, polyline, svg, text } from "../figure.js";
import { clamp } from "../images.js";
import { sigmoid as activation, slopeAt } from "../network.js";
import { choose, chooseNext, hiddenNeuron, inWords } from "./hidden.js";

const REACH = 6; // of the axis of z
const SLOPE = 2; // the largest z at which the curve is still seen to rise

/** The sigmoid on axes, with a neuron on it; steep, it is the perceptron's step. @type {Stop} */
export const sigmoid = {
  title: "A sigmoid bends where a perceptron jumps", section: ["chap1.html#sigmoid_neurons", "Sigmoid neurons"],
  text: "A sigmoid neuron turns z into an activation between 0 and 1: σ(z) = 1 / (1 + e⁻ᶻ), with e ≈ 2.718. This is near 0 if z is far below 0, ½ at z = 0, and near 1 if z is far above 0. A perceptron, an older kind of neuron, outputs 1 if z is above 0, else 0. It jumps, so a tiny change of a weight changes nothing or everything. The sigmoid changes only a little, in proportion to its slope. These small changes make learning possible.",
  figure: "The sigmoid function from −6 to 6, a perceptron's step, your neuron on the curve, and all hidden neurons",
  question: "z rises from 0 to 0.5. Which neuron's output changes a little?",
  answers: [["The perceptron's", "No: it jumps from 0 to 1."], ["The sigmoid neuron's", "Right: it goes from 0.50 to 0.62."], ["Neither", "No: look at the curve near 0."]],
  controls: `<button id="sigmoid-another" type="button">Another neuron</button>
    <label>Steepness of the curve <input id="sigmoid-steepness" type="range" min="0" max="5" step="0.25" value="0"></label>`,
  on: { "sigmoid-another": chooseNext, "sigmoid-steepness": () => {} },
  leave: () => {
    find("sigmoid-steepness", HTMLInputElement).value = "0";
  },
  pick: (name) => choose(Number(name)),
  draw({ image, layers, width, height }) {
    const c = Math.round(10 * 2 ** Number(find("sigmoid-steepness", HTMLInputElement).value)) / 10; // as it is shown
    const { j, z, zs } = hiddenNeuron(layers, image, SLOPE), isWide = width > 560, columns = isWide ? 5 : 10, rows = 30 / columns;
    const step = isWide ? 32 : Math.min(32, width / columns), rest = isWide || height > 300 ? 1 : 0; // room for discs
    const box = { left: 40, right: width - 20 - (isWide ? columns * step + 20 : 0), top: 30, bottom: height - 44 - (isWide ? 0 : rest * (rows * step + 24)) };
    const { x, y, node } = axes(box, { from: -REACH, to: REACH, ticks: [-6, -4, -2, 0, 2, 4, 6], label: "weighted input z" },
      { from: 0, to: 1, ticks: [0, 0.25, 0.5, 0.75, 1], label: "activation σ(z)" });
    const at = clamp(z, -REACH, REACH), a = activation(c * z), slope = slopeAt(a), isRight = at > 2, isEdge = at !== z;
    const curve = Array.from({ length: 481 }, (_, i) => i / 40 - REACH).map((value) => [x(value), y(activation(c * value))]);
    const dots = [...zs].flatMap((other, k) => (k === j || Math.abs(other) > REACH ? [] : [svg("circle", {
      cx: x(other), cy: y(activation(c * other)), r: 5, class: "neuron dot", "data-neuron": k,
    }, svg("title", {}, `Neuron ${k}`))]));
    const left = isWide ? width - columns * step : (width - columns * step) / 2, top = isWide ? (height - rows * step) / 2 : height - rows * step;
    const discs = [...zs].map((other, k) => disc([left + (k % columns + 0.5) * step, top + (Math.floor(k / columns) + 0.5) * step], step / 2 - 4,
      activation(c * other), { name: `${k}`, chosen: k === j }));
    return [[
      node, polyline([[x(-REACH), y(0)], [x(0), y(0)], [x(0), y(1)], [x(REACH), y(1)]], "jump"), polyline(curve, "curve"),
      svg("path", { d: `M${x(at)} ${y(0)}V${y(a)}H${x(-REACH)}`, class: "dashed" }), ...(c === 1 && !isEdge ? [polyline([-1, 1].map((dz) => [x(at + dz), y(a + dz * slope)]), "slope")] : []), ...dots, svg("circle", { cx: x(at), cy: y(a), r: 8, class: "point" }),
      text(x(-REACH) + 8, y(a) + (a > 0.9 ? 18 : -8), a.toFixed(2), "start", "haloed"),
      text(x(at) + (isRight ? -14 : 14), y(a) + (a > 0.5 ? 24 : -14), `${isWide ? `neuron ${j}: ` : ""}z = ${number(z)}${isEdge ? ", off the axis" : ""}`, isRight ? "end" : "start", "haloed"),
      text(x(0) + 4, y(1) - 10, "a perceptron", "start"),
      ...(rest ? [text(left + (columns * step) / 2, top - 8, "all hidden neurons"), ...discs] : []),
    ], `Neuron ${j}: ${c === 1 ? inWords(z) : `z = ${number(z)}; with its weights and bias multiplied by ${c}, activation ${a.toFixed(2)}`}. A perceptron outputs ${Number(z > 0)}.${c === 1 ? ` The slope here is a (1 − a) = ${number(slope)}${slope < 0.05 ? ": the curve is flat, so a change of z changes little" : ""}.` : ""}`];
  },
};
