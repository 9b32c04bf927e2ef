import { relative, toneOf } from "../shell/layers.js";
import { feedforward, predictionOf, ranked, weightedInputs } from "../network/feedforward.js";
import { disc, neuronPlaces, pixelImage, rect, signed, text } from "./figure.js";

const OPENED = 5; // hidden neurons with the strongest votes, whose weights are shown
const FAINT = 0.25; // are weights where your digit has no ink
const CLEAR = 10; // pixels from the ends of a wire to the middles of what it connects

/** The hidden neuron and the output that the visitor has chosen, or -1, for which image; and what is shown. */
const choice = { neuron: -1, output: -1, image: /** @type {Float32Array | null} */ (null) };
const shown = { neuron: 0, output: 0, order: [0] };

/** Hidden neurons vote for outputs: activation times weight. @type {Stop} */
export const layers = {
  on: {
    "layers-neuron": () => {
      choice.neuron = shown.order[(shown.order.indexOf(shown.neuron) + 1) % 30];
    },
    "layers-output": () => {
      choice.output = (shown.output + 1) % 10;
    },
  },
  pick(name) {
    const [kind, number] = name.split(" ");
    if (kind === "output") choice.output = Number(number);
    else choice.neuron = Number(number);
  },

  model({ image, layers }) {
    if (choice.image !== image) Object.assign(choice, { neuron: -1, output: -1, image });
    const [, [hidden], [outputs]] = feedforward(layers, [image]);
    const output = choice.output < 0 ? predictionOf(outputs) : choice.output;
    const weights = layers[1].weights.subarray(30 * output, 30 * (output + 1));
    const votes = hidden.map((a, j) => a * weights[j]);
    const order = ranked(votes.map(Math.abs)); // from the strongest vote
    const neuron = choice.neuron < 0 ? order[0] : choice.neuron;
    Object.assign(shown, { neuron, output, order });
    const [z, bias] = [weightedInputs(layers[1], hidden)[output], layers[1].biases[output]];
    return { image, layers, hidden, outputs, output, weights, votes, order, neuron, z, bias };
  },

  says({ hidden, outputs, output, neuron, weights, votes, z, bias }) {
    const vote = votes[neuron];
    const aim = Math.abs(vote) < 0.05 ? "hardly votes on" : `votes ${signed(vote)} ${vote > 0 ? "for" : "against"}`;
    return `Neuron ${neuron} fires at ${hidden[neuron].toFixed(2)} and has the weight ${signed(weights[neuron])} to output ${output}, so it ${aim} ${output}. All 30 votes and the bias of output ${output}, ${signed(bias)}, add up to z = ${signed(z)}, and σ(z) = ${outputs[output].toFixed(2)}.`;
  },

  // From the left: the digit and the weights of the chosen neuron (on a phone, above the rest), the hidden neurons with
  // their votes, and the outputs.
  draw({ image, layers, hidden, outputs, output, weights, votes, order, neuron }, { width, height }) {
    const isWide = width > 520;
    const weightsOf = (j) => layers[0].weights.subarray(784 * j, 784 * (j + 1));
    const side = isWide ? Math.min(170, (height - 60) / 2) : 104;
    const top = isWide ? 30 : side + 64;
    const start = isWide ? side + 60 : 0;
    const row = (height - top - 44) / OPENED;
    const tile = row - 6;
    const end = width - (isWide ? 96 : 84);
    const from = start + (isWide ? Math.max(270, tile + 190) : tile + 54); // where wires begin
    const [left, second] = isWide ? [0, side + 50] : [width - side, 22]; // of the weights of the chosen neuron
    const places = neuronPlaces({ left: end, top, right: end, bottom: height }, [10])[0];
    const rows = Array.from({ length: OPENED }, (_, n) => top + row * (n + 0.5));
    const rest = height - 20; // row of all others
    const others = order.slice(OPENED);
    const sum = others.reduce((total, j) => total + votes[j], 0);
    const last = Math.max(from, start + (isWide ? 270 : 190));
    const values = relative(Float32Array.from([...order.slice(0, OPENED).map((j) => votes[j]), sum]));
    const kindOf = (vote) => (vote > 0 ? "rises" : "falls");
    const leads = rows.map((y) => `<path d="M${side + 6} ${22 + side / 2}L${start - 6} ${y}"/>`);
    const wires = [...rows.map((y) => [from, y]), [last, rest]].map((place, n) =>
      wire(place, places[output], values[n]),
    );
    const tiles = order.slice(0, OPENED).map((j, n) => {
      const product = isWide ? `${hidden[j].toFixed(2)} × ${signed(weights[j])} = ` : "";
      const kind = j === neuron ? "choice chosen" : "choice";
      return `${pixelImage({ left: start, top: rows[n] - tile / 2, side: tile }, relative(weightsOf(j)))}
        ${rect(start, rows[n] - tile / 2, tile, tile, kind, `data-neuron="hidden ${j}"`)}
        ${text(from - 8, rows[n] + 5, product + signed(votes[j]), "end", kindOf(votes[j]))}`;
    });
    const discs = others.map((j, n) => {
      const place = [start + 5 + 10 * Math.floor(n / 2), rest - 6 + 12 * (n % 2)];
      return disc(place, 4.5, hidden[j], { name: `hidden ${j}`, chosen: j === neuron });
    });
    const ends = places.map(([x, y], k) => {
      const dot = disc([x, y], 9, outputs[k], { name: `output ${k}`, chosen: k === output });
      const value = text(width, y + 5, outputs[k].toFixed(2), "end", k === output ? "strong" : "");
      return dot + text(x + 22, y + 5, k, "middle", "strong") + value;
    });
    return `${text(side / 2, 14, "Your digit")} ${pixelImage({ left: 0, top: 22, side }, image, "foreground")}
      ${text(left + side / 2, second - 8, isWide ? "Weights on ink" : `Neuron ${neuron}`)}
      ${pixelImage(
        { left, top: second, side },
        relative(weightsOf(neuron), (k) => FAINT + (1 - FAINT) * image[k]),
      )}
      ${isWide ? leads.join("") : ""}
      ${text(start, top - 12, isWide ? "Hidden layer" : "Hidden", "start", "quiet")}
      ${text(from - 8, top - 12, isWide ? "activation × weight = vote" : "Votes", "end", "quiet")}
      ${text(width, top - 12, isWide ? "Output layer" : "Outputs", "end", "quiet")}
      ${wires.join("")} ${tiles.join("")} ${discs.join("")} ${ends.join("")}
      ${text(last - 8, rest + 5, `${isWide ? "the other 25: " : ""}${signed(sum)}`, "end", kindOf(sum))}`;
  },
};

/** A wire, thicker for a stronger vote, red if it is positive, else blue. @type {(from: number[], to: number[], value: number) => string} */
function wire([x0, y0], [x, y], value) {
  const gap = CLEAR / Math.hypot(x - x0, y - y0);
  const [dx, dy] = [(x - x0) * gap, (y - y0) * gap];
  const share = Math.abs(value);
  return `<path d="M${x0 + dx} ${y0 + dy}L${x - dx} ${y - dy}" class="${toneOf(value)}"
    stroke-width="${0.5 + 2.5 * share}" stroke-opacity="${0.15 + 0.85 * share}"/>`;
}
