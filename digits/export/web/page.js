// The page: what is on the pad is read while it is drawn, and every layer of the network is shown.

const source = document.documentElement.outerHTML; // of this page, before anything is put into it
const find = (id) => document.getElementById(id);
// looked: [layer, neuron] that is looked into; flash: the changes of a lesson, as votes; shape: of the layers in view
const state = { digits: [], chosen: 0, looked: null, flash: null, shape: null, teaching: false };
const paper = find("paper"), paperContext = paper.getContext("2d");
let layers = [], views = [];

/** Makes a view for each layer of the network. */
function build() {
  const { sizes } = pad.network;
  document.querySelectorAll(".layer").forEach((figure) => figure.remove());
  layers = sizes.slice(1).map((_, l) => {
    const figure = find("layer").content.firstElementChild.cloneNode(true);
    find("network-view").append(figure);
    const view = neuronsView(figure, sizes, l + 1);
    listenToNeurons(view, (j) => {
      state.looked = j === null ? null : [l + 1, j];
      show();
    });
    return view;
  });
  views = [pixelsView(find("pixels")), ...layers];
  state.looked = null;
  document.documentElement.style.setProperty("--wide", Math.ceil((views.length + 1) / 2));
}

/** Reads what is on the pad. */
function read() {
  const { strokes, digits } = pad.drawing;
  state.digits = digits ?? digitsOfStrokes(strokes);
  const clearest = Math.max(...state.digits.map((digit) => digit.clarity));
  state.chosen = state.digits.findIndex((digit) => digit.clarity === clearest);
  show();
}

/** Shows the chosen digit in every layer, with the votes for and of the neuron that is looked into. */
function show() {
  const { network } = pad, shape = network.sizes.join("-");
  if (state.shape !== shape) build();
  const changed = state.shape !== null && state.shape !== shape;
  state.shape = shape;
  if (changed) fit(false);
  const digit = state.digits[state.chosen];
  const activations = digit ? feedforward(network.layers, digit.image) : network.sizes.map((n) => new Float32Array(n));
  const [layer, j] = state.looked ?? [];
  const votes = state.looked ? votesAround(layer, j, activations) : (state.flash ?? []);
  views.forEach((view, l) => view.show(activations[l], votes[l]));
  layers.forEach((view, l) => view.mark(layer === l + 1 ? j : null));
  if (network.fresh) paintWeights(layers[0], network.layers[0]);
  showAnswer(activations.at(-1), Boolean(digit));
  showPad(layer === 1 ? votes[0] : null, digit);
  if (state.looked) explain(inSentence(layer, j, activations));
}

/** What neuron j of a layer has to do with the layers beside it, by their number: its weights for the pixels, the
 * votes of hidden neurons for it, and its own votes for the neurons of the next layer. */
function votesAround(layer, j, activations) {
  const { layers } = pad.network, votes = [], before = activations[layer - 1], a = activations[layer][j];
  const w = layers[layer - 1].weights.subarray(j * before.length, (j + 1) * before.length);
  votes[layer - 1] = votesOf(w, (k) => (layer === 1 ? FAINT + (1 - FAINT) * before[k] : before[k]));
  if (layer === layers.length) return votes;
  const { weights, biases } = layers[layer], n = activations[layer].length;
  votes[layer + 1] = votesOf(biases.map((_, next) => weights[next * n + j]), () => a);
  return votes;
}

/** Who neuron j of a layer is, in the chapter's words. */
function inSentence(layer, j, activations) {
  const { weights, biases } = pad.network.layers[layer - 1], a = activations[layer][j].toFixed(2);
  const z = weightedInput(weights, biases[j], activations[layer - 1], j).toFixed(1).replace("-", "−");
  const pixels = "ink on red excites it, on blue inhibits it";
  const neurons = "red neurons vote for it, blue ones against it";
  const own = layer < layers.length ? ". Beyond it are its votes: activation times weight" : "";
  return `Weighted input z = w·a + b = ${z}, activation σ(z) = ${a}: ${layer === 1 ? pixels : neurons}${own}.`;
}

function explain(sentence) {
  find("explain").textContent = sentence ?? "Point at any part, or at a neuron, to see what it does.";
}

