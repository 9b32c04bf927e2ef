// How training goes: the errors by epoch, on an axis of powers of ten.

import { find } from "./elements.js";
import { polyline } from "../stops/figure.js";

const LOWEST = 0.004; // that the axis goes down to
const SPANS = [0.3, 3, 15, 30]; // epochs that the axis may have, each with three ticks of equal steps

/** An error in per cent. @type {(accuracy: number) => string} */
export const errorOf = (accuracy) => `${(100 * (1 - accuracy)).toFixed(1)} %`;

/** Draws a run up to its newest point, and marks the point that is shown. @type {(points: Measured[], shown?: Measured) => void} */
export function drawCurves(points, shown) {
  const last = points.at(-1)?.epoch ?? 30;
  const span = SPANS.find((span) => span >= last) ?? 30;
  const x = (/** @type {number} */ epoch) => (30 * epoch) / span;
  const y = (/** @type {number} */ accuracy) => -Math.log10(Math.max(1 - accuracy, LOWEST));
  const curve = (/** @type {"train" | "test"} */ name) =>
    polyline(
      points.map((point) => [x(point.epoch), y(point[name].accuracy)]),
      name,
    );
  find("curves", SVGGElement).innerHTML = curve("train") + curve("test");
  for (const [i, tick] of document.querySelectorAll(".epochs text:not(:first-child)").entries()) {
    tick.replaceChildren(`${Number(((span * i) / 3).toFixed(1))}`);
  }
  find("epoch", HTMLInputElement).max = `${Math.ceil(span)}`;
  find("mark", SVGPathElement).setAttribute("d", shown ? `M${x(shown.epoch)} -0.2V2.4` : "");
  find("chart", SVGSVGElement).ariaLabel = inWords(points);
}

/** The curves for those who do not see them. @param {Measured[]} points */
function inWords(points) {
  const whole = points.filter(({ epoch }, i) => Number.isInteger(epoch) || i === points.length - 1);
  const phrases = whole.map(
    ({ epoch, test, train }) =>
      `epoch ${nameOf(epoch)}: ${errorOf(test.accuracy)} of test and ${errorOf(train.accuracy)} of training images`,
  );
  return phrases.length ? `Misread, ${phrases.join("; ")}.` : "Errors by epoch: nothing is trained yet.";
}

/** The number of an epoch, whole or not. @param {number} epoch */
export const nameOf = (epoch) => (Number.isInteger(epoch) ? `${epoch}` : epoch.toFixed(2));
