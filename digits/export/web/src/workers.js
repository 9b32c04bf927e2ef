// Workers, which do what takes long while one goes on drawing.

import { held } from "./held.js";

const program = document.getElementById("worker")?.textContent ?? "";
const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
const { trustedTypes } = /** @type {any} */ (globalThis);
const scripts = trustedTypes?.createPolicy("worker", { createScriptURL: (/** @type {string} */ url) => url });

/** A worker, which has no document: what it needs of the page is its name. */
export const newWorker = () => (
  new Worker(scripts?.createScriptURL(url) ?? url, { name: JSON.stringify({ constants: held.constants }) })
);

const worker = newWorker(); // kept, since the code of a new one is slow at first

/** The answer to a job. @type {(job: Reading | Test) => Promise<any>} */
export const ask = (job) => new Promise((answer) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => {
    port1.close();
    answer(data);
  };
  worker.postMessage(job, [port2]);
});
