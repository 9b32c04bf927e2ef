// A network that is trained from nothing, in a worker, so that one goes on drawing; and the slider through its epochs.

const EPOCHS = 30;
// epochs: the network as it was after each, the first fresh; before: the one that the page showed before
const training = { worker: null, epochs: [], before: null };
const workers = globalThis.trustedTypes?.createPolicy("worker", { createScriptURL: (url) => url });

/** Starts a worker, whose program are the page's first two scripts, and calls `seen(network)` for each epoch. */
async function startTraining(sizes, settings, seen) {
  stopTraining();
  training.epochs = [];
  const program = [...document.scripts].filter(({ type }) => !type).slice(0, 2).map(({ text }) => text);
  const url = URL.createObjectURL(new Blob([...program, "work();"], { type: "text/javascript" }));
  const worker = (training.worker = new Worker(workers?.createScriptURL(url) ?? url));
  worker.onmessage = ({ data: { layers, accuracy } }) => {
    if (worker !== training.worker) return; // stopped, and this came after
    const { bits } = held, shape = sizes.join("-");
    training.epochs.push({ sizes, layers, accuracy, bits, shape, fresh: true, test_accuracy: accuracy });
    if (training.epochs.length > EPOCHS) stopTraining();
    seen(training.epochs.at(-1));
  };
  worker.postMessage({ mnist: await openMnist(), sizes, settings: { epochs: EPOCHS, ...settings } });
}

function stopTraining() {
  training.worker?.terminate();
  training.worker = null;
}
