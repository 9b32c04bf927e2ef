/** To be drawn. @type {Stop} */
export const sigmoid = {
  title: "A sigmoid bends where a perceptron jumps", section: ["chap1.html#sigmoid_neurons", "Sigmoid neurons"],
  text: "To come.", figure: "To come",
  question: "?", answers: [["a", "Right: a."], ["b", "No: b."], ["c", "No: c."]],
  controls: `<button class="take" type="button">Another digit</button>`,
  draw: () => [[], ""],
};
