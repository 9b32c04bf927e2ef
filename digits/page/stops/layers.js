import { shades } from "../reading/images.js";
import { exampleOf } from "../network/backprop.js";
import { ranked, sigmoid, weightedInputs, weightsOf } from "../network/feedforward.js";
import { bar, number, part, pixelImage, rect, rounded, signed, stop, text } from "./figure.js";
import { choose, chosenOr, passShown } from "./hidden.js";
import { small } from "./small.js";

const OPENED = 5; // hidden neurons with the strongest votes, each in a row of its own

/** The output that the visitor has chosen, or -1, for which image; and what is shown. */
const choice = { output: -1, image: /** @type {Float32Array | null} */ (null) };
const shown = { neuron: 0, output: 0, order: [0] };

/** Hidden neurons vote for outputs: the votes and the bias add up to z. */
export const layers = stop({
  on: {
    "layers-neuron": () => choose(shown.order[(shown.order.indexOf(shown.neuron) + 1) % OPENED]),
    "layers-output": () => {
      choice.output = (shown.output + 1) % 10;
    },
  },
  pick(name) {
    const [kind, number] = name.split(" ");
    if (kind === "output") choice.output = Number(number);
    else choose(Number(number));
  },

  model({ image, layers }) {
    if (choice.image !== image) Object.assign(choice, { output: -1, image });
    const { hidden, outputZs, outputs } = passShown(layers, image);
    const best = outputZs.indexOf(Math.max(...outputZs));
    const output = choice.output < 0 ? best : choice.output;
    const weights = Array.from(weightsOf(layers[1], output), (w) => rounded(w));
    const votes = hidden.map((a, j) => rounded(a * weights[j]));
    const order = ranked(votes.map(Math.abs)); // from the strongest vote
    const neuron = chosenOr(order[0]);
    const five = order.slice(0, OPENED).map((j) => ({ j, a: hidden[j], weight: weights[j], vote: votes[j] }));
    const [z, bias] = [outputZs[output], rounded(layers[1].biases[output])];
    const rest = rounded(z - bias - five.reduce((sum, { vote }) => sum + vote, 0));
    Object.assign(shown, { neuron, output, order });
    const own = weightsOf(layers[0], neuron);
    const facts = { a: hidden[neuron], vote: votes[neuron], own, examples: examplesOf(layers, neuron) };
    return { output, outputs, best, five, rest, bias, z, neuron, ...facts };
  },

  says({ output, outputs, best, z, neuron, a, vote, examples }) {
    const verdict =
      output === best ? `This is the largest output, so the answer is ${best}.` : `Output ${best} is larger.`;
    const [most, least] = examples.means.map(([digit, a]) => `${digit}s (${number(a)})`);
    return `Neuron ${neuron} has the activation ${number(a)} here. Above are single images. Averaged over all, it is most active for ${most}, and least for ${least}. It votes ${signed(vote, 2)} ${vote > 0 ? "for" : "against"} ${output}. All votes and the bias add up to z = ${number(z)}, and σ(z) = ${number(outputs[output])}. ${verdict}`;
  },

  // Above, what a hidden neuron looks for; then bars that lead from vote to vote, to z; below, all outputs.
  draw({ output, outputs, best, five, rest, bias, z, neuron, own, examples }, { width, height }) {
    const isWide = width > 560;
    const [start, gap] = isWide ? [104, 40] : [94, 12];
    const tile = Math.min((width - start - gap - 16) / 6, Math.max(28, (height - 250) / 3), 72);
    /** @type {(left: number, title: string, images: Float32Array[]) => string} */
    const group = (left, title, images) => `${text(left, 16, title, "start")}
      ${images.map((image, n) => pixelImage({ left: left + n * (tile + 4), top: 24, side: tile }, image, "foreground")).join("")}`;
    const threes = 3 * tile + 8;
    const head = `${text(0, 16, `Neuron ${neuron}`, "start", "strong")}
      ${pixelImage({ left: 0, top: 24, side: tile }, shades(own))}
      ${group(start, isWide ? "most active" : "most", examples.most)}
      ${group(start + threes + gap, isWide ? "least active" : "least", examples.least)}`;

    const rows = [
      ...five.map(({ j, a, weight, vote }) => ({
        label: `${isWide ? "neuron " : ""}${j}: ${number(a)} × ${signed(weight, 2)}`,
        vote,
        name: `hidden ${j}`,
        isChosen: j === neuron,
      })),
      { label: "other 25", vote: rest, name: "", isChosen: false },
      { label: "bias", vote: bias, name: "", isChosen: false },
    ];
    const [top, bottom] = [tile + 34, height - 92];
    const high = (bottom - top) / (rows.length + 1);
    const sums = [0];
    for (const { vote } of rows) sums.push(sums[sums.length - 1] + vote);
    const [from, to] = [Math.min(...sums), Math.max(...sums)];
    const left = isWide ? 190 : 128;
    const x = (/** @type {number} */ value) => left + 62 + ((width - left - 124) * (value - from)) / (to - from || 1);
    const bars = rows.map(({ label, vote, name, isChosen }, n) => {
      const y = top + n * high;
      return part(
        name ? `vote|${name.replace("hidden", "neuron")}` : label,
        bar(x, y, high, sums[n], sums[n + 1], `fill-${vote > 0 ? "red" : "blue"}`, signed(vote, 2)),
        text(left, y + high / 2 + 6, label, "end", isChosen ? "strong" : ""),
        name && rect(0, y, left, high, "near", `data-neuron="${name}"`),
      );
    });
    const last = bottom - high;

    const cell = width / 10;
    const [y, gold] = [height - 70, `fill="var(--answer)" rx="8"`];
    const ends = outputs.map((a, k) => {
      const tone = k === best ? "answer" : "";
      const value = cell < 40 ? number(a, a < 0.995 ? 2 : 1).replace(/^0/, "") : number(a);
      return part(
        k === best ? `output ${k}|answer` : `output ${k}`,
        `${k === best ? rect(cell * k + 1, y, cell - 2, 44, "", gold) : ""}
        ${text(cell * (k + 0.5), y + 18, k, "middle", `strong ${tone}`)} ${text(cell * (k + 0.5), y + 38, value, "middle", tone)}
        ${rect(cell * k + 1, y, cell - 2, 44, k === output ? "choice chosen" : "choice", `data-neuron="output ${k}" rx="8"`)}`,
      );
    });
    return `${head} <path d="M${x(0)} ${top}V${bottom}" class="zero"/> ${bars.join("")}
      ${part("z", bar(x, last, high, 0, z, "dot", ""), text(left, last + high / 2 + 6, `sum z = ${number(z)}`, "end", "strong"))}
      <path d="M${x(z)} ${bottom}L${cell * (output + 0.5)} ${y}" class="ahead"/>
      ${text(0, y - 6, `σ(${number(z)}) = ${number(outputs[output])}, which is output ${output}`, "start", "haloed")} ${ends.join("")}
      ${rect(0, height - 21, width, 21, "", gold)} ${text(width / 2, height - 5, "The largest output is the answer.", "middle", "answer")}`;
  },
});

