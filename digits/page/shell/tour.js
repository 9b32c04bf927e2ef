// The tour: stops that take the place of the network, beside the pad. Each has a text, a figure of the visitor's digit,
// controls and a question, which stand in page.html.

import { any } from "../network/backprop.js";
import { element, find, onClick, visit, write } from "./elements.js";
import { heldImages } from "../held.js";
import { clamp } from "../reading/images.js";
import { strokeOf } from "./pad.js";
import { bring, writeStrokes } from "./input.js";
import { spaceOf } from "../stops/figure.js";
import { small, trainSmall } from "../stops/small.js";
import { EMPTY, state } from "./state.js";
import { STOPS } from "../stops/list.js";
import { closeTraining } from "./training.js";
import { imageShown } from "./answer.js";
import { light, writeWith } from "./marks.js";
import { finish, fit } from "./network.js";
import { say } from "./words.js";

const END = "end"; // the last card, which shows all stops
export const NAMES = [...Object.keys(STOPS), END];
const panel = find("tour", HTMLElement);
const PRINTED = [640, 400]; // size of a figure on paper and on the last card, in the pixels that its text is measured in
/** The name of the stop, to which one comes back. */
const tour = { at: NAMES[0] };
const here = () => /** @type {Stop | undefined} */ (STOPS[tour.at]);

/** Lets the tour be opened, gone through and closed. */
export function offerTour() {
  for (const [id, act] of Object.values(STOPS).flatMap(({ on = {} }) => Object.entries(on))) {
    const control = find(id, HTMLElement);
    control.addEventListener(control instanceof HTMLButtonElement ? "click" : "input", () => {
      act(/** @type {any} */ (control));
      drawStop();
    });
  }
  const goBy = (/** @type {number} */ steps) => {
    const name = NAMES[NAMES.indexOf(tour.at) + steps];
    if (name) visit(`#stop=${name}`);
  };
  onClick("tell", () => visit(`#stop=${tour.at}`));
  onClick("close", () => visit(""));
  onClick("back", () => goBy(-1));
  onClick("next", () => goBy(1));
  onClick("own", () => visit("#training"));
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
    /** @type {Element} */ (target).closest("fieldset")?.querySelector("output")?.replaceChildren(value);
  });
  panel.addEventListener("click", ({ target }) => {
    // a neuron of the figure, or a stop of the last card
    if (!(target instanceof Element)) return;
    if (tour.at === END && !target.closest("nav, #stop-end"))
      return visit(`#${target.closest(".stop")?.id.replace("-", "=")}`);
    const name = target.closest(/** @type {any} */ ("[data-neuron]"))?.dataset.neuron;
    if (!name) return;
    here()?.pick?.(name);
    drawStop();
  });
  for (const kind of ["pointerover", "pointerout", "focusin", "focusout"])
    panel.addEventListener(kind, () => {
      const card = find(`stop-${tour.at}`, HTMLElement);
      const figure = card.querySelector(".figure");
      if (figure) light(card, figure);
    });
  panel.addEventListener("pointerdown", pressPixel);
  panel.addEventListener("pointermove", (event) => (event.buttons || here()?.isHovered) && pressPixel(event));
  addEventListener("shown", drawStop);
  addEventListener("resize", drawStop);
  addEventListener("beforeprint", () => {
    document.body.classList.toggle("handout", Boolean(small.layers));
    write("address", location.href.split("#")[0]);
    if (small.layers) drawAll();
  });
  addEventListener("afterprint", drawStop);
}

/** Tells the stop which pixel of an image is pressed or, if it is hovered, pointed at. @param {PointerEvent} event */
function pressPixel({ target, clientX, clientY }) {
  if (!(target instanceof Element) || !target.matches(".target")) return;
  const { x, y, width, height } = target.getBoundingClientRect();
  const place = (/** @type {number} */ share) => clamp(Math.floor(28 * share), 0, 27);
  here()?.point?.(28 * place((clientY - y) / height) + place((clientX - x) / width));
  drawStop();
}

