import { element, find, write } from "../shell/elements.js";
import { figureOf } from "./backpropagation/figure.js";
import { flow, GUESS, PHASES, passOf, STEP, stepped } from "./backpropagation/pass.js";
import { formulaOf, SENTENCES } from "./backpropagation/words.js";
import { untrained } from "./small.js";

const LONG = 6000; // milliseconds of a phase while it plays, to read its sentence
const begin = () => Object.assign(flow, { phase: GUESS, since: performance.now(), picked: "" });

/** Errors flow back from the outputs, as pulses on the wires, in five phases. @type {Stop} */
export const backpropagation = {
  on: {
    "backpropagation-play": play,
    "backpropagation-back": () => turn(-1),
    "backpropagation-next": () => turn(1),
    "backpropagation-show": () => {
      flow.hasFormula = !flow.hasFormula;
    },
    "backpropagation-other": pickNext,
  },
  arrive() {
    Object.assign(begin(), { layers: untrained(), steps: 0 });
  },
  leave: pause,
  pick(name) {
    const [kind, place] = name.split(" ");
    if (kind === "phase") turn(Number(place) - flow.phase);
    else flow.picked = name;
  },

  model({ image }) {
    if (image !== flow.image) {
      pause();
      Object.assign(begin(), { image });
    }
    const pass = passOf(image);
    return { ...pass, formula: formulaOf(pass) };
  },

  says: (pass) => SENTENCES[pass.phase](pass),

  draw({ formula, ...pass }, size) {
    const { timer, hasFormula, phase } = flow;
    write("backpropagation-play", timer ? "Pause" : "Play");
    write("backpropagation-show", hasFormula ? "Hide the formula" : "Show the formula");
    find("backpropagation-show", HTMLElement).ariaExpanded = `${hasFormula}`;
    find("backpropagation-back", HTMLElement).ariaDisabled = `${phase === GUESS}`;
    const lines = find("backpropagation-formula", HTMLElement);
    lines.hidden = !hasFormula;
    lines.replaceChildren(...formula.map((line) => element("p", line)));
    return figureOf(pass, size);
  },
};

/** Goes on by some phases, or back. After the last phase its step is kept, and it begins again. @param {number} by */
function turn(by, byItself = false) {
  const { image, phase, picked } = flow;
  const next = phase + by;
  if (!byItself) pause();
  if (next < 0) return;
  if (next >= PHASES.length) {
    flow.layers = stepped(image);
    flow.steps++;
  }
  begin();
  flow.phase = next % PHASES.length;
  if (picked.startsWith("hidden")) flow.picked = picked;
}

/** Plays all phases up to the last, or pauses. */
function play() {
  if (flow.timer) return pause();
  if (flow.phase === STEP) turn(1);
  flow.since = performance.now(); // pulses run again
  flow.timer = setInterval(() => {
    turn(1, true);
    if (flow.phase === STEP) pause();
    dispatchEvent(new Event("shown"));
  }, LONG);
}

function pause() {
  clearInterval(flow.timer);
  flow.timer = 0;
}

/** Picks the next neuron, of the outputs or the hidden ones, for those who cannot click on it. */
function pickNext() {
  const { kind, j } = passOf(flow.image);
  flow.picked = `${kind} ${(j + 1) % (kind === "output" ? 10 : 30)}`;
}
