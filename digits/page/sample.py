"""Choose the MNIST images that are part of the page, where networks learn from them."""

import zlib

import numpy as np
import torch
from torch import Tensor

from digits import mnist

TRAIN, TEST = 5_500, 1_000  # with one bit per pixel, they are a quarter of the page


def sample(training: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> list[tuple[Tensor, Tensor]]:
    """Choose TRAIN training and TEST test images at random; return pixels (N, 784) bool and labels (N,) of both.

    The arguments are MNIST's images (N, 28, 28) uint8 and labels (N,). Its files are sorted by writer, so the first
    images would be the work of a few people.
    """
    samples, rng = [], np.random.default_rng(0)
    for (images, labels), most, wanted in ((training, mnist.TRAINING, TRAIN), (test, len(test[1]), TEST)):
        chosen = rng.permutation(most)[:wanted]
        samples.append((images[chosen].flatten(1) > 127, labels[chosen]))
    return samples


def packed(images: list[tuple[Tensor, Tensor]]) -> bytes:
    """Compress a sample: one byte per label, then one bit per pixel, row by row."""
    pixels, labels = (torch.cat(parts).numpy() for parts in zip(*images, strict=True))
    return deflated(labels.astype(np.uint8).tobytes() + np.packbits(pixels, axis=1).tobytes())


def deflated(content: bytes) -> bytes:
    """Compress bytes with raw DEFLATE (no header), which browsers can inflate."""
    deflate = zlib.compressobj(9, wbits=-15)
    return deflate.compress(content) + deflate.flush()
