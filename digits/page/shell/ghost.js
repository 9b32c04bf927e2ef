// An unseen hand, for a visitor who has not drawn yet: it writes the grey 3 on the pad, which runs through the network layer
// by layer. It is no drawing: nothing undoes, saves or shares it.

import { find, wantsStill } from "./elements.js";
import { outputsOf, predictionOf } from "../network/feedforward.js";
import { isDigit } from "../reading/reader.js";
import { strokeOf } from "./pad.js";
import { EMPTY, state } from "./state.js";
import { haunt } from "./network.js";
import { askSoon } from "./workers.js";

const WRITING = 1900; // milliseconds until the hand has written: style.css animates it
const STEP = 500; // milliseconds from one layer to the next
const ENDINGS = ["pointerdown", "keydown", "dragover", "paste", "hashchange"]; // by any of these it gives way

/** Lets the hand write, unless there is something on the pad, or a panel is open. */
export async function offerGhost() {
  if (state.drawing !== EMPTY || location.hash) return;
  const { classList } = document.body;
  const { layers, sizes } = state.network;
  const started = performance.now();
  classList.add("haunted");
  const leave = () => {
    for (const kind of ENDINGS) removeEventListener(kind, leave, true);
    classList.remove("haunted");
    haunt(null);
  };
  for (const kind of ENDINGS) addEventListener(kind, leave, true);
  const {
    digits: [{ image }],
  } = await askSoon({ strokes: [strokeOf(find("ghost", SVGPathElement).getAttribute("d") ?? "")], layers });
  const outputs = outputsOf(layers, image);
  const answer = isDigit(outputs) ? `${predictionOf(outputs)}` : "?";
  const isStill = wantsStill();
  const pause = (/** @type {number} */ time) => new Promise((next) => setTimeout(next, isStill ? 0 : time));
  await pause(WRITING - (performance.now() - started));
  for (let reached = isStill ? sizes.length : 0; reached <= sizes.length; reached++) {
    if (!classList.contains("haunted")) return;
    haunt({ image, answer, reached });
    await pause(STEP);
  }
}
