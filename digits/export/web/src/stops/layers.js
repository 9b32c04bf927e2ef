import { disc, neuronPlaces, pixelImage, signed, svg, text, wires } from "../figure.js";
import { relative } from "../layers.js";
import { feedforward, predictionOf, ranked, weightedInputs } from "../network.js";

const OPENED = 5; // hidden neurons with the strongest votes, whose weights are shown
const FAINT = 0.25; // are weights where your digit has no ink

/** The hidden neuron and the output that the visitor has chosen, or -1; and for which image. */
const choice = { neuron: -1, output: -1, image: /** @type {Float32Array | null} */ (null) };

/** Hidden neurons vote for outputs: activation times weight. @type {Stop} */
export const layers = {
  title: "Layers: hidden neurons vote on outputs", section: ["chap1.html#the_architecture_of_neural_networks", "The architecture of neural networks"],
  text: "A layer is a group of neurons that get the same inputs: here 30 hidden neurons get the pixels, and ten outputs get what the hidden neurons say. A hidden neuron fires if your digit has ink where its weights are red. It then votes on each output: the vote is its activation times its weight to that output. A red vote pushes the output up, a blue vote pushes it down. Click a neuron or an output.",
  figure: "Your digit, the weights of the hidden neurons with the strongest votes on an output, these votes, and the ten outputs",
  question: "A hidden neuron fires at 1, and its weight to output 7 is −2. What does it do to output 7?",
  answers: [["It pushes it up", "No: the weight is negative, so its vote is 1 × −2 = −2."], ["It pushes it down", "Right: its vote is 1 × −2 = −2."], ["Nothing", "No: only a silent neuron, at 0, has no vote."]],
  controls: `<button class="take" type="button">Another digit</button> <button id="layers-neuron" type="button">Next neuron</button> <button id="layers-output" type="button">Next output</button>`,
  on: {
    "layers-neuron": () => { choice.neuron = shown.order[(shown.order.indexOf(shown.neuron) + 1) % 30]; },
    "layers-output": () => { choice.output = (shown.output + 1) % 10; },
  },
  pick(name) {
    const [kind, number] = name.split(" ");
    if (kind === "output") choice.output = Number(number);
    else choice.neuron = Number(number);
  },
  draw({ image, layers, width, height }) {
    if (choice.image !== image) Object.assign(choice, { neuron: -1, output: -1, image });
    Object.assign(shown, votesOf(image, layers));
    return [partsOf(image, layers, width, height), { lasting: sentenceOf(layers) }];
  },
};

/** What the figure shows: activations, the chosen output, the votes on it, the hidden neurons from the strongest vote on,
 * and the chosen one. @type {(image: Float32Array, layers: Layer[]) => { hidden: Float32Array, outputs: Float32Array,
 * order: number[], output: number, neuron: number, weights: Float32Array, votes: Float32Array }} */
function votesOf(image, layers) {
  const [, [hidden], [outputs]] = feedforward(layers, [image]);
  const output = choice.output < 0 ? predictionOf(outputs) : choice.output;
  const weights = layers[1].weights.subarray(30 * output, 30 * (output + 1)), votes = hidden.map((a, j) => a * weights[j]);
  const order = ranked(votes.map(Math.abs));
  return { hidden, outputs, order, output, weights, votes, neuron: choice.neuron < 0 ? order[0] : choice.neuron };
}
const shown = votesOf(new Float32Array(784), [30, 10].map((n, l) => (
  { weights: new Float32Array(n * [784, 30][l]), biases: new Float32Array(n) }
)));

/** The weights of a hidden neuron. @type {(layers: Layer[], j: number) => Float32Array} */
const patternOf = ([{ weights }], j) => weights.subarray(784 * j, 784 * (j + 1));

/** From the left: the digit and the pattern of the chosen neuron (on a phone, above the rest), the hidden neurons with their
 * votes, and the outputs. @type {(image: Float32Array, layers: Layer[], width: number, height: number) => Node[]} */
