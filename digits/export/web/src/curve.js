// How training goes: errors and cost by epoch, on axes of powers of ten.

import { find } from "./elements.js";
import { polyline } from "./figure.js";

const LOWEST = 0.004; // that the axes go down to, as far as 784-30-10 gets in 30 epochs
const SPANS = [0.3, 3, 15, 30]; // epochs that the axis may have, each with three ticks of equal steps
const sizeOf = (/** @type {number} */ n) => -Math.log10(Math.max(n, LOWEST));

/** An error in per cent. @type {(accuracy: number) => string} */
export const errorOf = (accuracy) => `${(100 * (1 - accuracy)).toFixed(1)} %`;

/** Draws a run up to its newest point, the test errors of others behind it, of which one may be `chosen`, and marks the
 * point that is shown. @type {(points: Measured[], others: Run[], chosen?: Run, shown?: Measured) => void} */
export function drawCurves(points, others, chosen, shown) {
  const last = Math.max(points.at(-1)?.epoch ?? 0, ...others.map(({ errors }) => errors.length - 1));
  const span = SPANS.find((span) => span >= last) ?? 30, x = (/** @type {number} */ epoch) => (30 * epoch) / span;
  const lineOf = (/** @type {string} */ name, /** @type {(point: Measured) => number} */ value) => (
    polyline(points.map((point) => [x(point.epoch), sizeOf(value(point))]), name)
  );
  find("curves", SVGGElement).replaceChildren(
    ...others.map((run) => polyline(
      run.errors.map((error, epoch) => [x(epoch), sizeOf(error / 1000)]), run === chosen ? "other chosen" : "other",
    )),
    lineOf("cost", ({ train }) => train.cost),
    lineOf("train", ({ train }) => 1 - train.accuracy),
    lineOf("test", ({ test }) => 1 - test.accuracy),
  );
  for (const [i, tick] of document.querySelectorAll(".epochs text:not(:first-child)").entries()) {
    tick.replaceChildren(`${Number(((span * i) / 3).toFixed(1))}`);
  }
  find("epoch", HTMLInputElement).max = `${Math.ceil(span)}`;
  find("mark", SVGPathElement).setAttribute("d", shown ? `M${x(shown.epoch)} -0.2V2.4` : "");
  find("chart", SVGSVGElement).ariaLabel = inWords(points, others.length);
}

/** The curve for those who do not see it; other runs are in rows. @type {(points: Measured[], others: number) => string} */
function inWords(points, others) {
  const whole = points.filter(({ epoch }, i) => Number.isInteger(epoch) || i === points.length - 1);
  const phrases = whole.map(({ epoch, test, train }) => (
    `epoch ${nameOf(epoch)}: ${errorOf(test.accuracy)} of test and ${errorOf(train.accuracy)} of training images`
  ));
  const rest = others ? `other runs: ${others}` : "nothing is trained yet";
  return phrases.length ? `Misread, ${phrases.join("; ")}.` : `Errors and cost by epoch: ${rest}.`;
}

/** The number of an epoch, whole or not. @param {number} epoch */
export const nameOf = (epoch) => (Number.isInteger(epoch) ? `${epoch}` : epoch.toFixed(2));
