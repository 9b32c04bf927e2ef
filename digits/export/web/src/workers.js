// Workers, which do what takes long while one goes on drawing.

import { find } from "./elements.js";
import { held } from "./held.js";

const url = URL.createObjectURL(new Blob([find("worker", HTMLScriptElement).text], { type: "text/javascript" }));
const { trustedTypes } = /** @type {any} */ (globalThis);
const scripts = trustedTypes?.createPolicy("worker", { createScriptURL: (/** @type {string} */ url) => url });

const name = JSON.stringify({ constants: held.constants }); // which is all that a worker, having no document, is given

export const newWorker = () => new Worker(scripts?.createScriptURL(url) ?? url, { name });

const worker = newWorker(); // kept, since the code of a new one is slow at first

/** The answer to a job. @type {(job: Reading | Test) => Promise<any>} */
export const ask = (job) => new Promise((answer) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => answer(data);
  worker.postMessage(job, [port2]);
});