/** Opens the tour at a stop, unless something is under way. @param {string} name */
export function openTour(name) {
  if (state.teaching) return say("Wait until it has learned.");
  closeTraining();
  if (!panel.hidden) here()?.leave?.();
  open(true);
  fit(); // the pad, which is smaller
  goTo(name);
  (name === END ? getReady() : trainSmall()).then(drawStop);
}

/** @type {(opened: boolean) => void} */
function open(opened) {
  panel.hidden = !opened;
  document.body.classList.toggle("tour", opened);
}

export function closeTour() {
  if (panel.hidden) return;
  here()?.leave?.();
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
  write("kind", card.dataset.kind ?? "");
  write("place", name === END ? "End" : `${place + 1} of ${NAMES.length - 1}`);
  for (const [n, dot] of [...find("dots", HTMLElement).children].entries())
    dot.ariaCurrent = n === place ? "step" : "false";
  const parts = card.dataset.parts?.split(" ") ?? [];
  for (const [n, part] of [...find("map", HTMLElement).children].entries())
    part.classList.toggle("lit", parts.includes(`${n}`));
  find("back", HTMLElement).ariaDisabled = `${place === 0}`;
  find("next", HTMLElement).ariaDisabled = `${place === NAMES.length - 1}`;
  card.querySelector("h2")?.focus();
  document.body.classList.toggle("all", name === END);
  here()?.arrive?.({ write: (paths) => writeStrokes(paths.map(strokeOf)) });
  drawStop();
  heldImages().then(() => {
    // then it is there at once
    if (!panel.hidden && state.drawing === EMPTY) bring(3);
  });
}

/** Lets all stops get ready to be shown side by side. */
async function getReady() {
  await trainSmall();
  if (tour.at === END) await Promise.all(Object.values(STOPS).map((stop) => stop.getReady?.()));
}

/** Prints all stops on two pages, once they are ready. */
async function printStops() {
  await getReady();
  print();
}

/** Draws the figures of all stops in one size. */
function drawAll() {
  const image = imageShown();
  const { layers } = small;
  for (const [name, stop] of Object.entries(STOPS)) {
    const model = image && layers && (stop.example ?? stop.model)({ image, layers });
    drawFigure(name, model, PRINTED);
  }
}

/** Draws the figure of the stop, and writes what it says. Screen readers speak that only if it is to last. */
export function drawStop() {
  const stop = here();
  if (panel.hidden) return;
  if (!stop) return drawAll();
  const image = imageShown();
  const isReady = small.layers || stop.isIndependent;
  const model = image && isReady ? stop.model({ image, layers: small.layers ?? [] }) : null;
  const { card, figure } = drawFigure(tour.at, model);
  light(card, figure);
  if (model && !card.querySelector(".text mark"))
    for (const text of card.querySelectorAll(".text > p:not([class])")) writeWith(text, text.innerHTML, figure);
  const training = "Training a network of 30 hidden neurons, which takes two seconds …";
  const words = model ? stop.says(model) : image ? training : (stop.asks ?? "Draw a digit first.");
  const output = /** @type {HTMLOutputElement} */ (card.querySelector(".does > output"));
  const live = stop.isPlaying?.() ? "off" : "polite";
  if (output.textContent === words && output.ariaLive === live) return;
  output.ariaLive = live;
  writeWith(output, words, figure);
}

/** Draws a stop's figure of a model, or nothing without one, in its size on the page or in another one.
 * @type {(name: string, model: any, size?: number[]) => { card: HTMLElement; figure: SVGSVGElement }} */
function drawFigure(name, model, size) {
  const card = find(`stop-${name}`, HTMLElement);
  const figure = /** @type {SVGSVGElement} */ (card.querySelector(".figure"));
  const [width, height] = size ?? [figure.clientWidth, figure.clientHeight];
  const space = spaceOf(width, height);
  figure.setAttribute("viewBox", `0 0 ${space.width} ${space.height}`);
  figure.innerHTML = model && width ? STOPS[name].draw(model, space) : "";
  return { card, figure };
}
