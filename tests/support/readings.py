"""How a network reads photos of digits, and how it reads them without digits/handwriting/."""

import numpy as np
import torch
from PIL import Image

from digits.errors import tried
from digits.handwriting import Reader, find_lines


def answers(model, pictures, single=False, context=False):
    """What is read in each picture as it lies: a network that reads only MNIST would often be surer of a turned one."""
    reader = Reader(model.network)
    return [reader.answer(tried(find_lines, picture, single, context)) for picture in pictures]


def read_photos(model, pictures):
    """The digit (N,) in each picture; -1 where none is found."""
    return np.array([int(said.text or -1) for said in answers(model, pictures, single=True)])


def read_lines(model, pictures, context=False):
    """The number in each picture of a line, a list of ints; several lines that are found are one after another.

    The model was trained on segments in `context`, as of `find_lines`, or not.
    """
    found = answers(model, pictures, context=context)
    return [[int(digit) for digit in said.text if digit.isdigit()] for said in found]


def read_places(model, picture, context):
    """The lines that are read in a picture, in `context` or not: of each digit, it and its box."""
    [said] = answers(model, [picture], context=context)
    return [[(one.digit, one.box) for one in line.readings if one.digit is not None] for line in said.lines]


def read_naively(model, pictures):
    """As one would at first: shrunk to 28x28, and inverted if the border is light."""
    drawn = []
    for picture in pictures:
        grey = np.asarray(picture.convert("L"), np.float32) / 255
        border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
        small = np.asarray(Image.fromarray(grey).resize((28, 28), Image.Resampling.BOX)).clip(0, 1)
        drawn.append(1 - small if border.mean() > 0.5 else small)
    return model.predict(torch.from_numpy(np.stack(drawn)))[0].numpy()
