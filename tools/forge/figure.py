"""Draw docs/scenes.png: `python -m tools.forge.figure`.

It shows twenty scenes like those that the eye learns from, and beside each what the eye takes for handwriting.
"""

from pathlib import Path

import numpy as np
from numpy.random import default_rng
from PIL import Image, ImageOps
from torch import Tensor

from digits import mnist
from digits.common.errors import one_line_errors
from digits.common.files import write_atomically
from digits.figures.style import png
from digits.handwriting.eye import see
from digits.handwriting.lines import open_pixels
from tools.forge.scenes import glyphs, scene

OUT = Path(__file__).parents[2] / "docs" / "scenes.png"

ACROSS, DOWN = 2, 10  # scenes
TILE, APART = (240, 90), 6  # size of a scene and gap between scenes, in pixels


def scenes(images: Tensor, labels: Tensor) -> Image.Image:
    """Return a sheet of scenes made of MNIST images (N, 28, 28) uint8 with labels (N,), unknown to the eye."""
    rng, written = default_rng((0, 1)), glyphs(images, labels, 0)
    wide, high = TILE
    sheet = Image.new("RGB", (ACROSS * 2 * (wide + APART), DOWN * (high + APART)), "white")
    for number in range(ACROSS * DOWN):
        row, column = divmod(number, ACROSS)
        drawn = scene(rng, written).image
        sure = see(open_pixels(drawn)[0])[1]
        for place, picture in enumerate((Image.fromarray(drawn), Image.fromarray(np.uint8(255 * (1 - sure))))):
            at = (2 * column + place) * (wide + APART), row * (high + APART)
            sheet.paste(ImageOps.pad(picture.convert("RGB"), TILE, color="white"), at)
    return sheet


if __name__ == "__main__":
    with one_line_errors("tools.forge.figure"):
        mnist.fetch(None)
        write_atomically(OUT, png(scenes(*mnist.load(None, train=False))))
        print(OUT)
