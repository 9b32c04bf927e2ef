"""What shall be found in a picture, and what shall be said of one that shows no digit."""

import io
from typing import NamedTuple

import numpy as np

from digits.handwriting.lines import Expected, find_lines
from digits.handwriting.reader import Reader
from digits.handwriting.strips import DIGIT
from digits.network import sigmoid_network
from tests.support.pens import as_mnist, box

NEAR = 0.02  # mean absolute difference of two drawings of a digit in 28x28 that are nearly the same
SIZE = 320, 240


class Digit(NamedTuple):
    """The image (28, 28) of a digit, and its box in the picture."""

    image: np.ndarray
    box: tuple[int, ...]


def digits_of(segmentation) -> list[list[list[Digit]]]:
    """Return the digits of the likeliest number of each group in each line, each as it is cut the first way."""
    return [
        [[Digit(segmentation.images[n][0], segmentation.boxes[n][0]) for n in group[0][2]] for group in line]
        for line in segmentation.lines
    ]


def find_digit(picture) -> Digit:
    """Return the digit in a picture of one digit."""
    [[[digit]]] = digits_of(find_lines(picture, Expected(single=True)))
    return digit


def difference(image, wanted):
    """Return the mean absolute difference of two images."""
    assert image.shape == wanted.shape == (28, 28)
    return float(np.abs(image - wanted).mean())


def assert_finds(picture, ink, near=NEAR, pixels=2):
    """The one digit in the picture is that of `ink`, nearly; its box too, up to so many pixels, or one of a strip."""
    digit = find_digit(picture)
    assert difference(digit.image, as_mnist(ink)) < near
    left, top, right, bottom = box(ink)
    most = max(pixels, 1.2 * max(right - left, bottom - top) / DIGIT)
    assert np.abs(np.subtract(digit.box, (left, top, right, bottom))).max() <= most


def encoded(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def one_line_error(picture):
    """Why nothing is read in a picture, whatever the network."""
    message = Reader(sigmoid_network([784, 10])).read(picture, Expected(single=True)).error
    assert message and "\n" not in message and len(message) < 120
    return message
