import { backpropagate, backwards, desired, meanCost, sgdStep } from "../backpropagation.js";
import { element, find, wantsStill, write } from "../elements.js";
import { disc, neuronPlaces, number, pixelImage, signed, svg, text } from "../figure.js";
import { relative, toneOf } from "../layers.js";
import { feedforward, predictionOf, ranked, slopeAt } from "../network.js";
import { rightDigit, untrained } from "../small.js";

const PHASES = ["Guess", "Errors", "Blame", "Weights", "Step"];
const [GUESS, ERRORS, BLAME, WEIGHTS, STEP] = PHASES.keys();
const RATE = 0.1; // learning rate, so low that the digit is not learned at once
const LONG = 6000; // milliseconds of a phase while it plays, to read its sentence
const PULSE = 1300; // milliseconds of a pulse, as in style.css
const PULSES = 100, WIRES = 160; // at most, the strongest

/** The state of this stop: its own network, before the step; how many steps were made before; the phase, and when it began;
 * the name of the neuron that was picked; the digit; the timer while it plays; and whether the formula is shown. */
export const backflow = {
  layers: /** @type {Layer[]} */ ([]), steps: 0, phase: GUESS, since: 0, picked: "",
  image: /** @type {Float32Array | null} */ (null), timer: 0, formula: false,
};

/** Errors flow back from the outputs, as pulses on the wires, in five phases. @type {Stop} */
export const backpropagation = {
  title: "Backpropagation: errors flow back", section: ["chap2.html#the_four_fundamental_equations_behind_backpropagation", "The four fundamental equations behind backpropagation"],
  text: "Which of its thousands of weights should an untrained network change? It sends the errors of its outputs back along the wires, and a neuron that pushed an output the wrong way gets the blame. Press Play, or go phase by phase, and click any neuron.",
  figure: "A network of 30 hidden neurons and ten outputs reads your digit, and the errors of its outputs flow back; the sentence below says how",
  question: "Output 5 should be 0, but is 0.8. A hidden neuron has a large positive weight to it. What does output 5 tell this neuron?",
  answers: [["Fire more", "No: its weight is positive, so that would push output 5 up even more."], ["Fire less", "Right: it pushes output 5 up, and output 5 should fall."], ["Nothing", "No: errors flow back along every wire, times its weight."]],
  controls: `<button id="backpropagation-play" type="button">Play</button> <button id="backpropagation-back" type="button">Previous</button> <button id="backpropagation-next" type="button">Next phase</button> <button id="backpropagation-show" type="button" aria-expanded="false" aria-controls="backpropagation-formula">Show the formula</button> <button id="backpropagation-other" type="button">Another neuron</button> <div id="backpropagation-formula" class="formula" hidden></div>`,
  on: {
    "backpropagation-play": play,
    "backpropagation-back": () => turn(-1),
    "backpropagation-next": () => turn(1),
    "backpropagation-show": () => { backflow.formula = !backflow.formula; },
    "backpropagation-other": pickNext,
  },
  arrive: () => Object.assign(backflow, { layers: untrained(), steps: 0, phase: GUESS, since: performance.now(), picked: "" }),
  leave: pause,
  pick(name) {
    const [kind, place] = name.split(" ");
    if (kind !== "phase") backflow.picked = name;
    else turn(Number(place) - backflow.phase);
  },
  draw({ image, width, height }) {
    if (image !== backflow.image) {
      pause();
      Object.assign(backflow, { image, phase: GUESS, since: performance.now(), picked: "" });
    }
    const pass = passOf(image), { phase, formula } = backflow;
    write("backpropagation-play", backflow.timer ? "Pause" : "Play");
    write("backpropagation-show", formula ? "Hide the formula" : "Show the formula");
    find("backpropagation-show", HTMLElement).ariaExpanded = `${formula}`;
    find("backpropagation-back", HTMLElement).ariaDisabled = `${phase === GUESS}`;
    const lines = find("backpropagation-formula", HTMLElement);
    lines.hidden = !formula;
    lines.replaceChildren(...formulaOf(pass).map((line) => element("p", line)));
    return [partsOf(pass, width, height), { lasting: sentenceOf(pass) }];
  },
};

