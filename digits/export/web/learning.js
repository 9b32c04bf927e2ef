// How a network learns: mini-batches and backpropagation, as in digits/backprop.py. The page teaches with it, and so
// does the worker that trains, whose whole program are these lines and network.js.

const HARDLY = 1e-7; // a neuron's error, or a change of its weights, so small is lost in rounding

// Moves weights and biases, in place, down the gradient of the quadratic cost on a mini-batch of {image, y}.
function sgdStep(layers, batch, rate) {
  const activations = [batch.map(({ image }) => image)];
  for (const layer of layers) activations.push(answersOf(layer, activations.at(-1)));
  let deltas = activations.at(-1).map((a, i) => a.map((a, j) => (a - batch[i].y[j]) * a * (1 - a))); // BP1
  for (let l = layers.length - 1; l >= 0; l--) {
    const { weights, biases } = layers[l], a = activations[l];
    const below = l > 0 ? a.map((a, i) => propagatedBack(weights, deltas[i], a)) : [];
    const on = a.map(nonzero), n = a[0].length;
    for (let j = 0; j < biases.length; j++) {
      for (let i = 0; i < batch.length; i++) {
        const change = (rate / batch.length) * deltas[i][j];
        if (Math.abs(change) < HARDLY) continue;
        biases[j] -= change; // BP3
        descend(weights, j * n, change, on[i]); // BP4
      }
    }
    deltas = below;
  }
}

// BP4: the weights of a neuron, from index `row` on, move against its error times its inputs.
function descend(weights, row, change, { places, values }) {
  for (let i = 0; i < places.length; i++) weights[row + places[i]] -= change * values[i];
}

// BP2: the errors of a layer with activations a, by the weights and the errors of the next one.
function propagatedBack(weights, delta, a) {
  const n = a.length, error = new Float32Array(n);
  for (let j = 0; j < delta.length; j++) {
    if (Math.abs(delta[j]) < HARDLY) continue;
    for (let k = 0; k < n; k++) error[k] += weights[j * n + k] * delta[j];
  }
  return error.map((e, k) => e * a[k] * (1 - a[k]));
}

// Layers of small random weights: of standard deviation 1 / sqrt(inputs), in the first layer, where most inputs are 0,
// twice that; and biases of 0.
function freshLayers(sizes) {
  return sizes.slice(1).map((neurons, l) => {
    const deviation = (l === 0 ? 2 : 1) / Math.sqrt(sizes[l]);
    const weights = new Float32Array(neurons * sizes[l]).map(() => deviation * normal());
    return { weights, biases: new Float32Array(neurons) };
  });
}

// A number from N(0, 1), by the transform of Box and Muller.
function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

const copied = (layers) => layers.map(({ weights, biases }) => ({ weights: weights.slice(), biases: biases.slice() }));

// Example number i of MNIST's images in the page, {image, label, y}; y for all ten digits or for the one to detect.
function exampleOf({ bytes, train, test }, i, only = null) {
  const first = train + test + 98 * i, image = new Float32Array(784), label = bytes[i];
  for (let k = 0; k < 784; k++) image[k] = (bytes[first + (k >> 3)] >> (7 - (k & 7))) & 1;
  return { image, label, y: desired(label, only) };
}

// The desired outputs for a digit; of a detector of `only`, one.
function desired(label, only = null) {
  if (only !== null) return Float32Array.of(Number(label === only));
  return new Float32Array(10).fill(1, label, label + 1);
}

// How many of the examples {image, y} are read right.
function countRight(layers, examples) {
  const right = ({ image, y }) => answerOf(feedforward(layers, image).at(-1)) === answerOf(y);
  return examples.filter(right).length;
}

// Examples in a random order (Fisher and Yates).
function shuffled(examples) {
  const order = [...examples];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

// What the worker does when it is asked to: it trains, and after each epoch sends the layers as they are then, and the
// share of the test images that they read.
function work() {
  self.onmessage = ({ data: { mnist, sizes, settings } }) => {
    const examples = Array.from({ length: mnist.train + mnist.test }, (_, i) => exampleOf(mnist, i));
    const test = examples.splice(mnist.train);
    train(freshLayers(sizes), examples, settings, (epoch, layers) => {
      self.postMessage({ layers: copied(layers), accuracy: countRight(layers, test) / test.length });
    });
  };
}

// Trains on examples, calling `seen(epoch, layers)` for the fresh network, epoch 0, and after each epoch.
function train(layers, examples, { epochs, batch, rate }, seen) {
  seen(0, layers);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = shuffled(examples);
    for (let i = 0; i < order.length; i += batch) sgdStep(layers, order.slice(i, i + batch), rate);
    seen(epoch, layers);
  }
}
