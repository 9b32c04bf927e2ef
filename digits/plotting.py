"""What all of matplotlib's figures share: their width, their colours, how they become a PNG.

Colours are those of Okabe and Ito for lines and cividis for maps: the colour-blind can tell them apart, and they keep
their order in grey. Red and blue are kept for the sign of a weight.
"""

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

BLACK, ORANGE, SKY, GREEN, BLUE, VERMILION = "#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00"
SIGNED = "RdBu_r"  # red for positive, blue for negative weights


def figure(height: float) -> Figure:
    """An empty figure, 7.5 inches wide and `height` inches high, apart from pyplot and its global state."""
    return Figure(figsize=(7.5, height), dpi=150, layout="constrained")


def png(figure: Figure) -> bytes:
    """A figure as a PNG of 256 colours, a third of the size of one of all colours."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    buffer = io.BytesIO()
    picture.quantize(256, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
