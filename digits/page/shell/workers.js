// Workers, which do what takes long while one goes on drawing.

import { find } from "./elements.js";
import { held } from "../held.js";

let url = ""; // of the workers' script
const name = JSON.stringify({ constants: held.constants, eye: held.eye, line: held.line }); // which is all that a worker, having no document, is given

export function newWorker() {
  url ||= URL.createObjectURL(new Blob([find("worker", HTMLScriptElement).text], { type: "text/javascript" }));
  return new Worker(url, { name });
}

/** A worker's answer to a job; rejected if it fails. @type {(worker: Worker, job: Job) => Promise<any>} */
export const askOf = (worker, job) =>
  new Promise((answer, fail) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => ("error" in data ? fail(new Error(data.error)) : answer(data.answer));
    worker.postMessage(job, [port2]);
  });

/** A worker that is kept, since the code of a new one is slow at first: a function that gives the answer to a job, and
 * one that ends what it is at, of which nothing is heard any more. It keeps the layers of the last job.
 * @type {() => [ask: (job: Job) => Promise<any>, end: () => void]} */
function assistant() {
  let worker = /** @type {Worker | undefined} */ (undefined);
  let known = /** @type {Layer[] | undefined} */ (undefined);
  let pending = 0;
  const ask = async (/** @type {Job} */ job) => {
    const layers = "layers" in job ? job.layers : known;
    const isKnown = worker && layers === known;
    worker ??= newWorker();
    known = layers;
    pending++;
    const answer = await askOf(worker, /** @type {Job} */ ({ ...job, layers: isKnown ? undefined : layers }));
    pending--;
    return answer;
  };
  return [
    ask,
    () => {
      if (!pending) return;
      worker?.terminate();
      [worker, pending] = [undefined, 0];
    },
  ];
}

/** Reads strokes and teaches, which one waits for. */
export const [askSoon] = assistant();
/** Reads pictures, until they are given up. */
export const [askForPicture, giveUp] = assistant();
/** Tests networks. */
export const [ask] = assistant();
