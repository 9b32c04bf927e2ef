// A link that shares what is on the pad, the stop, and the settings of training, in the address after #: nothing is sent.
// What comes with it is read into the page's own types, or refused.

import { imageIn } from "./backpropagation.js";
import { canHover, find } from "./elements.js";
import { base64, bytesOf } from "./held.js";
import { clamp } from "./images.js";
import { drawingOf } from "./pad.js";
import { EMPTY, change, state } from "./state.js";
import { STOPS } from "./stops/list.js";
import { closeTour, openTour } from "./tour.js";
import { closeTraining, openTraining } from "./training.js";
import { finish, say } from "./view.js";

const FINENESS = 1024; // steps across the pad that points are rounded to
const SPACINGS = [0.008, 0.012, 0.018, 0.027, 0.04]; // between points, in sides of the pad; as fine as fits
const LONGEST = 2000, SETTINGS = 200; // characters after #, and how many of them are kept for the settings
const BEYOND = 1; // sides that a stroke may go beyond the pad
const settings = /** @type {NodeListOf<Field>} */ (document.querySelectorAll("#settings :is(select, input)"));

/** Opens a phone's share sheet, or copies the link; or puts it into the address, where the browser lets no page copy. */
export async function share() {
  const { strokes, picture, digits } = state.drawing, shared = new URLSearchParams();
  const here = new URLSearchParams(location.hash.slice(1)), stop = here.get("stop");
  if (stop) shared.set("stop", stop);
  const image = digits && !picture && !strokes.length ? digits[0].image : null;
  const drawn = SPACINGS.map((spacing) => encodeStrokes(strokes, spacing)).find(({ length }) => length <= LONGEST - SETTINGS);
  if (strokes.length) shared.set("strokes", drawn ?? "");
  if (image) shared.set("image", textOf(bitsOf(image)));
  if (here.has("training")) for (const { id, value, validity } of settings) if (validity.valid) shared.set(id, value);
  if (picture || drawn === undefined) return say("A link cannot hold a picture or so much writing. Save a copy instead.");
  const isLocal = location.protocol === "file:", url = `${location.href.split("#")[0]}#${shared}`;
  if (!isLocal && !canHover() && "share" in navigator) {
    return navigator.share({ title: document.title, url }).catch(() => {}); // the visitor has closed the sheet
  }
  try {
    await navigator.clipboard.writeText(isLocal ? `#${shared}` : url); // a folder's name is nobody's business
    say(`The link is copied: ${isLocal ? "put it behind the address of the page." : "it holds what is on the pad."}`);
  } catch {
    history.replaceState(history.state, "", url);
    say("The link is in the address bar: copy it there.");
  }
}

/** Brings what the address holds, now and whenever it changes. A drawing comes once with each entry of the history,
 * or Back would bring it again. If the pad `isKept` after a reload, so is this. @param {boolean} isKept */
export function listenToLinks(isKept) {
  addEventListener("hashchange", () => bringShared(history.state?.isTaken));
  bringShared(isKept && history.state?.isTaken);
}

/** @param {boolean} isTaken */
function bringShared(isTaken) {
  const shared = parse(location.hash.slice(1));
  if (!shared) return say("This link is damaged: nothing of it is used.");
  history.replaceState({ isTaken: true }, "");
  if (isTaken) Object.assign(shared, { drawing: null, settings: new Map() });
  const others = [...shared.settings].filter(([field, value]) => field.value !== value);
  for (const [field, value] of others) field.value = value;
  if (others.length) find("settings", HTMLElement).dispatchEvent(new Event("input")); // which ends a run
  if (shared.stop) openTour(shared.stop);
  else if (shared.training) {
    closeTour();
    openTraining();
  } else {
    closeTour();
    closeTraining();
  }
  if (!shared.drawing) return;
  change({ drawing: shared.drawing });
  finish();
}

/** What a link shares, or null if anything in it is not as this page writes it.
 * @type {(hash: string) => Shared | null} */
