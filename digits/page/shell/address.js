// The address after #: the stop of the tour, or that training is open. So a stop has a link, and Back closes it.

import { NAMES, closeTour, openTour } from "./tour.js";
import { closeTraining, openTraining } from "./training.js";
import { say } from "./words.js";

/** Opens what the address says, now and whenever it changes. */
export function listenToLinks() {
  addEventListener("hashchange", follow);
  follow();
}

function follow() {
  const [, stop] = /^#stop=(.+)$/.exec(location.hash) ?? [];
  if (NAMES.includes(stop)) return openTour(stop);
  closeTour();
  if (location.hash === "#training") return openTraining();
  closeTraining();
  if (location.hash) say("This link leads to nothing on this page.");
}
