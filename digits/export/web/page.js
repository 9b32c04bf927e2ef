// The page: what is on the pad is read while it is drawn, and every layer of the network is shown.

const find = (id) => document.getElementById(id);
const detector = network.only_digit !== null;
const NOTHING = 0.05; // if all outputs are below it, no digit was recognised; as in digits/predict.py
const state = { digits: [], chosen: 0, looked: null }; // looked: [layer, neuron] whose weights are shown
const paper = find("paper"), paperContext = paper.getContext("2d");

const layers = network.sizes.slice(1).map((_, l) => {
  const figure = find("layer").content.firstElementChild.cloneNode(true);
  find("answer").before(figure);
  return neuronsView(figure, l + 1);
});
const views = [pixelsView(find("pixels")), ...layers];

/** Reads what is on the pad. */
function read() {
  const { strokes, picture, digits } = pad.drawing;
  state.digits = picture ? digits : digitsOfStrokes(strokes);
  const clearest = Math.max(...state.digits.map((digit) => digit.clarity));
  state.chosen = state.digits.findIndex((digit) => digit.clarity === clearest);
  show();
}

/** Shows the chosen digit in every layer, with the weights of the neuron that is looked into. */
function show() {
  const digit = state.digits[state.chosen];
  const activations = digit ? feedforward(digit.image) : network.sizes.map((n) => new Float32Array(n));
  const [layer, j] = state.looked ?? [];
  const n = network.sizes[layer - 1];
  const w = layer && network.layers[layer - 1].weights.subarray(j * n, (j + 1) * n);
  views.forEach((view, l) => view.show(activations[l], layer === l + 1 ? w : null));
  layers.forEach((view, l) => view.mark(layer === l + 1 ? j : null));
  showAnswer(activations.at(-1), Boolean(digit));
  showPad(layer === 1 ? w : null, digit);
}

function showAnswer(outputs, read) {
  const answer = answerOf(outputs), recognised = read && (detector || outputs[answer] > NOTHING);
  const said = detector ? `${answer ? "a" : "no"} ${network.only_digit}` : answer;
  find("digit").textContent = recognised ? said : "?";
  find("digit").style.opacity = !recognised ? 0.15 : detector ? 1 : Math.max(0.3, outputs[answer]);
  const bits = read && !detector ? binaryLayer(outputs) : [];
  [...find("bits").children].forEach((item, place) => {
    item.classList.toggle("one", bits[place] === 1);
    item.firstChild.textContent = bits[place] ?? "";
  });
}

function showPad(w, digit) {
  const { drawing } = pad, side = paper.width;
  paperContext.clearRect(0, 0, side, side);
  paperContext.strokeStyle = colour("ink");
  paint(paperContext, side, drawing);
  if (w) {
    const image = digit?.image ?? new Float32Array(784);
    paperContext.globalCompositeOperation = "destination-out"; // the drawing fades
    paperContext.globalAlpha = 0.75;
    paperContext.fillRect(0, 0, side, side);
    paperContext.globalCompositeOperation = "source-over";
    paintPixels(paperContext, seenBox(digit).map((n) => n * side), 1, image, w);
  }
  find("pad").classList.toggle("written", Boolean(w) || drawing.picture !== null || drawing.strokes.length > 0);
  for (const [button, possible] of [["undo", pad.past.length], ["clear", drawing.picture || drawing.strokes.length]]) {
    find(button).setAttribute("aria-disabled", !possible);
  }
  [...find("boxes").children].forEach((box, i) => box.setAttribute("aria-pressed", i === state.chosen));
}

/** Where on the pad the network's 28 x 28 pixels lie over what was drawn: left, top, width, height. */
function seenBox(digit) {
  if (!digit) return [0, 0, 1, 1];
  const data = digit.image.map((value) => Number(value > 0.2));
  const seen = bounds({ width: 28, height: 28, data });
  const [left, top, right, bottom] = digit.box;
  const [x, y] = [(right - left) / (seen[2] - seen[0]), (bottom - top) / (seen[3] - seen[1])];
  return [left - seen[0] * x, top - seen[1] * y, 28 * x, 28 * y];
}

/** Says in words what was read, or why nothing was; not while one draws, since screen readers speak it. */
function say(failure = "") {
  const readings = state.digits.map(({ image }) => feedforward(image).at(-1));
  const outputs = readings[state.chosen];
  const invitation = "Or drop, paste or choose a picture of handwriting.";
  find("said").textContent = failure || (outputs ? inWords(readings, outputs) : invitation);
}

