// What the page holds, in a block of JSON that Python wrote, or a page that was saved as a copy. A worker has no
// document: what it needs of this is its name.

const text = "document" in globalThis ? document.getElementById("network")?.textContent : self.name;
/** @type {Held} */
export const held = JSON.parse(text ?? "", (key, value) => (
  Array.isArray(value) && (key === "image" || key === "y") ? Float32Array.from(value) : value
));

/** @type {(base64: string) => Uint8Array<ArrayBuffer>} */
export function bytesOf(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** @type {() => Network} */
export function heldNetwork() {
  const { parameters, bytes, sizes, shape, test_accuracy, fresh, lessons } = held, { buffer } = bytesOf(parameters);
  const whole = new (bytes === 1 ? Int8Array : Int16Array)(buffer, 8 * sizes.slice(1).reduce((sum, n) => sum + n));
  let place = 0, weight = 0;
  const layers = sizes.slice(1).map((n, l) => {
    const steps = new Float32Array(buffer, place, n), biases = new Float32Array(buffer, place + 4 * n, n);
    const weights = Float32Array.from(whole.subarray(weight, weight + n * sizes[l]));
    for (let i = 0; i < weights.length; i++) weights[i] *= steps[Math.floor(i / sizes[l])];
    [place, weight] = [place + 8 * n, weight + weights.length];
    return { weights, biases: biases.slice() };
  });
  return { sizes, shape, test_accuracy, fresh, lessons, layers };
}

let inflated = /** @type {Uint8Array | null} */ (null);

/** MNIST's images, inflated when they are first asked for. @type {() => Promise<Mnist>} */
export async function heldImages() {
  const { packed, train, test } = held.mnist;
  if (!inflated) {
    const stream = new Blob([bytesOf(packed)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    inflated = new Uint8Array(await new Response(stream).arrayBuffer());
  }
  return { bytes: inflated, train, test };
}
