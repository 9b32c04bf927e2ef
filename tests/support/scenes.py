"""Scenes of digits/augment/scenes.py of which it is known what they say, and whether that is read."""

import numpy as np
import torch

from digits.augment.scenes import FORMS, _Sheet, glyphs, scene
from digits.handwriting import Expected
from digits.handwriting.normalize import bounds


def bars():
    """Glyphs that need no MNIST: a bar for each digit, allographs among them, and letters."""
    images = torch.zeros(200, 28, 28, dtype=torch.uint8)
    images[:, 4:24, 12:16] = 255
    return glyphs(images, torch.arange(200) % 10, 0)


class BlankPaper(_Sheet):
    """Paper in even light, on which only digits are written."""

    def around(self):
        pass

    def light(self):
        return np.full(self.shape, 0.9, np.float32)


for form in FORMS:
    setattr(BlankPaper, form, _Sheet.rows)


def on_blank_paper(rng, written):
    """Yield scenes of digits on blank paper, 24 pixels high or more."""
    while True:
        drawn = BlankPaper(rng, written).taken()
        _, top, _, bottom = bounds(drawn.ink > 0.5)
        if drawn.text and bottom - top >= 24:
            yield drawn


def of_all_kinds(rng, written):
    """Yield scenes of all kinds, also some that say nothing."""
    while True:
        drawn = scene(rng, written)
        if drawn.text is not None:
            yield drawn


def is_read(reader, drawn, single=False):
    """Return whether a reader reads what a scene says."""
    return reader.read(drawn.image, Expected(single)).text.replace(" ", "") == drawn.text