function showAnswer(outputs, read) {
  const answer = answerOf(outputs), recognised = read && isDigit(outputs);
  const said = detector ? `${answer ? "a" : "no"} ${held.only_digit}` : answer;
  find("digit").textContent = recognised ? said : "?";
  find("digit").style.opacity = !recognised ? 0.15 : detector ? 1 : Math.max(0.3, outputs[answer]);
  const bits = recognised && !detector ? binaryLayer(held.bits, outputs) : [];
  [...find("bits").children].forEach((item, place) => {
    item.classList.toggle("one", bits[place] === 1);
    item.firstChild.textContent = bits[place] ?? "";
  });
}

function showPad(votes, digit) {
  const { drawing } = pad, side = paper.width, drawn = drawing !== EMPTY;
  paperContext.clearRect(0, 0, side, side);
  paperContext.strokeStyle = colour("ink");
  paint(paperContext, side, drawing);
  if (votes) {
    const image = digit?.image ?? new Float32Array(784);
    paperContext.globalCompositeOperation = "destination-out"; // the drawing fades
    paperContext.globalAlpha = 0.75;
    paperContext.fillRect(0, 0, side, side);
    paperContext.globalCompositeOperation = "source-over";
    paintPixels(paperContext, seenBox(digit).map((n) => n * side), 1, image, votes);
  }
  find("pad").classList.toggle("written", Boolean(votes) || drawn);
  for (const [button, possible] of [["undo", pad.past.length], ["redo", pad.future.length], ["clear", drawn]]) {
    find(button).setAttribute("aria-disabled", !possible);
  }
  find("teach").classList.toggle("possible", Boolean(digit) && !training.worker);
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

/** Says in words what was read, or something else; not while one draws, since screen readers speak it. */
function say(other = "") {
  const readings = state.digits.map(outputsFor);
  const outputs = readings[state.chosen];
  const invitation = "Or drop, paste or choose a picture of handwriting.";
  find("said").textContent = other || (outputs ? inWords(readings, outputs) : invitation);
}

const outputsFor = ({ image }) => feedforward(pad.network.layers, image).at(-1);

function inWords(readings, outputs) {
  const answer = answerOf(outputs);
  if (detector) return `${answer ? "A" : "No"} ${held.only_digit}: its output is ${outputs[0].toFixed(2)}.`;
  if (!isDigit(outputs)) return `No digit: no output is over ${SURE}, ${answer} has ${outputs[answer].toFixed(2)}.`;
  const second = answerOf(outputs.with(answer, -1));
  const from = (i) => state.digits[i]?.line;
  const read = readings.map((outputs, i) => (i && from(i) !== from(i - 1) ? ", " : "") + answerOf(outputs)).join("");
  const line = readings.length > 1 ? `Reads ${read}. Shown: ` : "";
  return `${line}${answer} at ${outputs[answer].toFixed(2)}, then ${second} at ${outputs[second].toFixed(2)}.`;
}

/** Reads what is on the pad and says it; and how long that took, if `since` is when the pen was lifted. */
function finish(since = null) {
  state.flash = null;
  showBoxes();
  read();
  say();
  describe();
  const took = performance.now() - since;
  find("time").textContent = since !== null && state.digits.length ? `read in ${took.toFixed(1)} ms` : "";
}

function showBoxes() {
  const { picture, digits } = pad.drawing;
  find("boxes").replaceChildren(...(picture ? digits : []).map((digit, i) => {
    const [left, top, right, bottom] = digit.box, answer = answerOf(outputsFor(digit));
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.append(element("span", detector ? (answer ? held.only_digit : "–") : answer));
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
    const heic = "This browser cannot open an iPhone’s HEIC picture. Send it as JPEG, or paste a screenshot of it.";
    const reason = (await isHeic(file)) ? heic : "This is not a picture that the browser can open.";
    clear();
    return say(reason);
  }
  const digits = digitsOfPicture(picture);
  change({ drawing: { strokes: [], picture, digits } });
  finish();
  if (!digits.length) say("No digit is found: nothing in this picture looks like ink on paper.");
}

let waiting = false;
listenToPen(paper, (event, done) => {
  if (done) return finish(event.timeStamp);
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    state.flash = null;
    showBoxes();
    read();
  });
});

// Explaining.

function pointAt({ target }) {
  if (!target.closest?.(".neurons")) explain(target.closest?.("[data-says]")?.dataset.says);
}
addEventListener("pointerover", pointAt);
addEventListener("focusin", pointAt);
addEventListener("pointerdown", (event) => {
  if (!event.target.closest(".neurons")) lookAway();
});

function lookAway() {
  if (!state.looked) return;
  state.looked = null;
  show();
  explain();
}

// Teaching.

const told = detector
  ? [[`a ${held.only_digit}`, held.only_digit], [`no ${held.only_digit}`, -1]]
  : [...Array(10).keys()].map((digit) => [digit, digit]);
find("teach").append(element("span", "No, it is"), ...told.map(([name, label]) => {
  const button = Object.assign(element("button", name), { type: "button" });
  button.setAttribute("aria-label", `Teach that this is ${name}`);
  button.addEventListener("click", () => learn(name, label));
  return button;
}));

async function learn(name, label) {
  const digit = state.digits[state.chosen], before = pad.network, y = desired(label, held.only_digit);
  if (!digit || state.teaching || training.worker) return;
  state.teaching = true;
  before.accuracy ??= await accuracyOf(before);
  change({});
  const then = supportOf(before.layers, y);
  const [network, steps] = await teach(before, digit.image, y, (taught) => {
    pad.network = taught;
    const changes = supportOf(taught.layers, y).map((all, l) => all.map((now, k) => now - then[l][k]));
    state.flash = changes.map((all) => votesOf(all, () => 1));
    show();
  });
  show(); // as it is after the last step
  network.accuracy = await accuracyOf(network);
  state.teaching = false;
  const learned = isLearned(network.layers, { image: digit.image, y });
  const count = `${steps} step${steps === 1 ? "" : "s"}`;
  const percent = ({ accuracy }) => (100 * accuracy).toFixed(1);
  const result = learned ? `${name} after ${count}` : `Still not ${name} after ${count}, its outputs are saturated`;
  say(`${result}; test images ${percent(before)} → ${percent(network)} %.`);
  describe();
  showBoxes();
  setTimeout(() => {
    state.flash = null;
    show();
  }, 1500);
}

// Training.

find("train").addEventListener("click", () => {
  find("training").hidden = false;
  document.body.classList.add("training");
  fit();
  find("start").focus();
});
find("training").querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (state.teaching) return;
  if (training.worker) {
    stopTraining();
    return showEpoch();
  }
  const [size, batch, rate] = ["size", "batch", "rate"].map((id) => Number(find(id).value));
  if (!pad.network.fresh) training.before = pad.network;
  change({}); // so that undo brings this network back
  startTraining([784, size, 10], { batch, rate }, (network) => {
    const { epochs } = training, slider = find("epoch"), followed = Number(slider.value) >= epochs.length - 2;
    slider.disabled = false;
    if (followed) {
      slider.value = epochs.length - 1;
      pad.network = network;
      state.flash = null;
    }
    showEpoch();
  });
  find("epoch").value = 0;
  showEpoch();
});
find("epoch").addEventListener("input", ({ target }) => {
  target.value = Math.min(target.value, training.epochs.length - 1);
  pad.network = training.epochs[target.value];
  showEpoch();
});
find("leave").addEventListener("click", () => {
  stopTraining();
  find("training").hidden = true;
  document.body.classList.remove("training");
  if (pad.network.fresh) change({ network: training.before });
  fit();
  finish();
  find("train").focus();
});

