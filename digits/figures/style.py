"""What the figures share: colours, a width, how they become PNGs.

Lines have the colours of Okabe and Ito, maps those of one colour scale from light to dark: the colour-blind can tell
them apart, and they keep their order in grey.
"""

import io

from matplotlib.figure import Figure
from PIL import Image

BLACK, ORANGE, SKY, GREEN, BLUE, VERMILION = "#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00"


def figure(height: float) -> Figure:
    """An empty figure, 7.5 inches wide and `height` inches high, apart from pyplot and its global state."""
    return Figure(figsize=(7.5, height), dpi=150, layout="constrained")


def png(picture: Figure | Image.Image) -> bytes:
    """A PNG of 256 colours, a third of the size of one of all colours."""
    if isinstance(picture, Figure):
        drawn = io.BytesIO()
        picture.savefig(drawn)
        picture = Image.open(drawn)
    small = io.BytesIO()
    picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()
