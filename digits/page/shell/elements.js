// Elements of the page.

/** @template {Element} T @param {string} id @param {new () => T} Kind such as HTMLSelectElement @returns {T} */
export function find(id, Kind) {
  const node = document.getElementById(id);
  if (node instanceof Kind) return node;
  throw new Error(`there is no ${Kind.name} #${id}`);
}

/** Whether there is a mouse, and likely a keyboard: what one can do with them is said only then. */
export const canHover = () => matchMedia("(hover: hover)").matches;

/** A new element with text or elements inside; text stays text, whatever is in it.
 * @template {keyof HTMLElementTagNameMap} K @param {K} kind @param {(Node | string)[]} inside */
export function element(kind, ...inside) {
  const made = document.createElement(kind);
  made.append(...inside);
  return made;
}

/** @type {(id: string, text: string) => void} */
export const write = (id, text) => find(id, HTMLElement).replaceChildren(text);

/** @type {(id: string, clicked: () => void) => void} */
export const onClick = (id, clicked) => find(id, HTMLElement).addEventListener("click", clicked);

/** Shows what this part of the address after # is for, and has Back lead to what was shown before.
 * @param {string} hash */
export function visit(hash) {
  if (hash !== location.hash) history.pushState(null, "", `${location.href.split("#")[0]}${hash}`);
  dispatchEvent(new Event("hashchange"));
}

/** Whether the tour or training is open, and can be closed. */
export const isPanelOpen = () => !document.body.matches(".embed, :not(.tour, .training)");

/** @param {HTMLCanvasElement} canvas */
export const contextOf = (canvas) => /** @type {Context} */ (canvas.getContext("2d"));

/** Whether the visitor wants nothing to move. */
export const wantsStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** @type {() => Promise<number>} */
export const nextFrame = () => new Promise(requestAnimationFrame);
