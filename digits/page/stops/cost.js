import { desired, quadraticCost, sgdStep } from "../network/backprop.js";
import { find, write } from "../shell/elements.js";
import { outputsOf } from "../network/feedforward.js";
import { rightDigit, untrained } from "./small.js";
import { rect, repeated, text } from "./figure.js";

const RATE = 0.1; // learning rate
const PACE = 120; // milliseconds from one step to the next
const STEPS = 100; // of going on

/** The image, the digit that is said to be right, the network that learns, and its costs: one before each step, and now. */
const learning = { image: new Float32Array(784), digit: -1, layers: untrained(), costs: [0] };
const steps = repeated(step, PACE, STEPS);

/** How far the outputs are from the desired ones, as the areas of squares. @type {Stop} */
export const cost = {
  on: {
    "cost-step": () => {
      steps.stop();
      step();
    },
    "cost-go": steps.toggle,
    "cost-again": () => begin(untrained()),
    "cost-digit": ({ value }) => mean(Number(value)),
  },
  leave: steps.stop,
  isPlaying: steps.isOn,
  pick: (name) => mean(Number(name.split(" ")[1])),

  model({ image }) {
    if (learning.image !== image) {
      Object.assign(learning, { image, digit: rightDigit(image) });
      begin(untrained());
    }
    const { layers, digit, costs } = learning;
    return { digit, outputs: outputsOf(layers, image), y: desired(digit), costs, cost: costs[costs.length - 1] };
  },

  says({ digit, costs, cost }) {
    const count = costs.length - 1;
    const area = (2 * cost).toFixed(2);
    if (count) {
      return `After ${count} step${count > 1 ? "s" : ""} of learning C has gone from ${costs[0].toFixed(2)} to ${cost.toFixed(2)}. Red squares shrink as their output rises, blue ones as it falls.`;
    }
    return `This network starts with random weights. If this is a ${digit}, the ten squares have an area of ${area}, so C = ½ × ${area} = ${cost.toFixed(2)}. Press Step or Learn, or click a square to choose another right digit.`;
  },

  // Ten squares in rows, each within a square of side 1; and the cost as a bar, on an axis.
  draw({ digit, outputs, y, costs, cost }, { width, height }) {
    find("cost-digit", HTMLSelectElement).selectedIndex = digit;
    write("cost-go", steps.isOn() ? "Pause" : "Learn");
    const isWide = width > 520;
    const columns = isWide ? 5 : 4;
    const column = width / columns;
    const row = (height - 66) / (isWide ? 2 : 3);
    const unit = Math.min(column - 12, row - 48);
    const squares = [...outputs].map((a, k) => {
      const error = y[k] - a;
      const side = unit * Math.abs(error);
      const left = column * (k % columns) + (column - unit) / 2;
      const top = row * Math.floor(k / columns) + 20;
      const bottom = top + unit;
      const [kind, strong] = y[k] ? ["choice chosen", "strong"] : ["choice", ""];
      const words = isWide ? `is ${a.toFixed(2)}, should be ${y[k]}` : `${a.toFixed(1)}, y = ${y[k]}`;
      const area =
        side > 36 ? text(left + side / 2, bottom - side / 2 + 5, (error * error).toFixed(2), "middle", "area") : "";
      return `${text(left + unit / 2, top - 6, isWide ? `Output ${k}` : k, "middle", strong)}
        ${rect(left, bottom - side, side, side, `square ${error > 0 ? "red" : "blue"}`)} ${area}
        ${rect(left, top, unit, unit, kind, `data-neuron="output ${k}"`)}
        ${text(left + unit / 2, bottom + 17, words, "middle", strong)}`;
    });
    const most = Math.ceil(2 * Math.max(1, costs[0], cost)) / 2;
    const [start, y0] = [96, height - 44];
    const x = (value) => start + ((width - start - 16) * value) / most;
    const ticks = Array.from({ length: 2 * most + 1 }, (_, n) => n / 2).map(
      (value) => `${text(x(value), height - 8, value, "middle", "quiet")} <path d="M${x(value)} ${y0}v22"/>`,
    );
    return `${squares.join("")} ${text(0, y0 + 14, `Cost C = ${cost.toFixed(2)}`, "start", "strong")}
      ${rect(start, y0, x(costs[0]) - start, 18, "before")} ${rect(start, y0, x(cost) - start, 18, "now")} ${ticks.join("")}`;
  },
};

/** Begins with these layers. @param {Layer[]} layers */
function begin(layers) {
  steps.stop();
  Object.assign(learning, { layers });
  mean(learning.digit);
}

/** Says which digit is right, from now on. @param {number} digit */
function mean(digit) {
  const { layers, image } = learning;
  Object.assign(learning, { digit, costs: [quadraticCost(outputsOf(layers, image), desired(digit))] });
}

/** A step of gradient descent on the visitor's digit. */
function step() {
  const { image, layers, digit, costs } = learning;
  sgdStep(layers, [{ image, y: desired(digit) }], RATE);
  costs.push(quadraticCost(outputsOf(layers, image), desired(digit)));
}
