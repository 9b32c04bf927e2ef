// How training goes: errors and cost by epoch, on axes of powers of ten, and the histograms of the activations.

import { find, write } from "./elements.js";

const LOWEST = 0.004; // that the axes go down to, as far as 784-30-10 gets in 30 epochs
const sizeOf = (/** @type {number} */ n) => -Math.log10(Math.max(n, LOWEST));

/** An error in per cent. @type {(accuracy: number) => string} */
export const errorOf = (accuracy) => `${(100 * (1 - accuracy)).toFixed(1)} %`;

/** Draws a run up to its newest point, the earlier one behind it, and marks the point that is shown.
 * @type {(points: Measured[], earlier: Measured[], shown?: Measured) => void} */
export function drawCurves(points, earlier, shown) {
  const lines = {
    "earlier-curve": earlier.map(({ epoch, test }) => [epoch, 1 - test.accuracy]),
    "cost-curve": points.map(({ epoch, train }) => [epoch, train.cost]),
    "train-curve": points.map(({ epoch, train }) => [epoch, 1 - train.accuracy]),
    "test-curve": points.map(({ epoch, test }) => [epoch, 1 - test.accuracy]),
  };
  for (const [id, line] of Object.entries(lines)) {
    const text = line.map(([epoch, value]) => `${epoch.toFixed(3)},${sizeOf(value).toFixed(3)}`).join(" ");
    find(id, SVGPolylineElement).setAttribute("points", text);
  }
  find("mark", SVGPathElement).setAttribute("d", shown ? `M${shown.epoch} -0.2V2.4` : "");
  find("chart", SVGSVGElement).ariaLabel = inWords(points);
}

/** The curve for those who do not see it. @param {Measured[]} points */
function inWords(points) {
  const whole = points.filter(({ epoch }, i) => Number.isInteger(epoch) || i === points.length - 1);
  const said = whole.map(({ epoch, test, train }) => (
    `epoch ${nameOf(epoch)}: ${errorOf(test.accuracy)} of test and ${errorOf(train.accuracy)} of training images`
  ));
  return said.length ? `Misread, ${said.join("; ")}.` : "Errors and cost by epoch: nothing is trained yet.";
}

/** The histograms of a network's activations, as shares of all of them. @param {Measures} [measures] */
export function drawHistograms(measures) {
  for (const layer of /** @type {const} */ (["hidden", "output"])) {
    const bars = [...(measures?.[layer] ?? [])].map((share, i) => `M${i + 0.1} 1V${(1 - share).toFixed(4)}h.8V1z`);
    find(`${layer}-histogram`, SVGPathElement).setAttribute("d", bars.join(""));
  }
  const saturated = measures ? `${(100 * measures.saturated).toFixed(0)} %` : "–";
  write("saturated", `${saturated} within 0.01 of 0 or 1`);
}

/** The number of an epoch, whole or not. @param {number} epoch */
export const nameOf = (epoch) => (Number.isInteger(epoch) ? `${epoch}` : epoch.toFixed(2));