/** Goes on by some phases, or back. After the last phase its step is kept, and it begins again. @param {number} by */
function turn(by, byItself = false) {
  const { image, phase, picked } = backflow, next = phase + by;
  if (!byItself) pause();
  if (next < 0 || !image) return;
  if (next >= PHASES.length) {
    backflow.layers = stepped(image);
    backflow.steps++;
  }
  Object.assign(backflow, { phase: next % PHASES.length, since: performance.now(), picked: picked.startsWith("hidden") ? picked : "" });
}

/** Plays all phases up to the last, or pauses. */
function play() {
  if (backflow.timer) return pause();
  if (backflow.phase === STEP) turn(1);
  backflow.since = performance.now(); // pulses run again
  backflow.timer = setInterval(() => {
    turn(1, true);
    if (backflow.phase === STEP) pause();
    dispatchEvent(new Event("shown"));
  }, LONG);
}

function pause() {
  clearInterval(backflow.timer);
  backflow.timer = 0;
}

/** Picks the next neuron, of the outputs or the hidden ones, for those who cannot click on it. */
function pickNext() {
  const { image } = backflow;
  if (!image) return;
  const { kind, j } = passOf(image);
  backflow.picked = `${kind} ${(j + 1) % (kind === "output" ? 10 : 30)}`;
}

/** The layers after the step. @param {Float32Array} image */
function stepped(image) {
  const layers = structuredClone(backflow.layers);
  sgdStep(layers, [{ image, y: desired(rightDigit(image)) }], RATE);
  return layers;
}

/** What all phases show: activations and errors before the step, activations after it, the most active hidden neuron, the
 * cost before and after; and the neuron that the sentences are about. Unless the visitor has picked another, that is the
 * right output at first, and the hidden neuron with the largest blame from the phase of blame on.
 * @param {Float32Array} image */
function passOf(image) {
  const { layers, phase, picked } = backflow, digit = rightDigit(image), example = { image, y: desired(digit) };
  const { activations: [, [hidden], [outputs]], errors: [[blame], [deltas]] } = backpropagate(layers, [example]);
  const after = stepped(image), [, [hiddenAfter], [outputsAfter]] = feedforward(after, [image]);
  const most = ranked(blame)[0], isEarly = phase <= ERRORS || phase === STEP;
  const [kind, j] = (picked || (isEarly ? `output ${digit}` : `hidden ${most}`)).split(" ");
  return {
    example, digit, hidden, outputs, blame, deltas, hiddenAfter, outputsAfter, kind, j: Number(j),
    neuron: kind === "hidden" ? Number(j) : most, output: kind === "output" ? Number(j) : digit,
    mostActive: predictionOf(hidden), costs: [layers, after].map((all) => meanCost(all, [example])),
  };
}
/** @typedef {ReturnType<typeof passOf>} Pass */

/** What each output tells hidden neuron j: what it wants, -δ, times the weight between them. @type {(pass: Pass, j: number) => Float32Array} */
const messagesTo = ({ deltas }, j) => deltas.map((delta, k) => -delta * weightOf(j, k));

/** The weight from hidden neuron j to output k. @type {(j: number, k: number) => number} */
const weightOf = (j, k) => backflow.layers[1].weights[30 * k + j];

/** Of three digits. @param {number} value */
const exact = (value) => `${Number(value.toPrecision(3))}`.replace("-", "−");

// The figure.

/** Its elements: from the left, the digit, the hidden neurons in two columns, the outputs, and their numbers.
 * @type {(pass: Pass, width: number, height: number) => Node[]} */
