/** To be drawn. @type {Stop} */
export const descent = {
  title: "Gradient descent rolls down the cost", section: ["chap1.html#learning_with_gradient_descent", "Learning with gradient descent"],
  text: "To come.", figure: "To come",
  question: "?", answers: [["a", "Right: a."], ["b", "No: b."], ["c", "No: c."]],
  controls: `<button class="take" type="button">Another digit</button>`,
  draw: () => [[], ""],
};
