import { write } from "../elements.js";
import { axes, polyline, svg, text } from "../figure.js";
import { held, heldImages } from "../held.js";
import { beginOn } from "../small.js";
import { askOf, newWorker } from "../workers.js";

const FEW = 100; // training images of the first network; the second has all of the page's
const [ALL, TESTS] = [held.mnist.train, held.mnist.test].map((n) => n.toLocaleString("en"));
const EPOCHS = 20;
const PACE = 250; // milliseconds that an epoch takes at least, so that one sees the curves part

/** A training on the first images: the errors in percent before it and after each epoch, on the images it has seen and on
 * others. @typedef {{ train: number; points: { seen: number; unseen: number }[]; worker: Worker | null }} Training */

/** The state of this stop: the two trainings, whether they go on, and whether an epoch is under way. */
export const overfit = { trainings: /** @type {Training[]} */ ([]), goes: false, busy: false };

/** Two trainings side by side: on few images, and on many. @type {Stop} */
export const overfitting = {
  title: "Overfitting: learned by heart", section: ["chap3.html#overfitting_and_regularization", "Overfitting and regularization"],
  text: `Two equal networks learn, one from ${FEW} images and one from ${ALL}. In an epoch, each network goes through its images once. After each epoch we count how many images it misreads, among those it learned from and among ${TESTS} that it has not seen. Press Start, and watch the gap.`,
  figure: "Two charts of the error in percent by epoch, one for each network; the sentence below has the errors and the gap",
  question: "A network reads all its training images right, but misreads 3 in 10 new ones. What would help most?",
  answers: [["More epochs", "No: it has no errors left to learn from; after epoch 15, its error on unseen images hardly falls."], ["More training images", "Right: many images cannot be learned by heart, so it has to learn what a digit looks like."], ["Nothing: it is perfect", "No: what counts is how it reads images it has not seen."]],
  controls: `<button id="overfitting-start" type="button">Start</button>`,
  on: { "overfitting-start": startOrPause },
  arrive: leave,
  leave,
  draw({ width, height }) {
    const { trainings, goes } = overfit, isOver = lastEpoch() >= EPOCHS, isWide = width > 520;
    write("overfitting-start", goes ? "Pause" : isOver ? "Start over" : lastEpoch() > 0 ? "Go on" : "Start");
    const charts = trainings.map((training, n) => chart(training, isWide
      ? { left: 44 + (n * (width + 12)) / 2, right: (width - 12) / 2 - 16 + (n * (width + 12)) / 2, top: 80, bottom: height - 42 }
      : { left: 44, right: width - 16, top: 78 + (n * (height - 28)) / 2, bottom: 28 + ((n + 1) * (height - 28)) / 2 - 42 }));
    return [[...LEGEND.flatMap(key), ...charts.flat()], goes ? sentence() : { lasting: sentence() }];
  },
};

const lastEpoch = () => Math.min(...overfit.trainings.map(({ points }) => points.length)) - 1;

/** Ends both trainings, and their workers. */
function leave() {
  for (const { worker } of overfit.trainings) worker?.terminate();
  const trainings = [FEW, held.mnist.train].map((train) => ({ train, points: [], worker: null }));
  Object.assign(overfit, { trainings, goes: false, busy: false });
}

/** Trains both networks, epoch by epoch, or pauses. After the last epoch, it begins anew. */
async function startOrPause() {
  if (lastEpoch() >= EPOCHS) leave();
  overfit.goes = !overfit.goes;
  if (!overfit.goes || overfit.busy) return;
  overfit.busy = true;
  const { trainings } = overfit; // others, once the stop is left
  while (overfit.trainings === trainings && overfit.goes) {
    await Promise.all([...trainings.map(goOn), new Promise((done) => setTimeout(done, PACE))]);
    if (overfit.trainings !== trainings) return;
    if (lastEpoch() >= EPOCHS) overfit.goes = false;
    dispatchEvent(new Event("shown"));
  }
  if (overfit.trainings === trainings) overfit.busy = false;
}

/** Trains a network by an epoch; at first, only measures it. @param {Training} training */
async function goOn(training) {
  let job = /** @type {Job} */ ({ share: 1 });
  if (!training.worker) {
    training.worker = newWorker();
    job = beginOn(firstOf(await heldImages(), training.train));
  }
  const { train, test } = /** @type {Measured} */ (await askOf(training.worker, job));
  training.points.push({ seen: 100 * (1 - train.accuracy), unseen: 100 * (1 - test.accuracy) });
}

/** MNIST's images with the first `n` training images only, and all test images. @type {(mnist: Mnist, n: number) => Mnist} */
function firstOf(mnist, n) {
  const { bytes, train, test } = mnist;
  if (n === train) return mnist;
  const images = train + test, parts = [[0, n], [train, images], [images, images + 98 * n], [images + 98 * train, images * 99]];
  return { bytes: Uint8Array.from(parts.flatMap(([begin, end]) => [...bytes.subarray(begin, end)])), train: n, test };
}

// The figure.

const LEGEND = [["curve", "learned images"], ["curve red", "unseen images"]];
/** @type {(entry: string[], n: number) => Node[]} */
const key = ([className, words], n) => [svg("path", { d: `M${n * 160} 12h24`, class: className }), text(n * 160 + 30, 17, words, "start")];

/** The errors of a training by epoch; the gap between them is shaded. @type {(training: Training, box: Box) => Node[]} */
function chart({ train, points }, box) {
  const ticks = [0, 20, 40, 60, 80, 100];
  const { x, y, node } = axes(box, { from: 0, to: EPOCHS, ticks: [0, 5, 10, 15, 20], label: "Epoch" }, { from: 0, to: 100, ticks, label: "Error in %" });
  const seen = points.map((point, n) => [x(n), y(point.seen)]), unseen = points.map((point, n) => [x(n), y(point.unseen)]);
  const area = [...unseen, ...seen.toReversed()].map((point) => point.join(",")).join(" "), last = points.at(-1);
  const title = text(box.left, box.top - 32, `Learns from ${train.toLocaleString("en")} images`, "start", "strong");
  if (!last) return [node, title];
  const [right, top] = unseen[unseen.length - 1], isLate = points.length > EPOCHS / 2;
  return [node, title, svg("polygon", { points: area, class: "gap" }), polyline(unseen, "curve red"), polyline(seen, "curve"),
    text(right, top - 10, `gap ${gapOf(last)}`, isLate ? "end" : "start", "strong")];
}

/** @param {{ seen: number; unseen: number }} point */
const gapOf = ({ seen, unseen }) => Math.round(unseen) - Math.round(seen);

/** What the curves show, in plain words. */
function sentence() {
  const [few, many] = overfit.trainings.map(({ points }) => points.at(lastEpoch())), n = lastEpoch();
  if (!few || !many) return "Both networks are untrained. Press Start.";
  const { seen, unseen } = few, count = (/** @type {number} */ error) => `${Math.round(error) || "none"}`;
  return `${n ? `After epoch ${n}` : "Untrained"}: the network with ${FEW} images misreads ${count(seen)} of its own, ${n ? "but" : "and"} ${count(unseen)} in 100 others. `
    + `The network with ${ALL} misreads ${count(many.seen)} in 100 of its own, and ${count(many.unseen)} in 100 others. The gap is ${gapOf(few)} against ${gapOf(many)}.`
    + (seen < 0.5 ? ` The first network has learned its ${FEW} images by heart: its 23,860 weights and biases have room for each of them.` : "");
}