function partsOf(pass, width, height) {
  const { phase } = backflow, isWide = width > 520, top = 58, bottom = height - 34;
  const side = isWide ? Math.min(150, (bottom - top - 60) / 2) : 72, across = width * (isWide ? 0.42 : 0.36), end = width * (isWide ? 0.6 : 0.5);
  const column = (/** @type {number} */ n, /** @type {number} */ x) => neuronPlaces({ left: x, top, right: x, bottom }, [n])[0];
  const hidden = column(30, across).map(([x, y], j) => /** @type {Point} */ ([x + (j % 2 ? 11 : -11), y]));
  const outputs = column(10, end), edge = side + 4, isForward = phase === GUESS || phase === STEP;
  const image = backflow.image ?? new Float32Array(784), { kind, j, neuron } = pass;
  const shades = (/** @type {Float32Array} */ values) => relative(values.map((value) => -value)); // wishes, -1 to 1
  const activations = phase === STEP ? pass.hiddenAfter : pass.hidden, results = phase === STEP ? pass.outputsAfter : pass.outputs;
  const wishes = pass.example.y.map((y, k) => y - pass.outputs[k]), arrival = isForward ? PULSE : 0;
  const start = (/** @type {Point} */ [, y]) => /** @type {Point} */ ([edge, top + 22 + (side * (y - top)) / (bottom - top)]);
  return [
    ...headings(width, isWide),
    ...(isForward ? links(hidden.map((to, h) => ({ from: start(to), to, value: activations[h] })), "foreground", 0, 1) : []),
    ...(phase === WEIGHTS ? links([0, 0.25, 0.5, 0.75, 1].map((part) => ({
      from: /** @type {Point} */ ([edge, bottom - side + side * part]), to: hidden[neuron], value: -0.4 * Math.sign(pass.blame[neuron]),
    })), "", 0, 0) : []),
    ...linksOf(pass, hidden, outputs, arrival),
    text(side / 2, top + 12, "Your digit"), pixelImage({ left: 0, top: top + 22, side }, image, "foreground"),
    ...(phase === WEIGHTS ? changesOf(pass, side, bottom) : legend(isForward, bottom)),
    ...[...hidden.map((place, h) => ({ place, name: `hidden ${h}` })), ...outputs.map((place, k) => ({ place, name: `output ${k}` }))]
      .map(({ place: [cx, cy], name }) => svg("circle", { cx, cy, r: 12, fill: "transparent", "data-neuron": name })),
    ...hidden.flatMap((place, h) => {
      const name = `hidden ${h}`, chosen = kind === "hidden" && j === h, active = disc(place, 7, activations[h], { name, chosen });
      if (isForward) return lit(disc(place, 7, 0), active, PULSE);
      if (phase === ERRORS) return [active];
      return lit(active, disc(place, 7, shades(pass.blame)[h], { signed: true, name, chosen }), phase === BLAME ? PULSE : 0);
    }),
    ...outputs.flatMap((place, k) => {
      const name = `output ${k}`, chosen = kind === "output" && j === k, active = disc(place, 9, results[k], { name, chosen });
      if (isForward) return lit(disc(place, 9, 0), active, 2 * PULSE);
      return lit(active, disc(place, 9, wishes[k], { signed: true, name, chosen }), phase === ERRORS ? 300 : 0);
    }),
    ...numbersOf(pass, outputs, width, isWide),
    ...(phase === BLAME && kind === "hidden" && isWide ? [text(across - 24, hidden[neuron][1] + 5, `sum ${signed(messagesTo(pass, neuron).reduce((sum, part) => sum + part), 2)}`, "end", "strong")] : []),
    ...costBar(pass, end, width, height),
  ];
}

