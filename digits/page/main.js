// The page: what is on the pad is read while it is drawn, and every layer of the network is shown. What is exported
// here is there in the browser's console, as `digits`.

import { canHover, onClick } from "./shell/elements.js";
import { offerGhost } from "./shell/ghost.js";
import { heldLayers } from "./held.js";
import { listenToInput } from "./shell/input.js";
import { palette } from "./shell/layers.js";
import { listenToLinks } from "./shell/address.js";
import { listenToPen } from "./shell/pad.js";
import { bringBack, keep, saveCopy } from "./shell/saving.js";
import { state } from "./shell/state.js";
import { offerLessons } from "./shell/teaching.js";
import { offerTour } from "./shell/tour.js";
import { offerTraining } from "./shell/training.js";
import { finish, fit, look, readPad, show } from "./shell/network.js";
import { explain, say } from "./shell/words.js";

export * as backpropagation from "./network/backprop.js";
export * as network from "./network/feedforward.js";
export { small } from "./stops/small.js";
export { heldImages } from "./held.js";
export { state };
export { training } from "./shell/training.js";

addEventListener("unhandledrejection", () => say("Something failed here that should not. Reload the page."));

let frame = 0; // in which to read what is drawn

heldLayers().then((layers) => {
  // before, there is nothing to be shown
  state.network.layers = layers;
  explain();
  offerLessons();
  offerTraining();
  offerTour();
  document.body.classList.toggle("embed", new URLSearchParams(location.search).has("embed"));
  onClick("save", saveCopy);
  listenToInput();
  listenToPen(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(readPad);
  }, finish);
  for (const kind of ["pointerover", "focusin", "pointerdown"]) {
    addEventListener(kind, ({ target }) => {
      if (!(target instanceof Element) || target.closest(".neurons")) return;
      const { says, keys } = target.closest(/** @type {any} */ ("[data-says]"))?.dataset ?? {};
      if (kind === "pointerdown") look(null);
      else if (says || !state.looked) explain(canHover() && keys ? `${says} ${keys}` : says);
    });
  }
  addEventListener("resize", fit);
  for (const scheme of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
    matchMedia(scheme).addEventListener("change", () => {
      palette.clear();
      show();
    });
  }
  document.querySelector("main")?.toggleAttribute("hidden", false); // with all its layers, so that nothing moves
  fit();
  bringBack();
  listenToLinks();
  addEventListener("pagehide", keep);
  offerGhost();
});
