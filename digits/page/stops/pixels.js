import { clamp } from "../reading/images.js";
import { number, part, pixelImage, rect, shade, stop, text } from "./figure.js";

const GRID = 28; // pixels of the image on each side
const AROUND = 5; // and of its enlarged part
let chosen = -1; // the pixel, counted row by row; or -1, for the first with ink

/** Every pixel is an input. */
export const pixels = stop({
  isIndependent: true,
  isHovered: true,
  point(pixel) {
    chosen = pixel;
  },

  model({ image }) {
    const first = image.findIndex((a) => a > 0.3);
    const k = chosen < 0 ? Math.max(0, first) : chosen;
    const inked = image.filter((a) => a > 0).length;
    return { image, k, row: Math.floor(k / GRID), column: k % GRID, a: image[k], inked };
  },

  says: ({ row, column, a, k, inked }) =>
    `The pixel in row ${row}, column ${column} (counted from 0) is input number 28 × ${row} + ${column} = ${k}. Its activation is ${number(a)}. Of all 784 inputs, ${inked} are not 0.`,

  draw({ image, row, column }, { width, height }) {
    const gap = 20;
    const [beside, below] = [Math.min(height, (width - gap) / 2), Math.min(width, (height - gap) / 2)];
    const side = Math.max(beside, below) - 4;
    const isWide = beside >= below;
    const left = isWide ? (width - 2 * side - gap) / 2 : (width - side) / 2;
    const cell = side / GRID;
    const [top, start] = [row, column].map((n) => clamp(n - 2, 0, GRID - AROUND)); // of the enlarged part
    const [x0, y0] = isWide ? [left + side + gap, 2] : [left, side + gap + 2]; // where it is drawn
    const big = side / AROUND;
    const numbers = Array.from({ length: AROUND ** 2 }, (_, n) => {
      const [r, c] = [Math.floor(n / AROUND), n % AROUND];
      const value = image[GRID * (top + r) + start + c];
      const [x, y] = [x0 + c * big, y0 + r * big];
      const shown = value % 1 ? number(value).slice(big < 40 ? 1 : 0) : value; // on a phone .61, not 0.61
      return `${rect(x, y, big - 1, big - 1, "", shade(value))}
        ${text(x + big / 2, y + big / 2 + 6, shown, "middle", value > 0.5 ? "inverted" : "")}`;
    });
    const borders = Array.from(
      { length: GRID + 1 },
      (_, n) => `M${left + n * cell} 2v${side}M${left} ${2 + n * cell}h${side}`,
    );
    return `<path d="${borders.join("")}" class="borders"/>
      ${pixelImage({ left, top: 2, side }, image, "foreground", true)}
      ${rect(left + start * cell, 2 + top * cell, AROUND * cell, AROUND * cell, "window")}
      ${part("activation", ...numbers)}
      ${rect(x0 + (column - start) * big, y0 + (row - top) * big, big - 1, big - 1, "window")}`;
  },
});
