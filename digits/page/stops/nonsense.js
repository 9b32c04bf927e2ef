import { crossEntropyDelta, exampleOf, sgdStep } from "../network/backprop.js";
import { nextFrame } from "../shell/elements.js";
import { outputsOf, predictionOf } from "../network/feedforward.js";
import { HALF, isDigit } from "../reading/reader.js";
import { BATCH, small } from "./small.js";
import { axes, number, pixelImage, rect, stop, text } from "./figure.js";

const [RATE, SHY, STEPS] = [0.3, 0.2, 100]; // it learns until all outputs are at most SHY, or for STEPS steps

/** Paths, as in SVG, in a pad of 100 x 100. @type {Record<string, string[]>} */
const SHAPES = {
  s: ["M66 29C59 15 34 14 33 32C32 49 67 50 67 67C67 86 40 87 33 74"],
  house: ["M30 85V45L50 15L70 45V85H30"],
  face: [
    "M50 15A29 35 0 0 1 50 85A29 35 0 0 1 50 15",
    "M39 37A2 3 0 0 1 39 43A2 3 0 0 1 39 37",
    "M61 37A2 3 0 0 1 61 43A2 3 0 0 1 61 37",
    "M62 61Q50 74 38 61",
  ],
};

/** The small network as it has learned here, and whether it is learning; the image on the pad, the one that was taught
 * as no digit, and the one that was on the pad on arrival, likely a digit. */
const own = {
  layers: /** @type {Layer[] | null} */ (null),
  isLearning: false,
  image: /** @type {Float32Array | null} */ (null),
  taught: /** @type {Float32Array | null} */ (null),
  first: /** @type {Float32Array | null} */ (null),
  write: /** @type {(paths: string[]) => void} */ (() => {}),
};
const again = () => Object.assign(own, { layers: null, isLearning: false, taught: null });

