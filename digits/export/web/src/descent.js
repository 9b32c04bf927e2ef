// Gradient descent, drawn: the cost so far, step by step, and the cost straight ahead, where the next step goes.

import { backpropagate, descend, meanCost } from "./backpropagation.js";
import { find } from "./elements.js";

const BACK = 0.5, AHEAD = 2, POINTS = 25; // how far a slice reaches, in steps, and the points that it is drawn through
const WIDE = 100, HIGH = 40; // of a chart

/** A slice through the valley of the cost, along the gradient on examples: [steps of this rate ahead, cost] of some
 * points. @type {(layers: Layer[], batch: Example[], rate: number) => [number, number][]} */
export function slice(layers, batch, rate) {
  const found = backpropagate(layers, batch);
  return Array.from({ length: POINTS + 1 }, (_, i) => {
    const ahead = (i / POINTS) * (BACK + AHEAD) - BACK, there = structuredClone(layers);
    descend(there, found, ahead * rate);
    return [ahead, meanCost(there, batch)];
  });
}

/** Draws the costs so far, the newest at the right, and a slice with the network on it, `share` of a step from where it
 * began, and where the step ends. @type {(costs: number[], ahead: [number, number][], share: number) => void} */
export function drawDescent(costs, ahead, share) {
  const last = Math.max(costs.length - 1, 10), most = Math.max(...ahead.map(([, cost]) => cost), ...costs);
  const y = (/** @type {number} */ cost) => HIGH * (1 - cost / most);
  const x = (/** @type {number} */ steps) => (WIDE * (steps + BACK)) / (BACK + AHEAD);
  const points = (/** @type {number[][]} */ all) => all.map((one) => one.map((n) => n.toFixed(2)).join(",")).join(" ");
  find("costs", SVGPolylineElement).setAttribute("points", points(costs.map((cost, i) => [(WIDE * i) / last, y(cost)])));
  find("ahead", SVGPolylineElement).setAttribute("points", points(ahead.map(([steps, cost]) => [x(steps), y(cost)])));
  for (const [id, steps] of /** @type {const} */ ([["now", share], ["there", 1]])) {
    find(id, SVGCircleElement).setAttribute("cx", `${x(steps)}`);
    find(id, SVGCircleElement).setAttribute("cy", `${y(costAt(ahead, steps))}`);
  }
}

/** The cost so many steps ahead, between the points of a slice.
 * @type {(ahead: [number, number][], steps: number) => number} */
function costAt(ahead, steps) {
  const place = ((steps + BACK) / (BACK + AHEAD)) * POINTS, i = Math.min(Math.floor(place), POINTS - 1);
  return ahead[i][1] + (place - i) * (ahead[i + 1][1] - ahead[i][1]);
}
