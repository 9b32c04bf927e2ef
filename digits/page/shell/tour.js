// The tour: stops that take the place of the network, beside the pad. Each has a text, a figure of the visitor's digit,
// controls and a question, which stand in page.html.

import { any } from "../network/backprop.js";
import { element, find, onClick, visit, write } from "./elements.js";
import { heldImages } from "../held.js";
import { clamp } from "../reading/images.js";
import { bring, writeStrokes } from "./input.js";
import { spaceOf } from "../stops/figure.js";
import { small, trainSmall } from "../stops/small.js";
import { EMPTY, state } from "./state.js";
import { STOPS } from "../stops/list.js";
import { closeTraining } from "./training.js";
import { imageShown } from "./answer.js";
import { finish, fit } from "./network.js";
import { say } from "./words.js";

const NAMES = Object.keys(STOPS);
const panel = find("tour", HTMLElement);
const PRINTED = [640, 400]; // size of a figure on paper, in the pixels that its text is measured in
const prepared = /** @type {Set<string>} */ (new Set()); // stops that have been arrived at
/** The name of the stop, to which one comes back. */
const tour = { at: NAMES[0] };

/** Whether figures are below their controls, as on a phone. */
const isNarrow = () => matchMedia("(max-width: 599px)").matches;

/** Lets the tour be opened, gone through and closed. */
export function offerTour() {
  for (const [id, act] of Object.values(STOPS).flatMap(({ on = {} }) => Object.entries(on))) {
    const control = find(id, HTMLElement);
    control.addEventListener(control instanceof HTMLButtonElement ? "click" : "input", () => {
      act(/** @type {any} */ (control));
      drawStop();
      if (isNarrow() && control instanceof HTMLButtonElement)
        find(`stop-${tour.at}`, HTMLElement).querySelector(".figure")?.scrollIntoView({ block: "nearest" });
    });
  }
  const goBy = (steps) => {
    const name = NAMES[NAMES.indexOf(tour.at) + steps];
    if (name) visit(`#stop=${name}`);
  };
  onClick("tell", () => visit(panel.hidden ? `#stop=${tour.at}` : ""));
  onClick("close", () => visit(""));
  onClick("back", () => goBy(-1));
  onClick("next", () => goBy(1));
  onClick("print", printStops);
  find("dots", HTMLElement).append(
    ...NAMES.map((name) => {
      const dot = element("button");
      dot.ariaLabel = dot.title = find(`stop-${name}`, HTMLElement).querySelector("h2")?.textContent ?? name;
      dot.addEventListener("click", () => visit(`#stop=${name}`));
      return dot;
    }),
  );
  addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -1, PageDown: 1 }[event.key];
    const isTaken =
      event.altKey || event.ctrlKey || event.metaKey || /** @type {Element} */ (event.target).matches("input, select");
    if (panel.hidden || !step || isTaken) return;
    event.preventDefault();
    goBy(step);
  });
  for (const button of panel.querySelectorAll(".take")) {
    button.addEventListener("click", () => bring(any([...Array(10).keys()])));
  }
  panel.addEventListener("change", ({ target }) => {
    // an answer, whose value says why
    const { value } = /** @type {HTMLInputElement} */ (target);
    const question = /** @type {Element} */ (target).closest("fieldset");
    question?.querySelector("output")?.replaceChildren(value);
    question?.scrollIntoView({ block: "nearest" });
  });
  panel.addEventListener("click", ({ target }) => {
    // a neuron of the figure
    const name = target instanceof Element && target.closest(/** @type {any} */ ("[data-neuron]"))?.dataset.neuron;
    if (!name) return;
    STOPS[tour.at].pick?.(name);
    drawStop();
  });
  panel.addEventListener("pointerdown", pressPixel);
  panel.addEventListener("pointermove", (event) => (event.buttons || STOPS[tour.at].isHovered) && pressPixel(event));
  addEventListener("shown", drawStop);
  addEventListener("resize", drawStop);
  addEventListener("beforeprint", () => {
    document.body.classList.toggle("handout", Boolean(small.layers));
    if (!small.layers) return;
    for (const name of NAMES) {
      prepare(name);
      drawFigure(name, PRINTED);
    }
  });
}

