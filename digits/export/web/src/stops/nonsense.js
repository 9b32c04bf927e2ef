/** To be drawn. @type {Stop} */
export const nonsense = {
  title: "Sure about nonsense", section: ["chap1.html#toward_deep_learning", "Toward deep learning"],
  text: "To come.", figure: "To come",
  question: "?", answers: [["a", "Right: a."], ["b", "No: b."], ["c", "No: c."]],
  controls: `<button class="take" type="button">Another digit</button>`,
  draw: () => [[], ""],
};
