"""Digits drawn with a pen of known width at known places, and the same digit as MNIST would draw it."""

import numpy as np
from PIL import Image, ImageDraw

FINE = 4  # how much finer than its pixels a drawing is made, to be anti-aliased
PEN = 0.13  # of a digit's height, which makes 2.6 pixels of MNIST's 20
INK, PAPER = (38, 46, 104), (236, 232, 224)


def _arc(x, y, width, height, start, end):
    """Points on an ellipse, by degrees clockwise from the right."""
    t = np.radians(np.linspace(start, end, 16))
    return np.stack([x + width / 2 * np.cos(t), y + height / 2 * np.sin(t)], axis=1).tolist()


# The centre lines of the pen's strokes, as x and y from 0 to 1 down. All lean a little, as in handwriting.
BAR, STEM = [(0.2, 0), (0.75, 0)], [(0.2, 0), (0.13, 0.42)]
BOWL = _arc(0.36, 0.67, 0.62, 0.66, -125, 140)
STROKES = {
    0: [_arc(0.35, 0.5, 0.6, 1, 0, 360)],
    1: [[(0.3, 0), (0.18, 1)]],
    2: [[*_arc(0.36, 0.27, 0.56, 0.54, -170, 20), (0.05, 1), (0.65, 1)]],
    3: [_arc(0.35, 0.23, 0.5, 0.46, -150, 90), _arc(0.33, 0.73, 0.6, 0.54, -90, 150)],
    4: [[(0.42, 0), (0, 0.62), (0.62, 0.6)], [(0.5, 0.3), (0.28, 1)]],
    5: [BAR, [*STEM, *BOWL]],
    7: [[(0.05, 0.04), (0.65, 0), (0.25, 1)]],
    8: [_arc(0.38, 0.24, 0.42, 0.48, 0, 360), _arc(0.33, 0.74, 0.54, 0.52, 0, 360)],
}
APART = {
    "5, its bar apart": [[(x + 0.25, y) for x, y in BAR], [*STEM, *BOWL]],
    "8, of two rings": [_arc(0.38, 0.2, 0.42, 0.4, 0, 360), _arc(0.33, 0.8, 0.54, 0.4, 0, 360)],
    "7, broken": [[(0.05, 0.04), (0.65, 0), (0.5, 0.37)], [(0.4, 0.63), (0.25, 1)]],
}


def cover(size, *digits, pen=PEN):
    """How much of each pixel the ink covers, (H, W) float32 0..1.

    size: width and height in pixels. digits: strokes, left, top and height of the ink, in pixels.
    """
    image = Image.new("L", (size[0] * FINE, size[1] * FINE))
    draw = ImageDraw.Draw(image)
    for strokes, left, top, height in digits:
        radius = pen * height / 2 * FINE
        scale = height * FINE - 2 * radius
        points = [np.array(stroke) * scale for stroke in strokes]
        corner = np.array([left, top]) * FINE + radius - np.concatenate(points).min(axis=0)
        for stroke in points:
            for x, y in stroke + corner:
                draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
            draw.line([tuple(point) for point in stroke + corner], fill=255, width=round(2 * radius))
    return np.asarray(image.reduce(FINE), np.float32) / 255


def on_paper(ink, colour=INK, paper=PAPER):
    """The picture (H, W, 3) uint8 of ink (H, W) on paper."""
    colour, paper = np.float32(colour), np.float32(paper)
    return (paper + (colour - paper) * ink[:, :, None]).round().astype(np.uint8)


def box(ink):
    """Left, top, right and bottom of the ink."""
    return Image.fromarray(ink > 0.5).getbbox()


def as_mnist(ink):
    """Ink (H, W) as MNIST draws it: its box reduced to 20 pixels, its centre of mass in the middle of pixel 14."""
    left, top, right, bottom = box(ink)
    pixel = max(right - left, bottom - top) / 20
    edge = round(28 * pixel)
    x, y = ((np.arange(n) + 0.5) @ ink.sum(axis) / ink.sum() + edge for axis, n in ((0, ink.shape[1]), (1, len(ink))))
    where = x - 14.5 * pixel, y - 14.5 * pixel, x + 13.5 * pixel, y + 13.5 * pixel
    return np.asarray(Image.fromarray(np.pad(ink, edge)).resize((28, 28), Image.Resampling.BOX, where))


def line(count=3, size=120):
    """A picture of 4s, side by side, on white paper, by three pens in turn."""
    inks = [cover((size, size), (STROKES[4], size / 4, size / 7, size * 0.7), pen=pen) for pen in (0.13, 0.1, 0.16)]
    return Image.fromarray(np.hstack([240 - 210 * inks[n % 3] for n in range(count)]).astype(np.uint8))