/** The names of the phases in a row; each can be clicked. @type {(width: number, isWide: boolean) => Node[]} */
const headings = (width, isWide) => PHASES.flatMap((name, n) => {
  const share = width / PHASES.length, isNow = n === backflow.phase, words = text(share * (n + 0.5), 16, isWide ? `${n + 1}  ${name}` : name, "middle", isNow ? "phase strong" : "phase");
  words.dataset.neuron = `phase ${n}`;
  return [svg("path", { d: `M${share * n + 3} 25H${share * (n + 1) - 3}`, class: n <= backflow.phase ? "curve" : "", opacity: isNow ? 1 : 0.4 }), words];
});

/** Wires from place to place, thicker for larger values, and pulses that run along the strongest: `times` from `delay` on.
 * Without a tone, positive values are red and negative ones blue.
 * @type {(all: { from: Point; to: Point; value: number; strength?: number }[], tone: string, delay: number, times: number) => Node[]} */
function links(all, tone, delay, times) {
  const order = all.toSorted((p, q) => Math.abs(q.value * (q.strength ?? 1)) - Math.abs(p.value * (p.strength ?? 1))), elapsed = performance.now() - backflow.since;
  const wires = order.slice(0, WIRES).map(({ from: [x0, y0], to: [x1, y1], value, strength = 1 }) => {
    const path = svg("path", { d: `M${x0} ${y0}L${x1} ${y1}`, "stroke-width": 0.5 + 3.5 * Math.abs(value), "stroke-opacity": strength * (tone ? 0.1 : 0.1 + 0.8 * Math.abs(value)) });
    path.style.stroke = `var(--${tone || toneOf(value)})`;
    return path;
  });
  if (wantsStill() || elapsed > delay + times * PULSE + 400) return wires;
  return [...wires, ...order.slice(0, times && PULSES).map(({ from: [x0, y0], to: [x1, y1], value }, n) => {
    const dot = svg("circle", { cx: x0, cy: y0, r: 1.5 + 3 * Math.abs(value), class: "pulse" });
    Object.assign(dot.style, { fill: `var(--${tone || toneOf(value)})`, animationDelay: `${delay - elapsed + 60 * (n % 7)}ms`, animationIterationCount: times });
    dot.style.setProperty("--across", `${x1 - x0}px`);
    dot.style.setProperty("--down", `${y1 - y0}px`);
    return dot;
  })];
}

/** A disc that appears over the one of before when pulses arrive. @type {(before: SVGElement, made: SVGElement, arrival: number) => SVGElement[]} */
function lit(before, made, arrival) {
  const delay = arrival + backflow.since - performance.now();
  if (!arrival || delay < -1000 || wantsStill()) return [made];
  Object.assign(made.style, { animation: "lit 0.4s backwards", animationDelay: `${delay}ms` });
  return [before, made];
}

/** The wires between hidden neurons and outputs: first activations run forward, then blame runs back, then weights change.
 * @type {(pass: Pass, hidden: Point[], outputs: Point[], delay: number) => Node[]} */
function linksOf(pass, hidden, outputs, delay) {
  const { phase } = backflow, { kind, j } = pass, pairs = hidden.flatMap((_, h) => outputs.map((_, k) => [h, k]));
  const strengths = [
    (/** @type {number} */ h, /** @type {number} */ k) => pass.hidden[h] * weightOf(h, k), () => 0.1,
    (/** @type {number} */ h, /** @type {number} */ k) => -pass.deltas[k] * weightOf(h, k),
    (/** @type {number} */ h, /** @type {number} */ k) => -pass.deltas[k] * pass.hidden[h],
    (/** @type {number} */ h, /** @type {number} */ k) => pass.hiddenAfter[h] * weightOf(h, k),
  ][phase];
  const values = relative(Float32Array.from(pairs, ([h, k]) => strengths(h, k))), isBack = phase === BLAME;
  return links(pairs.map(([h, k], n) => ({
    from: isBack ? outputs[k] : hidden[h], to: isBack ? hidden[h] : outputs[k], value: phase === ERRORS ? 0.1 : values[n],
    strength: (isBack || phase === WEIGHTS) && (kind === "hidden" ? h : k) !== j ? 0.08 : 1,
  })), phase === BLAME || phase === WEIGHTS ? "" : "foreground", delay, [1, 0, 3, 0, 1][phase]);
}

