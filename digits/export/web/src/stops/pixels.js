import { pixelImage, svg, text } from "../figure.js";

const GRID = 28;
/** The pixel that was chosen, counted row by row, or -1. */
const pixelsState = { chosen: -1 };

/** Every pixel is an input. @type {Stop} */
export const pixels = {
  title: "A pixel is an input", section: ["chap1.html#the_architecture_of_neural_networks", "The architecture of neural networks"],
  text: "The network sees your digit as 28 by 28 pixels. Each pixel is one input neuron, and its activation is the intensity of the pixel: 0 for the background, 1 for a stroke. These 784 numbers are all that goes in.",
  figure: "Your digit as 28 by 28 pixels, enlarged around one pixel with the numbers that the network gets",
  question: "How many inputs does the network have if you draw a tiny digit?",
  answers: [["As many as there are dark pixels", "No: white pixels are inputs too, with an activation of 0."], ["784", "Right: 28 × 28, whatever you draw."], ["Ten", "No: ten is the number of outputs."]],
  controls: `<button class="take" type="button">Another digit</button>`,
  pick: (name) => {
    pixelsState.chosen = Number(name);
  },
  independent: true,
  draw({ image, width, height }) {
    const isWide = width > 560, gap = 56, side = isWide ? Math.min(height - 24, (width - gap) / 2) : Math.min(width, height / 2 - 24);
    const left = isWide ? (width - 2 * side - gap) / 2 : (width - side) / 2, cell = side / GRID;
    const inked = image.findIndex((value) => value > 0.3), chosen = pixelsState.chosen < 0 ? Math.max(inked, 0) : pixelsState.chosen;
    const [row, column] = [Math.floor(chosen / GRID), chosen % GRID], around = 7, first = (/** @type {number} */ n) => Math.max(0, Math.min(GRID - around, n - 3));
    const [top, start] = [first(row), first(column)], zoomLeft = isWide ? left + side + gap : left, zoomTop = isWide ? 0 : side + 24, big = side / around;
    const numbers = Array.from({ length: around ** 2 }, (_, n) => {
      const [r, c] = [Math.floor(n / around), n % around], k = GRID * (top + r) + start + c, value = image[k];
      const [x, y] = [zoomLeft + c * big, zoomTop + r * big], square = svg("rect", { x, y, width: big - 1, height: big - 1, class: k === chosen ? "pixel chosen" : "pixel" });
      square.style.fill = `color-mix(in srgb, var(--foreground) ${(100 * value).toFixed(0)}%, var(--off))`;
      return svg("g", { "data-neuron": k }, square, text(x + big / 2, y + big / 2 + 5, value === 0 || value === 1 ? `${value}` : value.toFixed(2).slice(1), "middle", value > 0.5 ? "inverted" : ""));
    });
    const targets = [...image.keys()].map((k) => svg("rect", {
      x: left + (k % GRID) * cell, y: Math.floor(k / GRID) * cell, width: cell, height: cell, class: "target", "data-neuron": k,
    }));
    return [[pixelImage({ left, top: 0, side }, image, "foreground"), ...targets,
      svg("rect", { x: left + start * cell, y: top * cell, width: around * cell, height: around * cell, class: "window" }), ...numbers,
    ], `Pixel in row ${row + 1}, column ${column + 1}: input neuron ${chosen} has the activation ${image[chosen].toFixed(2)}. ${image.filter((value) => value > 0).length} of 784 pixels are not 0.`];
  },
};
