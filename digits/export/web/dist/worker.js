"use strict";
var digits = (() => {
  // src/network.js
  function feedforward(layers, image) {
    const activations = [image];
    for (const layer of layers) activations.push(...activationsOf(layer, activations.slice(-1)));
    return activations;
  }
  var outputsOf = (layers, image) => feedforward(layers, image)[layers.length];
  function activationsOf({ weights, biases }, inputs) {
    const outputs = inputs.map(() => new Float32Array(biases.length)), on = inputs.map(nonzero);
    for (let j = 0; j < biases.length; j++) {
      for (let i = 0; i < inputs.length; i++) {
        outputs[i][j] = 1 / (1 + Math.exp(-weightedInput(weights, biases[j], inputs[i], j, on[i])));
      }
    }
    return outputs;
  }
  function weightedInput(weights, b, a, j, { places, values } = nonzero(a)) {
    const row = j * a.length;
    let z = b;
    for (let i = 0; i < places.length; i++) z += weights[row + places[i]] * values[i];
    return z;
  }
  function nonzero(a) {
    const places = new Uint16Array(a.length), values = new Float32Array(a.length);
    let n = 0;
    for (let k = 0; k < a.length; k++) {
      if (a[k] === 0) continue;
      places[n] = k;
      values[n++] = a[k];
    }
    return { places: places.subarray(0, n), values: values.subarray(0, n) };
  }
  var predictionOf = (outputs) => outputs.indexOf(Math.max(...outputs));

  // src/backpropagation.js
  var HARDLY = 1e-7;
  function sgdStep(layers, batch, rate) {
    const activations = [batch.map(({ image }) => image)];
    for (const layer of layers) activations.push(activationsOf(layer, activations[activations.length - 1]));
    let deltas = activations[layers.length].map((a, i) => a.map((a2, j) => (a2 - batch[i].y[j]) * a2 * (1 - a2)));
    for (let l = layers.length - 1; l >= 0; l--) {
      const { weights, biases } = layers[l], a = activations[l];
      const below = l > 0 ? a.map((a2, i) => propagatedBack(weights, deltas[i], a2)) : [];
      const on = a.map(nonzero), n = a[0].length;
      for (let j = 0; j < biases.length; j++) {
        for (let i = 0; i < batch.length; i++) {
          const change = rate / batch.length * deltas[i][j];
          if (Math.abs(change) < HARDLY) continue;
          const { places, values } = on[i], row = j * n;
          biases[j] -= change;
          for (let k = 0; k < places.length; k++) weights[row + places[k]] -= change * values[k];
        }
      }
      deltas = below;
    }
  }
  function propagatedBack(weights, delta, a) {
    const n = a.length, error = new Float32Array(n);
    for (let j = 0; j < delta.length; j++) {
      if (Math.abs(delta[j]) < HARDLY) continue;
      for (let k = 0; k < n; k++) error[k] += weights[j * n + k] * delta[j];
    }
    return error.map((e, k) => e * a[k] * (1 - a[k]));
  }
  function freshLayers(sizes) {
    return sizes.slice(1).map((neurons, l) => {
      const deviation = (l === 0 ? 2 : 1) / Math.sqrt(sizes[l]);
      const weights = new Float32Array(neurons * sizes[l]).map(() => deviation * normal());
      return { weights, biases: new Float32Array(neurons) };
    });
  }
  function normal() {
    return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  }
  function countRight(layers, examples) {
    return examples.filter(({ image, y }) => predictionOf(outputsOf(layers, image)) === predictionOf(y)).length;
  }
  function* train(layers, examples, { epochs, batch, rate }) {
    yield;
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = shuffled(examples);
      for (let i = 0; i < order.length; i += batch) sgdStep(layers, order.slice(i, i + batch), rate);
      yield;
    }
  }
  function shuffled(examples) {
    const keyed = examples.map((example) => ({ example, key: Math.random() }));
    return keyed.sort((one, other) => one.key - other.key).map(({ example }) => example);
  }

  // src/images.js
  var clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  function axis(size, taps, position, weight) {
    const at = new Int32Array(size * taps), weights = new Float32Array(size * taps);
    for (let i = 0; i < size; i++) {
      for (let t = 0; t < taps; t++) {
        at[i * taps + t] = position(i, t);
        weights[i * taps + t] = weight(i, t);
      }
    }
    return { size, taps, at, weights };
  }
  function interpolation(taps, weight) {
    return (from, to) => {
      const middle = Array.from({ length: to }, (_, i) => (i + 0.5) * from / to - 0.5);
      const place = (i, t) => Math.floor(middle[i]) + t + 1 - taps / 2;
      const within = (i, t) => clamp(place(i, t), 0, from - 1);
      return axis(to, taps, within, (i, t) => weight(Math.abs(middle[i] - place(i, t))));
    };
  }
  var linear = interpolation(2, (d) => 1 - d);
  var cubic = interpolation(4, (d) => d < 1 ? (1.25 * d - 2.25) * d * d + 1 : ((-0.75 * d + 3.75) * d - 6) * d + 3);

  // src/mnist.js
  function exampleOf({ bytes, train: train2, test }, i) {
    const first = train2 + test + 98 * i, image = new Float32Array(784);
    for (let k = 0; k < 784; k++) image[k] = bytes[first + (k >> 3)] >> 7 - (k & 7) & 1;
    return { image, y: desired(bytes[i]) };
  }
  var desired = (digit) => new Float32Array(10).fill(1, digit, digit + 1);

  // src/worker.js
  self.onmessage = ({ data: { mnist, sizes, ...settings } }) => {
    const examples = Array.from({ length: mnist.train + mnist.test }, (_, i) => exampleOf(mnist, i));
    const test = examples.splice(mnist.train), layers = freshLayers(sizes);
    for (const _ of train(layers, examples, settings)) {
      self.postMessage({ layers, accuracy: countRight(layers, test) / test.length });
    }
  };
})();
