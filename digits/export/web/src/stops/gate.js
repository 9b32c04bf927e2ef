import { number, svg, text } from "../figure.js";

/** The inputs that are switched on. */
const gateState = { x1: 0, x2: 0 };
const flip = (/** @type {string} */ name) => {
  if (name === "x1" || name === "x2") gateState[name] = 1 - gateState[name];
};
const zOf = (/** @type {number} */ x1, /** @type {number} */ x2) => 3 - 2 * x1 - 2 * x2;

/** A perceptron with weights of -2 and a bias of 3 is a NAND gate. @type {Stop} */
export const gate = {
  title: "A perceptron is a gate", section: ["chap1.html#perceptrons", "Perceptrons"],
  text: "A perceptron is the simplest neuron: it outputs 1 if z is above 0, and 0 otherwise. A gate turns two signals, each 0 or 1, into one. With weights of −2 and a bias of 3 a perceptron is a NAND gate (“not both”), and a computer can be built of nothing but NAND gates, each fed by others. But nobody sets the weights of a network by hand: it learns them.",
  figure: "A perceptron with two inputs, and its four cases",
  question: "For which inputs does this gate output 0?",
  answers: [["0 and 0", "No: z is 3 there."], ["1 and 0", "No: z is 3 − 2 = 1 there."], ["1 and 1", "Right: z is 3 − 4 = −1."]],
  controls: `<button id="gate-x1" type="button">Switch x₁</button> <button id="gate-x2" type="button">Switch x₂</button>`,
  on: { "gate-x1": () => flip("x1"), "gate-x2": () => flip("x2") },
  pick: flip,
  independent: true,
  draw({ width, height }) {
    const { x1, x2 } = gateState, z = zOf(x1, x2), isWide = width > 560, rowHigh = Math.min(36, height / (isWide ? 6 : 11));
    const right = isWide ? 0.6 * width : width, high = isWide ? height : height - 5 * rowHigh - 16;
    const r = Math.min(32, high / 7), middle = high / 2 + 6, left = r + 30, center = 0.58 * right, end = right - r - 8;
    const neuron = (/** @type {number} */ cx, /** @type {number} */ cy, /** @type {number} */ value, name = "") => svg("g", { class: "neuron", "data-neuron": name },
      svg("circle", { cx, cy, r, class: value ? "neuron on" : "neuron off" }), text(cx, cy + 7, `${value}`, "middle", value ? "value inverted" : "value"));
    const inputs = /** @type {[string, string, number, number][]} */ ([["x1", "x₁", x1, 0.24 * high + 6], ["x2", "x₂", x2, 0.76 * high + 6]]);
    const parts = [
      svg("rect", { x: center - r - 18, y: middle - r - 44, width: end - center + 2 * r + 26, height: 2 * r + 64, rx: 16, class: "around" }),
      text((center + end) / 2, middle + r + 38, "perceptron"),
      svg("path", { d: `M${center} ${middle}H${end}`, class: "lead" }),
      ...inputs.flatMap(([name, label, value, y]) => [
        svg("path", { d: `M${left} ${y}L${center} ${middle}`, class: value ? "lead blue on" : "lead blue" }),
        text((left + center) / 2, (y + middle) / 2 + (y < middle ? -12 : 24), "× −2"),
        neuron(left, y, value, name), text(left - r - 8, y + 5, label, "end"),
      ]),
      svg("circle", { cx: center, cy: middle, r: r + 8, class: "neuron off" }), text(center, middle + 5, `z = ${number(z, 0)}`),
      text(center, middle - r - 18, "+ 3 (bias)", "middle", "haloed"), neuron(end, middle, Number(z > 0)), text(end, middle - r - 8, "output"),
    ];
    const wide = isWide ? width - right - 32 : 0.9 * width, start = width - wide - (isWide ? 0 : 0.05 * width), top = isWide ? (height - 5 * rowHigh) / 2 : high + 10;
    const row = (/** @type {string[]} */ words, /** @type {number} */ n, className = "") => words.map((word, column) => (
      text(start + [0.1, 0.32, 0.6, 0.86][column] * wide, top + (n + 0.5) * rowHigh + 5, word, "middle", className)
    ));
    return [[
      ...parts, svg("rect", { x: start, y: top + (1 + 2 * x1 + x2) * rowHigh, width: wide, height: rowHigh, rx: 6, class: "current" }),
      ...row(["x₁", "x₂", "z", "output"], 0, "quiet"), ...[[0, 0], [0, 1], [1, 0], [1, 1]].flatMap(([a, b], n) => (
        row([`${a}`, `${b}`, number(zOf(a, b), 0), `${Number(zOf(a, b) > 0)}`], n + 1, a === x1 && b === x2 ? "strong" : "")
      )),
    ], `z = −2 × ${x1} − 2 × ${x2} + 3 = ${number(z, 0)}, so the output is ${Number(z > 0)}. Click an input to switch it.`];
  },
};
