"""Peers: other ways to train the same network. speed.py runs each of them in a process of its own.

`python -m tools.benchmarks.peers NAME HIDDEN EPOCHS DATA_DIR` trains with one peer and prints its figures as JSON.

A peer is a function of (data_dir, hidden, epochs, tick). It trains a network with these hidden layers, such as
[100, 30], on the 50,000 training images in mini-batches of 10 at learning rate 3.0. It calls `tick()` at the end of
each epoch, and returns the test accuracy. Each peer imports only the packages that it needs.
"""

import json
import sys
import tempfile
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np

from tests.support.book import book_step, sigmoid
from tools.benchmarks.common import BATCH_SIZE, LR, TRAINING, initial, load


def ours(data_dir, hidden, epochs, tick):
    """Everything that `train.py` does: validation and test after each epoch, checkpoints, TensorBoard."""
    from lightning.pytorch.callbacks import Callback

    from digits.train import Settings, train

    class Tick(Callback):
        def on_train_epoch_end(self, trainer, module):
            tick()

        def on_validation_end(self, trainer, module):
            self.accuracy = trainer.callback_metrics["accuracy/test"].item()

    callback = Tick()
    run_dir = Path(tempfile.mkdtemp())
    settings = {"hidden": hidden, "epochs": epochs, "data_dir": data_dir, "run_dir": run_dir}
    train(Settings(**settings, trainer={"callbacks": [callback]}))
    return callback.accuracy


def idiomatic_lightning(data_dir, hidden, epochs, tick):
    """The LightningModule of a tutorial, with the default Trainer."""
    import torch
    from lightning.pytorch import LightningModule, Trainer
    from torch import nn
    from torch.utils.data import DataLoader, Subset
    from torchvision.datasets import MNIST
    from torchvision.transforms import ToTensor

    class Classifier(LightningModule):
        def __init__(self):
            super().__init__()
            self.network = nn.Sequential(nn.Flatten(), *sigmoid_layers(hidden))

        def training_step(self, batch, _):
            x, labels = batch
            loss = quadratic_cost(self.network(x), nn.functional.one_hot(labels, 10))
            self.log("loss/training", loss)
            return loss

        def validation_step(self, batch, _):
            x, labels = batch
            self.log("accuracy", (self.network(x).argmax(1) == labels).float().mean())

        test_step = validation_step

        def on_train_epoch_end(self):
            tick()

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=LR)

    images, test = (MNIST(data_dir, train=train, transform=ToTensor()) for train in (True, False))
    training, validation = Subset(images, range(TRAINING)), Subset(images, range(TRAINING, len(images)))
    trainer, model = Trainer(max_epochs=epochs, default_root_dir=tempfile.mkdtemp()), Classifier()
    trainer.fit(model, DataLoader(training, BATCH_SIZE, shuffle=True), DataLoader(validation, 1000))
    return trainer.test(model, DataLoader(test, 1000), verbose=False)[0]["accuracy"]


def pytorch_loop(data_dir, hidden, epochs, tick):
    """Tensors in memory, autograd, `optim.SGD`."""
    import torch
    from torch import nn

    (images, labels), _, (test_images, test_labels) = load(data_dir)
    x, y = torch.tensor(images) / 255, nn.functional.one_hot(torch.tensor(labels).long(), 10).float()
    network = nn.Sequential(*sigmoid_layers(hidden))
    optimizer = torch.optim.SGD(network.parameters(), lr=LR)
    for _ in range(epochs):
        for index in torch.randperm(len(x)).split(BATCH_SIZE):
            optimizer.zero_grad()
            quadratic_cost(network(x[index]), y[index]).backward()
            optimizer.step()
        tick()
    with torch.no_grad():
        return (network(torch.tensor(test_images) / 255).argmax(1) == torch.tensor(test_labels)).float().mean().item()


def sigmoid_layers(hidden):
    """Return torch layers for 784-hidden-10, with the initial weights that all peers share."""
    import torch
    from torch import nn

    layers = []
    for w, b in initial(hidden):
        layers += [nn.Linear(*w.T.shape), nn.Sigmoid()]
        layers[-2].load_state_dict({"weight": torch.tensor(w), "bias": torch.tensor(b)})
    return layers


def quadratic_cost(a, y):
    """Return the book's cost, 1/(2n) sum ||y - a||^2."""
    return (a - y).square().sum() / (2 * len(a))


def numpy_per_sample(data_dir, hidden, epochs, tick):
    """The book's algorithm: backpropagate one image at a time, and sum the gradients over the mini-batch."""
    (images, labels), _, (test_images, test_labels) = load(data_dir)
    x, y = images / 255, np.eye(10)[labels]
    weights, biases = map(list, zip(*initial(hidden), strict=True))
    rng = np.random.default_rng(0)
    for _ in range(epochs):
        for mini_batch in rng.permutation(len(x)).reshape(-1, BATCH_SIZE):
            book_step(weights, biases, x[mini_batch], y[mini_batch], LR)
        tick()
    a = test_images / 255
    for w, b in zip(weights, biases, strict=True):
        a = sigmoid(a @ w.T + b)
    return np.mean(a.argmax(1) == test_labels)


def jax_scan(data_dir, hidden, epochs, tick):
    """An epoch is one jitted `lax.scan` over its mini-batches, as a JAX user would write it."""
    import jax
    import jax.numpy as jnp

    def network(parameters, images):
        x = images.astype(jnp.float32) / 255  # in each step: uint8 images are a quarter of the bytes
        for w, b in parameters:
            x = jax.nn.sigmoid(x @ w.T + b)
        return x

    def cost(parameters, images, y):
        return jnp.sum((network(parameters, images) - y) ** 2) / (2 * len(images))

    @partial(jax.jit, donate_argnums=0)
    def train_epoch(parameters, images, y, key):
        def step(parameters, index):
            value, gradient = jax.value_and_grad(cost)(parameters, images[index], y[index])
            return jax.tree.map(lambda p, g: p - LR * g, parameters, gradient), value

        order = jax.random.permutation(key, len(images)).reshape(-1, BATCH_SIZE)
        parameters, costs = jax.lax.scan(step, parameters, order)
        return parameters, costs.mean()

    (images, labels), _, (test_images, test_labels) = jax.device_put(load(data_dir))
    y = jax.nn.one_hot(labels, 10)
    parameters = [(jnp.asarray(w, jnp.float32), jnp.asarray(b, jnp.float32)) for w, b in initial(hidden)]
    for epoch in range(epochs):
        parameters, _ = jax.block_until_ready(train_epoch(parameters, images, y, jax.random.key(epoch)))
        tick()
    return jnp.mean(network(parameters, test_images).argmax(1) == test_labels)


PEERS = {  # title, function, and the module that it needs
    "ours": ("**this project, through its Trainer**", ours, "lightning"),
    "lightning": ("idiomatic Lightning", idiomatic_lightning, "lightning"),
    "pytorch": ("PyTorch loop, autograd, `optim.SGD`", pytorch_loop, "torch"),
    "numpy": ("NumPy, backpropagation per sample", numpy_per_sample, "numpy"),
    "jax": ("JAX, bare epoch, jitted `lax.scan`", jax_scan, "jax"),
}


def main(name, hidden, epochs, data_dir):
    ends, train = [], PEERS[name][1]
    hidden = [int(size) for size in hidden.split("-")]
    accuracy = train(data_dir, hidden, int(epochs), lambda: ends.append(perf_counter()))
    seconds = np.diff(ends).tolist()  # the first epoch only warms up
    print("\n" + json.dumps({"seconds": seconds, "accuracy": float(accuracy)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
