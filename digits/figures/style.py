"""Define what all figures share: colours, a width, and the conversion to PNG.

Lines have the colours of Okabe and Ito, which colour-blind people can tell apart. Colour maps go from light to dark, so
that their order can still be seen in grey.
"""

import io

from matplotlib.figure import Figure
from PIL import Image

BLACK, ORANGE, SKY, GREEN, BLUE, VERMILION = "#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00"


def figure(height: float) -> Figure:
    """Return an empty figure, 7.5 inches wide and `height` inches high, without pyplot's global state."""
    return Figure(figsize=(7.5, height), dpi=150, layout="constrained")


def png(picture: Figure | Image.Image) -> bytes:
    """Return a PNG with 256 colours, which takes a third of the bytes of a full-colour PNG."""
    if isinstance(picture, Figure):
        drawn = io.BytesIO()
        picture.savefig(drawn)
        picture = Image.open(drawn)
    small = io.BytesIO()
    picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()
