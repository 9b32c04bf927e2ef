import { find } from "../shell/elements.js";
import { magnitude, shades } from "../reading/images.js";
import { axes, bar, number, part, pixelImage, rect, rounded, stop, text } from "./figure.js";
import { chooseNext, hiddenNeuron, sumsOf, ticksOf } from "./hidden.js";

/** The neuron whose weights were `changed`, to the new weight by pixel; the pixel that was chosen, or -1 for the one with
 * the largest product; and the one that is shown. */
const own = { j: -1, changed: new Map(), chosen: -1, shown: 0 };
const restore = () => own.changed.clear();

/** What the weights of a hidden neuron do to the digit, pixel by pixel. */
export const weights = stop({
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
    const most = magnitude(weights, 1e-9); // so no other weight fades when one becomes larger
    if (j !== own.j) restore();
    own.j = j;
    for (const [k, weight] of own.changed) weights[k] = weight;
    const sizes = weights.map((w, k) => Math.abs(w * image[k]));
    const k = own.chosen < 0 ? sizes.indexOf(Math.max(...sizes)) : own.chosen;
    own.shown = k;
    const [a, w] = [rounded(image[k]), rounded(weights[k])];
    return {
      ...sumsOf(weights, image),
      j,
      image,
      weights,
      shades: shades(weights, most),
      k,
      a,
      w,
      product: rounded(a * w),
    };
  },

  says: ({ j, plus, minus, sum, a }) =>
    `Neuron ${j}: ${number(plus)} (red) − ${number(-minus)} (blue) = ${number(sum)}, which is w·a. Ink on ${sum > 0 ? "red outweighs ink on blue" : "blue outweighs ink on red"}.${a ? "" : " The marked pixel has no ink, so its weight adds nothing."}`,

  draw({ image, weights, shades, k, a, w, product, ...sums }, { width, height }) {
    find("weights-slider", HTMLInputElement).value = `${weights[k]}`;
    const gap = width > 560 ? 48 : 22;
    const side = Math.min((width - 2 * gap) / 3, Math.max(height - 206, 0.45 * height - 40));
    const first = (width - 3 * side - 2 * gap) / 2;
    const cell = side / 28;
    /** @type {(n: number, sign: string, title: string, values: Float32Array, shown: string, tone?: string) => string} */
    const square = (n, sign, title, values, shown, tone = "") => {
      const left = first + n * (side + gap);
      return part(
        ["pixel|digit", "weight", "product"][n],
        `${text(left - gap / 2, 28 + side / 2, sign, "middle", "sign")}
        ${text(left + side / 2, 16, title)} ${text(left + side / 2, side + 44, shown)}
        ${pixelImage({ left, top: 24, side }, values, tone, true)}
        ${rect(left + (k % 28) * cell - 2, 24 + Math.floor(k / 28) * cell - 2, cell + 4, cell + 4, "window")}`,
      );
    };
    const products = shades.map((shade, pixel) => shade * image[pixel]);
    return `
      ${square(0, "", "your digit a", image, `a = ${number(a)}`, "foreground")}
      ${square(1, "×", "weights w", shades, `w = ${number(w)}`)}
      ${square(2, "=", "products", products, `${width > 560 ? "w × a = " : ""}${number(product)}`)}
      ${bars({ left: 60, right: width - 76, top: side + 62, bottom: height - 48 }, sums)}`;
  },
});

/** On an axis: the red products lead to the right from 0, the blue ones back from there, to their sum.
 * @type {(box: Box, sums: { plus: number; minus: number; sum: number }) => string} */
function bars(box, { plus, minus, sum }) {
  const from = Math.min(0, 5 * Math.floor(sum / 5));
  const to = Math.max(5, 5 * Math.ceil(plus / 5));
  const { x, svg } = axes(box, { from, to, ticks: ticksOf(from, to), label: "w·a, the sum of all products" });
  const [top, high] = [box.top, (box.bottom - box.top) / 3];
  return `${svg} <path d="M${x(0)} ${top}V${box.bottom}" class="zero"/>
    ${bar(x, top, high, 0, plus, "fill-red", number(plus))}
    ${bar(x, top + high, high, plus, sum, "fill-blue", number(minus))}
    ${part("sum|w·a", bar(x, top + 2 * high, high, 0, sum, "dot", number(sum)))}`;
}
