// What the page shows: the answer and the pad, every layer of the network, and what is said of them in words.

import { paintWires } from "./connections.js";
import { canHover, element, find, write } from "./elements.js";
import { held } from "./held.js";
import { clamp, isSame, mappedBox } from "./images.js";
import { neuronsView, paintInput, paintWeights, relative } from "./layers.js";
import { imagesOf, predictionOf, ranked, recall, weightedInput } from "./network.js";
import { paintPad, paper } from "./pad.js";
import { HALF, isDigit } from "./reader.js";
import { EMPTY, reader, state } from "./state.js";
import { askSoon } from "./workers.js";

const FAINT = 0.55; // share that weights are shown with whose pixel is 0
const CLEAR = 0.8; // an output above which no second digit is named, if no other is over HALF
const FEW = 0.1; // an output below which it is near 0
const MOST = 24; // wires to one layer of a neuron that is looked into: more would hide one another
const BRANCHES = [10, 4, 3, 2]; // wires to each neuron of the way to the answer, from the output backwards
const GAP = 0.75; // a wide gap in an answer, as a share of a digit's width
const QUIET = 0.5; // share of the strength of these wires
const RULES = new Intl.PluralRules("en", { type: "ordinal" });
const ENDINGS = /** @type {Record<string, string>} */ ({ one: "st", two: "nd", few: "rd", other: "th" });
const REFUSALS = { // two lines at most on a phone, or the pad would move
  small: "Too small or too narrow for a digit: choose a larger picture.",
  blank: "Nothing stands out from the background: write darker.",
  unlike: "Nothing here looks like a digit: cut out the number alone.",
};
const WORDS = ["", "one", "two", "three", "four", "five", "six"];
const all = find("network-view", HTMLElement);
const pixels = /** @type {HTMLCanvasElement} */ (document.querySelector("#pixels canvas"));
const built = { kind: "", layers: /** @type {ReturnType<typeof neuronsView>[]} */ ([]) }; // that are in view

/** What decides how a network's layers look. @type {(network: Network) => string} */
const kindOf = ({ shape, fresh = false }) => `${shape} ${fresh}`;

let isUpright = false; // whether the layers stand below one another

/** Makes a view for each layer of neurons. */
function build() {
  const { sizes } = state.network;
  for (const { figure } of built.layers) figure.remove();
  const layers = sizes.slice(1).map((_, l) => neuronsView(sizes, l + 1, (j) => look(j === null ? null : [l + 1, j])));
  find("answer", HTMLElement).before(...layers.map(({ figure }) => figure));
  Object.assign(built, { kind: kindOf(state.network), layers });
  state.looked = null;
  fit();
}

/** Fits the layers into the page, and draws all again. */
export function fit() {
  isUpright = getComputedStyle(all).flexDirection === "column";
  pixels.style.width = "";
  const side = (Math.floor((pixels.clientWidth * devicePixelRatio) / 28) * 28) / devicePixelRatio;
  if (side) pixels.style.width = `${side}px`; // sharp; 0 while a stop is in its place
  for (const view of built.layers) view.fit(isUpright);
  paper.width = paper.height = Math.round(paper.clientWidth * devicePixelRatio); // not asked for while one draws
  show();
}

let reading = Promise.resolve(); // of strokes, one drawing after another

/** Reads what is on the pad, if it is not yet, and shows it. @type {() => Promise<void>} */
export async function readPad() {
  const { digits } = state.drawing;
  paint();
  if (state.pen !== null && find("said", HTMLElement).textContent) write("said", ""); // it is no longer true
  if (isUnread()) {
    if (!state.reading) reading = readStrokes();
    await reading;
  } else showDigits(digits ?? []);
}

const isUnread = () => state.drawing.strokes.length > 0 && !state.drawing.digits;

/** Reads the newest strokes, until they do not change meanwhile; what became of others is not shown. */
async function readStrokes() {
  state.reading = true;
  while (isUnread()) {
    const { drawing } = state, { strokes } = drawing, points = strokes.at(-1)?.length;
    const { digits, unread } = await askSoon({ strokes, ...reader() });
    drawing.unread = unread;
    if (strokes.at(-1)?.length === points) drawing.digits = digits;
    if (state.drawing === drawing) showDigits(digits);
  }
  state.reading = false;
}