/** Tells the stop which pixel of an image is pressed or, if it is hovered, pointed at. @param {PointerEvent} event */
function pressPixel({ target, clientX, clientY }) {
  if (!(target instanceof Element) || !target.matches(".target")) return;
  const { x, y, width, height } = target.getBoundingClientRect();
  const place = (share) => clamp(Math.floor(28 * share), 0, 27);
  STOPS[tour.at].point?.(28 * place((clientY - y) / height) + place((clientX - x) / width));
  drawStop();
}

/** Opens the tour at a stop, unless something is under way. @param {string} name */
export function openTour(name) {
  if (state.teaching) return say("Wait until it has learned.");
  closeTraining();
  if (!panel.hidden) STOPS[tour.at].leave?.();
  open(true);
  fit(); // the pad, which is smaller
  goTo(name);
  trainSmall().then(drawStop);
}

/** @type {(opened: boolean) => void} */
function open(opened) {
  panel.hidden = !opened;
  document.body.classList.toggle("tour", opened);
  find("tell", HTMLElement).ariaExpanded = `${opened}`;
}

export function closeTour() {
  if (panel.hidden) return;
  STOPS[tour.at].leave?.();
  open(false);
  fit(); // the window may have changed meanwhile
  find("tell", HTMLElement).focus();
  finish();
}

/** Goes to a stop. @param {string} name */
function goTo(name) {
  tour.at = name;
  const place = NAMES.indexOf(name);
  const card = find(`stop-${name}`, HTMLElement);
  panel.querySelector(".here")?.classList.remove("here");
  card.classList.add("here");
  write("place", `${place + 1} of ${NAMES.length}`);
  for (const [n, dot] of [...find("dots", HTMLElement).children].entries())
    dot.ariaCurrent = n === place ? "step" : "false";
  const parts = card.dataset.parts?.split(" ") ?? [];
  for (const [n, part] of [...find("map", HTMLElement).children].entries())
    part.classList.toggle("lit", parts.includes(`${n}`));
  find("back", HTMLElement).ariaDisabled = `${place === 0}`;
  find("next", HTMLElement).ariaDisabled = `${place === NAMES.length - 1}`;
  card.querySelector("h2")?.focus(); // and scrolls to it, on a phone
  prepared.add(name);
  STOPS[name].arrive?.({ write: writeStrokes });
  drawStop();
  heldImages().then(() => {
    // then it is there at once
    if (!panel.hidden && state.drawing === EMPTY) bring(3);
  });
}

/** Makes a stop that nobody has arrived at ready to be printed. @param {string} name */
function prepare(name) {
  if (prepared.has(name)) return;
  prepared.add(name);
  STOPS[name].arrive?.({ write: writeStrokes });
  STOPS[name].leave?.();
}

/** Prints all stops on two pages, once there is a network and a digit to draw their figures with. */
async function printStops() {
  await trainSmall();
  print();
}

/** Draws the figure of the stop, and writes what it says. Screen readers speak that only if it is to last. */
export function drawStop() {
  if (panel.hidden) return;
  drawFigure(tour.at);
}

/** Draws a figure in its size on the page, or in another one. @type {(name: string, size?: number[]) => void} */
function drawFigure(name, size) {
  const card = find(`stop-${name}`, HTMLElement);
  const figure = /** @type {SVGSVGElement} */ (card.querySelector(".figure"));
  const output = /** @type {HTMLOutputElement} */ (card.querySelector(".does > output"));
  const [width, height] = size ?? [figure.clientWidth, figure.clientHeight];
  const image = imageShown();
  const { layers } = small;
  const stop = STOPS[name];
  if (!width) return;
  const space = spaceOf(width, height);
  figure.setAttribute("viewBox", `0 0 ${space.width} ${space.height}`);
  let words = stop.asks ?? "Draw a digit first.";
  let drawn = "";
  if (image && !layers && !stop.isIndependent)
    words = "Training a network of 30 hidden neurons, which takes two seconds …";
  else if (image) {
    const model = stop.model({ image, layers: layers ?? [] });
    [words, drawn] = [stop.says(model), stop.draw(model, space)];
  }
  figure.innerHTML = drawn;
  const live = stop.isPlaying?.() ? "off" : "polite";
  if (output.textContent === words && output.ariaLive === live) return;
  output.ariaLive = live;
  output.replaceChildren(words);
}
