"""What every peer starts from: the same images and the same initial weights. NumPy alone."""

from itertools import pairwise
from pathlib import Path

import numpy as np

TRAINING = 50_000  # of the 60,000 training images; the other 10,000 validate
LR, BATCH_SIZE = 3.0, 10


def load(data_dir):
    """Training, validation and test data from the IDX files, each images (N, 784) uint8 and labels (N,) uint8."""

    def read(name):
        folder = Path(data_dir, "MNIST", "raw")
        images = np.fromfile(folder / f"{name}-images-idx3-ubyte", np.uint8, offset=16).reshape(-1, 784)
        return images, np.fromfile(folder / f"{name}-labels-idx1-ubyte", np.uint8, offset=8)

    (images, labels), test = read("train"), read("t10k")
    return (images[:TRAINING], labels[:TRAINING]), (images[TRAINING:], labels[TRAINING:]), test


def initial(hidden, seed=0):
    """Weights (outputs, inputs) from N(0, 1 / inputs) and biases (outputs,) from N(0, 1), float64, of 784-hidden-10."""
    rng = np.random.default_rng(seed)
    sizes = pairwise([784, hidden, 10])
    return [(rng.normal(0, inputs**-0.5, (outputs, inputs)), rng.normal(0, 1, outputs)) for inputs, outputs in sizes]