/** Shows the digits of what is on the pad. @param {Digit[]} digits */
function showDigits(digits) {
  const pen = state.drawing.strokes.at(-1)?.at(-1), ranks = digits.map(({ box }) => (
    pen ? -Math.hypot(box.left + box.right - 2 * pen[0], box.top + box.bottom - 2 * pen[1]) : 0
  ));
  state.digits = digits;
  state.chosen = ranks.indexOf(Math.max(...ranks)); // that which is drawn; in a picture, the first
  state.flash = null;
  placeBoxes();
  show();
}

/** The same, and says it. */
export async function finish() {
  const { drawing } = state, shown = readPad();
  find("pad", HTMLElement).classList.toggle("reading", Boolean(drawing.picture && !drawing.digits && !drawing.refusal));
  describe();
  if (isUnread()) await shown;
  if (state.drawing === drawing) say();
}

let faded = /** @type {Float32Array | undefined} */ (undefined); // the weights that are over the drawing

/** What is drawn, at once. */
function paint() {
  paintPad(state.digits.at(state.chosen), faded);
  find("pad", HTMLElement).classList.toggle("written", Boolean(faded) || state.drawing !== EMPTY);
}

/** The image of the chosen digit. */
export const imageShown = () => state.digits.at(state.chosen)?.image;

let ghost = /** @type {Ghost | null} */ (null); // which is no drawing, and which a drawing hides

/** Shows what an unseen hand wrote, or no longer. @param {Ghost | null} next */
export function haunt(next) {
  ghost = next;
  show();
}

/** Whether the ghost is there to be seen. */
const isHaunted = () => ghost !== null && state.drawing === EMPTY;

/** Shows the chosen digit in every layer, with the contributions to and of the neuron that is looked into. */
export function show() {
  const { network, chosen, digits } = state, digit = digits.at(chosen), last = network.sizes.length - 1;
  if (built.kind !== kindOf(network)) return build();
  const { image, reached } = ghost && isHaunted() ? ghost : { image: null, reached: Infinity };
  const all = recall(network.layers, image ? [image] : imagesOf(digits));
  const activations = network.sizes.map((n, l) => (l <= reached ? all[l][image ? 0 : chosen] : null) ?? new Float32Array(n));
  state.outputs = image ? [] : all[last];
  dispatchEvent(new Event("shown")); // to a stop of the tour
  const [layer, j] = state.looked ?? [0, 0], { layers } = built;
  const contributions = (state.looked ? contributionsAround(layer, j, activations) : state.flash) ?? [];
  paintInput(pixels, activations[0], contributions[0]);
  layers.forEach((view, l) => {
    view.show(activations[l + 1], contributions[l + 1], layer === l + 1 ? j : undefined);
  });
  if (state.looked) paintWires(wiresAround(layer, j, contributions), isUpright);
  else if (!state.flash && state.pen === null && (image || isKnown(chosen))) {
    const best = image ? predictionOf(all[last][0]) : digitRead(chosen);
    paintWires(wiresTo(best, all.map((layer) => layer[image ? 0 : chosen]), reached), isUpright, QUIET);
  } else paintWires([], isUpright);
  if (network.fresh && layers.length > 1) paintWeights(layers[0], network.layers[0].weights);
  showAnswer();
  faded = layer === 1 ? contributions[0] : undefined;
  paint();
  find("see", HTMLElement).ariaPressed = `${Boolean(state.drawing.sight)}`;
  const { past, future, teaching } = state, drawn = state.drawing !== EMPTY;
  const possible = { undo: past.length && !teaching, redo: future.length && !teaching, clear: drawn };
  for (const [name, is] of Object.entries(possible)) find(name, HTMLElement).ariaDisabled = `${!is}`;
  find("teach", HTMLElement).classList.toggle("possible", teaching || (Boolean(digit) && !state.worker));
  const which = whichOfSeveral();
  if (!teaching) write("which", `No, ${which ? `the ${which}` : "it"} is`);
  for (const [i, box] of find("boxes", HTMLElement).querySelectorAll("button").entries()) {
    box.ariaPressed = `${i === chosen}`;
    box.children[0].textContent = `${digitRead(i)}`;
  }
  if (state.looked) explain(inSentence(layer, j, activations));
}

