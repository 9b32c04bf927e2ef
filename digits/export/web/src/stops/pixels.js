import { pixelImage, pixelPane, svg, text } from "../figure.js";
import { clamp } from "../images.js";

const GRID = 28, AROUND = 7; // pixels of the image, and of its enlarged part, on each side
/** The pixel that was chosen, counted row by row, or -1. */
const pixelsState = { chosen: -1 };
const choosePixel = (/** @type {number} */ k) => {
  pixelsState.chosen = k;
};

/** Every pixel is an input. @type {Stop} */
export const pixels = {
  title: "A pixel is an input", section: ["chap1.html#the_architecture_of_neural_networks", "The architecture of neural networks"],
  text: "The network sees your digit, centred and scaled, as 28 by 28 pixels. Each pixel is one input neuron, and its activation is the intensity of the pixel: 0 for the background, 1 for a stroke. Nothing else goes in. Point at a pixel, or tap it.",
  figure: "Your digit as 28 by 28 pixels; beside it, the part around one pixel, enlarged, with the numbers that the network gets",
  question: "How many inputs does the network have if you draw a tiny digit?",
  answers: [["As many as there are dark pixels", "No: white pixels are inputs too, with an activation of 0."], ["784", "Right: 28 × 28, whatever you draw."], ["Ten", "No: ten is the number of outputs."]],
  controls: `<button class="take" type="button">Another digit</button>`,
  independent: true,
  draw({ image, width, height }) {
    const isWide = width > height, gap = isWide ? 40 : 20;
    const side = isWide ? Math.min(height - 4, (width - gap - 4) / 2) : Math.min(width - 4, (height - gap - 4) / 2), cell = side / GRID;
    const left = isWide ? (width - 2 * side - gap) / 2 : (width - side) / 2, place = { left, top: 2, side };
    const k = pixelsState.chosen < 0 ? Math.max(0, image.findIndex((value) => value > 0.3)) : pixelsState.chosen;
    const [row, column] = [Math.floor(k / GRID), k % GRID];
    const [top, start] = [row, column].map((n) => clamp(n - 3, 0, GRID - AROUND)); // of the enlarged part
    const zoomLeft = isWide ? left + side + gap : left, zoomTop = isWide ? 2 : side + gap + 2, big = side / AROUND;
    const numbers = Array.from({ length: AROUND ** 2 }, (_, n) => {
      const [r, c] = [Math.floor(n / AROUND), n % AROUND], value = image[GRID * (top + r) + start + c];
      const [x, y] = [zoomLeft + c * big, zoomTop + r * big], square = svg("rect", { x, y, width: big - 1, height: big - 1 });
      square.style.fill = `color-mix(in srgb, var(--foreground) ${(100 * value).toFixed(0)}%, var(--off))`;
      const number = value === 0 || value === 1 ? `${value}` : value.toFixed(2);
      return svg("g", {}, square, text(x + big / 2, y + big / 2 + 5, number, "middle", value > 0.5 ? "inverted" : ""));
    });
    const frame = (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ width) => svg("rect", { x, y, width, height: width, class: "window" });
    const borders = Array.from({ length: GRID + 1 }, (_, n) => `M${left + n * cell} 2v${side}M${left} ${2 + n * cell}h${side}`).join("");
    return [[
      pixelImage(place, image, "foreground"), svg("path", { d: borders, class: "borders" }),
      frame(left + start * cell, 2 + top * cell, AROUND * cell), ...numbers,
      frame(zoomLeft + (column - start) * big, zoomTop + (row - top) * big, big - 1), pixelPane(place, choosePixel, true),
    ], `Row ${row}, column ${column}, counted from 0: input neuron 28 × ${row} + ${column} = ${k} has the activation ${image[k].toFixed(2)}. ${image.filter((value) => value > 0).length} of 784 pixels are not 0.`];
  },
};
