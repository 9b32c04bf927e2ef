"""Scenes of tools/forge/scenes of which it is known what they say, and whether that is read."""

import torch

from digits.handwriting import Expected
from tools.forge import scenes


def bars():
    """Glyphs that need no MNIST: a bar for each digit, allographs among them, and letters."""
    images = torch.zeros(200, 28, 28, dtype=torch.uint8)
    images[:, 4:24, 12:16] = 255
    return scenes.glyphs(images, torch.arange(200) % 10, 0)


def of_all_kinds(rng, written):
    """Yield scenes of all kinds, also some that say nothing."""
    while True:
        drawn = scenes.scene(rng, written)
        if drawn.text is not None:
            yield drawn


def is_read(reader, drawn, single=False):
    """Return whether a reader reads what a scene says."""
    return reader.read(drawn.image, Expected(single)).text.replace(" ", "") == drawn.text