/** Shows the epoch that the slider is at: the curve up to the newest, and what the network reads then. */
function showEpoch() {
  const { epochs, worker } = training, at = Number(find("epoch").value);
  const count = (split) => held.mnist[split].toLocaleString("en");
  find("start").textContent = worker ? "Stop" : "Start";
  find("curve").querySelector("polyline").setAttribute(
    "points", epochs.map(({ accuracy }, i) => `${i},${100 * (1 - accuracy)}`).join(" "));
  find("progress").textContent = epochs[at]
    ? `Epoch ${at}: ${(100 * epochs[at].accuracy).toFixed(1)} % of ${count("test")} test images`
    : worker ? "" : `${count("train")} images of MNIST to learn from are in this file.`;
  find("said").setAttribute("aria-live", worker ? "off" : "polite"); // an epoch takes a tenth of a second
  show();
  say();
  describe();
}

// Keys, buttons, files.

function clear() {
  if (pad.drawing !== EMPTY) change({ drawing: EMPTY });
  finish();
}

function go(from, to) {
  if (state.teaching) return;
  const { network } = pad;
  travel(pad[from], pad[to]);
  if (training.worker) pad.network = network; // only the drawing changes
  finish();
}

async function bring(digit) {
  const mnist = await openMnist();
  const tests = Array.from({ length: mnist.test }, (_, i) => mnist.train + i);
  const some = tests.filter((i) => mnist.bytes[i] === digit);
  const { image } = exampleOf(mnist, some[Math.floor(Math.random() * some.length)]);
  change({ drawing: drawingOf(image) });
  finish();
}