/** How the weights of the hidden neuron change, pixel by pixel. @type {(pass: Pass, side: number, bottom: number) => Node[]} */
const changesOf = ({ neuron, blame }, side, bottom) => [
  text(0, bottom - side - 23, side > 72 ? `Changes of neuron ${neuron}:` : "Changes", "start", "strong"), text(0, bottom - side - 8, side > 72 ? "red up, blue down" : "", "start"),
  pixelImage({ left: 0, top: bottom - side, side }, (backflow.image ?? new Float32Array(784)).map((a) => -a * Math.sign(blame[neuron]))),
];

/** What the colours mean. @type {(isForward: boolean, bottom: number) => Node[]} */
const legend = (isForward, bottom) => (isForward ? [["foreground", "active"], ["off", "silent"]] : [["red", "should rise"], ["blue", "should fall"]])
  .flatMap(([tone, words], n) => {
    const dot = svg("circle", { cx: 8, cy: bottom - 34 + 26 * n, r: 7 });
    dot.style.fill = `var(--${tone})`;
    return [dot, text(21, bottom - 29 + 26 * n, words, "start")];
  });

/** The numbers of the outputs, in columns. @type {(pass: Pass, places: Point[], width: number, isWide: boolean) => Node[]} */
function numbersOf(pass, places, width, isWide) {
  const { phase } = backflow, { kind, neuron, mostActive, example: { y }, hidden, outputs, outputsAfter, deltas } = pass, left = places[0][0] + 30;
  const plain = (/** @type {string} */ title, /** @type {Float32Array} */ values) => ({ title, values, write: (/** @type {number} */ value) => number(value), isToned: false });
  const toned = (/** @type {string} */ title, /** @type {Float32Array} */ values, /** @type {number} */ places) => ({ title, values, write: (/** @type {number} */ value) => signed(value, places), isToned: true });
  const should = { ...plain("should", y), write: String }, [digits, gap] = isWide ? [3, " "] : [2, "\n"], wants = toned("wants", deltas.map((delta) => -delta), digits);
  const from = kind === "output" && phase === WEIGHTS ? mostActive : neuron; // the hidden neuron whose weights are shown
  const weights = outputs.map((_, k) => weightOf(from, k)), changes = deltas.map((delta) => -RATE * delta * hidden[from]);
  const columns = phase === BLAME && kind === "hidden" ? [wants, { ...toned(`×${gap}weight`, weights, digits), isToned: false }, toned(`= tells\n${isWide ? "neuron" : "no."} ${neuron}`, messagesTo(pass, neuron), digits)]
    : phase === STEP ? [plain("was", outputs), plain("is", outputsAfter), should]
    : phase === WEIGHTS ? [{ ...toned(`weight\nno. ${from}`, weights, 3), isToned: false }, toned("change", changes, 3), { ...plain(`=${gap}new`, weights.map((weight, k) => Number(weight.toFixed(3)) + Number(changes[k].toFixed(3)))), write: (/** @type {number} */ value) => signed(value, 3) }]
    : phase === GUESS ? [plain("is", outputs), should]
    : [...(isWide ? [plain("is", outputs), should] : []), toned("error", y.map((wish, k) => wish - outputs[k]), 2), plain(`×${gap}slope`, outputs.map(slopeAt)), { ...wants, title: `=${gap}wants` }];
  const column = (/** @type {number} */ n) => left + ((width - left) * (n + 0.5)) / columns.length;
  return [
    ...places.map(([x, height], k) => text(x + 20, height + 5, `${k}`, "middle", k === pass.digit ? "strong" : "")),
    ...columns.flatMap(({ title, values, write, isToned }, n) => [
      ...title.split("\n").toReversed().map((line, up) => text(column(n), places[0][1] - 18 - 15 * up, line, "middle", "quiet")),
      ...[...values].map((value, k) => text(column(n), places[k][1] + 5, write(value), "middle", isToned ? (value > 0 ? "rises" : "falls") : "")),
    ]),
  ];
}

