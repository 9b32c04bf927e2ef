// A view for each layer. show(a, votes) shows its activations a, 0 to 1, or, given votes, -1 to 1, these: red for
// positive, blue for negative. What a vote is depends on the neuron that is looked into: a weight that it has for this
// layer's activations, or its own activation times the weight that the neurons of this layer have for it.

const FAINT = 0.55; // of weights whose activation is 0

/** Weights of one neuron, or to one neuron, as votes: -1 or 1 for the largest, each times its share(k). */
function votesOf(weights, share) {
  const most = magnitude(weights, 1e-9);
  return weights.map((weight, k) => Math.sign(weight) * (Math.abs(weight) / most) ** 0.75 * share(k));
}

let palette = {}; // colours of the scheme, by name: asking for one takes as long as laying out the page
const colour = (name) => (palette[name] ??= getComputedStyle(document.documentElement).getPropertyValue(`--${name}`));

/** Draws 28 x 28 squares into the box left, top, width, height of a canvas, `gap` pixels apart. */
function paintPixels(context, [left, top, width, height], gap, a, votes) {
  const cell = [width / 28, height / 28];
  const [ink, red, blue] = ["ink", "red", "blue"].map(colour);
  for (let k = 0; k < 784; k++) {
    const value = (votes ?? a)[k];
    if (!value) continue;
    context.globalAlpha = Math.abs(value);
    context.fillStyle = !votes ? ink : value > 0 ? red : blue;
    context.fillRect(left + (k % 28) * cell[0], top + Math.floor(k / 28) * cell[1], cell[0] - gap, cell[1] - gap);
  }
  context.globalAlpha = 1;
}

/** The input layer: 28 x 28 squares on a canvas. */
function pixelsView(figure) {
  const canvas = figure.querySelector("canvas"), context = canvas.getContext("2d");
  const show = (a, votes) => {
    const side = Math.round(canvas.clientWidth * devicePixelRatio), gap = Math.max(1, Math.round(devicePixelRatio));
    canvas.width = canvas.height = side;
    context.fillStyle = colour("off");
    context.globalAlpha = votes ? 0.4 : 0.75;
    for (let k = 0; k < 784; k++) {
      context.fillRect(((k % 28) * side) / 28, (Math.floor(k / 28) * side) / 28, side / 28 - gap, side / 28 - gap);
    }
    paintPixels(context, [0, 0, side, side], gap, a, votes);
  };
  return { show };
}

/** An element with text or elements inside; text stays text, whatever is in it. */
function element(kind, ...inside) {
  const made = document.createElement(kind);
  made.append(...inside);
  return made;
}