/** Where neuron j of a layer is in the network's box. A pixel's box reaches to the end of the image, where its wires begin. @type {(layer: number, j: number) => Box} */
function placeOf(layer, j) {
  if (layer) return built.layers[layer - 1].placeOf(j);
  const { offsetLeft, offsetTop, offsetWidth } = pixels, cell = offsetWidth / 28;
  const left = offsetLeft + cell * (j % 28), top = offsetTop + cell * Math.floor(j / 28);
  return isUpright ? { left, top, right: left + cell, bottom: offsetTop + offsetWidth }
    : { left, top, right: offsetLeft + offsetWidth, bottom: top + cell };
}

/** The strongest wires of the neuron that is looked into. @type {(layer: number, j: number, contributions: Float32Array[]) => Wire[]} */
function wiresAround(layer, j, contributions) {
  const here = placeOf(layer, j), strongest = (/** @type {Float32Array} */ values = new Float32Array(0)) => (
    ranked(values.map(Math.abs)).slice(0, MOST)
  );
  return [
    ...strongest(contributions[layer - 1]).map((k) => ({ from: placeOf(layer - 1, k), to: here, value: contributions[layer - 1][k] })),
    ...strongest(contributions[layer + 1]).map((k) => ({ from: here, to: placeOf(layer + 1, k), value: contributions[layer + 1][k] })),
  ];
}

/** How an answer comes about, as far as the signal has reached: the wires that contribute most to its output, those that
 * contribute most to their neurons, and so on back to the pixels. @type {(answer: number, activations: Float32Array[], reached: number) => Wire[]} */
function wiresTo(answer, activations, reached) {
  const { layers } = state.network, wires = /** @type {Wire[]} */ ([]);
  for (let layer = layers.length, ends = [answer]; layer > 0; layer--) {
    const starts = ends.flatMap((j) => {
      const before = activations[layer - 1], { length } = before, w = layers[layer - 1].weights.subarray(j * length, (j + 1) * length);
      const values = relative(w.map((weight, k) => weight * before[k]));
      const strongest = ranked(values.map(Math.abs)).slice(0, BRANCHES[layers.length - layer]);
      if (layer <= reached) wires.push(...strongest.map((k) => ({ from: placeOf(layer - 1, k), to: placeOf(layer, j), value: values[k] })));
      return strongest;
    });
    ends = [...new Set(starts)];
  }
  const { offsetLeft: left, offsetTop: top, offsetWidth, offsetHeight } = find("digit", HTMLElement);
  if (reached <= layers.length || isUpright) return wires; // an upright answer may be anywhere in the window
  const to = { left, top, right: left + offsetWidth, bottom: top + offsetHeight };
  return [...wires, { from: placeOf(layers.length, answer), to, value: 1, tone: "answer" }];
}

/** By layer: the weights of neuron j for the pixels, or what hidden neurons contribute to it; and what it contributes
 * to those of the next layer. @type {(layer: number, j: number, activations: Float32Array[]) => Float32Array[]} */
function contributionsAround(layer, j, activations) {
  const { layers } = state.network, shown = [], before = activations[layer - 1], a = activations[layer][j];
  const w = layers[layer - 1].weights.subarray(j * before.length, (j + 1) * before.length);
  shown[layer - 1] = relative(w, (k) => (layer === 1 ? FAINT + (1 - FAINT) * before[k] : before[k]));
  if (layer === layers.length) return shown;
  const { weights, biases } = layers[layer], n = activations[layer].length;
  shown[layer + 1] = relative(biases.map((_, next) => weights[next * n + j]), () => a);
  return shown;
}

/** Neuron j of a layer, in words. @type {(layer: number, j: number, activations: Float32Array[]) => string} */
function inSentence(layer, j, activations) {
  const { layers } = state.network, { weights, biases } = layers[layer - 1], a = activations[layer][j].toFixed(2);
  const z = weightedInput(weights, biases[j], activations[layer - 1], j).toFixed(1).replace("-", "−");
  const pixels = "red pixels excite it, blue ones inhibit it";
  const neurons = "red neurons contribute to it, blue ones against it";
  const beyond = layer + 1 < layers.length ? `Hidden ${layer + 1} shows` : "The outputs show";
  const onward = layer < layers.length ? `. ${beyond} its contributions, activation times weight` : "";
  return `Weighted input z = w·a + b = ${z}, activation σ(z) = ${a}: ${layer === 1 ? pixels : neurons}${onward}.`;
}

