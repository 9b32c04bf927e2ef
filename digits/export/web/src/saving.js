// A copy of the page as it is now, with what is on the pad, and the network as it has learned.

import { element } from "./elements.js";
import { bytesOf, held } from "./held.js";
import { magnitude } from "./images.js";
import { readPicture } from "./input.js";
import { drawingOf } from "./pad.js";
import { EMPTY, change, state } from "./state.js";
import { finish } from "./view.js";

const source = document.documentElement.outerHTML; // of this page, before anything is put into it

/** Lets the browser save the copy as a file. */
export function saveCopy() {
  const { drawing: { strokes, picture, digits }, network: { layers, ...facts } } = state;
  const drawing = { strokes, picture: picture?.toDataURL().split(",")[1], image: picture ? null : digits?.[0].image };
  const now = JSON.stringify(
    { ...held, ...facts, ...packed(layers), drawing },
    (_, value) => (value instanceof Float32Array ? [...value] : value),
  ).replaceAll("<", "\\u003c");
  const before = document.getElementById("network")?.textContent ?? "";
  const copy = `<!doctype html>\n${source.replace(before, () => now)}`;
  const url = URL.createObjectURL(new Blob([copy], { type: "text/html" }));
  Object.assign(element("a"), { href: url, download: "digits.html" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** In two bytes a weight: a step of one byte exceeds what a lesson changes. @type {(layers: Layer[]) => Packed} */
function packed(layers) {
  const floats = [], whole = [];
  for (const { weights, biases } of layers) {
    const n = weights.length / biases.length;
    const steps = biases.map((_, j) => magnitude(weights.subarray(j * n, (j + 1) * n), 1e-30) / 32767);
    floats.push(steps, biases);
    whole.push(Int16Array.from(weights, (weight, i) => Math.round(weight / steps[Math.floor(i / n)])));
  }
  const bytes = [...floats, ...whole].flatMap(({ buffer }) => [...new Uint8Array(buffer)]);
  return { parameters: btoa(bytes.map((byte) => String.fromCharCode(byte)).join("")), bytes: 2 };
}

/** Puts on the pad what was there when this copy was saved, if it is one. */
export function bringBack() {
  const { strokes = [], picture, image } = held.drawing ?? {};
  if (image || strokes.length) change({ drawing: image ? drawingOf(image) : { ...EMPTY, strokes } });
  finish();
  if (picture) readPicture(new Blob([bytesOf(picture)]));
}
