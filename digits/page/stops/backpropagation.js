import { backpropagate, backwards, desired, meanCost, sgdStep } from "../network/backprop.js";
import { element, find, wantsStill, write } from "../shell/elements.js";
import { relative, toneOf } from "../shell/layers.js";
import { feedforward, predictionOf, ranked, slopeAt } from "../network/feedforward.js";
import { rightDigit, untrained } from "./small.js";
import { circle, disc, neuronPlaces, number, pixelImage, rect, signed, text } from "./figure.js";

const PHASES = ["Guess", "Errors", "Blame", "Weights", "Step"];
const [GUESS, ERRORS, BLAME, WEIGHTS, STEP] = PHASES.keys();
const RATE = 0.1; // learning rate, so low that the digit is not learned at once
const LONG = 6000; // milliseconds of a phase while it plays, to read its sentence
const PULSE = 1300; // milliseconds of a pulse, as in style.css
const [PULSES, WIRES] = [100, 160]; // at most, the strongest

/** The state of this stop: its own network, before the step; how many steps were made before; the phase, and when it began;
 * the name of the neuron that was picked; the digit; the timer while it plays; and whether the formula is shown. */
const flow = {
  layers: /** @type {Layer[]} */ ([]),
  steps: 0,
  phase: GUESS,
  since: 0,
  picked: "",
  image: new Float32Array(784),
  timer: 0,
  hasFormula: false,
};
const begin = () => Object.assign(flow, { phase: GUESS, since: performance.now(), picked: "" });

