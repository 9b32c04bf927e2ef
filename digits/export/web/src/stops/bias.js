/** To be drawn. @type {Stop} */
export const bias = {
  title: "A bias decides how easily a neuron fires", section: ["chap1.html#perceptrons", "Perceptrons"],
  text: "To come.", figure: "To come",
  question: "?", answers: [["a", "Right: a."], ["b", "No: b."], ["c", "No: c."]],
  controls: `<button class="take" type="button">Another digit</button>`,
  draw: () => [[], ""],
};
