// What the page holds, in a block of JSON that Python wrote, or a page that was saved as a copy. A worker has no
// document: what it needs of this is its name.

const text = "document" in globalThis ? document.getElementById("network")?.textContent : self.name;
/** What is in a text of JSON, with images and desired outputs as arrays of numbers. @param {string} json */
export const parsed = (json) =>
  JSON.parse(json, (key, value) =>
    Array.isArray(value) && (key === "image" || key === "y") ? Float32Array.from(value) : value,
  );
/** @type {Held} */
export const held = parsed(text ?? "");

/** @type {(base64: string) => Uint8Array<ArrayBuffer>} */
export function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** @param {Uint8Array} bytes */
export const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

/** @param {Uint8Array<ArrayBuffer>} bytes @param {CompressionStream | DecompressionStream} stream */
const through = async (bytes, stream) =>
  new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());

/** @type {(bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>} */
export const deflated = (bytes) => through(bytes, new CompressionStream("deflate-raw"));
/** @type {(base64: string) => Promise<Uint8Array<ArrayBuffer>>} */
const inflated = (base64) => through(bytesOf(base64), new DecompressionStream("deflate-raw"));

/** What is known of the network; its layers come with `heldLayers`. @type {() => Network} */
export function heldNetwork() {
  const { sizes, shape, accuracy, test_accuracy, fresh, epoch, lessons, team } = held;
  return { sizes, shape, accuracy, test_accuracy, fresh, epoch, lessons, team, layers: [] };
}

/** The layers of the network, inflated. @type {() => Promise<Layer[]>} */
export async function heldLayers() {
  const { parameters, bytes, sizes } = held;
  const { buffer } = await inflated(parameters);
  return unpacked(buffer, inputsAndNeurons(sizes), bytes === 1 ? Int8Array : Int16Array);
}

/** @type {(sizes: number[]) => Pair[]} */
export const inputsAndNeurons = (sizes) => sizes.slice(1).map((n, l) => [sizes[l], n]);

/** The layers in a buffer, which have these sizes (inputs, neurons). It holds the neurons' steps and biases of every layer,
 * float32, then the weights of every layer, whole numbers of their neuron's steps.
 * @type {(buffer: ArrayBuffer, sizes: Pair[], Whole: Int8ArrayConstructor | Int16ArrayConstructor) => Layer[]} */
export function unpacked(buffer, sizes, Whole) {
  const whole = new Whole(buffer, 8 * sizes.reduce((sum, [, n]) => sum + n, 0));
  let place = 0;
  let weight = 0;
  return sizes.map(([inputs, n]) => {
    const steps = new Float32Array(buffer, place, n);
    const biases = new Float32Array(buffer, place + 4 * n, n);
    const weights = Float32Array.from(whole.subarray(weight, weight + n * inputs));
    for (let i = 0; i < weights.length; i++) weights[i] *= steps[Math.floor(i / inputs)];
    [place, weight] = [place + 8 * n, weight + weights.length];
    return { weights, biases: biases.slice() };
  });
}

let images = /** @type {Uint8Array<ArrayBuffer> | null} */ (null);

/** MNIST's images, inflated when they are first asked for. @type {() => Promise<Mnist>} */
export async function heldImages() {
  const { packed, train, test } = held.mnist;
  images ??= await inflated(packed);
  return { bytes: images, train, test };
}