/** Errors flow back from the outputs, as pulses on the wires, in five phases. @type {Stop} */
export const backpropagation = {
  title: "Backpropagation: errors flow back",
  section: [
    "chap2.html#the_four_fundamental_equations_behind_backpropagation",
    "The four fundamental equations behind backpropagation",
  ],
  text: "Which of its thousands of weights should an untrained network change? It sends the errors of its outputs back along the wires, and a neuron that pushed an output the wrong way gets the blame. Press Play, or go phase by phase, and click any neuron.",
  figure:
    "A network of 30 hidden neurons and ten outputs reads your digit, and the errors of its outputs flow back; the sentence below says how",
  question:
    "Output 5 should be 0, but is 0.8. A hidden neuron has a large positive weight to it. What does output 5 tell this neuron?",
  answers: [
    ["Fire more", "No: its weight is positive, so that would push output 5 up even more."],
    ["Fire less", "Right: it pushes output 5 up, and output 5 should fall."],
    ["Nothing", "No: errors flow back along every wire, times its weight."],
  ],
  controls: `<button id="backpropagation-play" type="button">Play</button> <button id="backpropagation-back" type="button">Previous</button> <button id="backpropagation-next" type="button">Next phase</button> <button id="backpropagation-show" type="button" aria-expanded="false" aria-controls="backpropagation-formula">Show the formula</button> <button id="backpropagation-other" type="button">Another neuron</button> <div id="backpropagation-formula" class="formula" hidden></div>`,
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
    return figureOf(pass, placesOf(size));
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

/** The layers after the step. @param {Float32Array} image */
function stepped(image) {
  const layers = structuredClone(flow.layers);
  sgdStep(layers, [{ image, y: desired(rightDigit(image)) }], RATE);
  return layers;
}

/** What all phases show: activations and errors before the step, activations after it, the hidden neuron that fires most,
 * the cost before and after; and the neuron that the sentences are about. Unless the visitor has picked another, that is
 * the right output at first, and the hidden neuron with the largest blame from the phase of blame on.
 * @param {Float32Array} image */
function passOf(image) {
  const { layers, phase, picked, steps } = flow;
  const digit = rightDigit(image);
  const example = { image, y: desired(digit) };
  const { activations, errors } = backpropagate(layers, [example]);
  const [[hidden], [outputs]] = activations.slice(1);
  const [[blame], [deltas]] = errors;
  const after = stepped(image);
  const [[hiddenAfter], [outputsAfter]] = feedforward(after, [image]).slice(1);
  const most = ranked(blame)[0];
  const isEarly = phase <= ERRORS || phase === STEP;
  const [kind, name] = (picked || (isEarly ? `output ${digit}` : `hidden ${most}`)).split(" ");
  const [j, isHidden] = [Number(name), kind === "hidden"];
  const neuron = isHidden ? j : most;
  const output = isHidden ? digit : j;
  const costs = [layers, after].map((all) => meanCost(all, [example]));
  const facts = { layers, image, digit, y: example.y, phase, picked, steps, kind, j, isHidden, neuron, output, costs };
  const weights = layers[1].weights;
  return { ...facts, weights, hidden, outputs, blame, deltas, hiddenAfter, outputsAfter, firing: predictionOf(hidden) };
}
/** @typedef {ReturnType<typeof passOf>} Pass */

/** What each output tells hidden neuron j: what it wants, -δ, times the weight between them. @type {(pass: Pass, j: number) => Float32Array} */
const messagesTo = ({ deltas, weights }, j) => deltas.map((delta, k) => -delta * weights[30 * k + j]);
const sumOf = (values) => values.reduce((sum, value) => sum + value, 0);

// The figure.

/** Where its parts are: from the left, the digit, the hidden neurons in two columns, the outputs, and their numbers.
 * @type {(size: Size) => any} */
function placesOf({ width, height }) {
  const isWide = width > 520;
  const [top, bottom] = [58, height - 34];
  const side = isWide ? Math.min(150, (bottom - top - 60) / 2) : 72;
  const [across, end] = [width * (isWide ? 0.42 : 0.36), width * (isWide ? 0.6 : 0.5)];
  const column = (n, x) => neuronPlaces({ left: x, top, right: x, bottom }, [n])[0];
  const hidden = column(30, across).map(([x, y], j) => [x + (j % 2 ? 11 : -11), y]);
  return { width, height, isWide, top, bottom, side, across, end, hidden, output: column(10, end) };
}

/** @type {(pass: Pass, places: any) => string} */
function figureOf(pass, places) {
  const { phase, image, blame, neuron, isHidden } = pass;
  const { top, bottom, side, across, hidden, output, isWide } = places;
  const isForward = phase === GUESS || phase === STEP;
  const names = [
    ...hidden.map((place, j) => [place, `hidden ${j}`]),
    ...output.map((place, k) => [place, `output ${k}`]),
  ];
  const targets = names.map(([[x, y], name]) => circle(x, y, 12, "near", `data-neuron="${name}"`)); // larger than the discs
  const sum = text(
    across - 24,
    hidden[neuron][1] + 5,
    `sum ${signed(sumOf(messagesTo(pass, neuron)), 2)}`,
    "end",
    "strong",
  );
  const change = image.map((a) => -a * Math.sign(blame[neuron]));
  const changes = `${text(0, bottom - side - 23, isWide ? `Changes of neuron ${neuron}:` : "Changes", "start", "strong")}
    ${text(0, bottom - side - 8, isWide ? "red up, blue down" : "", "start")}
    ${pixelImage({ left: 0, top: bottom - side, side }, change)}`;
  return `${headings(places)} ${wiresOf(pass, places)}
    ${text(side / 2, top + 12, "Your digit")} ${pixelImage({ left: 0, top: top + 22, side }, image, "foreground")}
    ${phase === WEIGHTS ? changes : legend(isForward, bottom)} ${targets.join("")}
    ${discsOf(pass, places)} ${numbersOf(pass, places)}
    ${phase === BLAME && isHidden && isWide ? sum : ""} ${costBar(pass, places)}`;
}

/** The names of the phases in a row; each can be clicked. */
const headings = ({ width, isWide }) =>
  PHASES.map((name, n) => {
    const share = width / PHASES.length;
    const kind = n === flow.phase ? "phase strong" : "phase";
    return `<path d="M${share * n + 3} 25H${share * (n + 1) - 3}" class="${n <= flow.phase ? "curve" : ""}"
      opacity="${n === flow.phase ? 1 : 0.4}"/>
      <g data-neuron="phase ${n}">${text(share * (n + 0.5), 16, isWide ? `${n + 1}  ${name}` : name, "middle", kind)}</g>`;
  }).join("");

/** The discs of all neurons. In forward phases they light up when pulses arrive; in others they take the colours of what
 * they want: red to rise, blue to fall. @type {(pass: Pass, places: any) => string} */
function discsOf({ phase, kind, j, hidden, outputs, hiddenAfter, outputsAfter, blame, y }, places) {
  const isForward = phase === GUESS || phase === STEP;
  const wishes = y.map((wish, k) => wish - outputs[k]);
  const shades = relative(blame.map((value) => -value));
  const layer = (layerName, radius, before, after, wanted, isWanted, arrival) =>
    places[layerName].map((place, n) => {
      const options = { name: `${layerName} ${n}`, chosen: kind === layerName && j === n };
      const activations = phase === STEP ? after : before;
      const active = (style = "") => disc(place, radius, activations[n], { ...options, style });
      if (isForward) return disc(place, radius, 0) + active(lit(arrival));
      if (!isWanted) return active();
      const isNew = phase === (layerName === "hidden" ? BLAME : ERRORS);
      const style = isNew ? lit(arrival) : "";
      return active() + disc(place, radius, wanted[n], { ...options, tone: toneOf(wanted[n]), style });
    });
  return [
    ...layer("hidden", 7, hidden, hiddenAfter, shades, phase >= BLAME, PULSE),
    ...layer("output", 9, outputs, outputsAfter, wishes, true, isForward ? 2 * PULSE : 300),
  ].join("");
}

/** The style of what appears when pulses arrive, so many milliseconds after the phase began. @param {number} arrival */
function lit(arrival) {
  const delay = arrival + flow.since - performance.now();
  return delay < -1000 || wantsStill() ? "" : `animation: lit 0.4s backwards; animation-delay: ${delay}ms`;
}

/** First activations run forward, then blame runs back, then weights change. @type {(pass: Pass, places: any) => string} */
function wiresOf({ phase, weights, hidden, hiddenAfter, deltas, blame, neuron, isHidden, j }, places) {
  const { top, bottom, side } = places;
  const isForward = phase === GUESS || phase === STEP;
  const isBack = phase === BLAME;
  const activations = phase === STEP ? hiddenAfter : hidden;
  const pairs = places.hidden.flatMap((_, h) => places.output.map((_, k) => [h, k]));
  const values = relative(
    Float32Array.from(pairs, ([h, k]) => {
      if (isForward) return activations[h] * weights[30 * k + h];
      return -deltas[k] * (phase === BLAME ? weights[30 * k + h] : hidden[h]);
    }),
  );
  const between = pairs.map(([h, k], n) => {
    const ends = [places.hidden[h], places.output[k]];
    const isQuiet = phase >= BLAME && phase <= WEIGHTS && (isHidden ? h : k) !== j;
    const value = phase === ERRORS ? 0.1 : values[n];
    return { from: ends[Number(isBack)], to: ends[Number(!isBack)], value, strength: isQuiet ? 0.08 : 1 };
  });
  const tone = isForward || phase === ERRORS ? "foreground" : "";
  const from = ([, y]) => [side + 4, top + 22 + (side * (y - top)) / (bottom - top)];
  const fromPixels = places.hidden.map((to, h) => ({ from: from(to), to, value: activations[h] }));
  const fromChanges = [0, 0.25, 0.5, 0.75, 1].map((part) => ({
    from: [side + 4, bottom - side + side * part],
    to: places.hidden[neuron],
    value: -0.4 * Math.sign(blame[neuron]),
  }));
  return [
    isForward ? wires(fromPixels, "foreground", 0, 1) : "",
    phase === WEIGHTS ? wires(fromChanges, "", 0, 0) : "",
    wires(between, tone, isForward ? PULSE : 0, [1, 0, 3, 0, 1][phase]),
  ].join("");
}

/** Wires from place to place, thicker for larger values, and pulses that run along the strongest: `times` from `delay` on.
 * Without a tone, positive values are red and negative ones blue.
 * @type {(all: { from: number[]; to: number[]; value: number; strength?: number }[], tone: string, delay: number, times: number) => string} */
function wires(all, tone, delay, times) {
  const size = ({ value, strength = 1 }) => Math.abs(value * strength);
  const order = all.toSorted((p, q) => size(q) - size(p));
  const elapsed = performance.now() - flow.since;
  const lines = order.slice(0, WIRES).map(({ from, to, value, strength = 1 }) => {
    const opacity = strength * (tone ? 0.1 : 0.1 + 0.8 * Math.abs(value));
    return `<path d="M${from}L${to}" data-style="stroke: var(--${tone || toneOf(value)})"
      stroke-width="${0.5 + 3.5 * Math.abs(value)}" stroke-opacity="${opacity}"/>`;
  });
  if (!times || wantsStill() || elapsed > delay + times * PULSE + 400) return lines.join("");
  const pulses = order.slice(0, PULSES).map(({ from: [x, y], to, value }, n) => {
    const style = `fill: var(--${tone || toneOf(value)}); --across: ${to[0] - x}px; --down: ${to[1] - y}px;
      animation-delay: ${delay - elapsed + 60 * (n % 7)}ms; animation-iteration-count: ${times}`;
    return circle(x, y, 1.5 + 3 * Math.abs(value), "pulse", `data-style="${style}"`);
  });
  return [...lines, ...pulses].join("");
}

/** What the colours mean. @type {(isForward: boolean, bottom: number) => string} */
function legend(isForward, bottom) {
  const all = isForward
    ? [
        ["foreground", "active"],
        ["off", "silent"],
      ]
    : [
        ["red", "should rise"],
        ["blue", "should fall"],
      ];
  const y = (n) => bottom - 34 + 26 * n;
  const dots = all.map(([tone], n) => circle(8, y(n), 7, "", `fill="var(--${tone})"`));
  return [...dots, ...all.map(([, words], n) => text(21, y(n) + 5, words, "start"))].join("");
}

/** The numbers of the outputs, in columns; some of them in the colours of rising and falling.
 * @type {(pass: Pass, places: any) => string} */
function numbersOf(pass, { output: places, width, isWide }) {
  const { digit } = pass;
  const left = places[0][0] + 30;
  const columns = columnsOf(pass, isWide).map(([title, values, digits, kind = ""], n, all) => {
    const x = left + ((width - left) * (n + 0.5)) / all.length;
    const lines = title.split("\n").toReversed();
    const heads = lines.map((line, up) => text(x, places[0][1] - 18 - 15 * up, line, "middle", "quiet"));
    const numbers = [...values].map((value, k) => {
      const words = (kind ? signed : number)(value, digits);
      return text(x, places[k][1] + 5, words, "middle", kind !== "toned" ? "" : value > 0 ? "rises" : "falls");
    });
    return [...heads, ...numbers].join("");
  });
  const names = places.map(([x, y], k) => text(x + 20, y + 5, k, "middle", k === digit ? "strong" : ""));
  return [...names, ...columns].join("");
}

/** Each column: its title, values, digits after the point, and whether they are signed, or also toned.
 * @type {(pass: Pass, isWide: boolean) => any[][]} */
function columnsOf(pass, isWide) {
  const { phase, isHidden, neuron, firing, y, hidden, outputs, outputsAfter, deltas, weights } = pass;
  const [digits, gap] = isWide ? [3, " "] : [2, "\n"];
  const wants = deltas.map((delta) => -delta);
  const from = phase === WEIGHTS && !isHidden ? firing : neuron; // the hidden neuron whose weights are shown
  const own = outputs.map((_, k) => weights[30 * k + from]);
  const changes = deltas.map((delta) => -RATE * delta * hidden[from]);
  const guess = [
    ["is", outputs, 2],
    ["should", y, 0],
  ];
  if (phase === GUESS) return guess;
  if (phase === STEP) return [["was", outputs, 2], ["is", outputsAfter, 2], guess[1]];
  if (phase === BLAME && isHidden) {
    const tells = `= tells\n${isWide ? "neuron" : "no."} ${neuron}`;
    const messages = messagesTo(pass, neuron);
    return [
      ["wants", wants, digits, "toned"],
      [`×${gap}weight`, own, digits, "signed"],
      [tells, messages, digits, "toned"],
    ];
  }
  if (phase === WEIGHTS) {
    const sums = own.map((weight, k) => Number(weight.toFixed(3)) + Number(changes[k].toFixed(3))); // as shown
    return [
      [`weight\nno. ${from}`, own, 3, "signed"],
      ["change", changes, 3, "toned"],
      [`=${gap}new`, sums, 3, "signed"],
    ];
  }
  const errors = y.map((wish, k) => wish - outputs[k]);
  const rest = [
    ["error", errors, 2, "toned"],
    [`×${gap}slope`, outputs.map(slopeAt), 2],
    [`=${gap}wants`, wants, digits, "toned"],
  ];
  return isWide ? [...guess, ...rest] : rest;
}

/** The cost, as a number and a bar; after the step, over the bar of before. @type {(pass: Pass, places: any) => string} */
function costBar({ phase, costs: [before, after] }, { end: left, width, height }) {
  const scale = (width - left) / Math.max(2, before);
  const bar = (cost, kind) => rect(left, height - 18, cost * scale, 14, kind, `rx="3"`);
  const isOver = phase === STEP;
  const words = isOver ? `Cost C ${number(before)} → ${number(after)}` : `Cost C = ${number(before)}`;
  return `${text(left - 12, height - 6, words, "end", "strong")}
    ${isOver ? bar(before, "bar before") + bar(after, "bar") : bar(before, "bar")}`;
}

// The words: for each phase, what it did to the neuron that the sentence is about.

/** @param {Pass} pass */
function guessed({ steps, picked, isHidden, j, y, digit, hidden, outputs }) {
  if (picked && isHidden)
    return `Neuron ${j} adds up your pixels times its weights, and fires at ${number(hidden[j])}.`;
  if (picked) return `Output ${j} is ${number(outputs[j])}. It should be ${y[j]}.`;
  const best = predictionOf(outputs);
  const begin = steps
    ? `After ${steps} step${steps > 1 ? "s" : ""}, output ${best}`
    : `Nobody has trained this network yet: its weights are random, and its outputs are guesses. Output ${best}`;
  return `${begin} is the largest, at ${number(outputs[best])}. Your digit is a ${digit}: output ${digit} should be 1, and all others 0.`;
}

/** @param {Pass} pass */
function erred({ picked, isHidden, j, y, digit, outputs }) {
  if (isHidden) return `Neuron ${j} does not know its error yet. The outputs will tell it in the next phase.`;
  const error = (k) =>
    `Output ${k} should be ${y[k]} but is ${number(outputs[k])}, so it wants to ${y[k] ? "rise (red)" : "fall (blue)"}.`;
  const a = outputs[j];
  const slope = `How strongly? By its error times the slope of its sigmoid: on a flat part a push changes little. The slope is a (1 − a) = ${number(a)} × ${number(1 - a)} = ${number(slopeAt(a))}.`;
  return `${error(j)} ${slope}${picked ? "" : ` ${error(predictionOf(outputs.with(digit, -1)))}`}`;
}

/** What a hidden neuron is told, and by which output the most. @param {Pass} pass */
function blamed(pass) {
  const { isHidden, j, y, hidden, blame, weights } = pass;
  if (!isHidden) {
    const [more, less] = y[j] ? ["more (red)", "less (blue)"] : ["less (blue)", "more (red)"];
    return `Output ${j} wants to ${y[j] ? "rise" : "fall"}. A neuron whose weight to this output is positive is told: fire ${more}. If the weight is negative: fire ${less}.`;
  }
  const messages = messagesTo(pass, j);
  const sum = sumOf(messages);
  const k = predictionOf(messages.map((part) => part * Math.sign(sum)));
  const [push, hold, where] = weights[30 * k + j] > 0 ? ["pushed", "pushes", "up"] : ["held", "holds", "down"];
  const reason = sum < 0 ? `${push} output ${k} ${where} by mistake` : `${hold} output ${k} ${where}, as it should`;
  return `Neuron ${j} ${reason}, so it is told to fire ${sum < 0 ? "less (blue)" : "more (red)"}. Each output tells it what the output wants, times the weight between them. The messages add up to ${signed(sum, 2)}. Neuron ${j} multiplies this by the slope of its own sigmoid, ${number(slopeAt(hidden[j]))}; the product is what it wants: ${signed(-blame[j], 3)}.`;
}

/** @param {Pass} pass */
function weighed({ isHidden, j, hidden, firing, blame, deltas }) {
  const rule = `A weight changes by its input times what the neuron at its end wants, times a learning rate of ${RATE}, which is small so that one step does not overshoot.`;
  if (isHidden) {
    return `${rule} Neuron ${j} fires at ${number(hidden[j])}, which is the input of the weights at the right. At the left, neuron ${j} wants ${signed(-blame[j], 3)}, so its weight from a fully inked pixel (input 1) changes by ${signed(-RATE * blame[j], 4)}.`;
  }
  return `${rule} Output ${j} wants ${signed(-deltas[j], 3)}, so its weight from neuron ${firing}, which fires at ${number(hidden[firing])}, changes by ${signed(-RATE * deltas[j] * hidden[firing], 4)}.`;
}

/** @param {Pass} pass */
function moved({ isHidden, picked, j, y, hidden, hiddenAfter, outputs, outputsAfter, costs }) {
  if (isHidden)
    return `Neuron ${j} fired at ${number(hidden[j])} before the step, and fires at ${number(hiddenAfter[j])} now.`;
  const change = `Output ${j} went from ${number(outputs[j])} to ${number(outputsAfter[j])}`;
  if (picked) return `${change}. It should be ${y[j]}.`;
  return `All weights have made a small step. ${change}, and the cost C fell from ${number(costs[0])} to ${number(costs[1])}. Training repeats this with thousands of digits.`;
}

/** The sentence of each phase. @type {((pass: Pass) => string)[]} */
const SENTENCES = [guessed, erred, blamed, weighed, moved];

/** Of three digits. @param {number} value */
const exact = (value) => `${Number(value.toPrecision(3))}`.replace("-", "−");

/** The equations of this phase, with the numbers of that neuron. @type {(pass: Pass) => string[]} */
function formulaOf({
  phase,
  isHidden,
  neuron,
  output,
  image,
  y,
  hidden,
  outputs,
  blame,
  deltas,
  weights,
  firing,
  costs,
}) {
  const a = outputs[output];
  const h = hidden[neuron];
  if (phase === GUESS) {
    return [
      "a′ = σ(z) with z = w · a + b: the activations a′ of a layer from those of the layer before it, a",
      `C = ½ Σ (y − a)² = ${exact(costs[0])}, where y is what an output should be, and a what it is`,
    ];
  }
  if (phase === ERRORS) {
    return [
      "BP1, the first equation of backpropagation: δ = (a − y) · σ′(z), where σ′(z) = a (1 − a) says how easily the activation moves",
      `For output ${output}: δ = (${exact(a)} − ${y[output]}) · ${exact(a)} · ${exact(1 - a)} = ${exact(deltas[output])}`,
      `δ is the slope of the cost, and what an output wants is −δ: downhill`,
    ];
  }
  if (phase === BLAME) {
    const sum = backwards(weights, deltas)[neuron];
    return [
      "BP2: δ = (Σ w · δ of the outputs) · σ′(z)",
      `For neuron ${neuron}: δ = ${exact(sum)} · ${exact(h)} · ${exact(1 - h)} = ${exact(blame[neuron])}`,
      `What neuron ${neuron} wants is −δ`,
    ];
  }
  if (phase === WEIGHTS) {
    const [who, delta] = isHidden ? [`neuron ${neuron}`, blame[neuron]] : [`output ${output}`, deltas[output]];
    const [what, input] = isHidden ? ["a pixel with ink", Math.max(...image)] : [`neuron ${firing}`, hidden[firing]];
    return [
      `BP3, the slope of C for the bias of ${who}: ∂C/∂b = δ = ${exact(delta)}`,
      `BP4, for its weight from ${what}: ∂C/∂w = a · δ = ${exact(input)} · ${exact(delta)} = ${exact(input * delta)}`,
    ];
  }
  return [
    `w → w − η · ∂C/∂w and b → b − η · ∂C/∂b, with the learning rate η = ${RATE}`,
    `C = ${exact(costs[0])} → ${exact(costs[1])}`,
  ];
}
