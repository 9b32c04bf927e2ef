"""What all pictures share: colours, the width of a figure, how a picture becomes a PNG.

Lines have the colours of Okabe and Ito, maps those of one colour scale from light to dark: the colour-blind can tell
them apart, and they keep their order in grey. Red and blue are kept for the sign of a weight.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageColor

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLACK, ORANGE, SKY, GREEN, BLUE, VERMILION = "#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00"
SIGNED = ("#053061", "#2166AC", "#92C5DE", "#F7F7F7", "#F4A582", "#B2182B", "#67001F")  # -1 blue, 0 white, 1 red
COUNTS = ("#FFFFFF", "#A6D3EE", BLUE, "#00224E")  # from none to the most


def shaded(values: Any, colours: Sequence[str]) -> np.ndarray:
    """Values (...) from 0 to 1 as RGB (..., 3) uint8 on a scale of evenly spaced colours; nan is white."""
    values = np.asarray(values)
    at = np.linspace(0, 1, len(colours))
    channels = zip(*map(ImageColor.getrgb, colours), strict=True)
    rgb = np.stack([np.interp(values, at, channel) for channel in channels], -1)
    return np.where(np.isnan(values)[..., None], 255, rgb).round().astype(np.uint8)


def figure(height: float) -> "Figure":
    """An empty figure, 7.5 inches wide and `height` inches high, apart from pyplot and its global state."""
    from matplotlib.figure import Figure  # here, since matplotlib is optional

    return Figure(figsize=(7.5, height), dpi=150, layout="constrained")


def png(picture: "Figure | Image.Image") -> bytes:
    """A PNG of 256 colours, a third of the size of one of all colours."""
    if not isinstance(picture, Image.Image):
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        canvas = FigureCanvasAgg(picture)
        canvas.draw()
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    buffer = io.BytesIO()
    picture.quantize(256, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
