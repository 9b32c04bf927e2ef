// A lesson: the network is told what is on the pad, and learns it by gradient descent, first a step in every frame,
// then as many as take six milliseconds. So that it forgets little else, each mini-batch mixes the drawing with earlier
// lessons and MNIST's images; half of these are of the digit that the drawing was taken for, which is forgotten first.

const LESSON = { rate: 0.5, batch: 5, earlier: 0.05, taken: 0.5, steps: 400 }; // as chosen on misread real digits

/** Teaches the network what `image` is. Calls `seen(network)` in each frame; returns the network and how many steps
 * were taken; it may still not read the image right. */
async function teach(network, image, y, seen) {
  const mnist = await openMnist(), lesson = { image, y };
  const layers = copied(network.layers), taught = { ...network, layers, lessons: [...network.lessons ?? [], lesson] };
  const answer = answerOf(feedforward(layers, image).at(-1)), all = [...Array(mnist.train).keys()];
  const taken = all.filter((i) => answerOf(desired(mnist.bytes[i], held.only_digit)) === answer);
  const happens = (share) => Math.random() < share, any = (of) => of[Math.floor(Math.random() * of.length)];
  const other = () => network.lessons?.length && happens(LESSON.earlier)
    ? any(network.lessons)
    : exampleOf(mnist, any(taken.length && happens(LESSON.taken) ? taken : all), held.only_digit);
  let steps = 0, since = performance.now();
  while (steps < LESSON.steps && !isLearned(layers, lesson)) {
    const batch = [lesson];
    while (batch.length < LESSON.batch) batch.push(other());
    sgdStep(layers, batch, LESSON.rate);
    if (++steps > 20 && performance.now() - since < 6) continue;
    await new Promise(requestAnimationFrame);
    seen(taught); // in a frame of its own: twice in one would lay the neurons out twice
    since = performance.now();
  }
  return [taught, steps];
}

/** Whether the outputs for an image are right: the largest is, and that of a digit. */
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

/** How much the activations of each layer but the last speak for the outputs y, by the weights that lead there. */
function supportOf(layers, y) {
  const support = [y];
  for (const { weights } of layers.toReversed()) support.unshift(backwards(weights, support[0]));
  return support.slice(0, -1);
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
