// The answer: what is read on the pad, each digit of it, and the boxes around them.

import { isSame, mappedBox, clamp } from "../reading/images.js";
import { predictionOf } from "../network/feedforward.js";
import { isDigit } from "../reading/reader.js";
import { element, find } from "./elements.js";
import { state } from "./state.js";

const GAP = 0.75; // a wide gap in an answer, as a share of a digit's width
const RULES = new Intl.PluralRules("en", { type: "ordinal" });
const ENDINGS = /** @type {Record<string, string>} */ ({ one: "st", two: "nd", few: "rd", other: "th" });

/** The image of the chosen digit. */
export const imageShown = () => state.digits.at(state.chosen)?.image;

/** The numbers of the digits in each line. */
export function lines() {
  const { digits } = state;
  const all = new Set(digits.map(({ line }) => line));
  return [...all].map((number) => [...digits.keys()].filter((i) => digits[i].line === number));
}

/** Shows what is read, each digit as strong as its output, and of several marks the chosen one; or what a ghost wrote.
 * @param {string} ghostly */
export function showAnswer(ghostly) {
  const { outputs, chosen, drawing } = state;
  const rows = outputs.length ? lines() : [[0]];
  const answer = find("digit", HTMLElement);
  const isReading = drawing.picture && !drawing.digits && !drawing.refusal;
  const shown = (/** @type {number} */ i) => {
    const digit = element("b", ghostly || (isReading ? "…" : said(i)));
    const share = ghostly ? 100 : isKnown(i) ? Math.max(30, 100 * outputs[i][digitRead(i)]) : 15;
    digit.style.setProperty("--share", `${share}%`);
    digit.classList.toggle("chosen", i === chosen && outputs.length > 1);
    digit.classList.toggle("apart", isApart(i));
    return digit;
  };
  answer.replaceChildren(...rows.map((line) => element("span", ...line.map(shown))));
  const widths = rows.map((line) => line.length + GAP * line.filter(isApart).length);
  answer.style.setProperty("--longest", `${Math.max(...widths)}`);
  answer.style.setProperty("--lines", `${rows.length}`);
  answer.classList.toggle("known", Boolean(ghostly) || isKnown(chosen));
}

/** Whether digit number i was read by the network that is shown, and not by what it was before a lesson; nor is it one
 * that this network was taught, on which it alone decides. @type {(i: number) => boolean} */
function isRead(i) {
  const { outputs } = state.digits[i] ?? {};
  return Boolean(!isTaught(i) && outputs?.every((a, j) => a === state.outputs[i][j]));
}

/** Digit number i as it is read, which need not be its largest output; that, if it is not read from a number.
 * @param {number} i */
export const digitRead = (i) => (isRead(i) ? state.digits[i].value : undefined) ?? predictionOf(state.outputs[i]);

/** Whether this network was taught what digit number i is, or that it is not a digit. @param {number} i */
export const isTaught = (i) =>
  state.digits
    .slice(i, i + 1)
    .some(({ image }) => state.network.lessons?.some((lesson) => isSame(lesson.image, image)));

/** Whether there is a digit number i that is read, as one of several is unless it was taught. @param {number} i */
export const isKnown = (i) =>
  i in state.outputs && (isDigit(state.outputs[i]) || isRead(i) || (state.outputs.length > 1 && !isTaught(i)));

/** Whether a wide gap is before digit number i, in its line. @param {number} i */
export function isApart(i) {
  const [before, here] = [state.digits[i - 1], state.digits[i]];
  return Boolean(before && here && before.line === here.line && before.group !== here.group);
}

/** What digit number i is read as, or ?. @param {number} i */
export const said = (i) => (isKnown(i) ? `${digitRead(i)}` : "?");

/** Which digit is chosen, such as "3rd", if there are several. */
export function whichOfSeveral() {
  const place = state.chosen + 1;
  return state.digits.length > 1 ? `${place}${ENDINGS[RULES.select(place)]}` : "";
}

/** What on the pad is not read. */
export const unreadMarks = () => state.drawing.unread ?? [];

/** A box around each digit of a picture, and of several that are drawn, which a click chooses; and around what is not read.
 * @param {(i: number) => void} choose */
export function placeBoxes(choose) {
  const {
    digits,
    drawing: { picture },
  } = state;
  const unread = unreadMarks();
  const several = picture || digits.length + unread.length > 1;
  const place = (/** @type {HTMLElement} */ made, /** @type {Box} */ box) => {
    // which covers nothing beside the pad
    const { left, top, right, bottom } = mappedBox(box, (n) => clamp(n, 0, 1));
    const sides = { left, top, width: right - left, height: bottom - top };
    for (const [side, share] of Object.entries(sides)) made.style.setProperty(side, `${100 * share}%`);
    return made;
  };
  find("see", HTMLElement).hidden = !picture;
  find("boxes", HTMLElement).replaceChildren(
    ...(several ? digits : []).map(({ box }, i) => {
      const button = element("button", element("span"));
      button.addEventListener("click", () => choose(i));
      return place(button, box);
    }),
    ...(several ? unread : []).map((box) => place(element("i"), box)),
  );
}
