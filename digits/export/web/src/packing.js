// Numbers as text: base64, and in it the weights and biases of a network, rounded.

import { magnitude } from "./images.js";

/** @type {(base64: string) => Uint8Array<ArrayBuffer>} */
export function bytesOf(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** @type {(packed: Packed, sizes: number[]) => Layer[]} */
export function unpacked({ parameters, bytes }, sizes) {
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

/** In two bytes a weight: a step of one byte is larger than what a lesson changes.
 * @type {(layers: Layer[]) => Packed} */
export function packed(layers) {
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
