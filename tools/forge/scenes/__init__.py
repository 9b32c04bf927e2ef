"""Scenes: synthetic photos of handwriting on paper. For each pixel, we know whether it is handwriting.

The hand in writing.py writes digits and some letters on the sheet in sheet.py, which is blank or one of the papers in
papers.py. Then light.py adds light, shadows, texture and patterns, and photo.py takes the photo.
"""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from tools.forge.scenes.drawing import chance, spread
from tools.forge.scenes.light import light_of_paper
from tools.forge.scenes.papers import PAPERS, around
from tools.forge.scenes.photo import crop, photo, tilt, wear
from tools.forge.scenes.sheet import Sheet
from tools.forge.scenes.writing import Glyphs, Written, glyphs

__all__ = ["Glyphs", "Scene", "Written", "glyphs", "scene"]

HEIGHT = 8, 250  # range of the height of a digit, in pixels


class Scene(NamedTuple):
    """A photo, `image` (H, W, 3) uint8, and what it shows.

    `ink`, `printed` and `words` (H, W) 0..1 are the shares of each pixel that handwriting, printed lines and printed
    words cover. `text` has the digits of the only line, or is None if there are several lines or other writing.
    `written` has all digits and letters.
    """

    image: np.ndarray
    ink: np.ndarray
    printed: np.ndarray
    words: np.ndarray
    text: str | None
    written: list[Written]


def scene(rng: Generator, glyphs: Glyphs) -> Scene:
    """Draw a scene. It depends only on the state of `rng`."""
    height, count = spread(rng, *HEIGHT), 1 if chance(rng, 0.12) else int(rng.integers(1, 9))
    paper = PAPERS[rng.choice(len(PAPERS), p=[paper.share for paper in PAPERS])]
    sheet = Sheet(rng, glyphs, height, count, paper.goes_on)
    if not sheet.noisy:
        paper.fill(sheet)
        around(sheet)
    tilt(sheet)
    if chance(rng, 0.12) and sheet.ink.any():
        crop(sheet)
    light = light_of_paper(rng, sheet.shape, sheet.height, sheet.plain)
    if paper.goes_on and chance(rng, 0.3):
        wear(sheet)
    image = photo(sheet, light)
    return Scene(image, sheet.ink, sheet.printed, sheet.words, sheet.text, sheet.written)
