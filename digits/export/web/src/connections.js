// The strongest connections of the neuron that is looked into, drawn over the page.

import { contextOf, find } from "./elements.js";
import { colour, neuronsView } from "./layers.js";
import { ranked } from "./network.js";

const MOST = 24; // to a layer: more would hide one another
const canvas = find("connections", HTMLCanvasElement), context = contextOf(canvas);

/** Draws lines between neuron j of a layer and those of the layers around it, by contributions. Where there are no
 * views, lines that were there go.
 * @type {(views: ReturnType<typeof neuronsView>[], contributions: (Float32Array | undefined)[], layer: number, j: number, strength?: number) => void} */
export function paintConnections(views, contributions, layer, j, strength = 1) {
  canvas.hidden = !views.length;
  if (canvas.hidden) return;
  const { left, top, width, height } = canvas.getBoundingClientRect();
  Object.assign(canvas, { width: width * devicePixelRatio, height: height * devicePixelRatio });
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, -left * devicePixelRatio, -top * devicePixelRatio);
  const to = placeOf(views[layer - 1].group.children[j]);
  for (const beside of [layer - 1, layer + 1]) {
    const values = contributions[beside], cells = views[beside - 1]?.group.children;
    if (!values || !cells) continue; // the pixels, whose weights are over the pad
    for (const k of ranked(values.map(Math.abs)).slice(0, MOST)) {
      context.globalAlpha = strength * Math.abs(values[k]);
      context.strokeStyle = colour(values[k] > 0 ? "red" : "blue");
      context.lineWidth = 0.5 + 1.5 * Math.abs(values[k]);
      context.beginPath();
      context.moveTo(...placeOf(cells[k]));
      context.lineTo(...to);
      context.stroke();
    }
  }
}

/** The middle of a neuron's disc in the window, or the left end of its bar. @type {(cell: Element) => Point} */
function placeOf(cell) {
  const bar = cell.querySelector(".bar"), { left, top, width, height } = (bar ?? cell).getBoundingClientRect();
  return [bar ? left : left + width / 2, top + height / 2];
}
