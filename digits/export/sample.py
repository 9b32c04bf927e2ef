"""The MNIST images in the page, from which a network learns there: `python -m digits.export.sample data`.

Some of the images that train and some of the test images, drawn by lot, since MNIST's order is not by chance, one bit a
pixel, in web/mnist.bin: the labels, a byte each, then the images, eight pixels a byte, row by row; first those that
train. It is deflated without a header, as browsers inflate it.
"""

import sys
import zlib
from pathlib import Path

import numpy as np

from digits import mnist
from digits.export.page import TEST, TRAIN
from digits.files import write_whole

FILE = Path(__file__).parent / "web" / "mnist.bin"
TRAINING = 50_000  # of the training images; the others validate, as in digits/data.py


def packed(data_dir: Path) -> bytes:
    """The labels and the images, not yet deflated: 7,250 bytes, then 98 for each image."""
    images, labels, rng = [], [], np.random.default_rng(0)
    for train, count, most in ((True, TRAIN, TRAINING), (False, TEST, 10_000)):
        x, y = mnist.load(data_dir, train=train)
        some = rng.permutation(most)[:count]
        images.append(x[some].flatten(1).numpy())
        labels.append(y[some].numpy())
    bits = np.packbits(np.concatenate(images) > 127, axis=1)
    return np.concatenate(labels).astype(np.uint8).tobytes() + bits.tobytes()


if __name__ == "__main__":
    deflate = zlib.compressobj(9, wbits=-15)
    write_whole(FILE, deflate.compress(packed(Path(sys.argv[1]))) + deflate.flush())
