import { svg, text } from "../figure.js";
import { signed } from "./hidden.js";

/** The inputs that are switched on. */
const gateState = { x1: 0, x2: 0 };
const flip = (/** @type {string} */ name) => {
  if (name === "x1" || name === "x2") gateState[name] = 1 - gateState[name];
};
const zOf = (/** @type {number} */ x1, /** @type {number} */ x2) => 3 - 2 * x1 - 2 * x2;

/** A perceptron with weights of -2 and a bias of 3 is a NAND gate. @type {Stop} */
export const gate = {
  title: "A perceptron is a gate", section: ["chap1.html#perceptrons", "Perceptrons"],
  text: "A perceptron is the simplest neuron: it outputs 1 if z is above 0, and 0 otherwise. With two inputs, weights of −2 and a bias of 3, it computes NAND, and every computer can be built from NAND gates. The difference is that a network learns its weights.",
  figure: "A perceptron with two inputs, and its four cases",
  question: "For which inputs does this gate output 0?",
  answers: [["0 and 0", "No: z is 3 there."], ["1 and 0", "No: z is 3 − 2 = 1 there."], ["1 and 1", "Right: z is 3 − 4 = −1."]],
  controls: `<button id="gate-x1" type="button">Switch x₁</button> <button id="gate-x2" type="button">Switch x₂</button>`,
  on: { "gate-x1": () => flip("x1"), "gate-x2": () => flip("x2") },
  pick: flip,
  independent: true,
  draw({ width, height }) {
    const { x1, x2 } = gateState, z = zOf(x1, x2), isWide = width > 560, right = isWide ? 0.58 * width : width;
    const high = isWide ? height : 0.56 * height, r = Math.min(32, high / 7), middle = high / 2;
    const inputs = [["x1", x1, 0.25 * high], ["x2", x2, 0.75 * high]];
    const left = r + 24, center = 0.55 * right, end = right - r - 24;
    const neuron = (/** @type {number} */ cx, /** @type {number} */ cy, /** @type {number} */ value, name = "") => svg("g", { "data-neuron": name },
      svg("circle", { cx, cy, r, class: value ? "neuron on" : "neuron off" }), text(cx, cy + 7, `${value}`, "middle", value ? "value inverted" : "value"));
    const parts = inputs.flatMap(([name, value, y]) => [
      svg("path", { d: `M${left + r} ${y}L${center - r - 4} ${middle}`, class: value ? "lead blue on" : "lead blue" }),
      text((left + center) / 2, (Number(y) + middle) / 2 - 14, "weight −2", "start", "label"),
      neuron(left, Number(y), Number(value), /** @type {string} */ (name)),
      text(left, Number(y) - r - 8, name === "x1" ? "x₁" : "x₂"),
    ]);
    parts.push(svg("path", { d: `M${center + r} ${middle}H${end - r}`, class: "lead" }), svg("circle", { cx: center, cy: middle, r: r + 8, class: "neuron off" }),
      text(center, middle - r - 18, "bias 3"), text(center, middle + 6, `z = ${signed(z, 0)}`), neuron(end, middle, Number(z > 0)), text(end, middle - r - 8, "output"));
    const cases = [[0, 0], [0, 1], [1, 0], [1, 1]], rowHigh = Math.min(36, (isWide ? height - 40 : height - high - 20) / 5), tableLeft = isWide ? right + 20 : 0.1 * width;
    const tableTop = isWide ? (height - 5 * rowHigh) / 2 : high + 10, columns = [0.1, 0.32, 0.6, 0.88].map((share) => tableLeft + share * (isWide ? width - right - 20 : 0.8 * width));
    const row = (/** @type {string[]} */ words, /** @type {number} */ n) => words.map((word, c) => text(columns[c], tableTop + (n + 0.7) * rowHigh, word));
    return [[...parts,
      svg("rect", { x: tableLeft, y: tableTop + (1 + 2 * x1 + x2) * rowHigh, width: isWide ? width - right - 20 : 0.8 * width, height: rowHigh, rx: 6, class: "current" }),
      ...row(["x₁", "x₂", "z", "output"], 0), ...cases.flatMap(([a, b], n) => row([`${a}`, `${b}`, signed(zOf(a, b), 0), `${Number(zOf(a, b) > 0)}`], n + 1)),
    ], `z = −2 × ${x1} − 2 × ${x2} + 3 = ${signed(z, 0)}, so the output is ${Number(z > 0)}. Click an input to switch it.`];
  },
};