function inWords(readings, outputs) {
  const answer = answerOf(outputs);
  if (detector) return `${answer ? "A" : "No"} ${network.only_digit}: its output is ${outputs[0].toFixed(2)}.`;
  if (outputs[answer] <= NOTHING) return "This looks like no digit.";
  const second = answerOf(outputs.with(answer, -1));
  const from = (i) => state.digits[i]?.line;
  const read = readings.map((outputs, i) => (i && from(i) !== from(i - 1) ? ", " : "") + answerOf(outputs)).join("");
  const line = readings.length > 1 ? `Reads ${read}. Shown: ` : "";
  return `${line}${answer} at ${outputs[answer].toFixed(2)}, then ${second} at ${outputs[second].toFixed(2)}.`;
}

/** Reads what is on the pad and says it; and how long that took, if `since` is when the pen was lifted. */
function finish(since = null) {
  showBoxes();
  read();
  say();
  const took = performance.now() - since;
  find("time").textContent = since !== null && state.digits.length ? `read in ${took.toFixed(1)} ms` : "";
}

function showBoxes() {
  const { picture, digits } = pad.drawing;
  find("boxes").replaceChildren(...(picture ? digits : []).map(({ image, box: [left, top, right, bottom] }, i) => {
    const answer = answerOf(feedforward(image).at(-1));
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.append(element("span", detector ? (answer ? network.only_digit : "–") : answer));
    const sides = { left, top, width: right - left, height: bottom - top };
    for (const [side, share] of Object.entries(sides)) button.style[side] = `${100 * share}%`;
    button.addEventListener("click", () => {
      state.chosen = i;
      show();
      say();
    });
    return button;
  }));
}

async function readPicture(file) {
  let picture;
  try {
    picture = await openFile(file);
  } catch {
    return say("This is not a picture that the browser can open.");
  }
  const digits = digitsOfPicture(picture);
  if (!digits.length) return say("No digit is found: nothing in this picture looks like ink on paper.");
  replaceDrawing({ strokes: [], picture, digits });
  finish();
}

let waiting = false;
listenToPen(paper, (event, done) => {
  if (done) return finish(event.timeStamp);
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    showBoxes();
    read();
  });
});

layers.forEach((view, l) =>
  listenToNeurons(view, (j) => {
    state.looked = j === null ? null : [l + 1, j];
    show();
  }),
);
addEventListener("pointerdown", (event) => {
  if (!event.target.closest(".neurons") && state.looked) {
    state.looked = null;
    show();
  }
});

function undo() {
  restoreDrawing();
  finish();
}

function clear() {
  const { strokes, picture } = pad.drawing;
  if (strokes.length || picture) replaceDrawing({ strokes: [], picture: null });
  finish();
}

find("undo").addEventListener("click", undo);
find("clear").addEventListener("click", clear);
find("choose").addEventListener("click", () => find("file").click());
find("file").addEventListener("change", ({ target }) => {
  if (target.files[0]) readPicture(target.files[0]);
  target.value = ""; // so that the same file can be chosen again
});
addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "z") undo();
  else if (["Escape", "Delete", "Backspace"].includes(event.key)) clear();
  else return;
  event.preventDefault();
});
addEventListener("paste", (event) => {
  const file = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
  if (file) readPicture(file);
});
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
addEventListener("dragleave", (event) => event.relatedTarget || document.body.classList.remove("dropping"));
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  if (event.dataTransfer.files[0]) readPicture(event.dataTransfer.files[0]);
});

/** Makes the layers a multiple of 28 screen pixels wide, so that their pixels are sharp, and draws all again. */
function fit() {
  const root = document.documentElement;
  root.style.removeProperty("--side");
  const side = find("pixels").clientWidth;
  root.style.setProperty("--side", `${(Math.floor((side * devicePixelRatio) / 28) * 28) / devicePixelRatio}px`);
  paper.width = paper.height = Math.round(paper.clientWidth * devicePixelRatio);
  show();
}

function describe() {
  const percent = (share) => `${(100 * share).toFixed(2)} %`;
  const size = network.layers.reduce((sum, { weights, biases }) => sum + weights.length + biases.length, 0);
  const { test_accuracy: test, validation_accuracy: validation } = network;
  const facts = [network.shape];
  if (test !== null) facts.push(`${percent(test)} on MNIST’s test images`);
  else if (validation !== null) facts.push(`${percent(validation)} on validation images`);
  find("about").textContent = facts.join(" · ");
  document.querySelector("footer").textContent =
    `The network’s ${size.toLocaleString("en")} weights and biases are in this file. Nothing you draw leaves it.`;
  document.body.classList.toggle("detector", detector);
  find("in-bits").hidden = detector;
  find("bits").replaceChildren(...(detector ? [] : [8, 4, 2, 1]).map((place) => element("li", element("b"), place)));
}

describe();
document.querySelector("main").hidden = false; // with all its layers, so that nothing moves
fit();
finish();
addEventListener("resize", fit);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
