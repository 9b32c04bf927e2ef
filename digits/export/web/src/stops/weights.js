/** To be drawn. @type {Stop} */
export const weights = {
  title: "What weights do to your digit", section: ["chap1.html#sigmoid_neurons", "Sigmoid neurons"],
  text: "To come.", figure: "To come",
  question: "?", answers: [["a", "Right: a."], ["b", "No: b."], ["c", "No: c."]],
  controls: `<button class="take" type="button">Another digit</button>`,
  draw: () => [[], ""],
};
