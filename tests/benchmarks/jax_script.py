"""`train.py --hidden 30` as a JAX user would write it: an epoch is one jitted `lax.scan` over its mini-batches.

`python -m tests.benchmarks.jax_script` trains 30 epochs, validates and tests after each, prints the line of the epoch
and keeps the weights with the highest validation accuracy.
"""

import argparse
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from tests.benchmarks.common import BATCH_SIZE, LR, initial, load


def network(parameters, images):
    """Output activations (N, 10) for images (N, 784) uint8."""
    x = images.astype(jnp.float32) / 255  # here, not once for all: moving a quarter of the bytes is faster
    for w, b in parameters:
        x = jax.nn.sigmoid(x @ w.T + b)
    return x


def cost(parameters, images, y):
    return jnp.sum((network(parameters, images) - y) ** 2) / (2 * len(images))


@partial(jax.jit, donate_argnums=0)
def train_epoch(parameters, images, y, key):
    """One epoch in the order that `key` decides: parameters and the mean cost of its mini-batches."""

    def step(parameters, index):
        value, gradient = jax.value_and_grad(cost)(parameters, images[index], y[index])
        return jax.tree.map(lambda p, g: p - LR * g, parameters, gradient), value

    order = jax.random.permutation(key, len(images)).reshape(-1, BATCH_SIZE)
    parameters, costs = jax.lax.scan(step, parameters, order)
    return parameters, costs.mean()


@jax.jit
def right(parameters, images, labels):
    """How many images are classified right."""
    return jnp.sum(network(parameters, images).argmax(1) == labels)


def start(hidden):
    return [(jnp.asarray(w, jnp.float32), jnp.asarray(b, jnp.float32)) for w, b in initial(hidden)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hidden", type=int, default=30)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--data_dir", default="data")
    parser.add_argument("--weights", default="best.npz", help="where the best weights go")
    args = parser.parse_args()

    (images, labels), validation, test = jax.device_put(load(args.data_dir))
    y, parameters, best = jax.nn.one_hot(labels, 10), start(args.hidden), 0
    for epoch in range(args.epochs):
        parameters, _ = train_epoch(parameters, images, y, jax.random.key(epoch))
        on_validation, on_test = int(right(parameters, *validation)), int(right(parameters, *test))
        print(f"Epoch {epoch}: {on_test} / {len(test[1])}   validation {on_validation / len(validation[1]):.2%}")
        if on_validation > best:
            best = on_validation
            np.savez(args.weights, *(np.asarray(array) for layer in parameters for array in layer))


if __name__ == "__main__":
    main()
