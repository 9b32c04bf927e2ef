// Words and marks belong together: a word at a stop that names a part of the figure lights this part while it is pointed at,
// tapped or focused. A figure names its parts in `data-mark`, in lower case.

const COLOURS = /** @type {Record<string, string>} */ ({ red: ".red, .fill-red", blue: ".blue, .fill-blue" });

/** The names of a part. @param {Element} part */
const namesOf = (part) => part.getAttribute("data-mark")?.split("|") ?? [];
/** The parts of a figure that have a name. @param {Element} figure */
const partsOf = (figure) => [...figure.querySelectorAll("[data-mark]")];

/** Writes words into a text. Those that name a part of the figure can be pointed at.
 * @type {(text: Element, words: string, figure: Element) => void} */
export function writeWith(text, words, figure) {
  const colours = Object.keys(COLOURS).filter((name) => figure.querySelector(COLOURS[name]));
  const names = [...partsOf(figure).flatMap(namesOf), ...colours].sort((a, b) => b.length - a.length); // the longest first
  const pattern = new RegExp(`\\b(${names.join("|")})s?\\b`, "gi");
  const marked = (/** @type {string} */ word, /** @type {string} */ name) =>
    `<mark tabindex="0" data-name="${name.toLowerCase()}">${word}</mark>`;
  text.innerHTML = names.length ? words.replace(pattern, marked) : words;
}

/** Lights what the word names that is pointed at. @type {(card: Element, figure: Element) => void} */
export function light(card, figure) {
  const name = card.querySelector("mark:is(:hover, :focus)")?.getAttribute("data-name") ?? "";
  for (const part of figure.querySelectorAll(".lit")) part.classList.remove("lit");
  const parts = COLOURS[name]
    ? figure.querySelectorAll(COLOURS[name])
    : partsOf(figure).filter((part) => namesOf(part).includes(name));
  for (const part of parts) part.classList.add("lit");
}
