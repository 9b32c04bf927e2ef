import { find } from "../elements.js";
import { show } from "../view.js";

/** A perceptron with weights of -2 and a bias of 3 is a NAND gate. @type {Stop} */
export const gate = {
  title: "A perceptron is a gate", section: "Perceptrons", view: "#pad",
  text: "A perceptron’s output is 1 if w·a + b is above 0, else 0. With two inputs of weight −2 and a bias of 3 it is a NAND gate, of which any circuit can be built. So networks can compute whatever circuits can; but their weights can be learned.",
  question: "For which inputs is the output of this gate 0?",
  answers: [["0 and 0", "No: z is 3 there."], ["1 and 0", "No: z is 3 − 2 = 1 there."], ["1 and 1", "Right: z is 3 − 4 = −1."]],
  className: "gate",
  controls: `<label><input id="x1" type="checkbox"> x₁</label> <label><input id="x2" type="checkbox"> x₂</label>`,
  network: "small",
  on: { x1: show, x2: show },
  draw() {
    const [x1, x2] = ["x1", "x2"].map((id) => Number(find(id, HTMLInputElement).checked)), z = 3 - 2 * x1 - 2 * x2;
    return `z = −2 · ${x1} − 2 · ${x2} + 3 = ${`${z}`.replace("-", "−")}: out comes ${Number(z > 0)}.`;
  },
};
