import { find, write } from "../shell/elements.js";
import { sigmoid } from "../network/feedforward.js";
import { arrow, axes, disc, number, part, rect, rounded, stop, text } from "./figure.js";
import { added, chooseNext, hiddenNeuron, ticksOf } from "./hidden.js";

/** The neuron and the sum for which the slider was moved, and where to; for others it stands at the neuron's own bias. */
const own = { of: "", bias: 0 };
const restore = () => {
  own.of = "";
};

/** A bias decides how easily a neuron fires. */
export const bias = stop({
  on: {
    "bias-slider": ({ value }) => {
      own.bias = rounded(Number(value));
    },
    "bias-own": restore,
    "bias-another": chooseNext,
  },
  leave: restore, // other stops show the neuron as it is

  model({ image, layers }) {
    const { j, sum, bias } = hiddenNeuron(layers, image);
    const of = `${j} ${sum}`;
    if (own.of !== of) Object.assign(own, { of, bias });
    const z = rounded(sum + own.bias);
    return { j, sum, bias: own.bias, z, a: sigmoid(z), fires: z > 0 };
  },

  says: ({ j, sum, bias, z, a, fires }) =>
    `Neuron ${j}: z = w·a + b = ${number(sum)} ${added(bias)} = ${number(z)}. ${fires ? "This is above 0, so the neuron fires" : "This is not above 0, so the neuron stays quiet"}: its activation, ${number(a)} in the circle, is ${fires ? "above" : "at most"} 0.5.`,

  draw({ sum, bias, z, a }, { width, height }) {
    const reach = 5 * Math.ceil((Math.abs(sum) + 4) / 5);
    const slider = find("bias-slider", HTMLInputElement);
    Object.assign(slider, { min: rounded(-reach - sum), max: rounded(reach - sum) }); // all of the axis
    slider.value = `${bias}`;
    write("bias-value", `Bias b = ${number(bias)}`);
    const box = { left: 24, right: width - 24, top: 30, bottom: height - 48 };
    const { x, svg } = axes(box, { from: -reach, to: reach, ticks: ticksOf(-reach, reach), label: "weighted input z" });
    const high = box.bottom - box.top;
    const [first, second, third] = [0.22, 0.48, 0.8].map((share) => box.top + share * high);
    const radius = Math.min(30, 0.14 * high);
    const within = (/** @type {number} */ value) => Math.min(box.right - 56, Math.max(box.left + 56, x(value)));
    const [away, anchor] = z > 0 ? [-radius - 8, "end"] : [radius + 8, "start"];
    return `${rect(x(0), box.top, box.right - x(0), high, "fires")} ${svg}
      <path d="M${x(0)} ${box.top}V${box.bottom}" class="zero"/>
      ${text(x(0) + 8, 20, "fires →", "start")} ${text(x(0) - 8, 20, "← stays quiet", "end")}
      <path d="M${x(sum)} ${first}V${second}M${x(z)} ${second}V${box.bottom}" class="dashed"/>
      ${part("sum|w·a", arrow([x(0), first], [x(sum), first], "muted-line"), text(within(sum / 2), first - 12, `w·a = ${number(sum)}`, "middle", "haloed"))}
      ${part("bias|b", arrow([x(sum), second], [x(z), second], bias > 0 ? "red" : "blue"), text(within(sum + bias / 2), second - 12, `b = ${number(bias)}`, "middle", "haloed"))}
      ${part("neuron|z|activation", disc([x(z), third], radius, a), text(x(z), third + 6, number(a), "middle", a > 0.5 ? "inverted" : ""), text(x(z) + away, third + 6, `z = ${number(z)}`, anchor, "haloed"))}`;
  },
});
