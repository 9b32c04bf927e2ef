import { pixelImage } from "../figure.js";

/** Every pixel is an input. @type {Stop} */
export const pixels = {
  title: "A pixel is an input", section: ["chap1.html#the_architecture_of_neural_networks", "The architecture of neural networks"],
  text: "The network sees your digit as 28 by 28 pixels. Each pixel is one input neuron, and its activation is the intensity of the pixel: 0 for the background, 1 for a stroke. These 784 numbers are all that goes in.",
  figure: "Your digit as 28 by 28 pixels",
  question: "How many inputs does the network have if you draw a tiny digit?",
  answers: [["As many as there are dark pixels", "No: white pixels are inputs too, with an activation of 0."], ["784", "Right: 28 × 28, whatever you draw."], ["Ten", "No: ten is the number of outputs."]],
  controls: `<button class="take" type="button">Another digit</button>`,
  draw({ image, width, height }) {
    const side = Math.min(width, height);
    return [[pixelImage({ left: (width - side) / 2, top: 0, side }, image, "foreground")],
      `${image.filter((value) => value > 0).length} of 784 pixels are not 0.`];
  },
};
