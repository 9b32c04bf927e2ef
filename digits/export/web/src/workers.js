// Workers, which read a picture or train a network while one goes on drawing.

import { held } from "./held.js";

const program = document.getElementById("worker")?.textContent ?? "", name = JSON.stringify({ constants: held.constants });
const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
const { trustedTypes } = /** @type {any} */ (globalThis);
const scripts = trustedTypes?.createPolicy("worker", { createScriptURL: (/** @type {string} */ url) => url });

/** A worker that waits for its job. */
export const newWorker = () => new Worker(scripts?.createScriptURL(url) ?? url, { name });

/** What is read in a picture; boxes in its pixels. @type {(pixels: ImageData, layers: Layer[]) => Promise<Digit[]>} */
export const readInWorker = (pixels, layers) => new Promise((done) => {
  const worker = newWorker();
  worker.onmessage = ({ data }) => {
    worker.terminate();
    done(data);
  };
  worker.postMessage({ pixels, layers });
});
