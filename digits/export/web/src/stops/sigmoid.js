import { find } from "../elements.js";
import { axes, polyline, svg, text } from "../figure.js";
import { ranked, sigmoid as activation, weightedInputs } from "../network.js";
import { signed } from "./hidden.js";

const REACH = 6; // of the axis of z
/** The hidden neuron on the curve; -1 is the one whose z is nearest to 1. */
const sigmoidState = { j: -1 };

/** The sigmoid on axes, with a neuron on it; steep, it is the perceptron's step. @type {Stop} */
export const sigmoid = {
  title: "A sigmoid bends where a perceptron jumps", section: ["chap1.html#sigmoid_neurons", "Sigmoid neurons"],
  text: "A sigmoid neuron turns z into an activation between 0 and 1: σ(z) = 1 / (1 + e⁻ᶻ). A perceptron jumps from 0 to 1, so a tiny change of a weight changes nothing or everything. The sigmoid changes a little at a time, and that is what makes learning possible.",
  figure: "The sigmoid function from −6 to 6, a perceptron's step, and your neuron on the curve",
  question: "A neuron's z rises from 0 to 0.5. Whose output changes a little?",
  answers: [["The perceptron's", "No: it has just jumped from 0 to 1."], ["The sigmoid neuron's", "Right: it goes from 0.50 to 0.62."], ["Nobody's", "No: look at the curve near 0."]],
  controls: `<label>Steepness c <input id="sigmoid-steepness" type="range" min="0" max="5" step="0.25" value="0"></label>
    <button class="take" type="button">Another digit</button>`,
  on: { "sigmoid-steepness": () => {} },
  pick: (name) => {
    sigmoidState.j = Number(name);
  },
  draw({ image, layers, width, height }) {
    const c = 2 ** Number(find("sigmoid-steepness", HTMLInputElement).value), zs = weightedInputs(layers[0], image);
    const j = sigmoidState.j < 0 ? ranked(zs.map((z) => -Math.abs(z - 1)))[0] : sigmoidState.j, z = zs[j];
    const box = { left: 52, right: width - 20, top: 30, bottom: height - 46 }, at = Math.max(-REACH, Math.min(REACH, z));
    const { x, y, node } = axes(box, { from: -REACH, to: REACH, ticks: [-6, -4, -2, 0, 2, 4, 6], label: "weighted input z" },
      { from: 0, to: 1, ticks: [0, 0.25, 0.5, 0.75, 1], label: "activation a" });
    const curve = Array.from({ length: 241 }, (_, i) => i / 20 - REACH).map((value) => [x(value), y(activation(c * value))]);
    const a = activation(c * z), dots = [...zs].flatMap((other, k) => (k === j || Math.abs(other) > REACH ? [] : [svg("circle", {
      cx: x(other), cy: y(activation(c * other)), r: 6, class: "neuron dot", "data-neuron": k,
    }, svg("title", {}, `Neuron ${k}`))]));
    const beyond = z > REACH ? " (its point is beyond the right end)" : z < -REACH ? " (its point is beyond the left end)" : "";
    return [[
      node, polyline([[x(-REACH), y(0)], [x(0), y(0)], [x(0), y(1)], [x(REACH), y(1)]], "jump"), polyline(curve, "curve"), ...dots,
      svg("path", { d: `M${x(at)} ${y(0)}V${y(a)}H${x(-REACH)}`, class: "dashed" }),
      svg("circle", { cx: x(at), cy: y(a), r: 8, class: "point" }),
      text(x(at) + (at > 2 ? -14 : 14), y(a) + (a > 0.5 ? 26 : -16), `neuron ${j}`, at > 2 ? "end" : "start", "label"),
      text(x(0) - 10, y(0.9), "a perceptron", "end"),
    ], `Neuron ${j}: z = ${signed(z)}, activation ${c === 1 ? `σ(z) = ${a.toFixed(2)}` : `σ(${Number(c.toFixed(1))} z) = ${a.toFixed(2)}`}${beyond}. A perceptron would say ${Number(z > 0)}. Click another point on the curve.`];
  },
};