/** @type {(sentence?: string | null) => void} */
export function explain(sentence) {
  const where = canHover() ? "Point at" : "Tap";
  const rest = "any part, or a neuron, to see what it does. 784 pixels go in, ten outputs come out, and the largest is the answer.";
  write("explain", sentence ?? `${where} ${rest}`);
}

/** Looks into a neuron or, again, into none. @type {(neuron: State["looked"]) => void} */
export function look(neuron) {
  if (!neuron && !state.looked) return;
  state.looked = neuron;
  show();
  if (!neuron) explain();
}

/** The numbers of the digits in each line. */
function lines() {
  const { digits } = state, all = new Set(digits.map(({ line }) => line));
  return [...all].map((number) => [...digits.keys()].filter((i) => digits[i].line === number));
}

/** Shows what is read, each digit as strong as its output, and of several marks the chosen one. */
function showAnswer() {
  const { outputs, chosen, drawing } = state, rows = outputs.length ? lines() : [[0]], answer = find("digit", HTMLElement);
  const isReading = drawing.picture && !drawing.digits && !drawing.refusal;
  const ghostly = ghost && isHaunted() && ghost.reached === state.network.sizes.length ? ghost.answer : "";
  answer.replaceChildren(...rows.map((line) => element("span", ...line.map((i) => {
    const digit = element("b", ghostly || (isReading ? "…" : said(i)));
    digit.style.setProperty("--share", `${ghostly ? 100 : isKnown(i) ? Math.max(30, 100 * outputs[i][digitRead(i)]) : 15}%`);
    digit.classList.toggle("chosen", i === chosen && outputs.length > 1);
    digit.classList.toggle("apart", isApart(i));
    return digit;
  }))));
  const widths = rows.map((line) => line.length + GAP * line.filter(isApart).length);
  answer.style.setProperty("--longest", `${Math.max(...widths)}`);
  answer.style.setProperty("--lines", `${rows.length}`);
  answer.classList.toggle("known", Boolean(ghostly) || isKnown(chosen));
}

/** Whether digit number i was read by the network that is shown, and not by what it was before a lesson; nor is it one
 * that this network was taught, on which it alone decides. @type {(i: number) => boolean} */
function isRead(i) {
  const { outputs } = state.digits[i] ?? {};
  return Boolean(!isTaught(i) && outputs?.every((a, j) => a === state.outputs[i][j]));
}

/** Digit number i as it is read, which need not be its largest output; that, if it is not read from a number.
 * @param {number} i */
const digitRead = (i) => (isRead(i) ? state.digits[i].value : undefined) ?? predictionOf(state.outputs[i]);

/** Whether this network was taught what digit number i is, or that it is not a digit. @param {number} i */
const isTaught = (i) => state.digits.slice(i, i + 1).some(({ image }) => (
  state.network.lessons?.some((lesson) => isSame(lesson.image, image))
));

/** Whether there is a digit number i that is read, as one of several is unless it was taught. @param {number} i */
const isKnown = (i) => i in state.outputs && (
  isDigit(state.outputs[i]) || isRead(i) || (state.outputs.length > 1 && !isTaught(i))
);

/** Whether a wide gap is before digit number i, in its line. @param {number} i */
function isApart(i) {
  const [before, here] = [state.digits[i - 1], state.digits[i]];
  return Boolean(before && here && before.line === here.line && before.group !== here.group);
}

/** What digit number i is read as, or ?. @param {number} i */
const said = (i) => (isKnown(i) ? `${digitRead(i)}` : "?");

/** Which digit is chosen, such as "3rd", if there are several. */
export function whichOfSeveral() {
  const place = state.chosen + 1;
  return state.digits.length > 1 ? `${place}${ENDINGS[RULES.select(place)]}` : "";
}

/** What on the pad is not read. */
const unreadMarks = () => state.drawing.unread ?? [];

