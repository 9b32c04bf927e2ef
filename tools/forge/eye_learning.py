"""Train the eye on synthetic scenes: `python -m tools.forge.eye_learning` writes eye.npz.

Each of the eye's two networks learns from different scenes. From each scene, pixels are chosen so that handwriting,
printed lines and the surroundings of strokes all occur often. The second network only learns from pixels for which the
first network is unsure.
"""

import sys
from io import BytesIO
from itertools import chain
from math import cos, pi
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.random import Generator, default_rng
from tqdm import tqdm

from digits import backprop, mnist
from digits.checkpoint.packed import Layers, pack
from digits.common.errors import one_line_errors
from digits.common.files import write_atomically
from digits.handwriting import eye
from digits.handwriting.background import missing_light
from digits.handwriting.eye import BUNDLED, UNSURE, Eye
from digits.handwriting.lines import enlarged
from digits.network import CROSS_ENTROPY, linears, sigmoid_network, weights_and_biases
from tools.forge.scenes import Glyphs, glyphs, scene

SCENES = 7_000, 6_000  # scenes for the first and the second network
HIDDEN = 96, 24  # neurons of the hidden layers
EPOCHS, BATCH, RATE = 12, 64, 3.0  # the learning rate falls along a cosine
WARM = 0.3  # share of the learning rate in the first epoch, because the full rate could saturate the output at once
HELD_OUT = 0.03  # share of the examples, from the last scenes, that is only used to measure the accuracy


def main() -> None:
    """Train the eye on MNIST's 50,000 training images, and replace the bundled eye."""
    bundle([*chain(*learn(training_glyphs()))], BUNDLED)


def bundle(layers: Layers, file: Path) -> None:
    """Round the weights of layers to 8 bits, and write the file that `digits.checkpoint.packed.load` reads."""
    buffer, arrays = BytesIO(), dict[str, Any]()
    for n, (steps, biases, counts) in enumerate(pack(layers)):
        arrays |= {f"steps{n}": steps, f"biases{n}": biases, f"weights{n}": counts}
    np.savez(buffer, **arrays)
    write_atomically(file, buffer.getvalue())
    print(f"{file}: {buffer.tell() / 1000:,.0f} kB")


def training_glyphs() -> Glyphs:
    """Return the glyphs of MNIST's 50,000 training images. Downloads MNIST if it is missing."""
    mnist.fetch(None)
    images, labels = mnist.load(None, train=True)
    return glyphs(images[: mnist.TRAINING], labels[: mnist.TRAINING], 0)


def learn(glyphs: Glyphs, scenes: tuple[int, int] = SCENES, epochs: int = EPOCHS) -> Eye:
    """Train both networks. On the same machine, the same arguments give the same weights."""
    torch.set_num_threads(1)  # so that the weights do not depend on the number of cores
    cv2.setNumThreads(1)
    layers: list[Layers] = []
    for number, count in enumerate(scenes):
        rng = default_rng(number)
        first = layers[0] if layers else None
        pixels = (examples(rng, glyphs, first) for _ in tqdm(range(count), "scenes", disable=None))
        x, y = (torch.from_numpy(np.concatenate(parts)) for parts in zip(*pixels, strict=True))
        layers.append(trained(x[:, None], y[:, None], epochs, number))
    return layers[0], layers[1]


def examples(rng: Generator, glyphs: Glyphs, first: Layers | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Choose n pixels of a new scene, and return their inputs (n, inputs) uint8 and targets (n,) float32.

    The target of handwriting is 1. If the `first` network is given, the examples are for the second.
    """
    image, ink, printed, words, *_ = scene(rng, glyphs)
    ink, printed, words = (eye.reduced(enlarged(layer)) for layer in (ink, printed, words))
    views, dark = eye.first_views(eye.reduced(missing_light(enlarged(image, cv2.INTER_CUBIC))))
    if first:
        scores = eye.outputs_at(first, views, dark)
        views = eye.second_views(views, scores)
        dark &= (scores > UNSURE) & (scores < 1 - UNSURE)
    handwriting = dark & (ink > 0.5)
    nothing = dark & (ink < 0.4) & (words < 0.2)  # printed words are left out, because they may have digits
    line = nothing & (printed > 0.4)
    beside = nothing & ~line & (cv2.dilate(ink, np.ones((5, 5))) > 0.3)
    rest = nothing & ~line & ~beside
    # The number of pixels of each kind is limited, so that nearly half are handwriting even if most paper is blank.
    # For the second network, many of the pixels are mistakes of the first network.
    kinds = [(handwriting, 150), (line, 70), (beside, 60), (rest, 60)]
    if first:
        kinds = [(handwriting, 110), (handwriting & (scores < 0.85), 60), (nothing & (scores > 0.15), 70)]
        kinds += [(line, 60), (beside, 40), (rest, 40)]
    chosen = [np.empty((0, 2), int)]
    for mask, limit in kinds:
        if mask.any():
            places = np.argwhere(mask)
            chosen.append(places[rng.integers(0, len(places), min(limit, len(places)))])
    rows, columns = np.concatenate(chosen).T
    truth = handwriting[rows, columns].astype(np.float32)
    return (255 * eye.inputs(views, rows, columns) + 0.5).astype(np.uint8), truth


def trained(x: torch.Tensor, y: torch.Tensor, epochs: int, seed: int) -> Layers:
    """Train a network by plain SGD on inputs x (N, 1, inputs) uint8 and targets y (N, 1) float32."""
    network, order = sigmoid_network([x.shape[2], *HIDDEN, 1], seed=seed), torch.Generator().manual_seed(seed)
    parameters, count = weights_and_biases(network), int((1 - HELD_OUT) * len(x))
    for epoch in range(epochs):
        mini_batches = torch.randperm(count, generator=order)[: count // BATCH * BATCH].view(-1, BATCH)
        rate = RATE * (1 + cos(pi * epoch / epochs)) / 2 * (1 if epoch else WARM)
        for mini_batch in mini_batches:
            backprop.sgd_step(*parameters, x[mini_batch, 0] / 255, y[mini_batch], rate, CROSS_ENTROPY)
        with torch.no_grad():
            right = (network(x[count:, 0] / 255) > 0.5) == (y[count:] > 0.5)
        print(f"Epoch {epoch}: {right.float().mean():.2%} of {len(right):,} pixels right", file=sys.stderr)
    return [(layer.weight.detach().numpy().T, layer.bias.detach().numpy()) for layer in linears(network)]


if __name__ == "__main__":
    with one_line_errors("tools.forge.eye_learning"):
        main()
