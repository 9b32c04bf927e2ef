import { find } from "../shell/elements.js";
import { relative } from "../shell/layers.js";
import { axes, number, pixelImage, rect, text } from "./figure.js";
import { chooseNext, hiddenNeuron, sumsOf, ticksOf } from "./hidden.js";

/** The neuron whose weights were `changed`, to the new weight by pixel; the pixel that was chosen, or -1 for the one with
 * the largest product; and the one that is shown. */
const own = { j: -1, changed: new Map(), chosen: -1, shown: 0 };
const restore = () => own.changed.clear();

/** What the weights of a hidden neuron do to the digit, pixel by pixel. @type {Stop} */
export const weights = {
  on: {
    "weights-another": chooseNext,
    "weights-slider": ({ value }) => {
      own.chosen = own.shown;
      own.changed.set(own.shown, Number(value));
    },
    "weights-own": restore,
  },
  leave: restore, // other stops show the neuron as it is
  point(pixel) {
    own.chosen = pixel;
  },

  model({ image, layers }) {
    const { j, weights } = hiddenNeuron(layers, image);
    if (j !== own.j) restore();
    own.j = j;
    for (const [k, weight] of own.changed) weights[k] = weight;
    const sums = sumsOf(weights, image);
    const sizes = sums.products.map(Math.abs);
    own.shown = own.chosen < 0 ? sizes.indexOf(Math.max(...sizes)) : own.chosen;
    return { ...sums, j, image, weights, k: own.shown };
  },

  says: ({ j, plus, minus, sum, image, k }) =>
    `Neuron ${j}: ${number(plus)} (red) − ${number(-minus)} (blue) = ${number(sum)}, which is w·a. Ink on ${sum > 0 ? "red outweighs ink on blue" : "blue outweighs ink on red"}.${image[k] ? "" : " The marked pixel has no ink, so its weight adds nothing."}`,

  draw({ image, weights, products, k, ...sums }, { width, height }) {
    find("weights-slider", HTMLInputElement).value = `${weights[k]}`;
    const isWide = width > height;
    const below = 132;
    const gap = 44;
    const count = isWide ? 3 : 2; // squares side by side
    const room = (height - 24 - below - (isWide ? 0 : 38)) / (isWide ? 1 : 2);
    const side = Math.min((width - (count - 1) * gap) / count, room);
    const first = (width - count * side - (count - 1) * gap) / 2;
    const next = first + side + gap;
    const last = isWide ? [next + side + gap, 24] : [(width - side) / 2, side + 68];
    const square = (place, sign, title, values, shown, tone = "") => {
      const [left, top] = place;
      const cell = side / 28;
      return `${text(left - gap / 2, top + side / 2 + 8, sign, "middle", "sign")}
        ${text(left + side / 2, top - 10, title)} ${text(left + side / 2, top + side + 18, shown)}
        ${pixelImage({ left, top, side }, values, tone, true)}
        ${rect(left + (k % 28) * cell - 2, top + Math.floor(k / 28) * cell - 2, cell + 4, cell + 4, "window")}`;
    };
    return `
      ${square([first, 24], "", "Your digit, a", image, `a = ${number(image[k])}`, "foreground")}
      ${square([next, 24], "×", "Weights, w", relative(weights), `w = ${number(weights[k])}`)}
      ${square(
        last,
        "=",
        "Products, w × a",
        relative(weights, (pixel) => image[pixel]),
        `w × a = ${number(products[k])}`,
      )}
      ${bars({ left: 64, right: width - 76, top: last[1] + side + 28, bottom: height - 40 }, sums)}`;
  },
};

/** On an axis: the red products lead to the right from 0, the blue ones back from there, to their sum.
 * @type {(box: Box, sums: { plus: number; minus: number; sum: number }) => string} */
function bars(box, { plus, minus, sum }) {
  const from = Math.min(0, 5 * Math.floor(sum / 5));
  const to = Math.max(5, 5 * Math.ceil(plus / 5));
  const { x, svg } = axes(box, { from, to, ticks: ticksOf(from, to), label: "w·a, the sum of all products" });
  const high = (box.bottom - box.top) / 3;
  const bar = (n, start, end, tone, words) => {
    const y = box.top + n * high;
    const [left, right] = [x(Math.min(start, end)), x(Math.max(start, end))];
    const [away, anchor] = end >= start ? [6, "start"] : [-6, "end"];
    return (
      rect(left, y + 2, right - left, high - 4, tone) + text(x(end) + away, y + high / 2 + 5, words, anchor, "haloed")
    );
  };
  return `${svg} <path d="M${x(0)} ${box.top}V${box.bottom}" class="zero"/>
    ${bar(0, 0, plus, "fill-red", number(plus))} ${bar(1, plus, sum, "fill-blue", number(minus))}
    ${bar(2, 0, sum, "dot", `w·a = ${number(sum)}`)}`;
}
