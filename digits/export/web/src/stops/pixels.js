/** Every pixel is an input. @type {Stop} */
export const pixels = {
  title: "A pixel is an input", view: "#pad",
  section: "Nielsen, Neural Networks and Deep Learning: The architecture of neural networks",
  text: "The network sees 28 by 28 pixels. Each is an input neuron, whose activation is the intensity of its pixel: 0 for the background, 1 for a stroke. That is all that comes in. Draw a digit. From the next stop on, you see a smaller network, of 30 hidden neurons, trained here just now.",
  question: "How many inputs has the network, if you draw a tiny digit?",
  answers: [["As many as it has dark pixels", "No: white pixels are inputs, too, of activation 0."], ["784", "Right: 28 · 28, whatever is drawn."], ["Ten", "No: ten are the outputs."]],
  controls: `<button class="take" type="button">Take a person’s digit</button>`,
  startsEmpty: true,
  draw: ({ image }) => `${image.filter((value) => value > 0).length} of 784 pixels are not 0.`,
};
