/** To be drawn. @type {Stop} */
export const backpropagation = {
  title: "Backpropagation: errors flow back", section: ["chap2.html#the_four_fundamental_equations_behind_backpropagation", "The four fundamental equations behind backpropagation"],
  text: "To come.", figure: "To come",
  question: "?", answers: [["a", "Right: a."], ["b", "No: b."], ["c", "No: c."]],
  controls: `<button class="take" type="button">Another digit</button>`,
  draw: () => [[], ""],
};
