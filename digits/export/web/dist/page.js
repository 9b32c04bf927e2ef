"use strict";
var digits = (() => {
  var __defProp = Object.defineProperty;
  var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
  var __getOwnPropNames = Object.getOwnPropertyNames;
  var __hasOwnProp = Object.prototype.hasOwnProperty;
  var __export = (target, all) => {
    for (var name in all)
      __defProp(target, name, { get: all[name], enumerable: true });
  };
  var __copyProps = (to, from, except, desc) => {
    if (from && typeof from === "object" || typeof from === "function") {
      for (let key of __getOwnPropNames(from))
        if (!__hasOwnProp.call(to, key) && key !== except)
          __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
    }
    return to;
  };
  var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);

  // src/main.js
  var main_exports = {};
  __export(main_exports, {
    backpropagation: () => backpropagation_exports,
    held: () => held,
    images: () => images_exports,
    lattice: () => lattice_exports,
    mnist: () => mnist_exports,
    network: () => network_exports,
    reader: () => reader_exports,
    state: () => state,
    training: () => training
  });

  // src/elements.js
  function find(id, Kind) {
    const found = document.getElementById(id);
    if (found instanceof Kind) return found;
    throw new Error(`there is no ${Kind.name} #${id}`);
  }
  function element(kind, ...inside) {
    const made = document.createElement(kind);
    made.append(...inside);
    return made;
  }
  function button(inside, clicked) {
    const made = Object.assign(element("button", inside), { type: "button" });
    made.addEventListener("click", clicked);
    return made;
  }
  function write(id, text) {
    find(id, HTMLElement).textContent = text;
  }
  function onClick(id, clicked) {
    find(id, HTMLElement).addEventListener("click", clicked);
  }
  function contextOf(canvas2, settings) {
    return (
      /** @type {CanvasRenderingContext2D} */
      canvas2.getContext("2d", settings)
    );
  }
  var nextFrame = () => new Promise(requestAnimationFrame);

  // src/mnist.js
  var mnist_exports = {};
  __export(mnist_exports, {
    desired: () => desired,
    exampleOf: () => exampleOf,
    inflated: () => inflated
  });

  // src/images.js
  var images_exports = {};
  __export(images_exports, {
    area: () => area,
    blank: () => blank,
    blurred: () => blurred,
    bounds: () => bounds,
    centreOfMass: () => centreOfMass,
    clamp: () => clamp,
    closing: () => closing,
    crop: () => crop,
    cubic: () => cubic,
    deviation: () => deviation,
    dilated: () => dilated,
    distances: () => distances,
    divided: () => divided,
    filled: () => filled,
    linear: () => linear,
    magnitude: () => magnitude,
    mapped: () => mapped,
    maximum: () => maximum,
    mean: () => mean,
    padded: () => padded,
    quantile: () => quantile,
    resampled: () => resampled,
    resized: () => resized,
    rounded: () => rounded,
    sample: () => sample,
    transposed: () => transposed,
    valuesIn: () => valuesIn
  });
  var blank = (width, height) => ({ width, height, data: new Float32Array(width * height) });
  function filled(width, height, value) {
    const image = blank(width, height), { data } = image;
    for (let i = 0; i < data.length; i++) data[i] = value(i);
    return image;
  }
  var mapped = ({ width, height, data }, change2) => filled(width, height, (i) => change2(data[i], i));
  var divided = (one, other) => mapped(one, (value, i) => value / other.data[i]);
  var valuesIn = (image, mask) => image.data.filter((_, i) => mask.data[i]);
  var sample = (values) => values.filter((_, i) => i % 7 === 0);
  var clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  var maximum = (values) => values.reduce((most, value) => Math.max(most, value), -Infinity);
  var magnitude = (values, least) => values.reduce((most, value) => Math.max(most, Math.abs(value)), least);
  var mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  var quantile = (values, share) => values.toSorted()[Math.floor(share * values.length)];
  function transposed({ width, height, data }) {
    const out = blank(height, width);
    for (let x = 0, i = 0; x < width; x++) for (let y = 0; y < height; y++) out.data[i++] = data[y * width + x];
    return out;
  }
  function deviation(values) {
    const middle = mean(values);
    return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
  }
  function rounded(value) {
    const up = Math.round(value);
    return up - value === 0.5 && up % 2 ? up - 1 : up;
  }
  function axis(size, taps, position, weight) {
    const at = new Int32Array(size * taps), weights = new Float32Array(size * taps);
    for (let i = 0; i < size; i++) {
      for (let t = 0; t < taps; t++) {
        at[i * taps + t] = position(i, t);
        weights[i * taps + t] = weight(i, t);
      }
    }
    return { size, taps, at, weights };
  }
  function area(from, to, scale = to / from, shift = 0) {
    const edge = (i) => (i - shift) / scale;
    const pixel = (i, t) => Math.floor(edge(i)) + t;
    return axis(to, Math.ceil(1 / scale) + 1, (i, t) => clamp(pixel(i, t), 0, from - 1), (i, t) => {
      const p = pixel(i, t), covered = Math.min(p + 1, edge(i + 1)) - Math.max(p, edge(i));
      return p < 0 || p >= from ? 0 : scale * Math.max(0, covered);
    });
  }
  function interpolation(taps, weight) {
    return (from, to) => {
      const middle = Array.from({ length: to }, (_, i) => (i + 0.5) * from / to - 0.5);
      const place = (i, t) => Math.floor(middle[i]) + t + 1 - taps / 2;
      const within = (i, t) => clamp(place(i, t), 0, from - 1);
      return axis(to, taps, within, (i, t) => weight(Math.abs(middle[i] - place(i, t))));
    };
  }
  var linear = interpolation(2, (d) => 1 - d);
  var cubic = interpolation(4, (d) => d < 1 ? (1.25 * d - 2.25) * d * d + 1 : ((-0.75 * d + 3.75) * d - 6) * d + 3);
  function blurred(image, deviation2) {
    const half = rounded(8 * deviation2 + 1) >> 1, [across, down] = [image.width, image.height].map((size) => {
      const period = Math.max(1, 2 * size - 2);
      return axis(
        size,
        2 * half + 1,
        (i, t) => Math.min(Math.abs(i + t - half) % period, period - Math.abs(i + t - half) % period),
        (_, t) => Math.exp(-(((t - half) / deviation2) ** 2) / 2) / (deviation2 * Math.sqrt(2 * Math.PI))
      );
    });
    return resampled(image, across, down);
  }
  var resized = (image, how, w, h) => resampled(image, how(image.width, w), how(image.height, h));
  function resampled(image, across, down) {
    const wide = blank(across.size, image.height), out = blank(across.size, down.size);
    for (let y = 0, i = 0; y < image.height; y++) {
      for (let x = 0, k = 0; x < across.size; x++, i++) {
        let sum = 0;
        for (let t = 0; t < across.taps; t++, k++) sum += across.weights[k] * image.data[y * image.width + across.at[k]];
        wide.data[i] = sum;
      }
    }
    for (let k = 0; k < down.at.length; k++) {
      const weight = down.weights[k], row = Math.floor(k / down.taps) * out.width, from = down.at[k] * out.width;
      for (let x = 0; x < out.width; x++) out.data[row + x] += weight * wide.data[from + x];
    }
    return out;
  }
  function crop(image, [left, top, right, bottom]) {
    const out = blank(right - left, bottom - top);
    for (let y = Math.max(top, 0); y < Math.min(bottom, image.height); y++) {
      for (let x = Math.max(left, 0); x < Math.min(right, image.width); x++) {
        out.data[(y - top) * out.width + x - left] = image.data[y * image.width + x];
      }
    }
    return out;
  }
  var padded = (image, margin) => crop(image, [-margin, -margin, image.width + margin, image.height + margin]);
  function bounds({ width, height, data }) {
    let left = width, top = height, right = 0, bottom = 0;
    for (let i = 0; i < data.length; i++) {
      if (!data[i]) continue;
      const x = i % width, y = Math.floor(i / width);
      left = Math.min(left, x);
      top = Math.min(top, y);
      right = Math.max(right, x + 1);
      bottom = y + 1;
    }
    return [left, top, right, bottom];
  }
  function centreOfMass({ width, data }) {
    let sum = 0, x = 0, y = 0;
    for (let i = 0; i < data.length; i++) {
      sum += data[i];
      x += data[i] * (i % width + 0.5);
      y += data[i] * (Math.floor(i / width) + 0.5);
    }
    return [x / sum, y / sum];
  }
  function dilated(image, across, down) {
    const { width, height } = image, wide = blank(width, height), out = blank(width, height);
    for (let y = 0; y < height; y++) largest(image.data, wide.data, y * width, 1, width, across);
    for (let x = 0; x < width; x++) largest(wide.data, out.data, x, width, height, down);
    return out;
  }
  function largest(from, to, first, step, count, side) {
    const half = side >> 1;
    for (let k = 0; k < count; k++) {
      const end = first + Math.min(k + half + 1, count) * step;
      let most = -Infinity;
      for (let i = first + Math.max(k - half, 0) * step; i < end; i += step) if (from[i] > most) most = from[i];
      to[first + k * step] = most;
    }
  }
  function closing(image, side) {
    const negative = (image2) => mapped(image2, (value) => 2 - value), { width, height } = image;
    const white = negative(padded(negative(image), side)), wide = dilated(white, side, side);
    const eroded = dilated(negative(wide), side, side);
    return negative(crop(eroded, [side, side, width + side, height + side]));
  }
  function distances(mask) {
    const { width, height } = mask, size = width * height;
    const column = mapped(mask, (value) => value ? width + height : 0).data;
    for (let i = width; i < size; i++) column[i] = Math.min(column[i], column[i - width] + 1);
    for (let i = size - width - 1; i >= 0; i--) column[i] = Math.min(column[i], column[i + width] + 1);
    return filled(width, height, (i) => {
      const x = i % width;
      let best = column[i] ** 2;
      for (let d = 1; d * d < best && d < width; d++) {
        if (d <= x) best = Math.min(best, d * d + column[i - d] ** 2);
        if (d < width - x) best = Math.min(best, d * d + column[i + d] ** 2);
      }
      return Math.sqrt(best);
    });
  }

  // src/packing.js
  function bytesOf(base64) {
    const text = atob(base64), bytes = new Uint8Array(text.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  }
  function unpacked({ parameters, bytes }, sizes) {
    const { buffer } = bytesOf(parameters), neurons = sizes.slice(1).reduce((sum, n) => sum + n);
    const floats = new Float32Array(buffer, 0, 2 * neurons);
    const whole = new (bytes === 1 ? Int8Array : Int16Array)(buffer, 8 * neurons);
    let neuron = 0, weight = 0;
    return sizes.slice(1).map((n, l) => {
      const steps = floats.subarray(neuron, neuron + n), biases = floats.slice(neuron + n, neuron + 2 * n);
      const weights = Float32Array.from(whole.subarray(weight, weight + n * sizes[l]));
      for (let i = 0; i < weights.length; i++) weights[i] *= steps[Math.floor(i / sizes[l])];
      [neuron, weight] = [neuron + 2 * n, weight + weights.length];
      return { weights, biases };
    });
  }
  function packed(layers) {
    const floats = [], whole = [];
    for (const { weights, biases } of layers) {
      const n = weights.length / biases.length;
      const steps = biases.map((_, j) => magnitude(weights.subarray(j * n, (j + 1) * n), 1e-30) / 32767);
      floats.push(steps, biases);
      whole.push(Int16Array.from(weights, (weight, i) => Math.round(weight / steps[Math.floor(i / n)])));
    }
    const bytes = [...floats, ...whole].flatMap(({ buffer }) => [...new Uint8Array(buffer)]);
    return { parameters: btoa(bytes.map((byte) => String.fromCharCode(byte)).join("")), bytes: 2 };
  }

  // src/mnist.js
  async function inflated({ packed: packed2, train: train2, test }) {
    const stream = new Blob([bytesOf(packed2)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return { bytes: new Uint8Array(await new Response(stream).arrayBuffer()), train: train2, test };
  }
  function exampleOf({ bytes, train: train2, test }, i) {
    const first = train2 + test + 98 * i, image = new Float32Array(784);
    for (let k = 0; k < 784; k++) image[k] = bytes[first + (k >> 3)] >> 7 - (k & 7) & 1;
    return { image, y: desired(bytes[i]) };
  }
  var desired = (digit) => new Float32Array(10).fill(1, digit, digit + 1);

  // src/held.js
  var held = JSON.parse(document.getElementById("network")?.textContent ?? "");
  var images = (
    /** @type {Promise<Mnist> | null} */
    null
  );
  function heldImages() {
    images ??= inflated(held.mnist);
    return images;
  }

  // src/layers.js
  function relative(values, share = () => 1) {
    const most = magnitude(values, 1e-9);
    return values.map((value, k) => Math.sign(value) * (Math.abs(value) / most) ** 0.75 * share(k));
  }
  var palette = (
    /** @type {Map<string, string>} */
    /* @__PURE__ */ new Map()
  );
  function colour(name) {
    const found = palette.get(name) ?? getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
    palette.set(name, found);
    return found;
  }
  var forgetColours = () => palette.clear();
  function paintPixels(context2, [left, top, width, height], gap, values, tone) {
    const [across, down] = [width / 28, height / 28];
    for (let k = 0; k < 784; k++) {
      if (!values[k]) continue;
      context2.globalAlpha = Math.abs(values[k]);
      context2.fillStyle = colour(tone ?? toneOf(values[k]));
      context2.fillRect(left + k % 28 * across, top + Math.floor(k / 28) * down, across - gap, down - gap);
    }
    context2.globalAlpha = 1;
  }
  var toneOf = (value) => value > 0 ? "red" : "blue";
  function paintInput(canvas2, a, contributions) {
    const context2 = contextOf(canvas2), gap = Math.max(1, Math.round(devicePixelRatio));
    const side = Math.round(canvas2.clientWidth * devicePixelRatio), box = (
      /** @type {Box} */
      [0, 0, side, side]
    );
    canvas2.width = canvas2.height = side;
    paintPixels(context2, box, gap, new Float32Array(784).fill(contributions ? 0.4 : 0.75), "off");
    paintPixels(context2, box, gap, contributions ?? a, contributions ? void 0 : "foreground");
  }
  function neuronsView(sizes, layer, look) {
    const n = sizes[layer], last = layer === sizes.length - 1;
    const columns = last ? 1 : Math.ceil(Math.sqrt(n));
    const name = last ? "Output" : sizes.length > 3 ? `Hidden ${layer}` : "Hidden", count = element("span");
    const group = Object.assign(element("div"), { className: "neurons", role: "group" });
    const figure = element("figure", element("figcaption", element("span", name), " ", count), group);
    figure.className = `layer ${last ? "outputs" : "hidden"}`;
    group.style.setProperty("--columns", `${columns}`);
    group.ariaLabel = `${name} layer: move with the arrow keys to see a neuron's weights`;
    const cells = Array.from({ length: n }, (_, j) => {
      const filling = element("span"), bar = element("span", filling), value = element("span", "0.00");
      const cell = element("button", ...last ? [element("span", `${j}`), bar, value] : []);
      Object.assign(cell, { type: "button", tabIndex: j ? -1 : 0, ariaLabel: `${name} neuron ${j}` });
      bar.className = "bar";
      return { cell, filling, value, shade: "" };
    });
    group.append(...cells.map(({ cell }) => cell));
    listen(group, columns, look);
    function show2(a, contributions, j) {
      const most = Math.max(...a), values = contributions ?? a;
      for (const [k, one] of cells.entries()) {
        const tone = `var(--${contributions ? toneOf(values[k]) : "foreground"})`, share = Math.abs(values[k]);
        const shade = `color-mix(in srgb, ${tone} ${(100 * share).toFixed(1)}%, var(--off))`;
        if (last) {
          const sign = !contributions || share < 5e-3 ? "" : values[k] < 0 ? "−" : "+";
          one.value.textContent = sign + share.toFixed(2);
          one.filling.style.transform = `translateX(${(100 * (Number(share.toFixed(2)) - 1)).toFixed(0)}%)`;
          one.filling.style.background = tone;
          one.cell.classList.toggle("largest", !contributions && most > 0 && a[k] === most);
        } else if (shade !== one.shade) {
          one.cell.style.setProperty("--shade", shade);
          one.shade = shade;
        }
      }
      group.querySelector(".looked")?.classList.remove("looked");
      count.textContent = j === void 0 ? `${n} neuron${n > 1 ? "s" : ""}` : `no. ${j}: ${a[j].toFixed(2)}`;
      if (j === void 0) return;
      cells[j].cell.classList.add("looked");
      cells[j].cell.ariaLabel = `${name} neuron ${j}, activation ${a[j].toFixed(2)}`;
    }
    return { figure, group, columns, show: show2 };
  }
  function listen(group, columns, look) {
    const cells = (
      /** @type {HTMLButtonElement[]} */
      [...group.children]
    );
    const numberOf = (cell) => cells.indexOf(cell);
    const point = ({ clientX, clientY }) => {
      const j = numberOf(document.elementFromPoint(clientX, clientY)?.closest("button"));
      if (j >= 0) look(j);
    };
    group.addEventListener("pointerdown", point);
    group.addEventListener("pointermove", point);
    group.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && look(null));
    group.addEventListener("focusin", ({ target }) => {
      for (const cell of cells) cell.tabIndex = cell === target ? 0 : -1;
      look(numberOf(target));
    });
    group.addEventListener("focusout", () => look(null));
    group.addEventListener("keydown", (event) => {
      const j = numberOf(event.target), end = cells.length - 1 - j;
      const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -j, End: end };
      const step = Object.entries(steps).find(([key]) => key === event.key)?.[1];
      if (step === void 0) return;
      event.preventDefault();
      cells[j + step]?.focus();
    });
  }
  function paintWeights({ group, columns }, weights) {
    const count = weights.length / 784;
    const canvas2 = group.querySelector("canvas") ?? group.appendChild(element("canvas")), context2 = contextOf(canvas2);
    Object.assign(canvas2, { width: 32 * columns, height: 32 * Math.ceil(count / columns) });
    group.classList.add("weights");
    const bytes = (hex) => (hex.match(/[\da-f]{2}/gi) ?? []).map((byte) => parseInt(byte, 16));
    const red = bytes(colour("red")), blue = bytes(colour("blue"));
    for (let j = 0; j < count; j++) {
      const pixels2 = new ImageData(28, 28);
      relative(weights.subarray(784 * j, 784 * (j + 1))).forEach((weight, k) => {
        pixels2.data.set([...weight > 0 ? red : blue, 255 * Math.abs(weight)], 4 * k);
      });
      context2.putImageData(pixels2, 32 * (j % columns) + 2, 32 * Math.floor(j / columns) + 2);
    }
  }

  // src/state.js
  var MOST = 50;
  var EMPTY = { strokes: [], picture: null, digits: null };
  function heldNetwork() {
    const { sizes, shape, test_accuracy, fresh, lessons } = held;
    const numbers = lessons?.map(({ image, y }) => ({ image: Float32Array.from(image), y: Float32Array.from(y) }));
    return { sizes, shape, test_accuracy, fresh, lessons: numbers, layers: unpacked(held, sizes) };
  }
  var state = {
    drawing: EMPTY,
    network: heldNetwork(),
    past: [],
    future: [],
    pen: null,
    digits: [],
    chosen: 0,
    looked: null,
    flash: null,
    teaching: false,
    training: false
  };
  function change(next) {
    state.past = [...state.past, moment()].slice(-MOST);
    Object.assign(state, { future: [], pen: null }, next);
  }
  function travel(where) {
    const next = state[where].pop(), { network } = state;
    if (!next) return;
    state[where === "past" ? "future" : "past"].push(moment());
    Object.assign(state, { pen: null }, next, state.training ? { network } : {});
  }
  var moment = () => ({ drawing: state.drawing, network: state.network });

  // src/components.js
  var { CONTRAST, LENGTH, AREA, EDGE, TIGHT, TALL, NEAR, LEVEL, LOW, BROKEN, STACKED } = held.constants.components;
  function connectedComponents(mask, gradients) {
    const { width, height } = mask, near = Math.floor(EDGE * Math.min(width, height));
    const row = width + 2, steps = [1, -1, row, -row, row + 1, row - 1, 1 - row, -1 - row];
    const labels = padded(mask, 1), { data } = labels;
    const found = (
      /** @type {(Component & {size: number, clear: boolean})[]} */
      []
    );
    for (let first = 0; first < data.length; first++) {
      if (data[first] !== 1) continue;
      const label = found.length + 2, stack = [first];
      let left = width, top = height, right = 0, bottom = 0, size = 0, inside = 0, length = 0, change2 = 0;
      data[first] = label;
      for (let i = stack.pop(); i !== void 0; i = stack.pop()) {
        const x = i % row - 1, y = Math.floor(i / row) - 1;
        [left, top] = [Math.min(left, x), Math.min(top, y)];
        [right, bottom] = [Math.max(right, x + 1), Math.max(bottom, y + 1)];
        size++;
        if (Math.min(x, y) >= near && x < width - near && y < height - near) inside++;
        for (let n = 0; n < 8; n++) {
          const j = i + steps[n];
          if (data[j] === 0 && n < 4) {
            length++;
            change2 += gradients[n].data[y * width + x];
          } else if (data[j] === 1) {
            data[j] = label;
            stack.push(j);
          }
        }
      }
      const wide = right - left, high = bottom - top, contrast = change2 / length;
      const line = !inside && (wide > width / 2 || high > height / 2);
      const tight = left === 0 && top === 0 && right === width && bottom === height;
      const clarity = line && !tight ? -1 : length ** LENGTH * (contrast - CONTRAST[0]) * (line ? TIGHT : 1);
      const main = left > 0 && right < width, clear2 = contrast > CONTRAST[1] && clarity > 0;
      found.push({ label, left, top, right, bottom, clarity, main, size, clear: clear2 });
    }
    const [best] = found.filter(({ clarity }) => clarity > 0).sort((a, b) => b.clarity - a.clarity);
    for (const one of found) one.main = one === best || one.main && one.size > AREA[0] * best?.size;
    const components = found.filter((one) => one === best || one.clear && one.size > AREA[1] * best?.size);
    return { labels: crop(labels, [1, 1, width + 1, height + 1]), components };
  }
  var heightOf = ({ top, bottom }) => bottom - top;
  function lines(components) {
    const most = Math.max(...components.map(heightOf)), found = (
      /** @type {Component[][]} */
      []
    );
    const small = (one) => heightOf(one) <= TALL * most;
    for (const one of components.toSorted((a, b) => Number(small(a)) - Number(small(b)) || a.left - b.left)) {
      const away = (other) => Math.abs(other.left + other.right - one.left - one.right);
      let home = null, best = -Infinity;
      for (const line of found) {
        for (const near of line.toSorted((a, b) => away(a) - away(b)).slice(0, NEAR)) {
          const shared = Math.min(near.bottom, one.bottom) - Math.max(near.top, one.top);
          let needed = LEVEL * Math.min(heightOf(one), heightOf(near));
          if (small(one)) needed = -LOW * heightOf(near);
          else if (above(near, one)) needed = -BROKEN * most;
          if (shared > needed && shared > best) [home, best] = [line, shared];
        }
      }
      if (home) home.push(one);
      else if (!small(one)) found.push([one]);
    }
    const middle = (line) => line.reduce((sum, { top, bottom }) => sum + top + bottom, 0) / line.length;
    return found.sort((a, b) => middle(a) - middle(b));
  }
  function around(all) {
    return [
      Math.min(...all.map(({ left }) => left)),
      Math.min(...all.map(({ top }) => top)),
      Math.max(...all.map(({ right }) => right)),
      Math.max(...all.map(({ bottom }) => bottom))
    ];
  }
  function lineHeight(line) {
    const heights = line.map(heightOf).sort((a, b) => a - b);
    const tall = heights.filter((height) => height > TALL * heights[heights.length - 1]);
    return (tall[tall.length - 1 >> 1] + tall[tall.length >> 1]) / 2;
  }
  function stacked(line) {
    const groups = (
      /** @type {Component[][]} */
      []
    );
    for (const one of line.toSorted((a, b) => a.left - a.right - (b.left - b.right))) {
      const group = groups.find((group2) => {
        const [left, , right] = around(group2);
        return above({ left, right }, one);
      });
      if (group) group.push(one);
      else groups.push([one]);
    }
    const centre = (group) => around(group)[0] + around(group)[2];
    return groups.sort((a, b) => centre(a) - centre(b));
  }
  function above(one, other) {
    const shared = Math.min(one.right, other.right) - Math.max(one.left, other.left);
    return shared > STACKED * Math.min(one.right - one.left, other.right - other.left);
  }

  // src/ruled-lines.js
  var { DARKER, SPAN, UNBROKEN, VOTES, TILT, ANGLE, MOST: MOST2, DISTANT, HALF_WIDTH } = held.constants.ruled_lines;
  function withoutRuledLines(light, share) {
    const some = sample(share.data), usual = quantile(some, 0.5);
    const noise = quantile(some.map((value) => Math.abs(value - usual)), 0.5);
    const least = usual - Math.max(DARKER[0], DARKER[1] * noise), dark = mapped(share, (value) => Number(value < least));
    const rest = withoutLevelLines(light, share, dark);
    return transposed(withoutLevelLines(transposed(rest), transposed(share), transposed(dark)));
  }
  function withoutLevelLines(light, share, dark) {
    const { width, height } = light, near = dilated(dark, 1, 3).data, out = light.data.slice();
    const taken = (
      /** @type {number[]} */
      []
    );
    for (const line of levelLines(dark)) {
      const inside = line.flatMap((row, i) => row >= 0 && row < height ? [row * width + i] : []);
      const middle = line[width >> 1];
      if (inside.length < SPAN * width || taken.some((row) => Math.abs(row - middle) < DISTANT)) continue;
      if (inside.reduce((sum, i) => sum + near[i], 0) <= UNBROKEN * inside.length) continue;
      taken.push(middle);
      for (let offset = -HALF_WIDTH; offset <= HALF_WIDTH; offset++) {
        const along = line.map((row, i) => clamp(row + offset, 0, height - 1) * width + i);
        const shade = Math.min(1, quantile(Float32Array.from(along, (i) => share.data[i]), 0.5));
        for (const i of along) out[i] /= shade;
      }
    }
    return { width, height, data: out };
  }
  function levelLines({ width, height, data }) {
    const tilts = 1 + Math.round(2 * TILT / ANGLE), most = width + height;
    const bins = 2 * most + 3;
    const angles = new Float32Array(tilts).fill(Math.PI / 2 - TILT);
    for (let n = 1; n < tilts; n++) angles[n] = angles[n - 1] + Math.fround(ANGLE);
    const cosines = angles.map(Math.cos), sines = angles.map(Math.sin);
    const votes = new Int32Array((tilts + 2) * bins);
    for (let i = 0; i < data.length; i++) {
      if (!data[i]) continue;
      const column = i % width, row = Math.floor(i / width);
      for (let n = 0; n < tilts; n++) {
        const distance = rounded(Math.fround(Math.fround(column * cosines[n]) + Math.fround(row * sines[n])));
        votes[(n + 1) * bins + most + 1 + distance]++;
      }
    }
    const peaks = [];
    for (let i = bins; i < votes.length - bins; i++) {
      const here = votes[i];
      if (here <= Math.floor(VOTES * width) || here <= votes[i - 1] || here < votes[i + 1]) continue;
      if (here > votes[i - bins] && here >= votes[i + bins]) peaks.push(i);
    }
    peaks.sort((a, b) => votes[b] - votes[a] || a - b);
    return peaks.slice(0, MOST2).map((i) => {
      const n = Math.floor(i / bins) - 1, distance = i % bins - most - 1;
      return Array.from({ length: width }, (_, column) => rounded((distance - column * cosines[n]) / sines[n]));
    });
  }

  // src/background.js
  var {
    WINDOWS,
    COARSE,
    EVEN,
    DARK,
    LIFT,
    FASTEST,
    STRONG,
    THRESHOLD,
    THIN,
    CLEAR,
    PALE,
    TEXTURE
  } = held.constants.background;
  function findForeground([red, green, blue], enlarged) {
    const grey = blurred(mapped(red, (value, i) => (value + green.data[i] + blue.data[i]) / 765), 1);
    const dark = onDarkBackground(grey), light = mapped(grey, (value) => (dark ? 1 - value : value) + LIFT[0]);
    const unlined = withoutRuledLines(light, divided(light, estimateBackground(light, WINDOWS[0])));
    const [gradients, edges] = contrasts(mapped(light, (value) => Math.log(value + LIFT[1])));
    const onLines = mapped(light, (value, i) => Number(unlined.data[i] !== value));
    const offLines = mapped(edges, (edge, i) => Number(edge && !onLines.data[i]));
    const across = 3 + enlarged | 1;
    let best = clearestWindow(unlined, gradients, maximum(offLines.data) ? offLines : edges, across);
    if (maximum(onLines.data) && (!best || sidesMet(best))) {
      const whole = clearestWindow(light, gradients, edges, across);
      if (whole && sidesMet(whole) === 4) best = whole;
    }
    return best && !isTexture(best) ? best : null;
  }
  function clearestWindow(light, gradients, edges, across) {
    let best = null, most = 0;
    for (const window of WINDOWS) {
      const darkness = mapped(divided(light, estimateBackground(light, window)), (share) => 1 - share);
      const mask = binarize(darkness, THRESHOLD * mean(valuesIn(darkness, edges)), across);
      const foreground = { darkness, ...connectedComponents(mask, gradients) };
      const main = foreground.components.filter((component) => component.main);
      const clarity = main.reduce((sum, one) => sum + one.clarity ** CLEAR, 0);
      if (clarity > most) [best, most] = [foreground, clarity];
    }
    return best;
  }
  function binarize(darkness, least, across) {
    const { width, height, data } = darkness, faint = THIN * least, half = across >> 1;
    const isMiddle = (i, place, size, step) => {
      const end = i + Math.min(half, size - 1 - place) * step;
      let most = 0, fewest = Infinity;
      for (let k = i - Math.min(half, place) * step; k <= end; k += step) {
        if (data[k] > most) most = data[k];
        if (data[k] < fewest) fewest = data[k];
      }
      return data[i] === most && fewest < faint;
    };
    return mapped(darkness, (value, i) => Number(value > least || value > faint && (isMiddle(i, i % width, width, 1) || isMiddle(i, Math.floor(i / width), height, width))));
  }
  var clearest = (components) => components.reduce((one, other) => other.clarity > one.clarity ? other : one);
  function sidesMet({ labels: { width, height }, components }) {
    const { left, top, right, bottom } = clearest(components);
    return [left === 0, top === 0, right === width, bottom === height].filter(Boolean).length;
  }
  function isTexture({ darkness, labels, components }) {
    const dark = sample(labels.data).map((label) => Number(label > 0)), best = clearest(components).label;
    const outside = sample(darkness.data).filter((_, i) => !dark[i]), background = mean(outside);
    if (mean(darkness.data.filter((_, i) => labels.data[i] === best)) - background < PALE) return true;
    if (mean(dark) < TEXTURE[0]) return false;
    const kept = new Set(components.map(({ label }) => label));
    const inside = darkness.data.filter((_, i) => kept.has(labels.data[i]));
    return deviation(inside) + deviation(outside) > TEXTURE[1] * (mean(inside) - background);
  }
  function onDarkBackground(picture) {
    const light = mapped(picture, (value) => value + LIFT[2]), { width, height } = light;
    const [w, h] = [width, height].map((n) => Math.ceil(n / 8));
    const around2 = resized(blurred(resized(light, area, w, h), EVEN * Math.min(w, h)), linear, width, height);
    const even = divided(light, around2), [, edges] = contrasts(even);
    const border = even.data.filter((_, i) => i < width || i >= even.data.length - width || (i + 1) % width < 2);
    return quantile(border, DARK) < mean(valuesIn(even, edges));
  }
  function contrasts({ width, height, data }) {
    const slopes = [[1, 0], [-1, 0], [0, 1], [0, -1]].map(([across, down]) => filled(width, height, (i) => {
      const x = clamp(i % width + across, 0, width - 1), y = clamp(Math.floor(i / width) + down, 0, height - 1);
      return data[y * width + x] - data[i];
    }));
    const change2 = filled(width, height, (i) => Math.max(Math.abs(slopes[0].data[i]), Math.abs(slopes[2].data[i])));
    const most = Math.max(quantile(sample(change2.data), FASTEST), 1e-3);
    const least = Math.min(STRONG * most, maximum(change2.data));
    const edges = mapped(change2, (value) => Number(value >= least));
    return [slopes.map((slope) => mapped(slope, (value) => clamp(value / most, -1, 1))), edges];
  }
  function estimateBackground(light, window) {
    const { width, height, data } = light, lightest = maximum(data);
    if (window >= 1) return mapped(light, () => lightest);
    const reduction = Math.max(1, Math.floor(Math.floor(window * Math.min(width, height)) / COARSE));
    const [w, h] = [width, height].map((n) => Math.max(1, Math.floor(n / reduction)));
    const side = Math.max(3, rounded(window * Math.min(w, h))) | 1;
    const closed = resized(closing(resized(light, area, w, h), side), linear, width, height);
    return mapped(closed, (value, i) => Math.max(value, data[i]));
  }

  // src/normalization.js
  var { BOX, FINE, SLANT, STROKE } = held.constants.normalize;
  function normalize(strokes) {
    const tight = crop(strokes, bounds(drawn(strokes))), scale = BOX * FINE / Math.max(tight.width, tight.height);
    const [width, height] = [tight.width, tight.height].map((n) => Math.max(1, rounded(n * scale)));
    const fine = padded(resized(tight, scale < 1 ? area : linear, width, height), BOX);
    const whole = normalizeStrokes(drawn(deslant(fine))), digit = crop(whole, bounds(whole));
    const reduction = BOX / Math.max(digit.width, digit.height), [x, y] = centreOfMass(digit);
    const across = area(digit.width, 28, reduction, 14.5 - x * reduction);
    const down = area(digit.height, 28, reduction, 14.5 - y * reduction);
    return resampled(digit, across, down).data.map((value) => Math.min(value, 1));
  }
  function drawn(strokes) {
    const least = Math.min(0.5, 0.9 * maximum(strokes.data));
    return mapped(strokes, (value) => Number(value > least));
  }
  function deslant({ width, height, data }) {
    const [x, y] = centreOfMass({ width, height, data });
    let both = 0, square = 0;
    for (let i = 0; i < data.length; i++) {
      const across = i % width + 0.5 - x, down = Math.floor(i / width) + 0.5 - y;
      both += data[i] * down * across;
      square += data[i] * down * down;
    }
    const slant = both / Math.max(square, 1e-9), excess = slant - clamp(slant, ...SLANT);
    return filled(width, height, (i) => {
      const row = Math.floor(i / width), from = i % width + excess * (row + 0.5 - y), left = Math.floor(from);
      const one = left >= 0 && left < width ? data[row * width + left] : 0;
      const next = left >= -1 && left < width - 1 ? data[row * width + left + 1] : 0;
      return one + (from - left) * (next - one);
    });
  }
  function normalizeStrokes(mask) {
    const depth = distances(mask), count = mask.data.reduce((sum, on) => sum + on, 0);
    const wide = 4 * depth.data.reduce((sum, value) => sum + value, 0) / count / FINE;
    const more = (clamp(wide, ...STROKE) - wide) / 2 * FINE;
    if (more > 0) return mapped(distances(mapped(mask, (on) => 1 - on)), (away) => Number(away <= more));
    const least = Math.min(-more, 0.9 * maximum(depth.data));
    return mapped(depth, (value) => Number(value > least));
  }
  function isNormalized([grey, ...others]) {
    if (grey.width !== 28 || grey.height !== 28 || !maximum(grey.data)) return false;
    if (others.some(({ data }) => data.some((value, i) => value !== grey.data[i]))) return false;
    const [left, top, right, bottom] = bounds(grey), longer = Math.max(right - left, bottom - top);
    return 19 <= longer && longer <= BOX && centreOfMass(grey).every((c) => Math.abs(c - 14.5) < 0.6);
  }

  // src/reader.js
  var reader_exports = {};
  __export(reader_exports, {
    findLines: () => findLines,
    isDigit: () => isDigit,
    linesIn: () => linesIn,
    moved: () => moved,
    read: () => read
  });

  // src/lattice.js
  var lattice_exports = {};
  __export(lattice_exports, {
    bestPath: () => bestPath,
    candidates: () => candidates,
    confidence: () => confidence
  });
  var { SEGMENTS, BROAD, BREAK, GAP, SHORT, LONG, SKIP, UNSURE, DOUBT } = held.constants.lattice;
  function candidates({ height, segments }) {
    const found = [], cut = segments.slice(1).map((segment2, n) => segment2.stroke === segments[n].stroke);
    const wide = (n) => Math.max(0, segments[n + 1].left - segments[n].right) / height;
    const gaps = cut.map((isCut, n) => isCut ? 0 : GAP[0] + GAP[1] * wide(n));
    for (let first = 0; first < segments.length; first++) {
      for (let last = first + 1; last <= Math.min(first + SEGMENTS, segments.length); last++) {
        const run = segments.slice(first, last), [left, top, right, bottom] = around(run);
        if (right - left > BROAD * height && run.length > 1) break;
        const ends = Number(first > 0 && cut[first - 1]) + Number(last < segments.length && cut[last - 1]);
        const breaks = gaps.slice(first, last - 1).reduce((sum, gap) => sum + gap, 0) + ends / 2;
        const [width, high] = [(right - left) / height, (bottom - top) / height];
        found.push({ first, last, width, height: high, breaks, clipped: run.every(({ clipped }) => clipped) });
      }
    }
    return found;
  }
  function bestPath(line, outputs) {
    const best = [0], steps = (
      /** @type {Step[]} */
      []
    );
    line.forEach(({ first, last, width, height, breaks, clipped }, number) => {
      const a = Array.from(outputs[number], (value) => clamp(value, UNSURE, 1 - UNSURE)), most = Math.max(...a);
      const none = a.reduce((sum, value) => sum + Math.log(1 - value), 0);
      const digit = none + Math.log(most) - Math.log(1 - most);
      const penalty = BREAK * breaks + SHORT[1] * Math.max(0, SHORT[0] - height) + LONG[1] * Math.max(0, width - LONG[0]);
      const ways = [{ score: digit - penalty, isDigit: true }];
      if (last === first + 1) ways.push({ score: none - Number(!clipped) * SKIP * Math.min(height, 1), isDigit: false });
      for (const { score, isDigit: isDigit2 } of ways) {
        if (best[first] + score > (best[last] ?? -Infinity)) {
          best[last] = best[first] + score;
          steps[last] = [number, isDigit2];
        }
      }
    });
    const path = [];
    for (let end = best.length - 1; end > 0; end = line[steps[end][0]].first) path.unshift(steps[end]);
    return path;
  }
  function confidence(line, outputs, path) {
    let sure = 0, wide = 0;
    for (const [n, isDigit2] of path) {
      const { width, height, breaks, clipped } = line[n];
      if (isDigit2) {
        sure += width * Math.max(...Array.from(outputs[n]));
        wide += width + DOUBT * breaks;
      } else if (!clipped && height > SHORT[0]) wide += width;
    }
    return sure / Math.max(wide, 1e-9);
  }

  // src/network.js
  var network_exports = {};
  __export(network_exports, {
    activationsOf: () => activationsOf,
    binaryLayer: () => binaryLayer,
    feedforward: () => feedforward,
    nonzero: () => nonzero,
    outputsOf: () => outputsOf,
    predictionOf: () => predictionOf,
    weightedInput: () => weightedInput
  });
  function feedforward(layers, image) {
    const activations = [image];
    for (const layer of layers) activations.push(...activationsOf(layer, activations.slice(-1)));
    return activations;
  }
  var outputsOf = (layers, image) => feedforward(layers, image)[layers.length];
  function activationsOf({ weights, biases }, inputs) {
    const outputs = inputs.map(() => new Float32Array(biases.length)), on = inputs.map(nonzero);
    for (let j = 0; j < biases.length; j++) {
      for (let i = 0; i < inputs.length; i++) {
        outputs[i][j] = 1 / (1 + Math.exp(-weightedInput(weights, biases[j], inputs[i], j, on[i])));
      }
    }
    return outputs;
  }
  function weightedInput(weights, b, a, j, { places, values } = nonzero(a)) {
    const row = j * a.length;
    let z = b;
    for (let i = 0; i < places.length; i++) z += weights[row + places[i]] * values[i];
    return z;
  }
  function nonzero(a) {
    const places = new Uint16Array(a.length), values = new Float32Array(a.length);
    let n = 0;
    for (let k = 0; k < a.length; k++) {
      if (a[k] === 0) continue;
      places[n] = k;
      values[n++] = a[k];
    }
    return { places: places.subarray(0, n), values: values.subarray(0, n) };
  }
  function binaryLayer({ weights, biases }, outputs) {
    return weights.map((w, j) => Number(weightedInput(w, biases[j], outputs, 0) > 0));
  }
  var predictionOf = (outputs) => outputs.indexOf(Math.max(...outputs));

  // src/picture.js
  var { WORKING, NARROW } = held.constants.picture;
  function openPicture({ width, height, data }) {
    const shorter = Math.min(width, height), longer = Math.max(width, height);
    if (shorter < 8 || longer > NARROW * shorter) return [[], 1];
    let light = 0, opaque = 0;
    for (let k = 0; k < data.length; k += 4) {
      light += data[k + 3] * (0.299 * data[k] + 0.587 * data[k + 1] + 0.114 * data[k + 2]);
      opaque += data[k + 3];
    }
    const behind = light > 127 * opaque ? 0 : 255;
    const reduction = Math.ceil(Math.floor(Math.sqrt(width * height)) / WORKING);
    const [w, h] = [width, height].map((n) => Math.ceil(n / reduction)), counts = blank(w, h).data;
    const sums = Array.from({ length: 3 }, () => blank(w, h));
    for (let y = 0, k = 0; y < height; y++) {
      for (let x = 0; x < width; x++, k += 4) {
        const i = Math.floor(y / reduction) * w + Math.floor(x / reduction), alpha = data[k + 3] / 255;
        for (let c = 0; c < 3; c++) sums[c].data[i] += data[k + c] * alpha + behind * (1 - alpha);
        counts[i]++;
      }
    }
    return [sums.map((sum) => mapped(sum, (value, i) => Math.round(value / counts[i]))), longer / Math.max(w, h)];
  }

  // src/segmentation.js
  var { WIDE, APART, DEEP, ASIDE } = held.constants.segmentation;
  var { FAINT } = held.constants.components;
  function segment({ labels, components }) {
    const owners = blank(labels.width, labels.height), found = [];
    const least = FAINT * Math.max(...components.map(({ clarity }) => clarity));
    let count = 0;
    for (const line of lines(components.filter(({ clarity }) => clarity > least))) {
      const height = lineHeight(line), segments = (
        /** @type {Segment[]} */
        []
      );
      stacked(line).forEach((stack, stroke) => {
        const [left, top, right, bottom] = around(stack), own = new Set(stack.map(({ label }) => label));
        const mask = mapped(crop(labels, [left, top, right, bottom]), (label) => Number(own.has(label)));
        const paths = right - left > WIDE * height ? segmentationPaths(mask, height) : [];
        const beyond = (i) => paths.filter((path) => i % mask.width >= path[Math.floor(i / mask.width)]).length;
        const place = mapped(mask, (on, i) => on ? beyond(i) : -1);
        const clarity = Math.max(...stack.map(({ clarity: clarity2 }) => clarity2)), main = stack.some(({ main: main2 }) => main2);
        for (let n = 0; n <= paths.length; n++) {
          const own2 = mapped(place, (value) => Number(value === n));
          if (!own2.data.includes(1)) continue;
          count++;
          own2.data.forEach((on, i) => {
            if (on) owners.data[(top + Math.floor(i / mask.width)) * owners.width + left + i % mask.width] = count;
          });
          const [x, y, xEnd, yEnd] = bounds(own2);
          const sides = { left: left + x, top: top + y, right: left + xEnd, bottom: top + yEnd };
          const clipped = !main && (sides.left === 0 || sides.right === owners.width);
          segments.push({ label: count, ...sides, clarity, stroke, clipped });
        }
      });
      found.push({ height, segments });
    }
    return { owners, lines: found };
  }
  function segmentationPaths(mask, height) {
    const { width, height: rows, data } = mask, half = rows >> 1, least = APART * height;
    const chosen = (
      /** @type {number[]} */
      []
    );
    const down = cheapestPath(mask, 0, half), up = cheapestPath(mask, rows - 1, half);
    const met = Array.from({ length: width }, (_, x) => down.cost[x] + up.cost[x] - data[half * width + x]);
    for (const x of [...met.keys()].sort((a, b) => met[a] - met[b] || a - b)) {
      if (met[x] > DEEP * rows) break;
      if (x < least || x >= width - least || chosen.some((other) => Math.abs(x - other) < least)) continue;
      chosen.push(x);
    }
    return chosen.sort((a, b) => a - b).map((x) => [...follow(down.steps, x).reverse(), ...follow(up.steps, x).slice(1)]);
  }
  function cheapestPath({ width, data }, first, last) {
    const way = Math.sign(last - first), steps = [new Int8Array(width)];
    let cost = Float64Array.from({ length: width }, (_, x) => data[first * width + x]);
    for (let row = first; row !== last; ) {
      row += way;
      const before = cost, step = new Int8Array(width);
      cost = before.map((straight, x) => {
        let best = straight;
        for (const side of [-1, 1]) {
          if (x + side < 0 || x + side >= width || before[x + side] + ASIDE >= best) continue;
          [best, step[x]] = [before[x + side] + ASIDE, side];
        }
        return best + data[row * width + x];
      });
      steps.push(step);
    }
    return { cost, steps };
  }
  function follow(steps, column) {
    return steps.toReversed().map((step) => {
      const here = column;
      column += step[column];
      return here;
    });
  }

  // src/reader.js
  var { SMALLEST, REJECTION_THRESHOLD } = held.constants.reader;
  var isDigit = (outputs) => outputs[predictionOf(outputs)] > REJECTION_THRESHOLD;
  function read(lines2, layers) {
    return lines2.flatMap(({ candidates: all, digits }, line) => {
      const outputs = digits.map(({ image }) => outputsOf(layers, image)), path = bestPath(all, outputs);
      if (confidence(all, outputs, path) <= REJECTION_THRESHOLD) return [];
      return path.flatMap(([n, isDigit2]) => isDigit2 ? [{ ...digits[n], line }] : []);
    });
  }
  var moved = (digits, scale, x, y) => digits.map(({ box: [left, top, right, bottom], ...digit }) => ({ ...digit, box: [left / scale + x, top / scale + y, right / scale + x, bottom / scale + y] }));
  function findLines(pixels2) {
    let [colours, scale] = openPicture(pixels2);
    if (!colours.length) return [];
    const { width, height, data } = colours[0];
    if (isNormalized(colours)) {
      const alone = { first: 0, last: 1, width: 1, height: 1, breaks: 0, clipped: false };
      const image = data.map((grey) => grey / 255);
      return [{ candidates: [alone], digits: [{ image, box: [0, 0, 28, 28], clarity: 1 }] }];
    }
    const enlargement = Math.ceil(SMALLEST / Math.floor(Math.sqrt(width * height)));
    if (enlargement > 1) {
      colours = colours.map((colour2) => {
        const enlarged = resized(colour2, cubic, width * enlargement, height * enlargement);
        return mapped(enlarged, (value) => Math.round(clamp(value, 0, 255)));
      });
      scale /= enlargement;
    }
    const foreground = findForeground(colours, enlargement);
    return foreground ? linesIn(foreground, scale) : [];
  }
  function linesIn(foreground, scale) {
    const { owners, lines: lines2 } = segment(foreground);
    return lines2.map((line) => {
      const all = candidates(line), runs = all.map(({ first, last }) => line.segments.slice(first, last));
      return { candidates: all, digits: runs.map((run) => digitOf(foreground.darkness, owners, run, scale)) };
    });
  }
  function digitOf(darkness, owners, run, scale) {
    const box = around(run), outer = (
      /** @type {Box} */
      [box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1]
    );
    const first = run[0].label, last = run[run.length - 1].label;
    const own = crop(owners, outer), mask = mapped(own, (owner) => Number(owner >= first && owner <= last));
    const dark = crop(darkness, outer), near = dilated(mask, 3, 3), most = quantile(valuesIn(dark, mask), 0.5);
    const soft = (i) => near.data[i] && (mask.data[i] || own.data[i] === 0);
    const strokes = mapped(dark, (value, i) => soft(i) ? clamp(value / most, 0, 1) : 0);
    const [left, top, right, bottom] = box.map((n) => rounded(n * scale));
    const clarity = Math.max(...run.map((segment2) => segment2.clarity));
    return { image: normalize(strokes), box: [left, top, right, bottom], clarity };
  }

  // src/strokes.js
  var THICKNESS = 8 / 60;
  var FINENESS = 120;
  var OBLONG = 3;
  var DOT = 0.05;
  var canvas = contextOf(element("canvas"), { willReadFrequently: true });
  function digitsOfStrokes(strokes, layers) {
    if (!strokes.length) return [];
    const { darkness, left, top, scale } = pixelsOf(strokes);
    const found = maybeSeveral(strokes) ? read(linesIn(foregroundOf(darkness), 1), layers) : [];
    const digits = found.length ? found : [{ image: normalize(darkness), box: bounds(drawn(darkness)), clarity: 1 }];
    return moved(digits, scale, left, top);
  }
  function rangeOf(points, axis2) {
    const values = points.map((point) => point[axis2]).sort((one, other) => one - other);
    return [values[0], values[values.length - 1]];
  }
  function maybeSeveral(strokes) {
    const [[left, right], [top, bottom]] = [rangeOf(strokes.flat(), 0), rangeOf(strokes.flat(), 1)];
    const ranges = strokes.map((stroke) => rangeOf(stroke, 0));
    const isFree = (x) => ranges.every(([start2, end]) => start2 >= x || end < x);
    return right - left > bottom - top || ranges.some(([start2]) => start2 > left && isFree(start2));
  }
  function foregroundOf(darkness) {
    const [gradients] = contrasts(mapped(darkness, (value) => -value));
    return { darkness, ...connectedComponents(mapped(darkness, (value) => Number(value > 0.5)), gradients) };
  }
  function pixelsOf(strokes) {
    const [[left, right], [top, bottom]] = [rangeOf(strokes.flat(), 0), rangeOf(strokes.flat(), 1)];
    const scale = FINENESS / Math.max(bottom - top, (right - left) / OBLONG, DOT), pen = THICKNESS * FINENESS;
    const [width, height] = [right - left, bottom - top].map((n) => Math.ceil(n * scale + 2 * pen));
    Object.assign(canvas.canvas, { width, height });
    paintStrokes(canvas, strokes, pen, ([x, y]) => [(x - left) * scale + pen, (y - top) * scale + pen]);
    const { data } = canvas.getImageData(0, 0, width, height);
    const darkness = filled(width, height, (i) => data[4 * i + 3] / 255);
    return { darkness, left: left - pen / scale, top: top - pen / scale, scale };
  }
  function paintStrokes(context2, strokes, width, at) {
    context2.lineCap = context2.lineJoin = "round";
    context2.lineWidth = width;
    for (const stroke of strokes) {
      const points = stroke.map(at), [[x, y]] = points;
      context2.beginPath();
      context2.moveTo(x, y);
      context2.lineTo(x + 0.01, y);
      for (let i = 1; i < points.length; i++) {
        const [[x2, y2], [next, below]] = [points[i - 1], points[i]];
        context2.quadraticCurveTo(x2, y2, (x2 + next) / 2, (y2 + below) / 2);
      }
      context2.lineTo(...points[points.length - 1]);
      context2.stroke();
    }
  }

  // src/pad.js
  var PEN = 0.05;
  var paper = find("paper", HTMLCanvasElement);
  var context = contextOf(paper);
  function listenToPen(moved2, lifted) {
    const point = (event) => {
      const { left, top, width, height } = paper.getBoundingClientRect();
      return (
        /** @type {[number, number]} */
        [(event.clientX - left) / width, (event.clientY - top) / height]
      );
    };
    const lift = (event) => {
      if (event.pointerId !== state.pen) return;
      state.pen = null;
      lifted(event);
    };
    paper.addEventListener("pointerdown", (event) => {
      if (state.pen !== null || event.button) return;
      paper.setPointerCapture(event.pointerId);
      change({ drawing: { ...EMPTY, strokes: [...state.drawing.strokes, [point(event)]] } });
      state.pen = event.pointerId;
      moved2();
    });
    paper.addEventListener("pointermove", (event) => {
      if (event.pointerId !== state.pen) return;
      const between = event.getCoalescedEvents();
      state.drawing.strokes.at(-1)?.push(...(between.length ? between : [event]).map(point));
      moved2();
    });
    paper.addEventListener("touchstart", (event) => event.preventDefault());
    paper.addEventListener("pointerup", lift);
    paper.addEventListener("pointercancel", lift);
  }
  function fitPad() {
    paper.width = paper.height = Math.round(paper.clientWidth * devicePixelRatio);
  }
  function placed({ width, height }) {
    const longer = Math.max(width, height), [w, h] = [width / longer, height / longer];
    return [(1 - w) / 2, (1 - h) / 2, w, h];
  }
  function paintPad(digit, weights) {
    const { strokes, picture, digits } = state.drawing, side = paper.width;
    const scaled = ([left, top, width, height]) => (
      /** @type {Box} */
      [left * side, top * side, width * side, height * side]
    );
    context.clearRect(0, 0, side, side);
    context.strokeStyle = colour("foreground");
    if (picture) context.drawImage(picture, ...scaled(placed(picture)));
    else if (digits) paintPixels(context, scaled([0, 0, 1, 1]), 0, digits[0].image, "foreground");
    paintStrokes(context, strokes, PEN * side, ([x, y]) => [x * side, y * side]);
    if (!weights) return;
    context.globalCompositeOperation = "destination-out";
    context.globalAlpha = 0.75;
    context.fillRect(0, 0, side, side);
    context.globalCompositeOperation = "source-over";
    paintPixels(context, scaled(seenBox(digit)), 1, weights);
  }
  function seenBox(digit) {
    if (!digit) return [0, 0, 1, 1];
    const [left, top, right, bottom] = digit.box;
    const seen = bounds({ width: 28, height: 28, data: digit.image.map((value) => Number(value > 0.2)) });
    const [x, y] = [(right - left) / (seen[2] - seen[0]), (bottom - top) / (seen[3] - seen[1])];
    return [left - seen[0] * x, top - seen[1] * y, 28 * x, 28 * y];
  }
  function drawingOf(image) {
    const [left, top, right, bottom] = bounds({ width: 28, height: 28, data: image });
    return { ...EMPTY, digits: [{ image, box: [left / 28, top / 28, right / 28, bottom / 28], clarity: 1 }] };
  }

  // src/backpropagation.js
  var backpropagation_exports = {};
  __export(backpropagation_exports, {
    countRight: () => countRight,
    freshLayers: () => freshLayers,
    sgdStep: () => sgdStep,
    train: () => train
  });
  var HARDLY = 1e-7;
  function sgdStep(layers, batch, rate) {
    const activations = [batch.map(({ image }) => image)];
    for (const layer of layers) activations.push(activationsOf(layer, activations[activations.length - 1]));
    let deltas = activations[layers.length].map((a, i) => a.map((a2, j) => (a2 - batch[i].y[j]) * a2 * (1 - a2)));
    for (let l = layers.length - 1; l >= 0; l--) {
      const { weights, biases } = layers[l], a = activations[l];
      const below = l > 0 ? a.map((a2, i) => propagatedBack(weights, deltas[i], a2)) : [];
      const on = a.map(nonzero), n = a[0].length;
      for (let j = 0; j < biases.length; j++) {
        for (let i = 0; i < batch.length; i++) {
          const change2 = rate / batch.length * deltas[i][j];
          if (Math.abs(change2) < HARDLY) continue;
          const { places, values } = on[i], row = j * n;
          biases[j] -= change2;
          for (let k = 0; k < places.length; k++) weights[row + places[k]] -= change2 * values[k];
        }
      }
      deltas = below;
    }
  }
  function propagatedBack(weights, delta, a) {
    const n = a.length, error = new Float32Array(n);
    for (let j = 0; j < delta.length; j++) {
      if (Math.abs(delta[j]) < HARDLY) continue;
      for (let k = 0; k < n; k++) error[k] += weights[j * n + k] * delta[j];
    }
    return error.map((e, k) => e * a[k] * (1 - a[k]));
  }
  function freshLayers(sizes) {
    return sizes.slice(1).map((neurons, l) => {
      const deviation2 = (l === 0 ? 2 : 1) / Math.sqrt(sizes[l]);
      const weights = new Float32Array(neurons * sizes[l]).map(() => deviation2 * normal());
      return { weights, biases: new Float32Array(neurons) };
    });
  }
  function normal() {
    return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  }
  function countRight(layers, examples) {
    return examples.filter(({ image, y }) => predictionOf(outputsOf(layers, image)) === predictionOf(y)).length;
  }
  function* train(layers, examples, { epochs, batch, rate }) {
    yield;
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = shuffled(examples);
      for (let i = 0; i < order.length; i += batch) sgdStep(layers, order.slice(i, i + batch), rate);
      yield;
    }
  }
  function shuffled(examples) {
    const keyed = examples.map((example) => ({ example, key: Math.random() }));
    return keyed.sort((one, other) => one.key - other.key).map(({ example }) => example);
  }

  // src/view.js
  var FAINT2 = 0.55;
  var root = document.documentElement;
  var pixels = (
    /** @type {HTMLCanvasElement} */
    document.querySelector("#pixels canvas")
  );
  var built = { shape: "", layers: (
    /** @type {NeuronsView[]} */
    []
  ) };
  function build() {
    const { sizes, shape } = state.network;
    for (const figure of document.querySelectorAll(".layer")) figure.remove();
    const layers = sizes.slice(1).map((_, l) => neuronsView(sizes, l + 1, (j) => {
      state.looked = j === null ? null : [l + 1, j];
      show();
    }));
    find("network-view", HTMLElement).append(...layers.map(({ figure }) => figure));
    root.style.setProperty("--wide", `${Math.ceil((sizes.length + 1) / 2)}`);
    Object.assign(built, { shape, layers });
    state.looked = null;
  }
  function fit() {
    root.style.removeProperty("--side");
    const side = Math.floor(pixels.clientWidth * devicePixelRatio / 28) * 28;
    root.style.setProperty("--side", `${side / devicePixelRatio}px`);
    fitPad();
    show();
  }
  function read2() {
    const { strokes, digits } = state.drawing;
    state.digits = digits ?? digitsOfStrokes(strokes, state.network.layers);
    const clarities = state.digits.map(({ clarity }) => clarity);
    state.chosen = clarities.indexOf(Math.max(...clarities));
    state.flash = null;
    showBoxes();
    show();
  }
  function finish(since) {
    read2();
    say();
    describe();
    const took = since !== void 0 && state.digits.length ? `read in ${(performance.now() - since).toFixed(1)} ms` : "";
    write("time", took);
  }
  function show() {
    const { network, chosen, digits } = state, digit = digits.at(chosen);
    if (built.shape !== network.shape) {
      build();
      return fit();
    }
    const activations = digit ? feedforward(network.layers, digit.image) : network.sizes.map((n) => new Float32Array(n));
    const [layer, j] = state.looked ?? [0, 0], { layers } = built;
    const contributions = state.looked ? contributionsAround(layer, j, activations) : state.flash ?? [];
    paintInput(pixels, activations[0], contributions[0]);
    layers.forEach((view, l) => {
      view.show(activations[l + 1], contributions[l + 1], layer === l + 1 ? j : void 0);
    });
    if (network.fresh) paintWeights(layers[0], network.layers[0].weights);
    showAnswer(activations[layers.length], Boolean(digit));
    paintPad(digit, layer === 1 ? contributions[0] : void 0);
    const drawn2 = state.drawing !== EMPTY;
    find("pad", HTMLElement).classList.toggle("written", layer === 1 || drawn2);
    for (const [name, possible] of Object.entries({ undo: state.past.length, redo: state.future.length, clear: drawn2 })) {
      find(name, HTMLElement).ariaDisabled = `${!possible}`;
    }
    find("teach", HTMLElement).classList.toggle("possible", Boolean(digit) && !state.training);
    for (const [i, box] of [...find("boxes", HTMLElement).children].entries()) box.ariaPressed = `${i === chosen}`;
    if (state.looked) explain(inSentence(layer, j, activations));
    return void 0;
  }
  function contributionsAround(layer, j, activations) {
    const { layers } = state.network, found = [], before = activations[layer - 1], a = activations[layer][j];
    const w = layers[layer - 1].weights.subarray(j * before.length, (j + 1) * before.length);
    found[layer - 1] = relative(w, (k) => layer === 1 ? FAINT2 + (1 - FAINT2) * before[k] : before[k]);
    if (layer === layers.length) return found;
    const { weights, biases } = layers[layer], n = activations[layer].length;
    found[layer + 1] = relative(biases.map((_, next) => weights[next * n + j]), () => a);
    return found;
  }
  function inSentence(layer, j, activations) {
    const { layers } = state.network, { weights, biases } = layers[layer - 1], a = activations[layer][j].toFixed(2);
    const z = weightedInput(weights, biases[j], activations[layer - 1], j).toFixed(1).replace("-", "−");
    const pixels2 = "red pixels excite it, blue ones inhibit it";
    const neurons = "red neurons contribute to it, blue ones against it";
    const own = layer < layers.length ? ". Beyond: its contributions, activation times weight" : "";
    return `Weighted input z = w·a + b = ${z}, activation σ(z) = ${a}: ${layer === 1 ? pixels2 : neurons}${own}.`;
  }
  function explain(sentence) {
    write("explain", sentence ?? "Point at any part, or at a neuron, to see what it does.");
  }
  function lookAway() {
    if (!state.looked) return;
    state.looked = null;
    show();
    explain();
  }
  function showAnswer(outputs, read3) {
    const prediction = predictionOf(outputs), recognised = read3 && isDigit(outputs);
    write("digit", recognised ? `${prediction}` : "?");
    find("digit", HTMLElement).style.opacity = `${recognised ? Math.max(0.3, outputs[prediction]) : 0.15}`;
    const bits = recognised ? binaryLayer(held.bits, outputs) : [];
    find("bits", HTMLElement).querySelectorAll("li").forEach((item, place) => {
      item.classList.toggle("one", bits[place] === 1);
      item.children[0].textContent = `${bits[place] ?? ""}`;
    });
  }
  var outputsFor = ({ image }) => outputsOf(state.network.layers, image);
  function showBoxes() {
    const { picture, digits } = state.drawing;
    find("boxes", HTMLElement).replaceChildren(...(picture && digits ? digits : []).map((digit, i) => {
      const [left, top, right, bottom] = digit.box;
      const box = button(element("span", `${predictionOf(outputsFor(digit))}`), () => {
        state.chosen = i;
        show();
        say();
      });
      const sides = { left, top, width: right - left, height: bottom - top };
      for (const [side, share] of Object.entries(sides)) box.style.setProperty(side, `${100 * share}%`);
      return box;
    }));
  }
  function say(other = "") {
    const readings = state.digits.map(outputsFor), outputs = readings.at(state.chosen);
    write("said", other || (outputs ? inWords(readings, outputs) : "Or drop, paste or choose a picture of handwriting."));
  }
  function inWords(readings, outputs) {
    const best = predictionOf(outputs), second = predictionOf(outputs.with(best, -1));
    const [first, then] = [best, second].map((digit) => outputs[digit].toFixed(2));
    const { REJECTION_THRESHOLD: REJECTION_THRESHOLD2 } = held.constants.reader;
    if (!isDigit(outputs)) return `No digit: no output is over ${REJECTION_THRESHOLD2}, ${best} has ${first}.`;
    const isNewLine = (i) => i > 0 && state.digits[i].line !== state.digits[i - 1].line;
    const all = readings.map((outputs2, i) => (isNewLine(i) ? ", " : "") + predictionOf(outputs2)).join("");
    return `${readings.length > 1 ? `Reads ${all}. Shown: ` : ""}${best} at ${first}, then ${second} at ${then}.`;
  }
  function describe() {
    const percent = (share) => `${(100 * share).toFixed(2)} %`;
    const { layers, shape, fresh, lessons, test_accuracy: test } = state.network;
    const size = layers.reduce((sum, { weights, biases }) => sum + weights.length + biases.length, 0);
    const facts = [shape];
    if (fresh) facts.push("trained here");
    else if (lessons) facts.push(`${lessons.length} lesson${lessons.length > 1 ? "s" : ""}`);
    else if (test !== null) facts.push(`${percent(test)} on MNIST’s test images`);
    write("about", facts.join(" · "));
    const count = size.toLocaleString("en");
    write("held", `The network’s ${count} weights and biases are in this file. Nothing you draw leaves it.`);
  }

  // src/teaching.js
  var RATE = 0.5;
  var BATCH = 5;
  var EARLIER = 0.05;
  var TAKEN = 0.5;
  var STEPS = 400;
  function offerLessons() {
    for (const [digit, button2] of find("teach", HTMLElement).querySelectorAll("button").entries()) {
      button2.addEventListener("click", () => learn(digit));
    }
  }
  async function learn(digit) {
    const { image } = state.digits.at(state.chosen) ?? {}, before = state.network;
    if (!image || state.teaching || state.training) return;
    state.teaching = true;
    before.accuracy ??= await accuracyOf(before.layers);
    change({});
    const lesson = { image, y: desired(digit) }, then = supportOf(before.layers, lesson.y);
    const { network, steps } = await teach(before, lesson, (taught) => {
      state.network = taught;
      const now = supportOf(taught.layers, lesson.y);
      state.flash = now.map((values, l) => relative(values.map((value, k) => value - then[l][k])));
      show();
    });
    show();
    network.accuracy = await accuracyOf(network.layers);
    state.teaching = false;
    const percent = (accuracy) => (100 * accuracy).toFixed(1);
    const count = `${steps} step${steps === 1 ? "" : "s"}`, learned = isLearned(network.layers, lesson);
    const result = learned ? `${digit} after ${count}` : `Still not ${digit} after ${count}, its outputs are saturated`;
    say(`${result}; test images ${percent(before.accuracy)} → ${percent(network.accuracy)} %.`);
    describe();
    showBoxes();
    setTimeout(() => {
      state.flash = null;
      show();
    }, 1500);
  }
  async function teach({ layers: before, lessons: earlier = [], ...facts }, lesson, seen) {
    const layers = structuredClone(before), lessons = [...earlier, lesson];
    const network = { ...facts, accuracy: void 0, layers, lessons };
    const all = await heldImages(), numbers = [...Array(all.train).keys()];
    const prediction = predictionOf(outputsOf(layers, lesson.image));
    const taken = numbers.filter((i) => all.bytes[i] === prediction);
    const happens = (share) => Math.random() < share;
    const other = () => earlier.length && happens(EARLIER) ? any(earlier) : exampleOf(all, any(taken.length && happens(TAKEN) ? taken : numbers));
    let steps = 0, since = performance.now();
    while (steps < STEPS && !isLearned(layers, lesson)) {
      sgdStep(layers, [lesson, ...Array.from({ length: BATCH - 1 }, other)], RATE);
      if (++steps > 20 && performance.now() - since < 6) continue;
      await nextFrame();
      seen(network);
      since = performance.now();
    }
    return { network, steps };
  }
  function any(all) {
    return all[Math.floor(Math.random() * all.length)];
  }
  function isLearned(layers, { image, y }) {
    const outputs = outputsOf(layers, image);
    return predictionOf(outputs) === predictionOf(y) && isDigit(outputs);
  }
  async function accuracyOf(layers) {
    const all = await heldImages();
    let right = 0, since = performance.now();
    for (let i = 0; i < all.test; i++) {
      right += countRight(layers, [exampleOf(all, all.train + i)]);
      if (performance.now() - since < 8) continue;
      await nextFrame();
      since = performance.now();
    }
    return right / all.test;
  }
  function supportOf(layers, y) {
    const support = [y];
    for (const { weights } of layers.toReversed()) support.unshift(backwards(weights, support[0]));
    return support.slice(0, -1);
  }
  function backwards(weights, values) {
    const n = weights.length / values.length, sums = new Float32Array(n);
    values.forEach((value, j) => {
      if (value) for (let k = 0; k < n; k++) sums[k] += weights[j * n + k] * value;
    });
    return sums;
  }

  // src/input.js
  var LARGEST = 2e3;
  async function readPicture(file) {
    if (!file) return void 0;
    const picture = await opened(file).catch(() => null);
    if (!picture) {
      const heic = "This browser cannot open an iPhone’s HEIC picture. Send it as JPEG, or paste a screenshot of it.";
      const isHeic = /^ftyp(hei|hev|mif1|msf1)/.test(await file.slice(4, 12).text());
      clear();
      return say(isHeic ? heic : "This is not a picture that the browser can open.");
    }
    const digits = digitsOfPicture(picture);
    change({ drawing: { strokes: [], picture, digits } });
    finish();
    const nothing = "No digit is found: nothing in this picture looks like pen strokes on a background.";
    return digits.length ? void 0 : say(nothing);
  }
  async function opened(file) {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
    const [width, height] = [bitmap.width, bitmap.height].map((n) => Math.max(1, Math.round(n * scale)));
    const picture = Object.assign(element("canvas"), { width, height });
    const context2 = contextOf(picture, { willReadFrequently: true });
    context2.imageSmoothingQuality = "high";
    context2.drawImage(bitmap, 0, 0, width, height);
    return picture;
  }
  function digitsOfPicture(picture) {
    const { width, height } = picture, longer = Math.max(width, height), [x, y] = placed(picture);
    const lines2 = findLines(contextOf(picture).getImageData(0, 0, width, height));
    return moved(read(lines2, state.network.layers), longer, x, y);
  }
  async function bring(digit) {
    const all = await heldImages(), tests = Array.from({ length: all.test }, (_, i) => all.train + i);
    change({ drawing: drawingOf(exampleOf(all, any(tests.filter((i) => all.bytes[i] === digit))).image) });
    finish();
  }
  function clear() {
    if (state.drawing !== EMPTY) change({ drawing: EMPTY });
    finish();
  }
  function go(where) {
    if (state.teaching) return;
    travel(where);
    finish();
  }
  function press(event) {
    if (event.target instanceof Element && event.target.matches("select, input") || event.altKey) return;
    const command = event.ctrlKey || event.metaKey;
    const letter = /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : event.code.replace("Key", "").toLowerCase();
    const digit = /^\d$/.test(event.key) ? event.key : /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
    if (command && (letter === "y" || letter === "z" && event.shiftKey)) go("future");
    else if (command && letter === "z") go("past");
    else if (command) return;
    else if (event.key === "Escape" && state.looked) lookAway();
    else if (["Escape", "Delete", "Backspace"].includes(event.key)) clear();
    else if (digit !== void 0) bring(Number(digit));
    else return;
    event.preventDefault();
  }
  function listenToInput() {
    const chooser = find("file", HTMLInputElement), { classList } = document.body;
    onClick("undo", () => go("past"));
    onClick("redo", () => go("future"));
    onClick("clear", clear);
    onClick("choose", () => chooser.click());
    chooser.addEventListener("change", () => {
      readPicture(chooser.files?.[0]);
      chooser.value = "";
    });
    addEventListener("keydown", press);
    addEventListener("paste", ({ clipboardData }) => {
      readPicture([...clipboardData?.files ?? []].find((file) => file.type.startsWith("image/")));
    });
    addEventListener("dragover", (event) => {
      event.preventDefault();
      classList.add("dropping");
    });
    addEventListener("dragleave", ({ relatedTarget }) => relatedTarget || classList.remove("dropping"));
    addEventListener("drop", (event) => {
      event.preventDefault();
      classList.remove("dropping");
      readPicture(event.dataTransfer?.files[0]);
    });
  }

  // src/saving.js
  var source = document.documentElement.outerHTML;
  function saveCopy() {
    const url = URL.createObjectURL(new Blob([copyOfPage()], { type: "text/html" }));
    Object.assign(element("a"), { href: url, download: "digits.html" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 6e4);
  }
  function copyOfPage() {
    const { drawing: { strokes, picture, digits }, network: { layers, ...facts } } = state;
    const image = picture ? null : digits?.[0].image;
    const drawing = { strokes, picture: picture?.toDataURL().split(",")[1], image };
    const now = JSON.stringify(
      { ...held, ...facts, ...packed(layers), drawing },
      (_, value) => value instanceof Float32Array ? [...value] : value
    ).replaceAll("<", "\\u003c");
    const before = document.getElementById("network")?.textContent ?? "";
    return `<!doctype html>
${source.replace(before, () => now)}`;
  }
  function bringBack() {
    const { strokes = [], picture, image } = held.drawing ?? {};
    if (picture) readPicture(new Blob([bytesOf(picture)]));
    else if (image || strokes.length) {
      change({ drawing: image ? drawingOf(Float32Array.from(image)) : { ...EMPTY, strokes } });
      finish();
    }
  }

  // src/training.js
  var EPOCHS = 30;
  var trustedTypes = (
    /** @type {any} */
    globalThis.trustedTypes
  );
  var scripts = trustedTypes?.createPolicy("worker", { createScriptURL: (url) => url });
  var panel = find("training", HTMLElement);
  var slider = find("epoch", HTMLInputElement);
  var training = { worker: null, epochs: [], before: state.network };
  function offerTraining() {
    onClick("train", () => {
      open(true);
      find("start", HTMLElement).focus();
    });
    panel.querySelector("form")?.addEventListener("submit", (event) => {
      event.preventDefault();
      if (state.teaching) return;
      if (state.training) stop();
      else start();
      showEpoch();
    });
    slider.addEventListener("input", () => {
      slider.value = `${Math.min(Number(slider.value), training.epochs.length - 1)}`;
      state.network = training.epochs[Number(slider.value)];
      showEpoch();
    });
    onClick("leave", () => {
      stop();
      open(false);
      if (state.network.fresh) change({ network: training.before });
      finish();
      find("train", HTMLElement).focus();
    });
  }
  function open(opened2) {
    panel.hidden = !opened2;
    document.body.classList.toggle("training", opened2);
    fit();
  }
  function start() {
    const [hidden, batch, rate] = ["size", "batch", "rate"].map((id) => Number(find(id, HTMLSelectElement).value));
    const sizes = [784, hidden, 10], program = document.getElementById("worker")?.textContent ?? "";
    const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
    const worker = new Worker(scripts?.createScriptURL(url) ?? url);
    if (!state.network.fresh) training.before = state.network;
    change({});
    state.training = true;
    slider.value = "0";
    Object.assign(training, { worker, epochs: [] });
    worker.onmessage = ({ data: { layers, accuracy } }) => {
      if (worker !== training.worker) return;
      showNext({ sizes, shape: sizes.join("-"), layers, accuracy, test_accuracy: accuracy, fresh: true });
    };
    heldImages().then((images2) => worker.postMessage({ mnist: images2, sizes, epochs: EPOCHS, batch, rate }));
  }
  function stop() {
    training.worker?.terminate();
    training.worker = null;
    state.training = false;
  }
  function showNext(network) {
    const followed = Number(slider.value) >= training.epochs.length - 1;
    training.epochs.push(network);
    if (training.epochs.length > EPOCHS) stop();
    slider.disabled = false;
    if (followed) {
      slider.value = `${training.epochs.length - 1}`;
      state.network = network;
      state.flash = null;
    }
    showEpoch();
  }
  function showEpoch() {
    const { epochs } = training, shown = epochs.at(Number(slider.value));
    const { train: train2, test } = held.mnist, [learned, tested] = [train2, test].map((count) => count.toLocaleString("en"));
    const points = epochs.map(({ accuracy }, i) => `${i},${100 * (1 - accuracy)}`).join(" ");
    document.querySelector("#curve polyline")?.setAttribute("points", points);
    write("start", state.training ? "Stop" : "Start");
    const progress = shown ? `Epoch ${slider.value}: ${(100 * shown.accuracy).toFixed(1)} % of ${tested} test images` : state.training ? "" : `${learned} images of MNIST to learn from are in this file.`;
    write("progress", progress);
    find("said", HTMLElement).ariaLive = state.training ? "off" : "polite";
    show();
    say();
    describe();
  }

  // src/main.js
  var waiting = false;
  document.querySelector("main")?.toggleAttribute("hidden", false);
  explain();
  offerLessons();
  offerTraining();
  onClick("save", saveCopy);
  listenToInput();
  listenToPen(async () => {
    if (waiting) return;
    waiting = true;
    await nextFrame();
    waiting = false;
    read2();
  }, ({ timeStamp }) => finish(timeStamp));
  for (const kind of ["pointerover", "focusin", "pointerdown"]) {
    addEventListener(kind, ({ target }) => {
      if (!(target instanceof Element) || target.closest(".neurons")) return;
      if (kind === "pointerdown") lookAway();
      else explain(target.closest("[data-says]")?.getAttribute("data-says"));
    });
  }
  addEventListener("resize", fit);
  for (const scheme of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
    matchMedia(scheme).addEventListener("change", () => {
      forgetColours();
      show();
    });
  }
  finish();
  bringBack();
  return __toCommonJS(main_exports);
})();
