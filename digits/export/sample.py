"""The images of MNIST in the page, from which a network learns there."""

import zlib

import numpy as np
import torch
from torch import Tensor

from digits import mnist

TRAIN, TEST = 5_500, 1_000  # with a bit a pixel, a quarter of the page of the network that comes along


def sample(training: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> list[tuple[Tensor, Tensor]]:
    """Choose TRAIN training and TEST test images, or all if there are fewer: of both, pixels (N, 784) bool and labels.

    MNIST's images (N, 28, 28) uint8 and labels (N,) are chosen at random, since its files begin and end with other
    writers.
    """
    samples, rng = [], np.random.default_rng(0)
    for (images, labels), most, wanted in ((training, mnist.TRAINING, TRAIN), (test, len(test[1]), TEST)):
        chosen = rng.permutation(most)[:wanted]
        samples.append((images[chosen].flatten(1) > 127, labels[chosen]))
    return samples


def packed(images: list[tuple[Tensor, Tensor]]) -> bytes:
    """A sample, deflated: a byte for each label, then the pixels row by row, eight to a byte."""
    pixels, labels = (torch.cat(parts).numpy() for parts in zip(*images, strict=True))
    return deflated(labels.astype(np.uint8).tobytes() + np.packbits(pixels, axis=1).tobytes())


def deflated(content: bytes) -> bytes:
    """Compress bytes without a header, as browsers inflate them."""
    deflate = zlib.compressobj(9, wbits=-15)
    return deflate.compress(content) + deflate.flush()
