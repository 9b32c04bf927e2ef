// What comes to the page: pictures that are chosen, dropped or pasted, and keys.

import { any, exampleOf } from "../network/backprop.js";
import { find, isPanelOpen, nextFrame, onClick, visit, wantsStill } from "./elements.js";
import { heldImages } from "../held.js";
import { drawingOf } from "./pad.js";
import { EMPTY, change, reader, state, travel } from "./state.js";
import { finish, look, readPad, show } from "./network.js";
import { say } from "./words.js";
import { askForPicture, giveUp } from "./workers.js";

/** Puts the picture in a file on the pad, if there is one, and reads it; or says why it cannot. @param {Blob} [file] */
export async function readPicture(file) {
  if (!file) return;
  giveUp(); // what is being opened or read: it would end this
  const picture = await askForPicture({ file });
  if (!picture) {
    clear();
    return say("The browser cannot open this as a picture. Choose a JPEG, a PNG or a screenshot.");
  }
  const drawing = /** @type {Drawing} */ ({ ...EMPTY, picture });
  change({ drawing });
  finish();
  Object.assign(drawing, await askForPicture({ picture, ...reader() })); // with the picture, if it is turned
  if (state.drawing === drawing) finish();
}

/** Shows what is handwriting in the picture, or no longer. */
async function see() {
  const { drawing } = state;
  const { picture, sight } = drawing;
  if (!picture) return;
  drawing.sight = sight ? null : await askForPicture({ sight: picture });
  if (state.drawing === drawing) show();
}

/** Puts a digit of MNIST on the pad, one of the test images. @type {(digit: number) => Promise<void>} */
export async function bring(digit) {
  const all = await heldImages();
  const tests = Array.from({ length: all.test }, (_, i) => all.train + i);
  const { image } = exampleOf(all, any(tests.filter((i) => all.bytes[i] === digit)));
  change({ drawing: drawingOf(image) });
  finish();
}

/** Writes strokes on the pad, as a pen would. @param {Stroke[]} strokes */
export async function writeStrokes(strokes) {
  giveUp();
  const drawing = /** @type {Drawing} */ ({ ...EMPTY, strokes: [] });
  change({ drawing });
  for (const stroke of strokes) {
    const line = /** @type {Stroke} */ ([]);
    drawing.strokes.push(line);
    for (const [n, point] of stroke.entries()) {
      line.push(point);
      if (n % 2 || wantsStill()) continue;
      readPad();
      await nextFrame();
      if (state.drawing !== drawing) return; // something else is drawn
    }
  }
  drawing.digits = null; // of what was drawn so far
  finish();
}

/** Clears the pad; a picture that is being read is given up. */
function clear() {
  giveUp();
  if (state.drawing !== EMPTY) change({ drawing: EMPTY });
  finish();
}

/** Goes back or forth. @param {"past" | "future"} where */
function go(where) {
  if (state.teaching) return;
  travel(where);
  finish();
}

/** @type {(event: KeyboardEvent) => void} */
function press(event) {
  const isTyping =
    event.target instanceof Element && event.target.matches("select, input:not([type=radio], [type=checkbox])");
  if (event.altKey || (isTyping && event.key !== "Escape")) return;
  const command = event.ctrlKey || event.metaKey;
  // The letter on the key, or, in alphabets that have no z, the key's place.
  const letter = /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : event.code.replace("Key", "").toLowerCase();
  const digit = /^\d$/.test(event.key) ? event.key : /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  if (command && (letter === "y" || (letter === "z" && event.shiftKey))) go("future");
  else if (command && letter === "z") go("past");
  else if (command) return;
  else if (event.key === "Escape" && state.looked) look(null);
  else if (event.key === "Escape" && isPanelOpen()) visit("");
  else if (isTyping) return;
  else if (["Escape", "Delete", "Backspace"].includes(event.key)) clear();
  else if (digit !== undefined) bring(Number(digit));
  else return;
  event.preventDefault();
}

/** Listens to buttons, keys, and files that are chosen, dropped or pasted. */
export function listenToInput() {
  const { classList } = document.body;
  onClick("undo", () => go("past"));
  onClick("redo", () => go("future"));
  onClick("clear", clear);
  onClick("see", see);
  for (const [button, field] of [
    ["choose", "file"],
    ["camera", "photo"],
  ]) {
    // the camera is that of a phone
    const chooser = find(field, HTMLInputElement);
    onClick(button, () => chooser.click());
    chooser.addEventListener("change", () => {
      readPicture(chooser.files?.[0]);
      chooser.value = ""; // so that the same file can be chosen again
    });
  }
  addEventListener("keydown", press);
  addEventListener("paste", ({ clipboardData }) => {
    readPicture([...(clipboardData?.files ?? [])].find((file) => file.type.startsWith("image/")));
  });
  addEventListener("dragover", (event) => {
    event.preventDefault();
    classList.add("dropping");
  });
  addEventListener("dragleave", ({ relatedTarget }) => relatedTarget || classList.remove("dropping"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    classList.remove("dropping");
    readPicture(event.dataTransfer?.files[0]);
  });
}
