import { find } from "../shell/elements.js";
import { clamp } from "../reading/images.js";
import { sigmoid as activation } from "../network/feedforward.js";
import { axes, circle, number, part, polyline, rounded, stop, text } from "./figure.js";
import { chooseNext, hiddenNeuron } from "./hidden.js";

const REACH = 6; // of the axis of z
const SLOPE = 2; // the largest z at which the curve is still seen to rise
const SHOWN = [-3, 0]; // z at which the slope of the curve is shown, beside that of the neuron
let doublings = 0; // of the steepness

/** The slope of the sigmoid, a (1 − a), for an activation as it is shown. @param {number} a */
export const slopeShown = (a) => rounded(a * (1 - a));
const product = (/** @type {number} */ a) => `${number(a)} × ${number(1 - a)} = ${number(slopeShown(a))}`;

/** The sigmoid on axes, with a neuron on it; steep, it is the perceptron's step. */
export const sigmoid = stop({
  on: {
    "sigmoid-another": chooseNext,
    "sigmoid-steepness": ({ value }) => {
      doublings = Number(value);
    },
  },
  leave() {
    doublings = 0;
  },

  model({ image, layers }) {
    const { j, z } = hiddenNeuron(layers, image, SLOPE);
    const steepness = Math.round(10 * 2 ** doublings) / 10; // as it is shown
    const a = rounded(activation(steepness * z));
    return { j, z, steepness, a, slope: slopeShown(a), perceptron: Number(z > 0) };
  },

  says({ j, z, steepness, a, slope, perceptron }) {
    if (steepness > 1)
      return `Neuron ${j}: z = ${number(z)}. With weights and bias ${steepness} times as large, ${steepness} z = ${number(steepness * z)}, and a = σ(${number(steepness * z)}) = ${number(a)}: almost a perceptron, which would output ${perceptron}.`;
    return `Neuron ${j}: z = ${number(z)}, so its activation is ${number(a)}. The slope of the curve there is a (1 − a) = ${product(a)}${slope < 0.05 ? ": the curve is flat there, so this neuron would learn slowly" : `: if z rises by 0.1, a rises by about ${number(slope / 10, 3)}`}.`;
  },

  // Three tangents show how steep the curve is; a neuron is a point on it.
  draw({ j, z, steepness, a }, { width, height }) {
    find("sigmoid-steepness", HTMLInputElement).value = `${doublings}`;
    const box = { left: 48, right: width - 16, top: 32, bottom: height - 48 };
    const { x, y, svg } = axes(
      box,
      { from: -REACH, to: REACH, ticks: [-6, -4, -2, 0, 2, 4, 6], label: "weighted input z" },
      {
        from: 0,
        to: 1,
        ticks: [0, 0.25, 0.5, 0.75, 1],
        label: `activation a = σ(${steepness > 1 ? `${steepness} ` : ""}z)`,
      },
    );
    const at = clamp(z, -REACH, REACH);
    const curve = Array.from({ length: 481 }, (_, i) => i / 40 - REACH).map((z) => [
      x(z),
      y(activation(steepness * z)),
    ]);
    const jump = `<path d="M${x(-REACH)} ${y(0)}H${x(0)}V${y(1)}H${x(REACH)}" class="jump"/>`;
    const tangents = [at, ...SHOWN.filter((z) => Math.abs(z - at) > 1.2)].map((z) => {
      const a = rounded(activation(z));
      const ends = [-1.1, 1.1].map((dz) => [x(z + dz), y(a + dz * slopeShown(a))]);
      const words = `slope ${width > 560 ? product(a) : number(slopeShown(a))}`;
      return `${polyline(ends, z === at ? "slope" : "dashed")} ${text(Math.min(x(z) + 14, box.right - 190), y(a) + (a < 0.1 ? -26 : 30), words, "start", "haloed")}`;
    });
    const [away, anchor] = at > -2 ? [-14, "end"] : [14, "start"];
    return `${svg} ${part("perceptron", jump, text(x(0) + 6, y(0) - 8, "perceptron", "start", "quiet haloed"))}
      ${part("sigmoid|curve", polyline(curve, "curve"))} ${part("slope", steepness > 1 ? "" : tangents.join(""))}
      <path d="M${x(at)} ${y(0)}V${y(a)}H${x(-REACH)}" class="dashed"/>
      ${part(`neuron ${j}|z`, circle(x(at), y(a), 8, "point"), text(x(at) + away, y(a) - 10, `z = ${number(z)}, a = ${number(a)}`, anchor, "haloed"))}`;
  },
});
