import { find } from "../elements.js";
import { axes, svg, text } from "../figure.js";
import { sigmoid } from "../network.js";
import { hiddenNeuron, signed } from "./hidden.js";

const UNDECIDED = 2; // z of a neuron that a bias can still turn
/** The neuron and digit for which the slider was moved, and where to; for others it stands at the neuron's own bias. */
const biasState = { of: "", bias: 0, place: 0 };

/** A bias decides how easily a neuron fires. @type {Stop} */
export const bias = {
  title: "A bias decides how easily a neuron fires", section: ["chap1.html#perceptrons", "Perceptrons"],
  text: "The bias b is a head start: it is added to the sum w·a before the neuron decides. With a large positive bias the neuron fires at almost anything, and with a large negative one it needs strong evidence. Move b and watch where z ends up.",
  figure: "The sum of the products and the bias as arrows along the axis of z, and the neuron's activation",
  question: "Without any ink, w·a is 0. What is z if the bias is −5?",
  answers: [["0", "No: the bias counts even if no pixel does."], ["−5", "Right: only the bias is left, so the neuron stays quiet."], ["5", "No: the bias is added with its own sign."]],
  controls: `<label>Bias b <input id="bias-slider" type="range" min="-20" max="20" step="0.1"></label>
    <button id="bias-own" type="button">Its own bias</button>
    <button id="bias-another" type="button">Another neuron</button>`,
  on: {
    "bias-slider": () => {
      biasState.bias = Number(find("bias-slider", HTMLInputElement).value);
    },
    "bias-own": () => {
      biasState.of = "";
    },
    "bias-another": () => {
      biasState.place++;
    },
  },
  draw({ image, layers, width, height }) {
    const neuron = hiddenNeuron(layers, image, UNDECIDED, biasState.place), { sum } = neuron, of = `${neuron.j} ${sum}`;
    if (biasState.of !== of) Object.assign(biasState, { of, bias: neuron.bias });
    const { bias } = biasState, z = sum + bias, a = sigmoid(z), slider = find("bias-slider", HTMLInputElement);
    if (document.activeElement !== slider) slider.value = `${bias}`;
    const reach = 10 * Math.ceil(Math.max(20, Math.abs(sum), Math.abs(z)) / 10), radius = Math.min(44, height / 7);
    const box = { left: 20, right: width - 20, top: 2 * radius + 60, bottom: height - 44 }, middle = (box.top + box.bottom) / 2;
    const { x, node } = axes(box, { from: -reach, to: reach, ticks: [-1, -0.5, 0, 0.5, 1].map((share) => share * reach), label: "weighted input z" }, { from: 0, to: 1, ticks: [], label: "" });
    const fires = svg("rect", { x: x(0), y: box.top, width: box.right - x(0), height: box.bottom - box.top, class: "fires" });
    const body = svg("circle", { cx: width / 2, cy: radius + 8, r: radius, class: "neuron" });
    body.style.fill = `color-mix(in srgb, var(--foreground) ${(100 * a).toFixed(0)}%, var(--off))`;
    return [[
      fires, node, text(x(0) + 8, box.top + 18, "fires →", "start"), text(x(0) - 8, box.top + 18, "← stays quiet", "end"),
      arrow(x(0), x(sum), middle - 18, "muted-line", `w·a = ${signed(sum)}`), arrow(x(sum), x(z), middle + 18, bias > 0 ? "red" : "blue", `b = ${signed(bias)}`),
      svg("circle", { cx: x(z), cy: middle + 18, r: 7, class: "point" }), text(x(z), middle + 48, `z = ${signed(z)}`, "middle", "label"),
      body, text(width / 2, 2 * radius + 30, `activation ${a.toFixed(2)}`, "middle", "label"),
    ], `Neuron ${neuron.j}: z = w·a + b = ${signed(sum)} ${bias < 0 ? "−" : "+"} ${signed(Math.abs(bias))} = ${signed(z)}, activation ${a.toFixed(2)}. It fires for your digit if b is above ${signed(-sum)}.`];
  },
};

/** An arrow along the axis, with its number. @type {(from: number, to: number, y: number, tone: string, words: string) => SVGElement} */
const arrow = (from, to, y, tone, words) => {
  const back = to > from ? -9 : 9;
  return svg("g", {},
    svg("path", { d: `M${from} ${y}H${to}M${to + back} ${y - 6}L${to} ${y}L${to + back} ${y + 6}`, class: `arrow ${tone}` }),
    text((from + to) / 2, y - 8, words));
};
