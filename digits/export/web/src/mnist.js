// MNIST's images in the page: some that train, then some of the test images, a bit a pixel.

import { bytesOf } from "./packing.js";

/** The images as they are in the page, deflated and in base64.
 * @type {(held: {packed: string, train: number, test: number}) => Promise<Mnist>} */
export async function inflated({ packed, train, test }) {
  const stream = new Blob([bytesOf(packed)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return { bytes: new Uint8Array(await new Response(stream).arrayBuffer()), train, test };
}

/** Image number i, those that train first, with its label. @type {(mnist: Mnist, i: number) => Example} */
export function exampleOf({ bytes, train, test }, i) {
  const first = train + test + 98 * i, image = new Float32Array(784);
  for (let k = 0; k < 784; k++) image[k] = (bytes[first + (k >> 3)] >> (7 - (k & 7))) & 1;
  return { image, y: desired(bytes[i]) };
}

/** The desired outputs for a digit. @type {(digit: number) => Float32Array} */
export const desired = (digit) => new Float32Array(10).fill(1, digit, digit + 1);
