"""The images of MNIST in the page, from which a network learns there."""

import zlib

import numpy as np
import torch
from torch import Tensor, nn

from digits import mnist
from digits.network import predictions

TRAIN, TEST = 5_500, 1_000  # with a bit a pixel, a quarter of the page of the network that comes along


def sample(training: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> tuple[tuple[int, int], bytes]:
    """Choose TRAIN training and TEST test images, or all if there are fewer: the two counts, and the images packed.

    MNIST's images (N, 28, 28) uint8 and labels (N,) are chosen at random, since its files begin and end with other
    writers. The packed bytes are deflated: a byte for each label, then the pixels row by row, eight to a byte. Training
    images come first.
    """
    images, labels, rng = [], [], np.random.default_rng(0)
    for (x, y), most, wanted in ((training, mnist.TRAINING, TRAIN), (test, len(test[1]), TEST)):
        some = rng.permutation(most)[:wanted]
        images.append(x[some].flatten(1).numpy())
        labels.append(y[some].numpy())
    bits = np.packbits(np.concatenate(images) > 127, axis=1)
    packed = deflated(np.concatenate(labels).astype(np.uint8).tobytes() + bits.tobytes())
    return (len(labels[0]), len(labels[1])), packed


def accuracy(network: nn.Module, counts: tuple[int, int], packed: bytes) -> float | None:
    """The share of a sample's test images that a network reads right, 0..1; None if it has none."""
    train, test = counts
    if not test:
        return None
    content = np.frombuffer(zlib.decompress(packed, wbits=-15), np.uint8)
    labels, bits = content[train : train + test], content[train + test :].reshape(-1, 98)[train:]
    digits = predictions(network(torch.from_numpy(np.unpackbits(bits, axis=1)).float()))
    return (digits.numpy() == labels).mean().item()


def deflated(content: bytes) -> bytes:
    """Compress bytes without a header, as browsers inflate them."""
    deflate = zlib.compressobj(9, wbits=-15)
    return deflate.compress(content) + deflate.flush()