/** A layer of neurons, each a button: in hidden layers a disc as dark as its activation, in the last layer a bar. */
function neuronsView(figure, sizes, layer) {
  const n = sizes[layer], last = layer === sizes.length - 1;
  const [name, count] = figure.querySelectorAll("figcaption span"), group = figure.querySelector(".neurons");
  const columns = last ? 1 : Math.ceil(Math.sqrt(n)), deep = sizes.length > 3;
  name.textContent = last ? "Output" : deep ? `Hidden ${layer}` : "Hidden";
  figure.classList.add(last ? "outputs" : "hidden");
  group.style.setProperty("--columns", columns);
  group.setAttribute("aria-label", `${name.textContent} layer: move with the arrow keys to see a neuron's weights`);
  const cells = Array.from({ length: n }, (_, j) => {
    const cell = Object.assign(document.createElement("button"), { type: "button", tabIndex: j ? -1 : 0 });
    cell.setAttribute("aria-label", `${name.textContent} neuron ${j}`);
    if (last) {
      const bar = element("span", element("span"));
      bar.className = "bar";
      cell.append(element("span", detector ? held.only_digit : j), bar, element("span", "0.00"));
    }
    group.append(cell);
    return cell;
  });
  let a = new Float32Array(n);
  const shades = [];

  const show = (activations, votes) => {
    a = activations;
    const most = Math.max(...a);
    cells.forEach((cell, j) => {
      const tone = !votes ? "ink" : votes[j] > 0 ? "red" : "blue", share = Math.abs((votes ?? a)[j]);
      if (last) {
        const [, bar, value] = cell.children;
        const sign = !votes || share < 0.005 ? "" : votes[j] < 0 ? "−" : "+";
        value.textContent = sign + share.toFixed(2);
        bar.firstChild.style.transform = `translateX(${(100 * (share.toFixed(2) - 1)).toFixed(0)}%)`;
        bar.firstChild.style.background = `var(--${tone})`;
        cell.classList.toggle("largest", !votes && most > 0 && a[j] === most);
      } else {
        const shade = `color-mix(in srgb, var(--${tone}) ${(100 * share).toFixed(1)}%, var(--off))`;
        if (shade === shades[j]) return; // setting it again would take as long as a new one
        cell.style.setProperty("--shade", (shades[j] = shade));
      }
    });
  };

  /** Marks neuron j, which is looked into, and says its activation; null for none. */
  const mark = (j) => {
    group.querySelector(".looked")?.classList.remove("looked");
    cells[j]?.classList.add("looked");
    cells[j]?.setAttribute("aria-label", `${name.textContent} neuron ${j}, activation ${a[j].toFixed(2)}`);
    count.textContent = j === null ? `${n} neuron${n > 1 ? "s" : ""}` : `no. ${j}: ${a[j].toFixed(2)}`;
  };

  return { show, mark, cells, columns, group };
}

const swatch = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

/** The weights of the first hidden layer, behind its neurons: 28 x 28 pixels each, red and blue. */
function paintWeights({ group, columns, cells }, { weights }) {
  const canvas = group.querySelector("canvas") ?? group.appendChild(document.createElement("canvas"));
  const rows = Math.ceil(cells.length / columns), context = canvas.getContext("2d");
  Object.assign(canvas, { width: 32 * columns, height: 32 * rows });
  group.classList.add("weights");
  const [red, blue] = ["red", "blue"].map((name) => {
    swatch.fillStyle = colour(name);
    swatch.fillRect(0, 0, 1, 1);
    return swatch.getImageData(0, 0, 1, 1).data.subarray(0, 3);
  });
  for (let j = 0; j < cells.length; j++) {
    const votes = votesOf(weights.subarray(784 * j, 784 * (j + 1)), () => 255), pixels = new ImageData(28, 28);
    votes.forEach((vote, k) => {
      pixels.data.set(vote > 0 ? red : blue, 4 * k);
      pixels.data[4 * k + 3] = Math.abs(vote);
    });
    context.putImageData(pixels, 32 * (j % columns) + 2, 32 * Math.floor(j / columns) + 2);
  }
}

/** Calls `look(j)` for a neuron that is pointed at, touched or focused, and `look(null)` when it no longer is. */
function listenToNeurons({ cells, columns, group }, look) {
  const at = ({ clientX, clientY }) => cells.indexOf(document.elementFromPoint(clientX, clientY)?.closest("button"));
  const point = (event) => {
    const j = at(event);
    if (j >= 0) look(j);
  };
  group.addEventListener("pointerdown", point);
  group.addEventListener("pointermove", point); // with a finger too, which the first neuron would keep
  group.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && look(null));
  group.addEventListener("focusin", (event) => {
    cells.forEach((cell) => (cell.tabIndex = cell === event.target ? 0 : -1));
    look(cells.indexOf(event.target));
  });
  group.addEventListener("focusout", () => look(null));
  group.addEventListener("keydown", (event) => {
    const j = cells.indexOf(event.target);
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -j };
    steps.End = cells.length - 1 - j;
    if (!(event.key in steps)) return;
    event.preventDefault();
    cells[j + steps[event.key]]?.focus();
  });
}
