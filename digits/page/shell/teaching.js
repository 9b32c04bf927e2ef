// The buttons that teach: a lesson goes on in a worker, and shows what it changes.

import { desired } from "../network/backprop.js";
import { find, nextFrame, onClick, write } from "./elements.js";
import { heldImages } from "../held.js";
import { isSame } from "../reading/images.js";
import { feedforward, remember } from "../network/feedforward.js";
import { change, state } from "./state.js";
import { whichOfSeveral } from "./answer.js";
import { finish, show } from "./network.js";
import { describe, percent, say } from "./words.js";
import { ask, askSoon } from "./workers.js";

const SLOW = 10; // steps at first, each in a frame of its own
const BURST = 30; // milliseconds that it goes on between two frames afterwards
const PATIENCE = 2500; // milliseconds of a lesson
const NONE = 10; // is taught as not a digit

const teach = find("teach", HTMLElement);

/** Lets each button teach its digit or, the last one, that it is not a digit. */
export function offerLessons() {
  for (const [value, button] of teach.querySelectorAll("button").entries()) {
    button.addEventListener("click", () => learn(value));
  }
  const asItCame = state.network;
  onClick("forget", () => {
    if (state.teaching || state.worker) return;
    change({ network: asItCame });
    state.unsaved = false;
    find("train", HTMLElement).focus(); // as this button goes
    finish();
  });
  addEventListener("beforeunload", (event) => {
    // or the lessons would be lost without a word
    if (state.unsaved) event.preventDefault();
  });
}

/** Teaches that the chosen digit has this value, or NONE, and shows what changes. @param {number} value */
async function learn(value) {
  const { digits, chosen, network: before } = state;
  const digit = digits.at(chosen);
  const which = whichOfSeveral();
  if (!digit || state.teaching || state.worker) return;
  const { layers, lessons = [] } = before;
  const y = desired(value); // all 0 for NONE
  // What it was told of this drawing before, it is told no more.
  const earlier = lessons.filter((past) => !isSame(past.image, digit.image));
  const lesson = { image: digit.image, y };
  const network = /** @type {Network} */ ({ ...before, accuracy: null, team: false, lessons: [...earlier, lesson] });
  const isShown = () => state.network === network && state.digits === digits;
  change({ network });
  toggle(true);
  show();
  const subject = which ? `the ${which}` : "this";
  const name = value === NONE ? "not a digit" : `${value === 8 ? "an" : "a"} ${value}`;
  say(`Learning that ${subject} is ${name} …`);
  const mnist = await heldImages();
  const since = performance.now();
  askSoon({ lesson, earlier, mnist, layers });
  const goOn = (/** @type {number} */ milliseconds) => /** @type {Promise<Progress>} */ (askSoon({ milliseconds }));
  for (let answer = goOn(0); performance.now() - since < PATIENCE; await nextFrame()) {
    const seen = await answer;
    if (isShown()) {
      // else one goes on drawing
      state.flash = seen.changes;
      remember(layers, [digit.image], seen.activations);
      show();
    }
    write("which", `Step ${seen.steps}`);
    if (seen.isOver) break;
    answer = goOn(seen.steps < SLOW ? 0 : BURST); // while this is shown
  }
  const { steps, isLearned, layers: learned } = await askSoon({ end: true });
  network.layers = learned;
  if (!isLearned) {
    // then it harms more than it teaches
    Object.assign(network, before);
    remember(layers, [digit.image], feedforward(layers, [digit.image])); // what it was, not what was shown meanwhile
  } else state.unsaved = true;
  toggle(false);
  show();
  const count = `${steps} step${steps === 1 ? "" : "s"}`;
  const result = isLearned
    ? `Learned in ${count} that ${subject} is ${name}.`
    : "It couldn’t learn this without unlearning other digits. Nothing has changed.";
  say(isShown() ? result : "");
  describe();
  setTimeout(() => {
    if (state.teaching) return;
    state.flash = null;
    show();
  }, 1500);
  if (!isLearned) return;
  for (const tested of [before, network]) tested.accuracy ??= await ask({ mnist, layers: tested.layers });
  const [old, now] = [before, network].map(({ accuracy }) => percent(accuracy ?? 0));
  const accuracy = old === now ? `still ${now} %` : `now ${now} %, it was ${old} %`;
  if (isShown() && !state.teaching) say(`${result} Accuracy: ${accuracy}.`);
  describe();
}

/** Begins or ends a lesson. @param {boolean} teaching */
function toggle(teaching) {
  Object.assign(state, { teaching });
  for (const button of teach.querySelectorAll("button")) button.ariaDisabled = `${teaching}`;
}
