// A copy of the page as it is now, with what is on the pad, and the network as it has learned.

import { contextOf, element } from "./elements.js";
import { bytesOf, deflated, held } from "./held.js";
import { magnitude } from "./images.js";
import { readPicture } from "./input.js";
import { drawingOf } from "./pad.js";
import { EMPTY, change, state } from "./state.js";
import { finish } from "./view.js";

const source = document.documentElement.outerHTML; // of this page, before anything is put into it

/** Lets the browser save the copy as a file. */
export async function saveCopy() {
  const { drawing: { strokes, picture, digits }, network: { layers, reader, ...facts } } = state;
  const image = picture || strokes.length ? null : digits?.[0]?.image;
  const drawing = { strokes, picture: picture ? inBase64(picture) : undefined, image };
  const now = JSON.stringify( // images to a thousandth, a quarter as long
    { ...held, lessons: undefined, ...facts, ...await packed(layers), drawing },
    (_, value) => (value instanceof Float32Array ? Array.from(value, (a) => Math.round(1000 * a) / 1000) : value),
  ).replaceAll("<", "\\u003c");
  const before = document.getElementById("network")?.textContent ?? "";
  const copy = `<!doctype html>\n${source.replace(before, () => now)}`;
  const url = URL.createObjectURL(new Blob([copy], { type: "text/html" }));
  Object.assign(element("a"), { href: url, download: "digits.html" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  if (state.network.layers === layers && !state.teaching) state.unsaved = false;
}

/** A picture as the bytes of a PNG. @param {ImageBitmap} picture */
function inBase64(picture) {
  const canvas = Object.assign(element("canvas"), { width: picture.width, height: picture.height });
  contextOf(canvas).drawImage(picture, 0, 0);
  return canvas.toDataURL().split(",")[1];
}

/** In two bytes a weight: a step of one byte exceeds what a lesson changes.
 * @type {(layers: Layer[]) => Promise<Packed>} */
async function packed(layers) {
  const floats = [], whole = [];
  for (const { weights, biases } of layers) {
    const n = weights.length / biases.length;
    const steps = biases.map((_, j) => magnitude(weights.subarray(j * n, (j + 1) * n), 1e-30) / 32767);
    floats.push(steps, biases);
    whole.push(Int16Array.from(weights, (weight, i) => Math.round(weight / steps[Math.floor(i / n)])));
  }
  const parts = /** @type {BlobPart[]} */ ([...floats, ...whole]);
  const bytes = await deflated(new Uint8Array(await new Blob(parts).arrayBuffer()));
  return { parameters: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")), bytes: 2 };
}

/** Puts on the pad what was there when this copy was saved, if it is one. */
export function bringBack() {
  const { strokes = [], picture, image } = held.drawing ?? {};
  if (image || strokes.length) change({ drawing: image ? drawingOf(image) : { ...EMPTY, strokes } });
  finish();
  if (picture) readPicture(new Blob([bytesOf(picture)]));
}
