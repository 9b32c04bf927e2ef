import { desired } from "../backpropagation.js";
import { find } from "../elements.js";
import { disc, neuronPlaces, svg, text } from "../figure.js";
import { held } from "../held.js";
import { binaryLayer, outputsOf, predictionOf, weightedInput } from "../network.js";

/** The output that the visitor has set to 1, all others being 0; or -1, while the network's outputs are shown. */
const choice = { digit: -1, image: /** @type {Float32Array | null} */ (null) };

/** A layer of four neurons turns the ten outputs into the bits of the digit. @type {Stop} */
export const bits = {
  title: "Ten outputs, four bits", section: ["chap1.html#a_simple_network_to_classify_handwritten_digits", "A simple network to classify handwritten digits"],
  text: "A computer stores a digit in four bits, each 0 or 1, which are worth 8, 4, 2 and 1. Here each bit has a neuron. It adds up the outputs wired to it and fires if the sum is above 0.4, that is, if one of these outputs is active. Without the ten outputs in between, the four would be hard to train: the one worth 1 must fire for 1, 3, 5, 7 and 9, which have no shape in common.",
  figure: "The ten outputs, wires to four neurons worth 8, 4, 2 and 1, and the sum of those that fire",
  question: "Which of the four neurons fire for a 6?",
  answers: [["8 and 2", "No: these make 10."], ["4 and 2", "Right: 4 + 2 = 6."], ["4 and 1", "No: these make 5."]],
  controls: `<label>Outputs for <select id="bits-digit"><option value="-1">your digit${[...Array(10).keys()].map((digit) => `<option value="${digit}">a perfect ${digit}`).join("")}</select></label> <button class="take" type="button">Another digit</button>`,
  on: { "bits-digit": () => { choice.digit = Number(find("bits-digit", HTMLSelectElement).value); } },
  pick(name) { choice.digit = Number(name.split(" ")[1]); },
  draw({ image, layers, width, height }) {
    if (choice.image !== image) Object.assign(choice, { digit: -1, image });
    find("bits-digit", HTMLSelectElement).value = `${choice.digit}`;
    const outputs = choice.digit < 0 ? outputsOf(layers, image) : desired(choice.digit);
    return [partsOf(outputs, width, height), { lasting: sentenceOf(outputs) }];
  },
};

/** From the left: the outputs with their values, the four neurons, and what each adds to the digit.
 * @type {(outputs: Float32Array, width: number, height: number) => Node[]} */
function partsOf(outputs, width, height) {
  const { weights, biases } = held.bits, isOn = binaryLayer(held.bits, outputs), largest = predictionOf(outputs);
  const isWide = width > 520, start = isWide ? width * 0.2 : 74, end = isWide ? width * 0.58 : width - 112, radius = isWide ? 24 : 20;
  const box = { left: start, top: 26, right: end, bottom: height - 34 }, [places, bitPlaces] = neuronPlaces(box, [10, 4]);
  return [
    text(start, 14, "Outputs", "middle", "quiet"), text(end, 14, "Bits", "middle", "quiet"),
    ...(isWide ? [text(end + radius + 12, 14, "Sum of its inputs", "start", "quiet")] : []),
    ...bitPlaces.flatMap(([x, y], bit) => places.flatMap(([x0, y0], k) => (weights[bit][k] ? svg("path", {
      d: `M${x0 + 15} ${y0}L${x - radius - 4} ${y}`, class: outputs[k] > 0.05 ? "red" : "wire",
      "stroke-width": 1 + 2.5 * outputs[k],
    }) : []))),
    ...places.flatMap(([x, y], k) => [
      disc([x, y], 11, outputs[k], { name: `output ${k}`, chosen: k === largest }),
      text(x - 24, y + 5, `${k}`, "middle", "strong"), text(x - 40, y + 5, outputs[k].toFixed(2), "end"),
    ]),
    ...bitPlaces.flatMap(([x, y], bit) => {
      const sum = weightedInput(weights[bit], 0, outputs, 0), value = 8 >> bit, words = isOn[bit] ? `fires: ${value}` : "silent: 0";
      const inside = text(x, y + 6, `${value}`, "middle", isOn[bit] ? "bit on" : "bit");
      return [
        disc([x, y], radius, isOn[bit]), inside,
        text(x + radius + 12, y + (isWide ? 5 : -3), `${sum.toFixed(2)} ${sum > -biases[bit] ? ">" : "≤"} ${(-biases[bit]).toFixed(1)}`, "start", "quiet"),
        text(x + radius + (isWide ? 130 : 12), y + (isWide ? 5 : 15), words, "start", isOn[bit] ? "strong" : ""),
      ];
    }),
    text(end, height - 6, sumOf(isOn), isWide ? "start" : "middle", "sum"),
  ];
}

/** @param {number[]} isOn */
const totalOf = (isOn) => isOn.reduce((sum, bit, n) => sum + bit * (8 >> n), 0);
/** @param {number[]} isOn */
const sumOf = (isOn) => `${isOn.map((bit, n) => bit * (8 >> n)).join(" + ")} = ${totalOf(isOn)}`;

/** @param {Float32Array} outputs */
function sentenceOf(outputs) {
  const isOn = binaryLayer(held.bits, outputs), digit = predictionOf(outputs), names = [8, 4, 2, 1].filter((_, bit) => isOn[bit]);
  const who = names.length ? `The neuron${names.length > 1 ? "s" : ""} worth ${names.join(", ").replace(/, (\d)$/, " and $1")} fire${names.length > 1 ? "" : "s"}` : "None of the four fires";
  const doubt = totalOf(isOn) === digit ? "" : ` This is not ${digit}: the bits are right only if one output is near 1 and the others are near 0.`;
  return `Output ${digit} is the largest, at ${outputs[digit].toFixed(2)}. ${who}: ${sumOf(isOn)}.${doubt}`;
}
