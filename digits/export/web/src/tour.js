// The tour: a sheet over the foot of the page that goes from stop to stop. Each stop has a text, a question, and
// something to do with the page's own views.

import { any } from "./backpropagation.js";
import { borrow, giveBack, loan, trainSmall } from "./borrowed.js";
import { element, find, onClick, openSheet, write } from "./elements.js";
import { heldImages } from "./held.js";
import { bring } from "./input.js";
import { EMPTY, state } from "./state.js";
import { STOPS } from "./stops/list.js";
import { closeTraining } from "./training.js";
import { describe, finish, imageShown, say, show } from "./view.js";

const NAMES = Object.keys(STOPS);
const sheet = find("tour", HTMLElement);
/** The name of the stop, to which one comes back, and the training of the small network, once it has begun. */
const tour = { at: NAMES[0], training: /** @type {Promise<void> | null} */ (null) };

/** Lets the tour be opened, gone through and closed. */
export function offerTour() {
  sheet.prepend(...Object.entries(STOPS).map(cardOf));
  for (const [id, act] of Object.values(STOPS).flatMap(({ on = {} }) => Object.entries(on))) {
    const control = find(id, HTMLElement);
    control.addEventListener(control instanceof HTMLButtonElement ? "click" : "input", act);
  }
  onClick("tell", () => (sheet.hidden ? openTour(NAMES.indexOf(tour.at) + 1) : closeTour()));
  onClick("close", closeTour);
  onClick("back", () => goTo(NAMES[NAMES.indexOf(tour.at) - 1]));
  onClick("next", () => goTo(NAMES[NAMES.indexOf(tour.at) + 1]));
  onClick("ask", () => ask(!sheet.classList.contains("asking")));
  onClick("network-view", () => {
    if (!sheet.hidden && state.looked) pick(state.looked);
  });
  for (const button of sheet.querySelectorAll(".another")) {
    button.addEventListener("click", () => pick(null, state.nth + 1));
  }
  for (const button of sheet.querySelectorAll(".take")) {
    button.addEventListener("click", () => bring(any([...Array(10).keys()])));
  }
  sheet.addEventListener("change", ({ target }) => { // an answer, whose value says why
    const { value } = /** @type {HTMLInputElement} */ (target), question = /** @type {Element} */ (target).closest("fieldset");
    question?.querySelector("output")?.replaceChildren(value);
  });
  sheet.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || document.body.classList.contains("embed")) return;
    event.stopPropagation(); // or the pad would be cleared
    closeTour();
  });
  addEventListener("shown", () => sheet.hidden || tell());
}

/** The part of the sheet for a stop: its text or its question, its controls, and what comes of them.
 * @param {[name: string, stop: Stop]} entry */
function cardOf([name, { title, section, view, text, question, answers, controls, className = "" }]) {
  const card = Object.assign(element("div"), { id: `stop-${name}`, className: "stop" });
  const choices = answers.map(([answer, why]) => (
    `<label><input type="radio" name="${name}" value="${why}"> ${answer}</label>`
  ));
  card.dataset.view = view;
  card.innerHTML = `<h2 tabindex="-1" data-section="${section}">${title}</h2>
    <p>${text}</p>
    <fieldset><legend>${question}</legend>${choices.join(" ")} <output></output></fieldset>
    <div class="${className}">${controls} <output></output></div>`;
  return card;
}

/** Opens the tour at a stop, the first being 1, unless something is under way. @param {number} number */
export function openTour(number) {
  if (state.teaching) return say("Wait until it has learned, or stop it.");
  closeTraining();
  if (sheet.hidden) open(true);
  goTo(NAMES[Math.min(number, NAMES.length) - 1]);
  tour.training ??= trainSmall().then(() => {
    if (!sheet.hidden && loan.borrowed?.base === loan.visitors.layers) goTo(tour.at); // without the stand-in
  });
}

/** @type {(opened: boolean) => void} */
function open(opened) {
  openSheet(sheet, opened);
  find("tell", HTMLElement).ariaExpanded = `${opened}`;
  document.documentElement.style.setProperty("--sheet", opened ? `${sheet.offsetHeight}px` : "");
}

export function closeTour() {
  if (sheet.hidden) return;
  find("tell", HTMLElement).focus(); // which goes back to the top, before a phone's pad stays in view again
  leave();
  open(false);
  history.replaceState(null, "", location.href.split("#")[0]);
  finish();
  describe();
}

/** Goes to a stop, if there is one of that name. @param {string} name */
function goTo(name) {
  if (!STOPS[name]) return;
  leave();
  tour.at = name;
  const place = NAMES.indexOf(name), card = find(`stop-${name}`, HTMLElement), stop = STOPS[name];
  sheet.querySelector(".here")?.classList.remove("here");
  card.classList.add("here");
  write("place", `${place + 1} of ${NAMES.length}`);
  history.replaceState(null, "", `#stop=${place + 1}`); // so that a stop has a link
  find("back", HTMLElement).ariaDisabled = `${place === 0}`;
  find("next", HTMLElement).ariaDisabled = `${place === NAMES.length - 1}`;
  card.querySelector("h2")?.focus({ preventScroll: true });
  if (stop.network) borrow(stop.network);
  Object.assign(state, { inPlace: stop.inPlace ?? false, view: stop.shows ?? null });
  stop.arrive?.();
  finish();
  describe();
  document.querySelector(stop.view)?.scrollIntoView({ block: "nearest" });
  heldImages().then(() => { // then it is there at once
    if (!STOPS[tour.at].startsEmpty && !sheet.hidden && state.drawing === EMPTY) bring(5);
  });
}

/** Makes all as it was before the stop. */
function leave() {
  STOPS[tour.at].leave?.();
  giveBack();
  Object.assign(state, { looked: null, kept: null, picked: null, nth: 0 });
  Object.assign(state, { inPlace: false, flash: null, view: null, what: undefined });
  ask(false);
}

/** Shows the question in place of the text, or the text again. @param {boolean} asking */
function ask(asking) {
  sheet.classList.toggle("asking", asking);
  find("ask", HTMLElement).ariaPressed = `${asking}`;
}

/** Lets the stop look into a neuron that was picked, or into the next one of those that it goes through.
 * @type {(picked: Neuron | null, nth?: number) => void} */
function pick(picked, nth = state.nth) {
  Object.assign(state, { picked, nth });
  show();
}

/** Writes what the stop says of what is shown. Screen readers speak it only if it is to last. */
function tell() {
  const output = sheet.querySelector(".here > div output");
  const { network: { layers }, outputs, chosen, nth } = state, image = imageShown() ?? new Float32Array(784);
  const says = STOPS[tour.at].draw({ image, a: outputs[chosen], layers, nth });
  if (!output || says === undefined) return;
  const [text, live] = typeof says === "string" ? [says, "off"] : [says.lasting, "polite"];
  if (output.textContent === text && output.ariaLive === live) return;
  output.ariaLive = live;
  output.replaceChildren(text);
}
