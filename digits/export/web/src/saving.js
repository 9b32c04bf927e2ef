// A copy of the page as it is now, with what is on the pad, and the network as it has learned.

import { element } from "./elements.js";
import { held } from "./held.js";
import { readPicture } from "./input.js";
import { bytesOf, packed } from "./packing.js";
import { drawingOf } from "./pad.js";
import { EMPTY, change, state } from "./state.js";
import { finish } from "./view.js";

const source = document.documentElement.outerHTML; // of this page, before anything is put into it

/** Lets the browser save the copy as a file. */
export function saveCopy() {
  const url = URL.createObjectURL(new Blob([copyOfPage()], { type: "text/html" }));
  Object.assign(element("a"), { href: url, download: "digits.html" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function copyOfPage() {
  const { drawing: { strokes, picture, digits }, network: { layers, ...facts } } = state;
  const image = picture ? null : digits?.[0].image;
  const drawing = { strokes, picture: picture?.toDataURL().split(",")[1], image };
  const now = JSON.stringify(
    { ...held, ...facts, ...packed(layers), drawing },
    (_, value) => (value instanceof Float32Array ? [...value] : value),
  ).replaceAll("<", "\\u003c");
  const before = document.getElementById("network")?.textContent ?? "";
  return `<!doctype html>\n${source.replace(before, () => now)}`;
}

/** Puts on the pad what was there when this copy was saved, if it is one. */
export function bringBack() {
  const { strokes = [], picture, image } = held.drawing ?? {};
  if (picture) readPicture(new Blob([bytesOf(picture)]));
  else if (image || strokes.length) {
    change({ drawing: image ? drawingOf(Float32Array.from(image)) : { ...EMPTY, strokes } });
    finish();
  }
}
