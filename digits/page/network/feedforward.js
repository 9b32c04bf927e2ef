// The network: the activations of every layer for images. Names are as in digits/network.py.

/** @param {number} z */
export const sigmoid = (z) => 1 / (1 + Math.exp(-z));
/** The slope of the sigmoid where its value is a. @param {number} a */
export const slopeAt = (a) => a * (1 - a);

/** The activations of every layer, a' = sigmoid(w a + b), for each image (784) 0..1: they are those of the first layer.
 * @type {(layers: Layer[], images: Float32Array[]) => Float32Array[][]} */
export function feedforward(layers, images) {
  const activations = [images];
  for (const layer of layers) {
    activations.push(activations[activations.length - 1].map((a) => weightedInputs(layer, a).map(sigmoid)));
  }
  return activations;
}

/** Of images, the layers that they were last shown to and the activations of each. Neither is changed in place.
 * @type {WeakMap<Float32Array, { layers: Layer[]; all: Float32Array[] }>} */
const known = new WeakMap();

/** Keeps the activations of every layer, which may be computed elsewhere, for `recall`.
 * @type {(layers: Layer[], images: Float32Array[], activations: Float32Array[][]) => void} */
export function remember(layers, images, activations) {
  for (const [n, image] of images.entries()) known.set(image, { layers, all: activations.map((layer) => layer[n]) });
}

/** The same as `feedforward`, but for images that these layers have seen, nothing is computed again.
 * @type {(layers: Layer[], images: Float32Array[]) => Float32Array[][]} */
export function recall(layers, images) {
  const fresh = images.filter((image) => known.get(image)?.layers !== layers);
  remember(layers, fresh, feedforward(layers, fresh));
  return [images, ...layers].map((_, l) => images.map((image) => known.get(image)?.all[l] ?? image));
}

/** @param {{ image: Float32Array }[]} all digits or examples */
export const imagesOf = (all) => all.map(({ image }) => image);

/** The weights of neuron j in a layer. @type {(layer: Layer, j: number) => Float32Array} */
export function weightsOf({ weights, biases }, j) {
  const inputs = weights.length / biases.length;
  return weights.subarray(j * inputs, (j + 1) * inputs);
}

/** The activations of the last layer. @type {(layers: Layer[], image: Float32Array) => Float32Array} */
export const outputsOf = (layers, image) => feedforward(layers, [image])[layers.length][0];

/** z = w a + b of neuron j. Inputs that are 0 add nothing, and four pixels in five are. Four sums go on side by side, as
 * none waits for another.
 * @param {ArrayLike<number>} weights @param {number} b @param {Float32Array} a @param {number} j */
export function weightedInput(weights, b, a, j, { places, values } = nonzero(a)) {
  const row = j * a.length;
  let p = b;
  let q = 0;
  let r = 0;
  let s = 0;
  for (let i = 0; i < places.length; i += 4) {
    p += weights[row + places[i]] * values[i];
    q += weights[row + places[i + 1]] * values[i + 1];
    r += weights[row + places[i + 2]] * values[i + 2];
    s += weights[row + places[i + 3]] * values[i + 3];
  }
  return p + q + r + s;
}

/** The weighted inputs of all neurons in a layer. @type {(layer: Layer, a: Float32Array) => Float32Array} */
export function weightedInputs({ weights, biases }, a) {
  const on = nonzero(a);
  return biases.map((b, j) => weightedInput(weights, b, a, j, on));
}

/** Where activations are not 0, and what they are there; then zeros, until there are a multiple of four.
 * @param {Float32Array} a */
export function nonzero(a) {
  const places = new Uint16Array(a.length + 3);
  const values = new Float32Array(a.length + 3);
  let n = 0;
  for (let k = 0; k < a.length; k++) {
    if (a[k] === 0) continue;
    places[n] = k;
    values[n++] = a[k];
  }
  n = 4 * Math.ceil(n / 4);
  return { places: places.subarray(0, n), values: values.subarray(0, n) };
}

/** The places of values, the largest first. @param {Float32Array | number[]} values */
export const ranked = (values) => [...values.keys()].sort((a, b) => values[b] - values[a]);

/** The prediction: the digit whose output is largest. @type {(outputs: Float32Array | number[]) => number} */
export const predictionOf = (outputs) => outputs.indexOf(Math.max(...outputs));
