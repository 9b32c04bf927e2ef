import { crossEntropyDelta, exampleOf, sgdStep } from "../backpropagation.js";
import { BATCH, loan } from "../borrowed.js";
import { find, nextFrame } from "../elements.js";
import { heldImages } from "../held.js";
import { outputsOf, predictionOf } from "../network.js";
import { isDigit } from "../reader.js";
import { state } from "../state.js";
import { openTraining } from "../training.js";
import { imageShown, say, show } from "../view.js";

const RATE = 0.3, SHY = 0.2, STEPS = 100; // no output shall be over SHY; learned at this rate, in so many steps at most

/** A network takes any drawing for a digit, until it is taught that no output shall be active. @type {Stop} */
export const nonsense = {
  title: "Sure about nonsense", section: "Toward deep learning", view: "#pad",
  text: "This network has seen nothing but digits. Draw an S, a house, a face: it still names a digit, often surely, since its outputs are no probabilities. What is no digit, it must be shown. Teach it that this drawing is none; then draw another one.",
  question: "Output 5 is 0.98 for an S. So …",
  answers: [["98 % of such drawings are a 5", "No: an output is no probability."], ["it looks more like a 5 than like others", "Right: it chose among what it knows."], ["the network is broken", "No: nobody showed it an S."]],
  controls: `<button id="unlearn" type="button">This is no digit</button> <button id="own" type="button">Train your own</button>`,
  network: "small",
  on: {
    unlearn,
    own() {
      find("close", HTMLElement).click();
      openTraining();
    },
  },
  draw({ a }) {
    if (!a) return "Draw what is no digit.";
    const most = Math.max(...a).toFixed(2);
    return isDigit(a) ? `Taken for a ${predictionOf(a)}: ${most}.` : `For no digit: the largest output is ${most}.`;
  },
};

/** Teaches the borrowed network that what is on the pad is no digit, among images of digits. */
async function unlearn() {
  const image = imageShown(), network = loan.borrowed, mnist = await heldImages(), y = new Float32Array(10);
  if (!image || !network || network.left || loan.borrowed !== network) return;
  for (network.left = STEPS; network.left && Math.max(...outputsOf(network.layers, image)) > SHY; network.left--) {
    if (state.network !== network) break;
    const others = Array.from({ length: BATCH }, () => exampleOf(mnist, Math.floor(Math.random() * mnist.train)));
    network.layers = structuredClone(network.layers);
    sgdStep(network.layers, [{ image, y }, ...others], RATE, crossEntropyDelta);
    await nextFrame();
    show();
  }
  network.left = 0;
  say();
}
