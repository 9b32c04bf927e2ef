// Wires between neurons, drawn behind them in the network's box: red for a positive contribution, blue for a negative one.

import { contextOf, find } from "./elements.js";
import { colour, toneOf } from "./layers.js";

const canvas = find("connections", HTMLCanvasElement);
const context = contextOf(canvas);

/** Draws wires from the side of one box to the facing side of another, so that they run in the direction of the network
 * and cross no text. @type {(wires: Wire[], isUpright: boolean, strength?: number) => void} */
export function paintWires(wires, isUpright, strength = 1) {
  const { clientWidth: width, clientHeight: height } = canvas;
  Object.assign(canvas, { width: width * devicePixelRatio, height: height * devicePixelRatio });
  context.scale(devicePixelRatio, devicePixelRatio);
  for (const { from, to, value, tone } of wires) {
    const [x, y] = isUpright ? [(from.left + from.right) / 2, from.bottom] : [from.right, (from.top + from.bottom) / 2];
    const [x1, y1] = isUpright ? [(to.left + to.right) / 2, to.top] : [to.left, (to.top + to.bottom) / 2];
    const [middleX, middleY] = [(x + x1) / 2, (y + y1) / 2];
    context.globalAlpha = strength * Math.abs(value);
    context.strokeStyle = colour(tone ?? toneOf(value));
    context.lineWidth = tone ? 4 : 0.5 + 1.5 * Math.abs(value);
    context.beginPath();
    context.moveTo(x, y);
    if (isUpright) context.bezierCurveTo(x, middleY, x1, middleY, x1, y1);
    else context.bezierCurveTo(middleX, y, middleX, y1, x1, y1);
    context.stroke();
  }
}