/** A network takes any drawing for a digit, until it is taught that no output shall be active. */
export const nonsense = stop({
  asks: "Draw an S, a house or a face, or press a button.",
  on: {
    "nonsense-s": () => own.write(SHAPES.s),
    "nonsense-house": () => own.write(SHAPES.house),
    "nonsense-face": () => own.write(SHAPES.face),
    "nonsense-teach": teach,
    "nonsense-again": again,
  },
  arrive: ({ write }) => Object.assign(own, { write, first: null }),
  leave() {
    own.isLearning = false;
  },
  isPlaying: () => own.isLearning,

  model({ image, layers }) {
    own.first ??= image;
    own.image = image;
    const learned = own.layers ?? layers;
    const compared = own.taught ? new Set([own.taught, digitBeside(own.taught, layers), image]) : [image];
    const rows = [...compared].map((image) => {
      const [before, after] = [layers, learned].map((all) => outputsOf(all, image));
      return { image, before, after, was: predictionOf(before), is: predictionOf(after) };
    });
    return { rows, outputs: rows[rows.length - 1].after, isTaught: own.taught !== null, isNew: image !== own.taught };
  },

  says({ rows, outputs, isTaught, isNew }) {
    if (own.isLearning) return "Learning …";
    const best = predictionOf(outputs);
    const largest = number(outputs[best]);
    if (!isTaught && !isDigit(outputs))
      return `The largest output is only ${largest}, for ${best}. No output is above ${HALF}, so the answer is “not a digit”.`;
    if (!isTaught) return `The network takes this for a ${best}: output ${best} is ${largest}.`;
    if (isNew && isDigit(outputs))
      return `What is on the pad is still read, as a ${best}: output ${best} is ${largest}. The lesson was about the first drawing only.`;
    const [lesson, digit] = rows;
    if (isNew && rows.length > 2)
      return `What is on the pad is not a digit for the network now, either: its largest output is ${largest}.`;
    return `The largest output for your drawing went from ${number(lesson.before[lesson.was])} to ${number(lesson.after[lesson.is])}: not a digit. For the digit below, it went from ${number(digit.before[digit.was])} to ${number(digit.after[digit.is])}.`;
  },

  // The ten outputs; after a lesson, the largest one before and after it, for each drawing.
  draw({ rows, outputs, isTaught }, { width, height }) {
    const side = isTaught ? Math.min(96, width / 5, (height - 80) / rows.length - 12) : 0;
    const isLow = height < 260; // no room for the label
    const [right, bottom] = [width - (isTaught ? 136 : 52), height - (isLow ? 24 : 48)];
    const box = { left: isTaught ? side + 74 : 32, top: 28, right, bottom };
    const label = isLow ? "" : isTaught ? "largest output" : "output";
    const { x, svg } = axes(box, { from: 0, to: 1, ticks: [0, 0.5, 1], label });
    const row = (box.bottom - box.top) / (isTaught ? rows.length : 10);
    /** @type {(value: number, y: number, high: number, kind: string) => string} */
    const bar = (value, y, high, kind) => rect(box.left, y, x(value) - box.left, high, kind);
    const best = predictionOf(outputs);
    const bars = [...outputs].map((a, k) => {
      const middle = box.top + row * (k + 0.5);
      return `${text(box.left - 10, middle + 6, k, "end")} ${text(x(a) + 6, middle + 6, number(a), "start")}
        ${bar(a, middle - 0.3 * row, 0.6 * row, k === best ? "bar" : "bar faint")}`;
    });
    const verdict = (/** @type {Float32Array} */ outputs, /** @type {number} */ k) =>
      `${number(outputs[k])}: ${outputs[k] > HALF ? `read as ${k}` : "no digit"}`;
    const compared = rows.map(({ image, before, after, was, is }, n) => {
      const [top, y] = [box.top + row * n + (row - side) / 2, box.top + row * (n + 0.5)];
      return `${pixelImage({ left: 0, top, side }, image, "foreground")}
        ${text(box.left - 10, y - 8, "before", "end")} ${text(box.left - 10, y + 20, "after", "end")}
        ${bar(before[was], y - 23, 20, "bar faint")} ${text(x(before[was]) + 6, y - 8, verdict(before, was), "start", "haloed")}
        ${bar(after[is], y + 5, 20, "bar")} ${text(x(after[is]) + 6, y + 20, verdict(after, is), "start", "haloed")}`;
    });
    return `${svg} <path d="M${x(HALF)} ${box.top}V${box.bottom}" class="threshold"/>
      ${text(Math.max(160, x(HALF) - 6), 18, `← below ${HALF}: no digit`, "end")} ${(isTaught ? compared : bars).join("")}`;
  },
});

/** A digit to show beside the drawing that was taught: what was on the pad on arrival or, if that is the drawing, a test
 * image. @type {(taught: Float32Array, layers: Layer[]) => Float32Array} */
function digitBeside(taught, layers) {
  if (own.first === taught && small.mnist) {
    for (let i = small.mnist.train; own.first === taught; i++) {
      const { image, y } = exampleOf(small.mnist, i);
      if (outputsOf(layers, image)[predictionOf(y)] > 0.9) own.first = image;
    }
  }
  return own.first ?? taught;
}

/** Teaches the small network that what is on the pad is not a digit, among images of digits. */
async function teach() {
  const { image } = own;
  if (!small.layers || !small.mnist || !image || own.isLearning) return;
  const layers = structuredClone(small.layers);
  Object.assign(own, { layers, taught: image, isLearning: true });
  for (let n = 0; n < STEPS && own.isLearning && Math.max(...outputsOf(layers, image)) > SHY; n++) {
    lesson(layers, image, small.mnist);
    dispatchEvent(new Event("shown"));
    await nextFrame();
  }
  own.isLearning = false;
  dispatchEvent(new Event("shown"));
}

/** A step of learning that an image is not a digit. @type {(layers: Layer[], image: Float32Array, mnist: Mnist) => void} */
export function lesson(layers, image, mnist) {
  const others = Array.from({ length: BATCH }, () => exampleOf(mnist, Math.floor(Math.random() * mnist.train)));
  sgdStep(layers, [{ image, y: new Float32Array(10) }, ...others], RATE, crossEntropyDelta);
}
