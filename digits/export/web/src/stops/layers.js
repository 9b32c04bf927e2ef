/** To be drawn. @type {Stop} */
export const layers = {
  title: "What hidden neurons look for", section: ["chap1.html#the_architecture_of_neural_networks", "The architecture of neural networks"],
  text: "To come.", figure: "To come",
  question: "?", answers: [["a", "Right: a."], ["b", "No: b."], ["c", "No: c."]],
  controls: `<button class="take" type="button">Another digit</button>`,
  draw: () => [[], ""],
};
