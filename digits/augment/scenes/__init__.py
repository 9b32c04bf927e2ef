"""Scenes: synthetic pictures of handwriting on paper, of which each pixel is known to be handwriting or not.

writing.py has a hand write digits and some letters on a sheet.py, on plain paper or on one of the forms in forms.py.
Then light.py gives the paper light, shadows, texture and patterns, and photo.py takes the picture.
"""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from digits.augment.scenes.drawing import chance, spread
from digits.augment.scenes.forms import FORMS, around
from digits.augment.scenes.light import light_of_paper
from digits.augment.scenes.photo import crop, photo, tilt, wear
from digits.augment.scenes.sheet import Sheet
from digits.augment.scenes.writing import Glyphs, Written, glyphs

__all__ = ["Glyphs", "Scene", "Written", "glyphs", "scene"]

HEIGHT = 8, 250  # of a digit, in pixels


class Scene(NamedTuple):
    """A picture (H, W, 3) uint8; how much of each pixel is handwriting, printed lines, printed words: (H, W) 0..1.

    `text` is what its only line says, None if it has several, or something else is written there, too. `written` has
    all its digits and letters.
    """

    image: np.ndarray
    ink: np.ndarray
    printed: np.ndarray
    words: np.ndarray
    text: str | None
    written: list[Written]


def scene(rng: Generator, glyphs: Glyphs) -> Scene:
    """Return one more scene; it depends on the numbers of `rng` alone."""
    height, count = spread(rng, *HEIGHT), 1 if chance(rng, 0.12) else int(rng.integers(1, 9))
    form = FORMS[rng.choice(len(FORMS), p=[form.share for form in FORMS])]
    sheet = Sheet(rng, glyphs, height, count, form.goes_on)
    if not sheet.noisy:
        form.fill(sheet)
        around(sheet)
    tilt(sheet)
    if chance(rng, 0.12) and sheet.ink.any():
        crop(sheet)
    light = light_of_paper(rng, sheet.shape, sheet.height, sheet.plain)
    if form.goes_on and chance(rng, 0.3):
        wear(sheet)
    image = photo(sheet, light)
    return Scene(image, sheet.ink, sheet.printed, sheet.words, sheet.text, sheet.written)