function partsOf(image, layers, width, height) {
  const { hidden, outputs, order, output, neuron, weights, votes } = shown, isWide = width > 520;
  const side = isWide ? Math.min(170, (height - 60) / 2) : 104, top = isWide ? 30 : side + 64, start = isWide ? side + 60 : 0;
  const row = (height - top - 44) / OPENED, tile = row - 6, end = width - (isWide ? 96 : 84);
  const from = start + (isWide ? Math.max(270, tile + 190) : tile + 54);
  const second = isWide ? { left: 0, top: side + 50 } : { left: width - side, top: 22 };
  const outputPlaces = neuronPlaces({ left: end, top, right: end, bottom: height }, [10])[0];
  const rows = [...Array(OPENED).keys()].map((n) => top + row * (n + 0.5)), rest = height - 20;
  const others = order.slice(OPENED), sum = others.reduce((total, j) => total + votes[j], 0);
  const last = Math.max(from, start + (isWide ? 270 : 190)), starts = /** @type {Point[]} */ ([...rows.map((y) => [from, y]), [last, rest]]);
  return [
    text(side / 2, 14, "Your digit"), pixelImage({ left: 0, top: 22, side }, image, "foreground"),
    text(second.left + side / 2, second.top - 8, isWide ? "Weights on ink" : `Neuron ${neuron}`),
    pixelImage({ ...second, side }, relative(patternOf(layers, neuron), (k) => FAINT + (1 - FAINT) * image[k])),
    ...(isWide ? rows.map((y) => svg("path", { d: `M${side + 6} ${22 + side / 2}L${start - 6} ${y}` })) : []),
    text(start, top - 12, isWide ? "Hidden layer" : "Hidden", "start", "quiet"),
    text(from - 8, top - 12, isWide ? "activation × weight = vote" : "Votes", "end", "quiet"),
    text(width, top - 12, isWide ? "Output layer" : "Outputs", "end", "quiet"),
    wires(starts, outputPlaces[output], Float32Array.from([...order.slice(0, OPENED).map((j) => votes[j]), sum]), 7),
    ...order.slice(0, OPENED).flatMap((j, n) => {
      const box = { x: start, y: rows[n] - tile / 2, width: tile, height: tile }, isChosen = j === neuron;
      const product = isWide ? `${hidden[j].toFixed(2)} × ${signed(weights[j])} = ` : "";
      return [
        pixelImage({ left: box.x, top: box.y, side: tile }, relative(patternOf(layers, j))),
        svg("rect", { ...box, "data-neuron": `hidden ${j}`, class: isChosen ? "choice chosen" : "choice" }, svg("title", {}, `hidden ${j}`)),
        text(from - 8, rows[n] + 5, product + signed(votes[j]), "end", votes[j] > 0 ? "rises" : "falls"),
      ];
    }),
    ...others.map((j, n) => disc([start + 5 + 10 * Math.floor(n / 2), rest - 6 + 12 * (n % 2)], 4.5, hidden[j], { name: `hidden ${j}`, chosen: j === neuron })),
    text(last - 8, rest + 5, `${isWide ? "the other 25: " : ""}${signed(sum)}`, "end", sum > 0 ? "rises" : "falls"),
    ...outputPlaces.flatMap(([x, y], k) => [
      disc([x, y], 9, outputs[k], { name: `output ${k}`, chosen: k === output }),
      text(x + 22, y + 5, `${k}`, "middle", "strong"), text(width, y + 5, outputs[k].toFixed(2), "end", k === output ? "strong" : ""),
    ]),
  ];
}

/** The vote of the chosen neuron, and what comes of all votes. @param {Layer[]} layers */
function sentenceOf(layers) {
  const { hidden, outputs, output, neuron, weights, votes } = shown, z = weightedInputs(layers[1], hidden)[output];
  const aim = Math.abs(votes[neuron]) < 0.05 ? "hardly votes on" : `votes ${signed(votes[neuron])} ${votes[neuron] > 0 ? "for" : "against"}`;
  return `Neuron ${neuron} fires at ${hidden[neuron].toFixed(2)} and has the weight ${signed(weights[neuron])} to output ${output}, so it ${aim} ${output}. `
    + `All 30 votes and the bias of output ${output}, ${signed(layers[1].biases[output])}, add up to z = ${signed(z)}, and σ(z) = ${outputs[output].toFixed(2)}.`;
}
