"""The images of MNIST in the page, from which a network learns there."""

import zlib

import numpy as np
from torch import Tensor

from digits import mnist

TRAIN, TEST = 5_500, 1_000  # so many: with a bit a pixel, the page of the network that comes along has 1.3 MB


def sample(training: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> tuple[tuple[int, int], bytes]:
    """Some of the images that train and some of the test images, or all, where there are fewer: how many; and packed.

    Of MNIST's images (N, 28, 28) uint8 and labels (N,) some are drawn by lot, since neighbours are by other writers. A
    byte for each label, then eight pixels a byte, row by row; first those that train. It is deflated without a header,
    as browsers inflate it.
    """
    images, labels, rng = [], [], np.random.default_rng(0)
    for (x, y), most, wanted in ((training, mnist.TRAINING, TRAIN), (test, len(test[1]), TEST)):
        some = rng.permutation(most)[:wanted]
        images.append(x[some].flatten(1).numpy())
        labels.append(y[some].numpy())
    bits = np.packbits(np.concatenate(images) > 127, axis=1)
    deflate = zlib.compressobj(9, wbits=-15)
    packed = deflate.compress(np.concatenate(labels).astype(np.uint8).tobytes() + bits.tobytes()) + deflate.flush()
    return (len(labels[0]), len(labels[1])), packed
