import { crossEntropyDelta, exampleOf, sgdStep } from "../backpropagation.js";
import { element, find, nextFrame } from "../elements.js";
import { axes, svg, text } from "../figure.js";
import { heldImages } from "../held.js";
import { pixelCanvas } from "../layers.js";
import { outputsOf, predictionOf } from "../network.js";
import { drawingOf } from "../pad.js";
import { HALF, isDigit } from "../reader.js";
import { BATCH, small, trainSmall } from "../small.js";
import { change, state } from "../state.js";
import { finish, imageShown } from "../view.js";

const RATE = 0.3, SHY = 0.2, STEPS = 100; // it learns until all outputs are at most SHY, or for STEPS steps
const MOST = 6; // images in the gallery
const AT_ONCE = 20; // images that are looked through in a frame

/** The small network as it has learned here, whether it is learning, and the network whose mistakes are in the gallery.
 * @type {{ layers: Layer[] | null; isLearning: boolean; network: Network | null }} */
const own = { layers: null, isLearning: false, network: null };

/** A network takes any drawing for a digit, until it is taught that no output shall be active. @type {Stop} */
export const nonsense = {
  title: "Sure about nonsense", section: ["chap1.html#toward_deep_learning", "Toward deep learning"],
  text: "The small network has only ever seen digits, and finds them everywhere. Draw an S, a house or a face: often an output still comes close to 1. An output of 0.99 does not mean that your drawing is a digit with a probability of 99 %. Teach the network that your drawing is not one. Then draw something similar, and something quite different.",
  figure: "The ten outputs of the small network for your drawing, as bars from 0 to 1",
  question: "The network has learned only digits, and output 5 is 0.98 for an S. So …",
  answers: [
    ["98 % of drawings like this are a 5", "No: an output is not a probability."],
    ["it looks more like a 5 than like the other digits", "Right: it has no output for an S."],
    ["the network is broken", "No: it works as trained. Nobody showed it an S."],
  ],
  controls: `<button id="nonsense-teach" type="button">Teach: not a digit</button>
    <button id="nonsense-again" type="button">Start over</button>
    <p id="nonsense-about">The page’s own network makes mistakes, too. It misreads these test images:</p>
    <div id="nonsense-gallery" class="gallery"></div>`,
  on: {
    "nonsense-teach": teach,
    "nonsense-again": () => Object.assign(own, { layers: null, isLearning: false }),
  },
  arrive: fillGallery,
  leave: () => Object.assign(own, { isLearning: false }),
  draw({ image, layers, width, height }) {
    const a = outputsOf(own.layers ?? layers, image), best = predictionOf(a), box = { left: 28, top: 22, right: width - 44, bottom: height - 44 };
    const { x, node } = axes(box, { from: 0, to: 1, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1], label: "output of the small network" }, { from: 0, to: 1, ticks: [], label: "" });
    const row = (box.bottom - box.top) / 10, middle = (/** @type {number} */ j) => box.top + row * (j + 0.5);
    const bars = [...a].flatMap((value, j) => [
      text(box.left - 10, middle(j) + 5, `${j}`, "end"),
      svg("rect", { x: box.left, y: middle(j) - 0.3 * row, width: x(value) - box.left, height: 0.6 * row, class: j === best ? "bar" : "bar faint" }),
      text(x(value) + 6, middle(j) + 5, value.toFixed(2), "start"),
    ]);
    const half = svg("path", { d: `M${x(HALF)} ${box.top}V${box.bottom}`, class: "threshold" }), edge = text(x(HALF) - 6, 14, `← below ${HALF}: no digit`, "end");
    return [[node, half, edge, ...bars], own.isLearning ? "Learning …" : { lasting: inWords(a, best) }];
  },
};

/** @type {(a: Float32Array, best: number) => string} */
function inWords(a, best) {
  const subject = own.layers ? "After the lesson, the network" : "The network";
  if (isDigit(a)) return `${subject} takes this for a ${best}, as output ${best} is ${a[best].toFixed(2)}.${own.layers ? " It has only learned that the drawing you taught it is not a digit." : ""}`;
  return `${subject} does not take this for a digit: its largest output is ${a[best].toFixed(2)}, less than ${HALF}.`;
}

/** Teaches the small network that what is on the pad is not a digit, among images of digits. */
async function teach() {
  const image = imageShown(), mnist = await heldImages(), y = new Float32Array(10);
  if (!image || !small.layers || own.isLearning) return;
  own.layers ??= structuredClone(small.layers);
  own.isLearning = true;
  for (let step = 0; step < STEPS && own.isLearning && Math.max(...outputsOf(own.layers, image)) > SHY; step++) {
    const others = Array.from({ length: BATCH }, () => exampleOf(mnist, Math.floor(Math.random() * mnist.train)));
    sgdStep(own.layers, [{ image, y }, ...others], RATE, crossEntropyDelta);
    dispatchEvent(new Event("shown"));
    await nextFrame();
  }
  own.isLearning = false;
  dispatchEvent(new Event("shown"));
}

/** Shows test images that the visitor's network misreads, some in each frame; each is opened on the pad by a click. */
async function fillGallery() {
  await trainSmall(); // first things first
  const { network } = state, { layers } = network, mnist = await heldImages(), gallery = find("nonsense-gallery", HTMLElement);
  if (own.network === network) return;
  own.network = network;
  gallery.replaceChildren();
  for (let i = 0; i < mnist.test && gallery.childElementCount < MOST && own.network === network; i++) {
    if (i % AT_ONCE === 0) await nextFrame();
    const { image, y } = exampleOf(mnist, mnist.train + i), read = predictionOf(outputsOf(layers, image)), digit = predictionOf(y);
    if (read === digit) continue;
    const button = element("button", pixelCanvas(image, "foreground"), element("span", `is ${digit}, read as ${read}`));
    button.addEventListener("click", () => {
      change({ drawing: drawingOf(image) });
      finish();
    });
    gallery.append(button);
  }
}
