import { crossEntropyDelta, exampleOf, sgdStep } from "../network/backprop.js";
import { element, find, nextFrame } from "../shell/elements.js";
import { heldImages } from "../held.js";
import { pixelCanvas } from "../shell/layers.js";
import { outputsOf, predictionOf } from "../network/feedforward.js";
import { HALF, isDigit } from "../reading/reader.js";
import { BATCH, small, trainSmall } from "./small.js";
import { state } from "../shell/state.js";
import { axes, rect, text } from "./figure.js";

const [RATE, SHY, STEPS] = [0.3, 0.2, 100]; // it learns until all outputs are at most SHY, or for STEPS steps
const MOST = 6; // images in the gallery
const AT_ONCE = 20; // images that are looked through in a frame

/** The small network as it has learned here, whether it is learning, the image that is shown, and the network whose
 * mistakes are in the gallery. @type {{ layers: Layer[] | null; isLearning: boolean; image: Float32Array; network: Network | null }} */
const own = { layers: null, isLearning: false, image: new Float32Array(784), network: null };

/** A network takes any drawing for a digit, until it is taught that no output shall be active. @type {Stop} */
export const nonsense = {
  on: { "nonsense-teach": teach, "nonsense-again": () => Object.assign(own, { layers: null, isLearning: false }) },
  arrive: fillGallery,
  leave() {
    own.isLearning = false;
  },
  isPlaying: () => own.isLearning,

  model({ image, layers }) {
    own.image = image;
    const outputs = outputsOf(own.layers ?? layers, image);
    return { outputs, best: predictionOf(outputs), isDigit: isDigit(outputs), isTaught: Boolean(own.layers) };
  },

  says({ outputs, best, isDigit, isTaught }) {
    if (own.isLearning) return "Learning …";
    const subject = isTaught ? "After the lesson, the network" : "The network";
    const output = outputs[best].toFixed(2);
    if (!isDigit)
      return `${subject} does not take this for a digit: its largest output is ${output}, less than ${HALF}.`;
    return `${subject} takes this for a ${best}, as output ${best} is ${output}.${isTaught ? " It has only learned that the drawing you taught it is not a digit." : ""}`;
  },

  draw({ outputs, best }, { width, height }) {
    const box = { left: 28, top: 22, right: width - 44, bottom: height - 44 };
    const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1];
    const { x, svg } = axes(box, { from: 0, to: 1, ticks, label: "output of the small network" });
    const row = (box.bottom - box.top) / 10;
    const bars = [...outputs].map((a, j) => {
      const middle = box.top + row * (j + 0.5);
      return `${text(box.left - 10, middle + 5, j, "end")} ${text(x(a) + 6, middle + 5, a.toFixed(2), "start")}
        ${rect(box.left, middle - 0.3 * row, x(a) - box.left, 0.6 * row, j === best ? "bar" : "bar faint")}`;
    });
    return `${svg} <path d="M${x(HALF)} ${box.top}V${box.bottom}" class="threshold"/> ${bars.join("")}
      ${text(x(HALF) - 6, 14, `← below ${HALF}: no digit`, "end")}`;
  },
};

/** Teaches the small network that what is on the pad is not a digit, among images of digits. */
async function teach() {
  if (!small.layers || !small.mnist || own.isLearning) return;
  const { image } = own;
  const { mnist } = small;
  own.layers ??= structuredClone(small.layers);
  own.isLearning = true;
  for (let n = 0; n < STEPS && own.isLearning && Math.max(...outputsOf(own.layers, image)) > SHY; n++) {
    lesson(own.layers, image, mnist);
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

/** Shows test images that the visitor's network misreads, some in each frame; a click opens one on the pad.
 * @param {(image: Float32Array) => void} open */
async function fillGallery(open) {
  await trainSmall(); // first things first
  const { network } = state;
  const mnist = await heldImages();
  const gallery = find("nonsense-gallery", HTMLElement);
  if (own.network === network) return;
  own.network = network;
  gallery.replaceChildren();
  for (let i = 0; i < mnist.test && gallery.childElementCount < MOST && own.network === network; i++) {
    if (i % AT_ONCE === 0) await nextFrame();
    const { image, y } = exampleOf(mnist, mnist.train + i);
    const [read, digit] = [outputsOf(network.layers, image), y].map(predictionOf);
    if (read === digit) continue;
    const button = element("button", pixelCanvas(image, "foreground"), element("span", `is ${digit}, read as ${read}`));
    button.addEventListener("click", () => open(image));
    gallery.append(button);
  }
}
