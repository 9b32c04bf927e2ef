import { desired, meanCost, quadraticCost, sgdStep } from "../backpropagation.js";
import { find, write } from "../elements.js";
import { repeated, svg, text } from "../figure.js";
import { outputsOf } from "../network.js";
import { rightDigit, untrained } from "../small.js";

const RATE = 0.1; // learning rate
const PACE = 120; // milliseconds from one step to the next
const STEPS = 100; // of going on

/** The digit that is said to be right, and for which image; the network that learns, once it is there, and its costs. */
const learning = {
  digit: -1, image: /** @type {Float32Array | null} */ (null), layers: /** @type {Layer[] | null} */ (null),
  costs: /** @type {number[]} */ ([]),
};
const steps = repeated(step, PACE, STEPS);

/** How far the outputs are from the desired ones, as the areas of squares. @type {Stop} */
export const cost = {
  title: "A wrong answer has a cost", section: ["chap1.html#learning_with_gradient_descent", "Learning with gradient descent"],
  text: "The output of the right digit should be y = 1, and every other output y = 0. Each square shows the error of one output, red if the output should rise and blue if it should fall. If the output is a, the side of its square is |y − a|, and the area is (y − a)². The cost C is, by convention, half of the total area. Learning means shrinking the squares.",
  figure: "Ten squares, one for each output; the side of a square is the distance of the output from what it should be",
  question: "All ten outputs are 0. What is C?",
  answers: [["0", "No: the right output should be 1, so its square has side 1."], ["½", "Right: one square of side 1, and half of its area is ½."], ["5", "No: nine of the outputs are as they should be."]],
  controls: `<button id="cost-step" type="button">Step</button> <button id="cost-go" type="button">Learn</button> <button id="cost-again" type="button">Start over</button>
    <label>Right digit <select id="cost-digit">${[...Array(10).keys()].map((digit) => `<option>${digit}`).join("")}</select></label>`,
  on: {
    "cost-step": () => { steps.stop(); step(); },
    "cost-go": steps.toggle,
    "cost-again": begin,
    "cost-digit": () => { meant(find("cost-digit", HTMLSelectElement).selectedIndex); },
  },
  leave: steps.stop,
  pick: (name) => meant(Number(name.split(" ")[1])),
  draw({ image, width, height }) {
    if (learning.image !== image) {
      begin();
      Object.assign(learning, { image, digit: rightDigit(image) });
    }
    learning.layers ??= untrained();
    const { digit, costs } = learning, outputs = outputsOf(learning.layers, image), y = desired(digit), isGoing = steps.isOn();
    if (!costs.length) costs.push(quadraticCost(outputs, y));
    find("cost-digit", HTMLSelectElement).selectedIndex = digit;
    write("cost-go", isGoing ? "Pause" : "Learn");
    const words = sentenceOf(quadraticCost(outputs, y));
    return [partsOf(outputs, y, width, height), isGoing ? words : { lasting: words }];
  },
};

/** Begins with a new network. */
function begin() {
  steps.stop();
  Object.assign(learning, { layers: null, costs: [] });
}

/** Says which digit is right, from now on. @param {number} digit */
const meant = (digit) => Object.assign(learning, { digit, costs: [] });

/** A step of gradient descent on the visitor's digit. */
function step() {
  const { image, layers, digit, costs } = learning;
  if (!image || !layers) return;
  const example = { image, y: desired(digit) };
  sgdStep(layers, [example], RATE);
  costs.push(meanCost(layers, [example]));
}

/** Ten squares in two rows, each within a square of side 1, and the cost as a bar on an axis.
 * @type {(outputs: Float32Array, y: Float32Array, width: number, height: number) => Node[]} */
function partsOf(outputs, y, width, height) {
  const isWide = width > 520, columns = isWide ? 5 : 4, column = width / columns, row = (height - 66) / (isWide ? 2 : 3), unit = Math.min(column - 12, row - 48);
  return [...[...outputs].flatMap((a, k) => {
    const error = y[k] - a, side = unit * Math.abs(error), tone = error > 0 ? "red" : "blue", isRight = y[k] === 1;
    const left = column * (k % columns) + (column - unit) / 2, top = row * Math.floor(k / columns) + 20, bottom = top + unit;
    const inside = side > 36 ? [text(left + side / 2, bottom - side / 2 + 5, (error * error).toFixed(2), "middle", "area")] : [];
    const square = svg("rect", { x: left, y: bottom - side, width: side, height: side, class: `square ${tone}` });
    return [
      text(left + unit / 2, top - 6, isWide ? `Output ${k}` : `${k}`, "middle", isRight ? "strong" : ""), square, ...inside,
      svg("rect", { x: left, y: top, width: unit, height: unit, "data-neuron": `output ${k}`, class: isRight ? "choice chosen" : "choice" },
        svg("title", {}, `${k} is the right digit`)),
      text(left + unit / 2, bottom + 17, isWide ? `is ${a.toFixed(2)}, should be ${y[k]}` : `${a.toFixed(1)}, y = ${y[k]}`, "middle", isRight ? "strong" : ""),
    ];
  }), ...barOf(quadraticCost(outputs, y), width, height)];
}

/** The cost on an axis from 0, and where it was at the beginning. @type {(cost: number, width: number, height: number) => Node[]} */
function barOf(cost, width, height) {
  const [first] = learning.costs, most = Math.ceil(2 * Math.max(1, first, cost)) / 2, left = 96, y = height - 44;
  const x = (/** @type {number} */ value) => left + ((width - left - 16) * value) / most;
  return [
    text(0, y + 14, `Cost C = ${cost.toFixed(2)}`, "start", "strong"),
    svg("rect", { x: left, y, width: x(first) - left, height: 18, class: "before" }),
    svg("rect", { x: left, y, width: x(cost) - left, height: 18, class: "now" }),
    ...Array.from({ length: 2 * most + 1 }, (_, n) => text(x(n / 2), height - 8, `${n / 2}`, "middle", "quiet")),
    ...Array.from({ length: 2 * most + 1 }, (_, n) => svg("path", { d: `M${x(n / 2)} ${y}v22` })),
  ];
}

/** @param {number} cost */
function sentenceOf(cost) {
  const { costs, digit } = learning, count = costs.length - 1, area = (2 * cost).toFixed(2);
  if (count) return `After ${count} step${count > 1 ? "s" : ""} of learning C has gone from ${costs[0].toFixed(2)} to ${cost.toFixed(2)}. Red squares shrink as their output rises, blue ones as it falls.`;
  return `This network starts with random weights. If this is a ${digit}, the ten squares have an area of ${area}, so C = ½ × ${area} = ${cost.toFixed(2)}. Press Step or Learn, or click a square to choose another right digit.`;
}