/** @type {{ layers: Layer[]; tests: Example[]; zs: Float32Array[] }} */
const seen = { layers: [], tests: [], zs: [] };

/** The three of the page's test images at which a hidden neuron fires most, and the three at which it fires least; the
 * digits at which it fires most and least on average, and how much.
 * @type {(layers: Layer[], neuron: number) => { most: Float32Array[]; least: Float32Array[]; means: number[][] }} */
function examplesOf(layers, neuron) {
  const { mnist } = small;
  if (!mnist) return { most: [], least: [], means: [] };
  if (seen.layers !== layers) {
    const tests = Array.from({ length: mnist.test }, (_, i) => exampleOf(mnist, mnist.train + i));
    Object.assign(seen, { layers, tests, zs: tests.map(({ image }) => weightedInputs(layers[0], image)) });
  }
  const order = ranked(seen.zs.map((zs) => zs[neuron])).map((i) => seen.tests[i].image);
  const means = Array.from({ length: 10 }, (_, digit) => {
    const own = seen.zs.filter((_, i) => seen.tests[i].y[digit]);
    return [digit, own.reduce((sum, zs) => sum + sigmoid(zs[neuron]), 0) / own.length];
  }).sort(([, a], [, b]) => b - a);
  return { most: order.slice(0, 3), least: order.slice(-3).toReversed(), means: [means[0], means[9]] };
}
