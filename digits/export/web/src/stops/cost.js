import { desired, quadraticCost } from "../backpropagation.js";
import { find } from "../elements.js";
import { predictionOf } from "../network.js";
import { state } from "../state.js";
import { show } from "../view.js";

/** The state of this stop: the digit that is said to be right, or -1 before there is one. */
const costState = { digit: -1 };

/** How far the outputs are from the desired ones. @type {Stop} */
export const cost = {
  title: "A wrong answer has a cost", section: "Learning with gradient descent", view: ".outputs",
  text: "The desired outputs y are 1 for the right digit and 0 for all others. The quadratic cost, C = ½ Σ (y − a)², says how far the network’s outputs a are from them. Say that another digit is right: the bars show y − a, red to rise, blue to fall.",
  question: "All ten outputs are 0. What is C?",
  answers: [["0", "No: the right output should be 1."], ["½", "Right: ½ (1 − 0)²."], ["5", "No: nine of them are as desired."]],
  controls: `<label>It should be <select id="meant"><option>0<option>1<option>2<option>3<option>4<option>5<option>6<option>7<option>8<option>9</select></label>`,
  network: "small",
  on: {
    meant() {
      costState.digit = find("meant", HTMLSelectElement).selectedIndex;
      show();
    },
  },
  draw({ a, layers }) {
    if (a && costState.digit < 0) costState.digit = predictionOf(a);
    find("meant", HTMLSelectElement).selectedIndex = costState.digit;
    if (!a) return "Draw a digit first.";
    const y = desired(costState.digit);
    Object.assign(state, { flash: [...Array(layers.length), y.map((y, j) => y - a[j])], what: "y − a" });
    return { lasting: `C = ${quadraticCost(a, y).toFixed(2)}.` };
  },
};
