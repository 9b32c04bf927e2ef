import { desired, sgdStep } from "../network/backprop.js";
import { find, write } from "../shell/elements.js";
import { passShown } from "./hidden.js";
import { nameDigit, rightDigit, untrained } from "./small.js";
import { number, part, rect, repeated, rounded, stop, text, total } from "./figure.js";

export const RATE = 0.1; // learning rate, here and at backpropagation
const PACE = 120; // milliseconds from one step to the next
const STEPS = 100; // of going on

/** The image, the digit that is said to be right, the network that learns, its steps, and the cost before the first. */
const learning = { image: new Float32Array(784), digit: -1, layers: untrained(), steps: 0, first: 0 };
const steps = repeated(step, PACE, STEPS);

/** The squares of the errors, what they add up to, and the cost, half of it, by outputs as they are shown.
 * @type {(outputs: number[], digit: number) => { errors: number[]; areas: number[]; sum: number; cost: number }} */
export function costShown(outputs, digit) {
  const errors = outputs.map((a, k) => rounded(Number(k === digit) - a));
  const areas = errors.map((error) => rounded(error ** 2, 3));
  const sum = total(areas, 3);
  return { errors, areas, sum, cost: rounded(sum / 2) };
}

/** How far the outputs are from the desired ones, as the areas of squares. */
export const cost = stop({
  on: {
    "cost-step": steps.once,
    "cost-go": steps.toggle,
    "cost-again": begin,
    "cost-digit": ({ value }) => mean(Number(value)),
  },
  leave: steps.stop,
  isPlaying: steps.isOn,
  pick: (name) => mean(Number(name.split(" ")[1])),

  model({ image }) {
    const digit = rightDigit(image);
    if (learning.image !== image || learning.digit !== digit) {
      Object.assign(learning, { image, digit });
      begin();
    }
    const { layers, steps, first } = learning;
    const { outputs } = passShown(layers, image);
    return { digit, outputs, ...costShown(outputs, digit), steps, first };
  },

  says({ digit, sum, cost, steps, first }) {
    if (steps)
      return `After ${steps} step${steps > 1 ? "s" : ""} of learning (η = ${RATE}), C went from ${number(first)} to ${number(cost)}. Red squares shrink as their output rises, blue ones as it falls.`;
    return `This is another network of the same size, still untrained: its weights are random. If this is a ${digit}, the ten squares have an area of ${number(sum, 3)}, so C = ½ × ${number(sum, 3)} = ${number(cost)}. Press Step or Learn.`;
  },

  // Ten squares in rows, each within a square of side 1; and the cost as a bar, on an axis.
  draw({ digit, outputs, errors, areas, cost, first }, { width, height }) {
    find("cost-digit", HTMLSelectElement).selectedIndex = digit;
    write("cost-go", steps.isOn() ? "Pause" : "Learn");
    const columns = width > 1.2 * height ? 5 : 4;
    const column = width / columns;
    const row = (height - 56) / Math.ceil(10 / columns);
    const unit = Math.min(column - 14, row - 50);
    const squares = outputs.map((a, k) => {
      const side = unit * Math.abs(errors[k]);
      const left = column * (k % columns) + (column - unit) / 2;
      const top = row * Math.floor(k / columns) + 22;
      const [bottom, middle] = [top + unit, left + unit / 2];
      const [kind, strong] = k === digit ? ["choice chosen", "strong"] : ["choice", ""];
      const area = side > 46 ? text(left + side / 2, bottom - side / 2 + 6, number(areas[k], 3), "middle", "area") : "";
      return part(
        `output ${k}`,
        `${text(middle, top - 6, `output ${k}`, "middle", strong)}
        ${rect(left, bottom - side, side, side, `square ${errors[k] > 0 ? "red" : "blue"}`)} ${area}
        ${rect(left, top, unit, unit, kind, `data-neuron="output ${k}"`)}
        ${text(middle, bottom + 19, `${number(a)} → ${Number(k === digit)}`, "middle", strong)}`,
      );
    });
    const most = Math.ceil(2 * Math.max(1, first, cost)) / 2;
    const [start, y0] = [132, height - 46];
    const x = (/** @type {number} */ value) => start + ((width - start - 16) * value) / most;
    const ticks = Array.from({ length: 2 * most + 1 }, (_, n) => n / 2).map(
      (value) => `${text(x(value), height - 4, value, "middle", "quiet")} <path d="M${x(value)} ${y0}v24"/>`,
    );
    return `${squares.join("")} ${rect(start, y0, x(first) - start, 20, "before")} ${ticks.join("")}
      ${part("cost|c", text(0, y0 + 16, `Cost C = ${number(cost)}`, "start", "strong"), rect(start, y0, x(cost) - start, 20, "now"))}`;
  },
});

/** Begins with the untrained network. */
function begin() {
  steps.stop();
  const { image, digit } = learning;
  const layers = untrained();
  Object.assign(learning, { layers, steps: 0, first: costShown(passShown(layers, image).outputs, digit).cost });
}

/** Says which digit is right, here and at later stops. @param {number} digit */
const mean = (digit) => nameDigit(learning.image, digit);

/** A step of gradient descent on the visitor's digit. */
function step() {
  const { image, layers, digit } = learning;
  sgdStep(layers, [{ image, y: desired(digit) }], RATE);
  learning.steps++;
}