/** The page as it is now, with what is on the pad, and the network as it has learned. */
function copyOfPage() {
  const { drawing: { strokes, picture, digits }, network: { layers, lessons, ...facts } } = pad;
  const image = digits && !picture ? [...digits[0].image] : null;
  const drawing = { strokes, picture: picture?.toDataURL().split(",")[1], image };
  const now = JSON.stringify({ ...held, ...facts, ...packed(layers), drawing }).replaceAll("<", "\\u003c");
  return `<!doctype html>\n${source.replace(document.getElementById("network").text, () => now)}`;
}

/** Puts on the pad what was there when this copy was saved: strokes, a picture or a digit of MNIST. */
function bringBack({ strokes, picture, image }) {
  if (picture) return readPicture(new Blob([bytesOf(picture)]));
  if (image || strokes.length) change({ drawing: image ? drawingOf(Float32Array.from(image)) : { ...EMPTY, strokes } });
  finish();
}

find("save").addEventListener("click", () => {
  const url = URL.createObjectURL(new Blob([copyOfPage()], { type: "text/html" }));
  Object.assign(document.createElement("a"), { href: url, download: "digits.html" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
});
find("undo").addEventListener("click", () => go("past", "future"));
find("redo").addEventListener("click", () => go("future", "past"));
find("clear").addEventListener("click", clear);
find("choose").addEventListener("click", () => find("file").click());
find("file").addEventListener("change", ({ target }) => {
  if (target.files[0]) readPicture(target.files[0]);
  target.value = ""; // so that the same file can be chosen again
});
addEventListener("keydown", (event) => {
  if (event.target.matches?.("select, input") || event.altKey) return;
  const command = event.ctrlKey || event.metaKey;
  // The letter on the key, or, in alphabets that have no z, the key's place.
  const letter = /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : event.code.replace("Key", "").toLowerCase();
  const digit = /^\d$/.test(event.key) ? event.key : /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  if (command && (letter === "y" || (letter === "z" && event.shiftKey))) go("future", "past");
  else if (command && letter === "z") go("past", "future");
  else if (command) return;
  else if (event.key === "Escape" && state.looked) lookAway();
  else if (["Escape", "Delete", "Backspace"].includes(event.key)) clear();
  else if (digit !== undefined) bring(Number(digit));
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
function fit(drawn = true) {
  const root = document.documentElement;
  root.style.removeProperty("--side");
  const side = find("pixels").querySelector("canvas").clientWidth;
  root.style.setProperty("--side", `${(Math.floor((side * devicePixelRatio) / 28) * 28) / devicePixelRatio}px`);
  paper.width = paper.height = Math.round(paper.clientWidth * devicePixelRatio);
  if (drawn) show();
}

function describe() {
  const percent = (share) => `${(100 * share).toFixed(2)} %`;
  const { layers, shape, fresh, lessons, test_accuracy: test, validation_accuracy: validation } = pad.network;
  const size = layers.reduce((sum, { weights, biases }) => sum + weights.length + biases.length, 0);
  const facts = [shape];
  if (fresh) facts.push("trained here");
  else if (lessons) facts.push(`${lessons.length} lesson${lessons.length > 1 ? "s" : ""}`);
  else if (test !== null) facts.push(`${percent(test)} on MNIST’s test images`);
  else if (validation !== null) facts.push(`${percent(validation)} on validation images`);
  find("about").textContent = facts.join(" · ");
  find("held").textContent =
    `The network’s ${size.toLocaleString("en")} weights and biases are in this file. Nothing you draw leaves it.`;
}

document.body.classList.toggle("detector", detector);
find("in-bits").hidden = detector;
find("bits").replaceChildren(...(detector ? [] : [8, 4, 2, 1]).map((place) => element("li", element("b"), place)));
explain();
document.querySelector("main").hidden = false; // with all its layers, so that nothing moves
build();
fit();
finish();
if (held.drawing) bringBack(held.drawing);
addEventListener("resize", () => fit());
for (const scheme of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
  matchMedia(scheme).addEventListener("change", () => {
    palette = {};
    show();
  });
}
