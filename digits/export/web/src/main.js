// The page: what is on the pad is read while it is drawn, and every layer of the network is shown. What is exported
// here is there in the browser's console, as `digits`.

import { canHover, onClick } from "./elements.js";
import { offerGhost } from "./ghost.js";
import { heldLayers } from "./held.js";
import { listenToInput } from "./input.js";
import { palette } from "./layers.js";
import { listenToLinks } from "./link.js";
import { listenToPen } from "./pad.js";
import { bringBack, keep, saveCopy } from "./saving.js";
import { state } from "./state.js";
import { offerLessons } from "./teaching.js";
import { offerTour } from "./tour.js";
import { offerTraining } from "./training.js";
import { explain, finish, fit, look, readPad, say, show } from "./view.js";

export * as backpropagation from "./backpropagation.js";
export * as network from "./network.js";
export { small } from "./small.js";
export { heldImages } from "./held.js";
export { state };
export { training } from "./training.js";

addEventListener("unhandledrejection", () => say("Something failed here that should not. Reload the page."));

let frame = 0; // in which to read what is drawn

heldLayers().then((layers) => { // before, there is nothing to be shown
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
