// What the page holds: a network, images of MNIST, and, if it is a saved copy, what was on the pad.

const held = JSON.parse(document.getElementById("network").textContent);
const detector = held.only_digit !== null;

function bytesOf(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function base64Of(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

// The network, its layers cut from `parameters`: of each layer the neurons' steps and biases, float32; then of each
// layer the weights, whole numbers of its neuron's steps, of one or two bytes.
function unpacked({ parameters, bytes, ...facts }) {
  const { sizes } = facts, { buffer } = bytesOf(parameters);
  const neurons = sizes.slice(1).reduce((sum, n) => sum + n);
  const floats = new Float32Array(buffer, 0, 2 * neurons);
  const whole = new (bytes === 1 ? Int8Array : Int16Array)(buffer, 8 * neurons);
  let neuron = 0, weight = 0;
  const layers = sizes.slice(1).map((n, l) => {
    const steps = floats.subarray(neuron, neuron + n), biases = floats.slice(neuron + n, neuron + 2 * n);
    const weights = Float32Array.from(whole.subarray(weight, weight + n * sizes[l]));
    for (let i = 0; i < weights.length; i++) weights[i] *= steps[Math.floor(i / sizes[l])];
    [neuron, weight] = [neuron + 2 * n, weight + weights.length];
    return { weights, biases };
  });
  return { ...facts, layers };
}

// The layers as `unpacked` reads them, in two bytes a weight: a step of one byte is larger than what a lesson changes.
function packed(layers) {
  const floats = [], whole = [];
  for (const { weights, biases } of layers) {
    const n = weights.length / biases.length, steps = biases.map((_, j) => {
      return magnitude(weights.subarray(j * n, (j + 1) * n), 1e-30) / 32767;
    });
    floats.push(steps, biases);
    whole.push(Int16Array.from(weights, (weight, i) => Math.round(weight / steps[Math.floor(i / n)])));
  }
  const parts = [...floats, ...whole].map(({ buffer }) => new Uint8Array(buffer));
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return { parameters: base64Of(joined), bytes: 2 };
}

// MNIST's images in the page: {bytes, train, test}, whose examples `exampleOf` cuts out; made when first asked for.
function openMnist() {
  openMnist.made ??= (async ({ train, test, packed }) => {
    const stream = new Blob([bytesOf(packed)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return { bytes: new Uint8Array(await new Response(stream).arrayBuffer()), train, test };
  })(held.mnist);
  return openMnist.made;
}
