/** To be drawn. @type {Stop} */
export const bits = {
  title: "Ten outputs, four bits", section: ["chap1.html#a_simple_network_to_classify_handwritten_digits", "A simple network to classify handwritten digits"],
  text: "To come.", figure: "To come",
  question: "?", answers: [["a", "Right: a."], ["b", "No: b."], ["c", "No: c."]],
  controls: `<button class="take" type="button">Another digit</button>`,
  draw: () => [[], ""],
};
