import { find } from "../shell/elements.js";
import { clamp } from "../reading/images.js";
import { sigmoid as activation, slopeAt } from "../network/feedforward.js";
import { axes, circle, disc, number, polyline, text } from "./figure.js";
import { choose, chooseNext, hiddenNeuron, inWords } from "./hidden.js";

const REACH = 6; // of the axis of z
const SLOPE = 2; // the largest z at which the curve is still seen to rise
let doublings = 0; // of the steepness

/** The sigmoid on axes, with a neuron on it; steep, it is the perceptron's step. @type {Stop} */
export const sigmoid = {
  on: {
    "sigmoid-another": chooseNext,
    "sigmoid-steepness": ({ value }) => {
      doublings = Number(value);
    },
  },
  leave() {
    doublings = 0;
  },
  pick: (name) => choose(Number(name)),

  model({ image, layers }) {
    const { j, z, zs } = hiddenNeuron(layers, image, SLOPE);
    const steepness = Math.round(10 * 2 ** doublings) / 10; // as it is shown
    const a = activation(steepness * z);
    return { j, z, zs, steepness, a, slope: slopeAt(a), perceptron: Number(z > 0) };
  },

  says({ j, z, steepness, a, slope, perceptron }) {
    if (steepness > 1) {
      return `Neuron ${j}: z = ${number(z)}; with its weights and bias multiplied by ${steepness}, activation ${a.toFixed(2)}. A perceptron outputs ${perceptron}.`;
    }
    return `Neuron ${j}: ${inWords(z)}. A perceptron outputs ${perceptron}. The slope here is a (1 − a) = ${number(slope)}${slope < 0.05 ? ": the curve is flat, so a change of z changes little" : ""}.`;
  },

  draw({ j, z, zs, steepness, a, slope }, { width, height }) {
    find("sigmoid-steepness", HTMLInputElement).value = `${doublings}`;
    const isWide = width > 560;
    const columns = isWide ? 5 : 10; // of all neurons, at the right or below
    const rows = 30 / columns;
    const step = isWide ? 32 : Math.min(32, width / columns);
    const hasDiscs = isWide || height > 300;
    const [across, down] = isWide ? [columns * step + 20, 0] : [0, hasDiscs ? rows * step + 24 : 0];
    const box = { left: 40, right: width - 20 - across, top: 30, bottom: height - 44 - down };
    const { x, y, svg } = axes(
      box,
      { from: -REACH, to: REACH, ticks: [-6, -4, -2, 0, 2, 4, 6], label: "weighted input z" },
      { from: 0, to: 1, ticks: [0, 0.25, 0.5, 0.75, 1], label: "activation σ(z)" },
    );
    const at = clamp(z, -REACH, REACH);
    const curve = Array.from({ length: 481 }, (_, i) => i / 40 - REACH).map((z) => [
      x(z),
      y(activation(steepness * z)),
    ]);
    const others = [...zs.keys()].filter((k) => k !== j && Math.abs(zs[k]) <= REACH);
    const tangent = [-1, 1].map((dz) => [x(at + dz), y(a + dz * slope)]);
    const left = isWide ? width - columns * step : (width - columns * step) / 2;
    const top = isWide ? (height - rows * step) / 2 : height - rows * step;
    const discs = [...zs].map((other, k) => {
      const place = [left + ((k % columns) + 0.5) * step, top + (Math.floor(k / columns) + 0.5) * step];
      return disc(place, step / 2 - 4, activation(steepness * other), { name: `${k}`, chosen: k === j });
    });
    const words = `${isWide ? `neuron ${j}: ` : ""}z = ${number(z)}${at === z ? "" : ", off the axis"}`;
    const [away, anchor] = at > 2 ? [-14, "end"] : [14, "start"];
    return `${svg}
      ${polyline(
        [
          [x(-REACH), y(0)],
          [x(0), y(0)],
          [x(0), y(1)],
          [x(REACH), y(1)],
        ],
        "jump",
      )} ${polyline(curve, "curve")}
      <path d="M${x(at)} ${y(0)}V${y(a)}H${x(-REACH)}" class="dashed"/>
      ${steepness === 1 && at === z ? polyline(tangent, "slope") : ""}
      ${others.map((k) => circle(x(zs[k]), y(activation(steepness * zs[k])), 5, "neuron dot", `data-neuron="${k}"`)).join("")}
      ${circle(x(at), y(a), 8, "point")}
      ${text(x(-REACH) + 8, y(a) + (a > 0.9 ? 18 : -8), a.toFixed(2), "start", "haloed")}
      ${text(x(at) + away, y(a) + (a > 0.5 ? 24 : -14), words, anchor, "haloed")}
      ${text(x(0) + 4, y(1) - 10, "a perceptron", "start")}
      ${hasDiscs ? text(left + (columns * step) / 2, top - 8, "all hidden neurons") + discs.join("") : ""}`;
  },
};
