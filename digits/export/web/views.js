// A view for each layer. show(a, w) shows its activations a, 0 to 1, or, given w, the weights that a neuron of the next
// layer has for them: red for positive, blue for negative, fainter where the activation is small.

const FAINT = 0.55; // of weights whose activation is 0

/** How strongly to show each of the weights w, 0 to 1. */
function strengths(w, a) {
  const most = w.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-9);
  return w.map((weight, k) => (Math.abs(weight) / most) ** 0.75 * (FAINT + (1 - FAINT) * a[k]));
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);

/** Draws 28 x 28 squares into the box left, top, width, height of a canvas, `gap` pixels apart. */
function paintPixels(context, [left, top, width, height], gap, a, w) {
  const strong = w ? strengths(w, a) : a;
  const cell = [width / 28, height / 28];
  const [ink, red, blue] = ["ink", "red", "blue"].map(colour);
  for (let k = 0; k < 784; k++) {
    if (!strong[k]) continue;
    context.globalAlpha = strong[k];
    context.fillStyle = !w ? ink : w[k] > 0 ? red : blue;
    context.fillRect(left + (k % 28) * cell[0], top + Math.floor(k / 28) * cell[1], cell[0] - gap, cell[1] - gap);
  }
  context.globalAlpha = 1;
}

/** The input layer: 28 x 28 squares on a canvas. */
function pixelsView(figure) {
  const canvas = figure.querySelector("canvas"), context = canvas.getContext("2d");
  const show = (a, w) => {
    const side = Math.round(canvas.clientWidth * devicePixelRatio), gap = Math.max(1, Math.round(devicePixelRatio));
    canvas.width = canvas.height = side;
    context.fillStyle = colour("off");
    context.globalAlpha = w ? 0.4 : 0.75;
    for (let k = 0; k < 784; k++) {
      context.fillRect(((k % 28) * side) / 28, (Math.floor(k / 28) * side) / 28, side / 28 - gap, side / 28 - gap);
    }
    paintPixels(context, [0, 0, side, side], gap, a, w);
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
function neuronsView(figure, layer) {
  const n = network.sizes[layer], last = layer === network.sizes.length - 1;
  const [name, count] = figure.querySelectorAll("figcaption span"), group = figure.querySelector(".neurons");
  const columns = last ? 1 : Math.ceil(Math.sqrt(n)), deep = network.sizes.length > 3;
  name.textContent = last ? "Output" : deep ? `Hidden ${layer}` : "Hidden";
  figure.classList.add(last ? "outputs" : "hidden");
  group.style.setProperty("--columns", columns);
  group.setAttribute("aria-label", `${name.textContent} layer: move with the arrow keys to see a neuron's weights`);
  const cells = Array.from({ length: n }, (_, j) => {
    const cell = Object.assign(document.createElement("button"), { type: "button", tabIndex: j ? -1 : 0 });
    if (last) {
      const label = network.only_digit ?? j;
      const bar = element("span", element("span"));
      bar.className = "bar";
      cell.append(element("span", label), bar, element("span", "0.00"));
    }
    group.append(cell);
    return cell;
  });
  let a = new Float32Array(n);

  const show = (activations, w) => {
    a = activations;
    const strong = w ? strengths(w, a) : a;
    const most = Math.max(...a);
    cells.forEach((cell, j) => {
      if (last) {
        const [, bar, value] = cell.children;
        value.textContent = a[j].toFixed(2);
        bar.firstChild.style.transform = `translateX(${100 * (value.textContent - 1)}%)`;
        cell.classList.toggle("largest", most > 0 && a[j] === most);
      } else {
        const tone = !w ? "ink" : w[j] > 0 ? "red" : "blue";
        const share = `${(100 * strong[j]).toFixed(1)}%`;
        cell.style.setProperty("--shade", `color-mix(in srgb, var(--${tone}) ${share}, var(--off))`);
      }
    });
  };

  /** Marks neuron j, which is looked into, and says its activation; null for none. */
  const mark = (j) => {
    group.querySelector(".looked")?.classList.remove("looked");
    cells[j]?.classList.add("looked");
    cells[j]?.setAttribute("aria-label", `Neuron ${j}, activation ${a[j].toFixed(2)}`);
    count.textContent = j === null ? `${n} neuron${n > 1 ? "s" : ""}` : `no. ${j}: ${a[j].toFixed(2)}`;
  };

  return { show, mark, cells, columns, group };
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
