// Elements of the page.

/** The element with an id, of a kind such as HTMLSelectElement.
 * @template {Element} T @param {string} id @param {new () => T} Kind @returns {T} */
export function find(id, Kind) {
  const found = document.getElementById(id);
  if (found instanceof Kind) return found;
  throw new Error(`there is no ${Kind.name} #${id}`);
}

/** A new element with text or elements inside; text stays text, whatever is in it.
 * @template {keyof HTMLElementTagNameMap} K @param {K} kind @param {(Node | string)[]} inside */
export function element(kind, ...inside) {
  const made = document.createElement(kind);
  made.append(...inside);
  return made;
}

/** @type {(id: string, text: string) => void} */
export function write(id, text) {
  find(id, HTMLElement).textContent = text;
}

/** @type {(id: string, clicked: () => void) => void} */
export function onClick(id, clicked) {
  find(id, HTMLElement).addEventListener("click", clicked);
}

/** What draws on a canvas.
 * @type {(canvas: HTMLCanvasElement, settings?: CanvasRenderingContext2DSettings) => CanvasRenderingContext2D} */
export function contextOf(canvas, settings) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", settings));
}

/** @type {() => Promise<number>} */
export const nextFrame = () => new Promise(requestAnimationFrame);