/** A box around each digit of a picture, and of several that are drawn, to choose it; and around what is not read. */
function placeBoxes() {
  const { digits, drawing: { picture } } = state, unread = unreadMarks();
  const several = picture || digits.length + unread.length > 1;
  const place = (/** @type {HTMLElement} */ made, /** @type {Box} */ box) => { // which covers nothing beside the pad
    const { left, top, right, bottom } = mappedBox(box, (n) => clamp(n, 0, 1));
    const sides = { left, top, width: right - left, height: bottom - top };
    for (const [side, share] of Object.entries(sides)) made.style.setProperty(side, `${100 * share}%`);
    return made;
  };
  find("see", HTMLElement).hidden = !picture;
  find("boxes", HTMLElement).replaceChildren(...(several ? digits : []).map(({ box }, i) => {
    const button = element("button", element("span"));
    button.addEventListener("click", () => {
      state.chosen = i;
      show();
      say();
    });
    return place(button, box);
  }), ...(several ? unread : []).map((box) => place(element("i"), box)));
}

/** Says in words what was read, or something else; not while one draws, since screen readers speak it. */
export function say(other = "") {
  const { digits, drawing: { picture, refusal } } = state, none = refusal ? REFUSALS[refusal] : "Reading …";
  const instead = picture ? none : `Or ${canHover() ? "drop, paste or " : ""}choose a picture of handwriting.`;
  find("said", HTMLElement).classList.toggle("read", !other && digits.length > 0);
  write("said", other || (digits.length ? inWords() : instead));
}

/** What is read, and the two largest outputs for the chosen digit. */
function inWords() {
  const { outputs, chosen } = state, a = outputs[chosen];
  const best = digitRead(chosen), second = predictionOf(a.with(best, -1));
  const [first, then] = [best, second].map((digit) => a[digit].toFixed(2));
  if (!isKnown(chosen) && isTaught(chosen)) return `Not a digit: no output is over ${HALF}.`;
  if (!isKnown(chosen)) {
    const least = a[best] < FEW ? "all ten outputs are near 0" : `the largest output is only ${first}, for ${best}`;
    return `This looks like no digit: ${least}.`;
  }
  const all = lines().map((line) => line.map((i) => (isApart(i) ? ` ${said(i)}` : said(i))).join("")).join(", ");
  const which = whichOfSeveral(), number = which && `${all}. The ${which}: `;
  const { degrees } = state.drawing, turned = degrees ? `Turned by ${degrees}°. ` : "";
  const isClear = a[best] >= CLEAR && a[second] < HALF, rest = unreadMarks().length ? " The rest is not read." : "";
  return `${turned}${number}${best} (output ${first})${isClear ? "" : `, or ${second} (output ${then})`}.${rest}`;
}

/** @type {(share: number) => string} */
export const percent = (share) => (100 * share).toFixed(1);
/** The images on which every accuracy is measured. */
export const testImages = () => `${held.mnist.test.toLocaleString("en")} test images`;

/** Says which network this is. */
export function describe() {
  const { layers, sizes, fresh, epoch, lessons, accuracy } = state.network, hidden = sizes.length - 2;
  const size = layers.reduce((sum, { weights, biases }) => sum + weights.length + biases.length, 0);
  const between = hidden ? `${WORDS[hidden] ?? hidden} layer${hidden > 1 ? "s" : ""} of neurons` : "no hidden layer";
  const shape = `784 pixels, ${between}, ten answers`;
  const facts = [!fresh && lessons ? `${lessons.length} lesson${lessons.length > 1 ? "s" : ""}` : shape]; // in one line
  if (fresh) facts.push(epoch ? "trained here" : "random weights");
  else if (typeof accuracy === "number") facts.push(`${percent(accuracy)} % of ${testImages()}`);
  write("about", facts.join(" · "));
  find("forget", HTMLElement).style.visibility = fresh || lessons === held.lessons ? "hidden" : "";
  const count = size.toLocaleString("en");
  const tests = held.mnist.test ? `, and ${testImages()},` : "";
  const all = `${count} weights and biases${tests}`;
  write("held", `The network’s ${all} are in this file. Nothing you draw leaves it.`);
}