/** The cost, as a number and a bar; after the step, over the bar of before. @type {(pass: Pass, left: number, right: number, height: number) => Node[]} */
function costBar({ costs: [before, after] }, left, right, height) {
  const isOver = backflow.phase === STEP, scale = (right - left) / Math.max(2, before);
  const words = isOver ? `Cost C ${number(before)} → ${number(after)}` : `Cost C = ${number(before)}`;
  return [
    text(left - 12, height - 6, words, "end", "strong"),
    svg("rect", { x: left, y: height - 18, width: before * scale, height: 14, rx: 3, class: isOver ? "bar before" : "bar" }),
    ...(isOver ? [svg("rect", { x: left, y: height - 18, width: after * scale, height: 14, rx: 3, class: "bar" })] : []),
  ];
}

// The words.

/** Says what this phase did to the neuron that the sentences are about. @param {Pass} pass */
function sentenceOf(pass) {
  const { phase, steps, picked } = backflow, { kind, j, digit, outputs, hidden, mostActive, example: { y }, costs } = pass;
  const best = predictionOf(outputs), wrong = predictionOf(outputs.with(digit, -1)), isHidden = kind === "hidden";
  const error = (/** @type {number} */ k) => `Output ${k} should be ${y[k]} but is ${number(outputs[k])}, so it wants to ${y[k] ? "rise (red)" : "fall (blue)"}`;
  const wish = (/** @type {number} */ k) => `${error(k)}. How strongly? By its error times the slope of its sigmoid: on a flat part a push changes little. The slope is a (1 − a) = ${number(outputs[k])} × ${number(1 - outputs[k])} = ${number(slopeAt(outputs[k]))}.`;
  if (phase === GUESS) {
    if (picked) return isHidden ? `Neuron ${j} adds up your pixels times its weights, and fires at ${number(hidden[j])}.` : `Output ${j} is ${number(outputs[j])}. It should be ${y[j]}.`;
    const begin = steps ? `After ${steps} step${steps > 1 ? "s" : ""}, output ${best} is the largest` : `Nobody has trained this network yet: its weights are random, and its outputs are guesses. Output ${best} is the largest`;
    return `${begin}, at ${number(outputs[best])}. Your digit is a ${digit}: output ${digit} should be 1, and all others 0.`;
  }
  if (phase === ERRORS) {
    if (isHidden) return `Neuron ${j} does not know its error yet. The outputs will tell it in the next phase.`;
    return picked ? wish(j) : `${wish(digit)} ${error(wrong)}.`;
  }
  if (phase === BLAME) return isHidden ? blameOf(pass) : `Output ${j} wants to ${y[j] ? "rise" : "fall"}. A neuron whose weight to this output is positive is told: fire ${y[j] ? "more (red). If the weight is negative: fire less (blue)" : "less (blue). If the weight is negative: fire more (red)"}.`;
  if (phase === WEIGHTS) {
    const rule = `A weight changes by its input times what the neuron at its end wants, times a learning rate of ${RATE}, which is small so that one step does not overshoot`;
    if (isHidden) return `${rule}. Neuron ${j} fires at ${number(hidden[j])}, which is the input of the weights at the right. At the left, neuron ${j} wants ${signed(-pass.blame[j], 3)}, so its weight from a fully inked pixel (input 1) changes by ${signed(-RATE * pass.blame[j], 4)}.`;
    return `${rule}. Output ${j} wants ${signed(-pass.deltas[j], 3)}, so its weight from neuron ${mostActive}, which fires at ${number(hidden[mostActive])}, changes by ${signed(-RATE * pass.deltas[j] * hidden[mostActive], 4)}.`;
  }
  if (isHidden) return `Neuron ${j} fired at ${number(hidden[j])} before the step, and fires at ${number(pass.hiddenAfter[j])} now.`;
  const change = `Output ${j} went from ${number(outputs[j])} to ${number(pass.outputsAfter[j])}`;
  return picked ? `${change}. It should be ${y[j]}.` : `All weights have made a small step. ${change}, and the cost C fell from ${number(costs[0])} to ${number(costs[1])}. Training repeats this with thousands of digits.`;
}

