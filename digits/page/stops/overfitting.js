import { write } from "../shell/elements.js";
import { held, heldImages } from "../held.js";
import { beginOn } from "./small.js";
import { askOf, newWorker } from "../shell/workers.js";
import { axes, polyline, stop, text } from "./figure.js";

const FEW = 100; // training images of the first network; the second has all of the page's
const EPOCHS = 20;
const PACE = 250; // milliseconds that an epoch takes at least, so that one sees the curves part
const commas = (/** @type {number} */ n) => n.toLocaleString("en");
const ALL = held.mnist.train;

/** A training on the first images: the errors in percent before it and after each epoch, on the images it has seen and on
 * others. @typedef {{ train: number; points: { seen: number; unseen: number }[]; worker: Worker | null }} Training */

/** The two trainings, whether they go on, whether an epoch is under way, and the run that the last card waits for. */
export const overfit = { trainings: /** @type {Training[]} */ ([]), goes: false, busy: false, run: Promise.resolve() };
reset();
const lastEpoch = () => Math.min(...overfit.trainings.map(({ points }) => points.length)) - 1;

/** Two trainings side by side: on few images, and on many. */
export const overfitting = stop({
  on: { "overfitting-start": startOrPause },
  arrive: reset,
  leave: end,
  isPlaying: () => overfit.goes,
  getReady() {
    if (lastEpoch() < EPOCHS && !overfit.goes) {
      reset();
      overfit.run = run(0);
    }
    return overfit.run;
  },
  example: () => (lastEpoch() > 0 ? modelOf() : null), // on paper, no empty axes

  model: modelOf,

  says({ few, many, epoch }) {
    if (!few || !many) return "Both networks are untrained. Press Start.";
    const count = (/** @type {number} */ error) => Math.round(error) || "none";
    const [when, and] = epoch ? [`After epoch ${epoch}`, "but"] : ["Untrained", "and"];
    const heart = ` The first network has learned its ${FEW} images by heart: it tells them apart by details that other images do not share, so more epochs do not close the gap.`;
    return `${when}: the network with ${FEW} images misreads ${count(few.seen)} of its own, ${and} ${count(few.unseen)} in 100 others. The network with ${commas(ALL)} misreads ${count(many.seen)} in 100 of its own, and ${count(many.unseen)} in 100 others. The gap is ${gapOf(few)} against ${gapOf(many)}.${few.seen < 0.5 ? heart : ""}`;
  },

  draw({ trainings, epoch }, { width, height }) {
    const rest = epoch >= EPOCHS ? "Start over" : epoch > 0 ? "Go on" : "Start";
    write("overfitting-start", overfit.goes ? "Pause" : rest);
    const isWide = width > 560; // the charts are side by side, else one below the other
    const [across, down] = isWide ? [width / 2, 0] : [0, (height - 24) / 2];
    const charts = trainings.map((training, n) =>
      chart(training, {
        left: 44 + n * across,
        right: (n + 1) * across + (isWide ? -16 : width - 16),
        top: 60 + n * down,
        bottom: isWide ? height - 48 : (n + 1) * down - 22,
      }),
    );
    const keys = ["curve", "curve red"].map((kind, n) => `<path d="M${n * 156} 12h24" class="${kind}"/>`).join("");
    return `${keys} ${text(30, 17, "images it learned", "start")} ${text(186, 17, "never seen", "start")} ${charts.join("")}`;
  },
});

function modelOf() {
  const epoch = lastEpoch();
  const [few, many] = overfit.trainings.map(({ points }) => points.at(epoch));
  return { trainings: overfit.trainings, epoch, few, many };
}

/** Ends both trainings, and their workers; the curves stay, until one comes back. */
function end() {
  for (const { worker } of overfit.trainings) worker?.terminate();
  overfit.goes = false;
}

/** Puts two new trainings in place of the old ones. */
function reset() {
  end();
  const trainings = [FEW, ALL].map((train) => ({ train, points: [], worker: null }));
  Object.assign(overfit, { trainings, busy: false });
}

/** Trains both networks, or pauses. After the last epoch, it starts over. */
function startOrPause() {
  if (lastEpoch() >= EPOCHS) reset();
  overfit.goes = !overfit.goes;
  if (overfit.goes && !overfit.busy) run(PACE);
}

/** Trains both networks epoch by epoch, each for `pace` milliseconds at least. @param {number} pace */
async function run(pace) {
  const { trainings } = overfit; // others, once the stop is left and come back to
  Object.assign(overfit, { goes: true, busy: true });
  while (overfit.trainings === trainings && overfit.goes) {
    await Promise.all([...trainings.map(goOn), new Promise((done) => setTimeout(done, pace))]);
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
    job = beginOn(await heldImages(), training.train);
  }
  const { train, test } = /** @type {Measured} */ (await askOf(training.worker, job));
  training.points.push({ seen: 100 * (1 - train.accuracy), unseen: 100 * (1 - test.accuracy) });
}

/** The errors of a training by epoch; the gap between them is shaded. @type {(training: Training, box: Box) => string} */
function chart({ train, points }, box) {
  const { x, y, svg } = axes(
    box,
    { from: 0, to: EPOCHS, ticks: [0, 5, 10, 15, 20], label: "epoch" },
    { from: 0, to: 100, ticks: [0, 50, 100], label: "" },
  );
  const [seen, unseen] = /** @type {const} */ (["seen", "unseen"]).map((kind) =>
    points.map((point, n) => [x(n), y(point[kind])]),
  );
  const title = text(box.left, box.top - 12, `learned from ${commas(train)}: % misread`, "start", "strong");
  if (!points.length) return svg + title;
  const [right, top] = unseen[unseen.length - 1];
  const anchor = points.length > EPOCHS / 2 ? "end" : "start";
  return `${svg} ${title} <polygon points="${[...unseen, ...seen.toReversed()].join(" ")}" class="gap" data-mark="gap"/>
    ${polyline(unseen, "curve red")} ${polyline(seen, "curve")}
    ${text(right, top - 10, `gap ${gapOf(points[points.length - 1])}`, anchor, "strong")}`;
}

/** @param {{ seen: number; unseen: number }} point */
const gapOf = ({ seen, unseen }) => Math.round(unseen) - Math.round(seen);
