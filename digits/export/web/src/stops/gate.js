/** To be drawn. @type {Stop} */
export const gate = {
  title: "A perceptron is a gate", section: ["chap1.html#perceptrons", "Perceptrons"],
  text: "To come.", figure: "To come",
  question: "?", answers: [["a", "Right: a."], ["b", "No: b."], ["c", "No: c."]],
  controls: `<button class="take" type="button">Another digit</button>`,
  draw: () => [[], ""],
};