/** What a hidden neuron is told, and by which output the most. @param {Pass} pass */
function blameOf(pass) {
  const { j, hidden, blame } = pass, messages = messagesTo(pass, j), sum = messages.reduce((total, part) => total + part);
  const k = predictionOf(messages.map((part) => part * Math.sign(sum))), pushes = weightOf(j, k) > 0;
  const reason = sum < 0 ? `${pushes ? "pushed" : "held"} output ${k} ${pushes ? "up" : "down"} by mistake` : `${pushes ? "pushes" : "holds"} output ${k} ${pushes ? "up" : "down"}, as it should`;
  return `Neuron ${j} ${reason}, so it is told to fire ${sum < 0 ? "less (blue)" : "more (red)"}. Each output tells it what the output wants, times the weight between them. The messages add up to ${signed(sum, 2)}. Neuron ${j} multiplies this by the slope of its own sigmoid, ${number(slopeAt(hidden[j]))}; the product is what it wants: ${signed(-blame[j], 3)}.`;
}

/** The equations of this phase, with the numbers of that neuron. @type {(pass: Pass) => string[]} */
function formulaOf(pass) {
  const { phase, layers } = backflow, { neuron, output, hidden, mostActive, outputs, blame, deltas, example, costs } = pass, a = outputs[output], y = example.y[output];
  const delta = pass.kind === "output" ? deltas[output] : blame[neuron], h = hidden[neuron];
  const who = `output ${output}`;
  if (phase === GUESS) return ["a′ = σ(z) with z = w · a + b: the activations a′ of a layer from those of the layer before it, a", `C = ½ Σ (y − a)² = ${exact(costs[0])}, where y is what an output should be, and a what it is`];
  if (phase === ERRORS) {
    return ["BP1, the first equation of backpropagation: δ = (a − y) · σ′(z), where σ′(z) = a (1 − a) says how easily the activation moves",
      `For ${who}: δ = (${exact(a)} − ${y}) · ${exact(a)} · ${exact(1 - a)} = ${exact(deltas[output])}`,
      `δ is the slope of the cost, and what an output wants is −δ: downhill`];
  }
  if (phase === BLAME) {
    const sum = backwards(layers[1].weights, deltas)[neuron];
    return ["BP2: δ = (Σ w · δ of the outputs) · σ′(z)",
      `For neuron ${neuron}: δ = ${exact(sum)} · ${exact(h)} · ${exact(1 - h)} = ${exact(blame[neuron])}`,
      `What neuron ${neuron} wants is −δ`];
  }
  if (phase === WEIGHTS) {
    const pixel = predictionOf(example.image), isHidden = pass.kind === "hidden";
    const input = isHidden ? example.image[pixel] : hidden[mostActive];
    return [`BP3, the slope of C for the bias of ${isHidden ? `neuron ${neuron}` : who}: ∂C/∂b = δ = ${exact(delta)}`,
      `BP4, for its weight from ${isHidden ? "a pixel with ink" : `neuron ${mostActive}`}: ∂C/∂w = a · δ = ${exact(input)} · ${exact(delta)} = ${exact(input * delta)}`];
  }
  return [`w → w − η · ∂C/∂w and b → b − η · ∂C/∂b, with the learning rate η = ${RATE}`, `C = ${exact(costs[0])} → ${exact(costs[1])}`];
}
