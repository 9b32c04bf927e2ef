"""Scenes of tools/forge/scenes of which it is known what they say, and whether that is read."""

from unittest.mock import patch

import numpy as np
import torch

from digits.handwriting import Expected
from digits.handwriting.normalize import bounds
from tools.forge import scenes
from tools.forge.scenes.papers import PAPERS
from tools.forge.scenes.sheet import Sheet

BLANK_PAPER = {
    "PAPERS": [paper._replace(fill=Sheet.rows) for paper in PAPERS],
    "around": lambda sheet: None,
    "light_of_paper": lambda rng, shape, *_: np.full(shape, 0.9, np.float32),  # in even light
}


def bars():
    """Glyphs that need no MNIST: a bar for each digit, allographs among them, and letters."""
    images = torch.zeros(200, 28, 28, dtype=torch.uint8)
    images[:, 4:24, 12:16] = 255
    return scenes.glyphs(images, torch.arange(200) % 10, 0)


def on_blank_paper(rng, written):
    """Yield scenes of digits on blank paper, 24 pixels high or more."""
    while True:
        with patch.multiple(scenes, **BLANK_PAPER):
            drawn = scenes.scene(rng, written)
        _, top, _, bottom = bounds(drawn.ink > 0.5)
        if drawn.text and bottom - top >= 24:
            yield drawn


def of_all_kinds(rng, written):
    """Yield scenes of all kinds, also some that say nothing."""
    while True:
        drawn = scenes.scene(rng, written)
        if drawn.text is not None:
            yield drawn


def is_read(reader, drawn, single=False):
    """Return whether a reader reads what a scene says."""
    return reader.read(drawn.image, Expected(single)).text.replace(" ", "") == drawn.text
