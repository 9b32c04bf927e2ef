import { find, write } from "../shell/elements.js";
import { sigmoid } from "../network/feedforward.js";
import { axes, disc, number, rect, text } from "./figure.js";
import { added, chooseNext, hiddenNeuron, rounded, ticksOf } from "./hidden.js";

/** The neuron and the sum for which the slider was moved, and where to; for others it stands at the neuron's own bias. */
const own = { of: "", bias: 0 };
const restore = () => {
  own.of = "";
};

/** A bias decides how easily a neuron fires. @type {Stop} */
export const bias = {
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
    `Neuron ${j}: ${number(sum)} ${added(bias)} = ${number(z)}. So z = ${number(z)}, and the neuron ${fires ? "fires" : "stays quiet"}: its activation is ${a.toFixed(2)}. For your digit, z is 0 at b = ${number(-sum)}.`,

  draw({ sum, bias, z, a }, { width, height }) {
    const reach = 5 * Math.ceil((Math.abs(sum) + 4) / 5);
    const slider = find("bias-slider", HTMLInputElement);
    Object.assign(slider, { min: rounded(-reach - sum), max: rounded(reach - sum) }); // all of the axis
    slider.value = `${bias}`;
    write("bias-value", `Bias b = ${number(bias)}`);
    const box = { left: 32, right: width - 32, top: 30, bottom: height - 44 };
    const { x, svg } = axes(box, { from: -reach, to: reach, ticks: ticksOf(-reach, reach), label: "weighted input z" });
    const high = box.bottom - box.top;
    const [first, second, third] = [0.22, 0.48, 0.8].map((share) => box.top + share * high);
    const radius = Math.min(26, 0.14 * high);
    const within = (value) => Math.min(box.right - 40, Math.max(box.left + 40, x(value)));
    const [away, anchor] = z > 0 ? [-radius - 8, "end"] : [radius + 8, "start"];
    return `${rect(x(0), box.top, box.right - x(0), high, "fires")} ${svg}
      <path d="M${x(0)} ${box.top}V${box.bottom}" class="zero"/>
      ${text(x(0) + 8, 20, "fires →", "start")} ${text(x(0) - 8, 20, "← stays quiet", "end")}
      <path d="M${x(sum)} ${first}V${second}M${x(z)} ${second}V${box.bottom}" class="dashed"/>
      ${arrow(x(0), x(sum), first, "muted-line")} ${arrow(x(sum), x(z), second, bias > 0 ? "red" : "blue")}
      ${text(within(sum / 2), first - 10, `w·a = ${number(sum)}`, "middle", "haloed")}
      ${text(within(sum + bias / 2), second - 10, `b = ${number(bias)}`, "middle", "haloed")}
      ${disc([x(z), third], radius, a)} ${text(x(z), third + 5, a.toFixed(2), "middle", a > 0.5 ? "inverted" : "")}
      ${text(x(z) + away, third + 5, `z = ${number(z)}`, anchor, "haloed")}`;
  },
};

/** An arrow along the axis. @type {(from: number, to: number, y: number, tone: string) => string} */
function arrow(from, to, y, tone) {
  const head = Math.min(9, Math.abs(to - from));
  const back = to + Math.sign(from - to) * head;
  const side = head / 1.5;
  return `<path d="M${from} ${y}H${to}M${back} ${y - side}L${to} ${y}L${back} ${y + side}" class="arrow ${tone}"/>`;
}
