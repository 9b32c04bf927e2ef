"""Small pictures for tests that do not mind which digit they show."""

import numpy as np
from PIL import Image


def ring(size=120):
    """A picture of a 0: a dark ring on white paper."""
    y, x = np.mgrid[:size, :size] - size / 2
    radius = np.hypot(x * 1.4, y)
    return Image.fromarray(np.where(abs(radius - size / 4) < size / 20, 30, 240).astype(np.uint8))


def line(count=3, size=120):
    """A picture of several 0s, side by side."""
    picture = Image.new("L", (size * count, size), 240)
    for place in range(count):
        picture.paste(ring(size), (place * size, 0))
    return picture
