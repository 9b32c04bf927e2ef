/** To be drawn. @type {Stop} */
export const overfitting = {
  title: "Overfitting: learned by heart", section: ["chap3.html#overfitting_and_regularization", "Overfitting and regularization"],
  text: "To come.", figure: "To come",
  question: "?", answers: [["a", "Right: a."], ["b", "No: b."], ["c", "No: c."]],
  controls: `<button class="take" type="button">Another digit</button>`,
  draw: () => [[], ""],
};
