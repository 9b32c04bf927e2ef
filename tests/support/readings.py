"""How a network reads photos of digits, and how it reads them without digits/handwriting/."""

import numpy as np
import torch
from PIL import Image

from digits.errors import UserError
from digits.handwriting import Reader, find_lines


def predicted(model, images):
    """The digits that a network reads in images (28, 28) float32 0..1."""
    return model.predict(torch.from_numpy(np.stack(images)))[0].numpy()


def read_photos(model, pictures):
    """The digit (N,) in each picture; -1 where none is found."""
    digits = []
    for picture in pictures:
        try:
            digits.append(int(Reader(model.network).read_lines(find_lines(picture, single=True))[0].text))
        except UserError:
            digits.append(-1)
    return np.array(digits)


def read_lines(model, pictures, context=False):
    """The number in each picture of a line, a list of ints; several lines that are found are one after another.

    The model was trained on segments in `context`, as of `find_lines`, or not.
    """
    numbers = []
    for picture in pictures:
        try:
            lines = Reader(model.network).read_lines(find_lines(picture, context=context))
            numbers.append([int(digit) for line in lines for digit in line.text if digit.isdigit()])
        except UserError:
            numbers.append([])
    return numbers


def read_places(model, picture, context):
    """The lines that are read in a picture, in `context` or not: of each digit, it and its box."""
    try:
        lines = Reader(model.network).read_lines(find_lines(picture, context=context))
    except UserError:
        return []
    return [[(one.digit, one.box) for one in line.readings if one.digit is not None] for line in lines]


def read_naively(model, pictures):
    """As one would at first: shrunk to 28x28, and inverted if the border is light."""
    drawn = []
    for picture in pictures:
        grey = np.asarray(picture.convert("L"), np.float32) / 255
        border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
        small = np.asarray(Image.fromarray(grey).resize((28, 28), Image.Resampling.BOX)).clip(0, 1)
        drawn.append(1 - small if border.mean() > 0.5 else small)
    return predicted(model, drawn)