export function parse(hash) {
  if (hash.length > LONGEST) return null;
  const shared = /** @type {Shared} */ ({ drawing: null, settings: new Map(), stop: "", training: false });
  for (const [name, value] of new URLSearchParams(hash)) {
    const field = [...settings].find(({ id }) => id === name);
    const drawing = name === "strokes" ? decodeStrokes(value) : name === "image" ? decodeImage(value) : null;
    if (field && !shared.settings.has(field) && allows(field.id, value)) shared.settings.set(field, value);
    else if (drawing && !shared.drawing) shared.drawing = drawing;
    else if (name === "stop" && !shared.stop && Object.hasOwn(STOPS, value)) shared.stop = value;
    else if (name === "training" && !value) shared.training = true;
    else return null;
  }
  shared.training ||= shared.settings.size > 0;
  return shared;
}

/** Whether one may type or choose this. @type {(id: string, value: string) => boolean} */
function allows(id, value) {
  const probe = /** @type {Field} */ (document.getElementById(id)?.cloneNode(true));
  probe.value = value;
  return probe.value === value && probe.checkValidity();
}

/** Strokes as how many points each has, and by how far each point is from the last, in variable-length bytes.
 * @type {(strokes: Stroke[], spacing: number) => string} */
export function encodeStrokes(strokes, spacing) {
  const bytes = /** @type {number[]} */ ([]);
  const add = (/** @type {number} */ n) => {
    for (; n > 127; n >>>= 7) bytes.push((n & 127) | 128);
    bytes.push(n);
  };
  let from = [0, 0];
  for (const stroke of strokes) {
    const points = thinned(stroke, spacing).map((point) => (
      point.map((n) => Math.round(clamp(n, -BEYOND, 1 + BEYOND) * FINENESS))
    ));
    add(points.length);
    for (const point of points) {
      for (const axis of [0, 1]) {
        const step = point[axis] - from[axis];
        add(step < 0 ? -2 * step - 1 : 2 * step); // 0, -1, 1, -2, ...
      }
      from = point;
    }
  }
  return textOf(Uint8Array.from(bytes));
}

/** Points that are so far apart, the first and the last among them.
 * @type {(stroke: Stroke, spacing: number) => Stroke} */
function thinned(stroke, spacing) {
  const kept = [stroke[0]], last = stroke[stroke.length - 1];
  for (const point of stroke) {
    const [x, y] = kept[kept.length - 1];
    if (Math.hypot(point[0] - x, point[1] - y) >= spacing) kept.push(point);
  }
  return kept.includes(last) ? kept : [...kept, last];
}

/** @type {(text: string) => Drawing | null} */
function decodeStrokes(text) {
  const bytes = bytesIn(text), strokes = /** @type {Stroke[]} */ ([]);
  let place = 0;
  const next = () => {
    let n = 0, shift = 0;
    for (; shift < 21 && bytes[place] > 127; shift += 7) n |= (bytes[place++] & 127) << shift;
    return n | (bytes[place++] << shift);
  };
  const step = () => {
    const n = next();
    return n & 1 ? -(n + 1) / 2 : n / 2;
  };
  for (let [x, y] = [0, 0]; place < bytes.length;) {
    const length = next(), stroke = /** @type {Stroke} */ ([]);
    if (length < 1 || 2 * length > bytes.length - place) return null;
    for (let i = 0; i < length; i++) {
      x += step() / FINENESS;
      y += step() / FINENESS;
      if (![x, y].every((n) => n >= -BEYOND && n <= 1 + BEYOND)) return null;
      stroke.push([x, y]);
    }
    strokes.push(stroke);
  }
  return strokes.length && place === bytes.length ? { ...EMPTY, strokes } : null;
}

/** The pixels of a digit of MNIST, each one bit. @type {(image: Float32Array) => Uint8Array} */
const bitsOf = (image) => Uint8Array.from({ length: 98 }, (_, i) => (
  image.subarray(8 * i, 8 * i + 8).reduce((byte, value) => 2 * byte + Math.round(value), 0)
));

/** @type {(text: string) => Drawing | null} */
function decodeImage(text) {
  const bytes = bytesIn(text);
  if (bytes.length !== 98 || bytes.every((byte) => byte === 0)) return null;
  return drawingOf(imageIn(bytes));
}

/** Bytes as base64 that an address can hold. @param {Uint8Array} bytes */
const textOf = (bytes) => base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** The same back; of what is not such text, no bytes. @param {string} text */
function bytesIn(text) {
  const whole = /^[\w-]+$/.test(text) && text.length % 4 !== 1;
  return bytesOf(whole ? text.replaceAll("-", "+").replaceAll("_", "/") : "");
}
