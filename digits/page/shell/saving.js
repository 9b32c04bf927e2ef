// A copy of the page as it is now, with what is on the pad, and the network as it has learned; and what is kept for a
// reload, in the storage of the browser's tab.

import { contextOf, element } from "./elements.js";
import { base64, bytesOf, deflated, held, inputsAndNeurons, parsed, unpacked } from "../held.js";
import { weightsOf } from "../network/feedforward.js";
import { magnitude } from "../reading/images.js";
import { readPicture } from "./input.js";
import { drawingOf } from "./pad.js";
import { EMPTY, change, state } from "./state.js";
import { training } from "./training.js";
import { finish } from "./network.js";
import { describe } from "./words.js";

const source = document.documentElement.outerHTML; // of this page, before anything is put into it
const LARGEST = 2e6; // characters of a picture that is kept as it is for a reload; a larger one is kept as a JPEG
const KEY = `digits ${location.pathname} ${held.shape} ${held.parameters.slice(-40)}`; // other pages may share the storage

/** Lets the browser save the copy as a file. */
export async function saveCopy() {
  const { layers, ...facts } = state.network;
  const parameters = base64(await deflated(parametersOf(layers)));
  const now = json({ ...held, lessons: undefined, ...facts, parameters, bytes: 2, drawing: onPad() });
  const before = document.getElementById("network")?.textContent ?? "";
  const copy = `<!doctype html>\n${source.replace(before, () => now)}`;
  const url = URL.createObjectURL(new Blob([copy], { type: "text/html" }));
  Object.assign(element("a"), { href: url, download: "digits.html" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  if (state.network.layers === layers && !state.teaching) state.unsaved = false;
}

/** JSON for a script, with images to a thousandth, a quarter as long. @param {object} value */
const json = (value) =>
  JSON.stringify(value, (_, part) =>
    part instanceof Float32Array ? Array.from(part, (a) => Math.round(1000 * a) / 1000) : part,
  ).replaceAll("<", "\\u003c");

/** What is on the pad, a picture of any size. @param {number} [largest] characters that a PNG may have */
function onPad(largest) {
  const { strokes, picture, digits } = state.drawing;
  const image = picture || strokes.length ? null : digits?.[0]?.image;
  return { strokes, picture: picture ? inBase64(picture, largest) : undefined, image };
}

/** A picture as the bytes of a PNG or, if these are too many, of a JPEG. @param {ImageBitmap} picture */
function inBase64(picture, largest = Infinity) {
  const canvas = Object.assign(element("canvas"), { width: picture.width, height: picture.height });
  contextOf(canvas).drawImage(picture, 0, 0);
  const [, png] = canvas.toDataURL().split(",");
  return png.length <= largest ? png : canvas.toDataURL("image/jpeg", 0.9).split(",")[1];
}

/** The parameters of layers, in two bytes a weight: a step of one byte exceeds what a lesson changes.
 * @param {Layer[]} layers */
function parametersOf(layers) {
  const floats = [];
  const whole = [];
  for (const layer of layers) {
    const { weights, biases } = layer;
    const n = weights.length / biases.length;
    const steps = biases.map((_, j) => magnitude(weightsOf(layer, j), 1e-30) / 32767);
    floats.push(steps, biases);
    whole.push(Int16Array.from(weights, (weight, i) => Math.round(weight / steps[Math.floor(i / n)])));
  }
  const bytes = (/** @type {Float32Array | Int16Array} */ { buffer, byteOffset, byteLength }) =>
    Array.from(new Uint8Array(buffer, byteOffset, byteLength));
  return Uint8Array.from([...floats, ...whole].flatMap(bytes));
}

/** Keeps what is on the pad and the lessons, until the tab is closed. */
export function keep() {
  const { layers, ...facts } = state.network.fresh ? training.before : state.network;
  const hasLearned = facts.lessons !== held.lessons;
  const network = hasLearned ? { ...facts, parameters: base64(parametersOf(layers)) } : undefined;
  const kept = /** @type {Kept} */ ({ drawing: onPad(LARGEST), network });
  try {
    sessionStorage.setItem(KEY, json(kept));
  } catch {
    // it is full, or the browser grants none
  }
}

/** What was kept before a reload, if anything was. @returns {Kept | null} */
function kept() {
  try {
    return parsed(sessionStorage.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}

/** Brings back what was kept before a reload, or puts on the pad what was there when this copy was saved, if it is one. */
export function bringBack() {
  const before = kept();
  const { strokes = [], picture, image } = (before ?? held).drawing ?? {};
  if (before?.network) {
    const { parameters, ...facts } = before.network;
    const layers = unpacked(bytesOf(parameters).buffer, inputsAndNeurons(facts.sizes), Int16Array);
    state.network = { ...facts, layers };
    state.unsaved = true;
  }
  training.before = state.network;
  if (image || strokes.length) change({ drawing: image ? drawingOf(image) : { ...EMPTY, strokes } });
  describe();
  finish();
  if (picture) readPicture(new Blob([bytesOf(picture)]));
}
