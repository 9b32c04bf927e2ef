// Workers, which do what takes long while one goes on drawing.

import { find } from "./elements.js";
import { held } from "./held.js";

const url = URL.createObjectURL(new Blob([find("worker", HTMLScriptElement).text], { type: "text/javascript" }));
const { trustedTypes } = /** @type {any} */ (globalThis);
const scripts = trustedTypes?.createPolicy("worker", { createScriptURL: (/** @type {string} */ url) => url });

const name = JSON.stringify({ constants: held.constants, eye: held.eye }); // which is all that a worker, having no document, is given

export const newWorker = () => new Worker(scripts?.createScriptURL(url) ?? url, { name });

/** A worker's answer to a job. @type {(worker: Worker, job: Job) => Promise<any>} */
export const askOf = (worker, job) => new Promise((answer) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => answer(data);
  worker.postMessage(job, [port2]);
});

/** A worker that is kept, since the code of a new one is slow at first, as a function that gives the answer to a job.
 * It keeps the layers of the last job. @type {() => (job: Job) => Promise<any>} */
function assistant() {
  const worker = newWorker();
  let known = /** @type {Layer[] | undefined} */ (undefined);
  return (job) => {
    const layers = "layers" in job ? job.layers : known, isKnown = layers === known;
    known = layers;
    return askOf(worker, /** @type {Job} */ ({ ...job, layers: isKnown ? undefined : layers }));
  };
}

/** Reads strokes and teaches, which one waits for. */
export const askSoon = assistant();
/** Reads pictures and tests networks, which takes longer. */
export const ask = assistant();
