"""Draw the number that opens the chapter, made of touching test images, and what the line network reads in it."""

import cv2
import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from digits.common.palette import ORANGE
from digits.figures.style import figure
from digits.handwriting.eye import see
from digits.handwriting.line_network import numbers
from digits.handwriting.strips import strips_of

NUMBER = 5, 0, 4, 1, 9, 2
STEP, ENLARGED = 17, 4  # columns from one MNIST image to the next; pixels per MNIST pixel


def touching(images: Tensor, labels: Tensor) -> np.ndarray:
    """Return a picture (H, W) uint8, dark on light, of the first test image of each digit, close enough to touch."""
    strokes = np.zeros((32, STEP * (len(NUMBER) + 1)), np.uint8)
    for place, digit in enumerate(NUMBER):
        window = strokes[2:30, place * STEP : place * STEP + 28]
        np.maximum(window, images[labels == digit][0].numpy(), out=window)
    return 255 - strokes.repeat(ENLARGED, 0).repeat(ENLARGED, 1)


def line(images: Tensor, labels: Tensor) -> Figure:
    """Draw the strip of the number (darkness, and the eye's scores), and below it the line network's outputs."""
    picture = cv2.cvtColor(touching(images, labels), cv2.COLOR_GRAY2RGB)
    strip = max(strips_of(see(picture)), key=lambda strip: strip.planes.shape[2])
    log = strip.log
    number, _, places = numbers(log)[0]
    fig = figure(4.5)
    above, below = fig.subplots(2, 1, sharex=True, height_ratios=(2, 2.4))
    ends = -0.5, len(log) - 0.5
    above.imshow(np.concatenate(strip.coarse), cmap="gray_r", aspect="auto", extent=(*ends, 2, 0))
    above.set_yticks([0.5, 1.5], ["darkness", "eye"])
    above.set_title("What the line network sees", fontsize=10)
    below.imshow(np.exp(log).T, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    below.plot(places, [int(digit) for digit in number], "o", mfc="none", mec=ORANGE, ms=12, mew=2)
    below.set_yticks(range(11), [*map(str, range(10)), "none"])
    below.set(xlabel="place", xlim=ends)
    below.set_title(f"The outputs of the line network, which reads {number}", fontsize=10)
    return fig
