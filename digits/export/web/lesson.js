// A lesson: the network is told what is on the pad, and learns it by gradient descent, first a step in every frame,
// then as many as take ten milliseconds. So that it forgets little else, each mini-batch mixes the drawing with earlier
// lessons and MNIST's images.

const LESSON = { rate: 3, batch: 10, earlier: 2, steps: 300 }; // as chosen on misread pictures of real digits

/** Teaches the network what `image` is. Calls `seen(network)` in each frame; returns the network and how many steps
 * were taken; it may still not read the image right. */
async function teach(network, image, y, seen) {
  const mnist = await openMnist(), lesson = { image, y };
  const layers = copied(network.layers), taught = { ...network, layers, lessons: [...network.lessons ?? [], lesson] };
  const any = (count) => Math.floor(Math.random() * count);
  let steps = 0, since = performance.now();
  while (steps < LESSON.steps && !isLearned(layers, lesson)) {
    const batch = [lesson];
    while (network.lessons?.length && batch.length <= LESSON.earlier) {
      batch.push(network.lessons[any(network.lessons.length)]);
    }
    while (batch.length < LESSON.batch) batch.push(exampleOf(mnist, any(mnist.train), held.only_digit));
    sgdStep(layers, batch, LESSON.rate);
    if (++steps > 20 && performance.now() - since < 10) continue;
    seen(taught);
    await new Promise(requestAnimationFrame);
    since = performance.now();
  }
  return [taught, steps];
}

/** Whether the outputs for an image are right: the largest is, and over a half. */
function isLearned(layers, { image, y }) {
  const outputs = feedforward(layers, image).at(-1);
  return answerOf(outputs) === answerOf(y) && isDigit(outputs);
}

/** The share of MNIST's test images in the page that a network reads right; measured without blocking the page. */
async function accuracyOf({ layers }) {
  const mnist = await openMnist();
  let right = 0, since = performance.now();
  for (let i = 0; i < mnist.test; i++) {
    right += countRight(layers, [exampleOf(mnist, mnist.train + i, held.only_digit)]);
    if (performance.now() - since < 8) continue;
    await new Promise(requestAnimationFrame);
    since = performance.now();
  }
  return right / mnist.test;
}

/** What a lesson changed, as votes of each layer's activations but the outputs': how much more they now speak for the
 * outputs y, by the weights that lead there. */
function changesOf(before, after, y) {
  const changes = [];
  let votes = y;
  for (let l = after.length - 1; l >= 0; l--) {
    const [then, now] = [before, after].map((layers) => backwards(layers[l].weights, votes));
    changes.unshift(votesOf(now.map((vote, k) => vote - then[k]), () => 1));
    votes = now;
  }
  return changes;
}

/** What each input of a layer gives to values of its neurons, by its weights. */
function backwards(weights, values) {
  const n = weights.length / values.length, sums = new Float32Array(n);
  for (let j = 0; j < values.length; j++) {
    const value = values[j], row = j * n;
    if (value) for (let k = 0; k < n; k++) sums[k] += weights[row + k] * value;
  }
  return sums;
}
