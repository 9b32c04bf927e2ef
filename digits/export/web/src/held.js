// What the page holds, in a block of JSON that Python wrote, or a page that was saved as a copy.

import { inflated } from "./mnist.js";

/** @type {Held} */
export const held = JSON.parse(document.getElementById("network")?.textContent ?? "");

let images = /** @type {Promise<Mnist> | null} */ (null);

/** MNIST's images, unpacked when they are first asked for. @type {() => Promise<Mnist>} */
export function heldImages() {
  images ??= inflated(held.mnist);
  return images;
}
