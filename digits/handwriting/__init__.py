"""Any picture of handwriting to digits drawn the way MNIST's were.

A network that has learned MNIST fails on a photo merely shrunk to 28x28, since MNIST's digits were redrawn in one
particular way. So a picture is opened (picture.py), its ink is told from the paper (ink.py), and the ink of each digit
is drawn as MNIST would (redraw.py). The page does the same in JavaScript (export/web/).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np

from digits.handwriting.background import Ink, Part, find_ink, quantile
from digits.handwriting.normalize import drawn_as_mnist, redraw
from digits.handwriting.picture import open_picture
from digits.handwriting.segmentation import Piece, Trial, around, cut, trials

SMALLEST = 150  # a picture of fewer pixels squared is enlarged to at least this many


class Digit(NamedTuple):
    """A digit in a picture: `image` (28, 28) float32 0..1, light on dark; `box` left, top, right, bottom in pixels.

    `clarity` is a score of its edges: higher the more they look like those of pen strokes.
    """

    image: np.ndarray
    box: tuple[int, ...]
    clarity: float


class Line(NamedTuple):
    """A line of a number: the `trials` of its pieces as digits, and each one's `digits`, as many.

    `known` means that it is one digit, whatever a network makes of it.
    """

    trials: list[Trial]
    digits: list[Digit]
    known: bool = False


def find_digit(picture: Any) -> Digit:
    """The digit in a picture of one; of several, the clearest.

    A picture is a path, the bytes of a file, a PIL image, or an array (H, W) or (H, W, 3 or 4), uint8, uint16, bool or
    float 0..1: dark ink on light or light on dark. One of 28x28 that is drawn as MNIST's are is not changed.

    Raises UserError if it cannot be read or shows no ink.
    """
    return max(find_digits(picture), key=lambda digit: digit.clarity)


def find_digits(picture: Any) -> list[Digit]:
    """The digits of a line, left to right, as `find_digit` finds one; cut at gaps alone, since no network is asked."""
    ink, scale = _find_ink(picture)
    if isinstance(ink, Digit):
        return [ink]
    groups = group_parts([part for part in ink.parts if part.main])
    owners = np.zeros_like(ink.labels)
    for number, group in enumerate(groups):
        owners[np.isin(ink.labels, [part.label for part in group])] = number + 1
    return [_digit(ink.darkness, owners, (n + 1, n + 1), group, scale) for n, group in enumerate(groups)]


def find_lines(picture: Any) -> list[Line]:
    """The lines of numbers in a picture, as `find_digit` takes it, from the top, each cut into more than its digits.

    `digits.predict.read` chooses among them what a network is most sure of. Raises UserError as `find_digit` does.
    """
    ink, scale = _find_ink(picture)
    if isinstance(ink, Digit):
        return [alone(ink)]
    owners, rows = cut(ink)
    found = []
    for row in rows:
        tried = trials(row)
        runs = [row.pieces[trial.first : trial.last] for trial in tried]
        digits = [_digit(ink.darkness, owners, (run[0].label, run[-1].label), run, scale) for run in runs]
        found.append(Line(tried, digits))
    return found


def alone(digit: Digit) -> Line:
    """One digit as a line."""
    return Line([Trial(0, 1, 1.0, 1.0, 0.0)], [digit], known=True)


def _find_ink(picture: Any) -> tuple[Ink | Digit, float]:
    """The ink of a picture, and how many pixels of the picture are one of its own; or an image of MNIST's itself."""
    image, scale = open_picture(picture)
    pixels = np.asarray(image)
    if drawn_as_mnist(pixels):
        return Digit(pixels[:, :, 0] / np.float32(255), (0, 0, 28, 28), 1.0), 1
    enlargement = -(-SMALLEST // max(1, int((image.width * image.height) ** 0.5)))
    if enlargement > 1:
        size = image.width * enlargement, image.height * enlargement
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC)
    return find_ink(pixels, enlargement), scale / enlargement


def _digit(
    darkness: np.ndarray, owners: np.ndarray, labels: tuple[int, int], parts: Sequence[Part | Piece], scale: float
) -> Digit:
    """Parts as a digit: the pixels whose `owners` are these labels, first to last, and their soft edges."""
    left, top, right, bottom = box = around(parts)
    here = slice(max(top - 1, 0), bottom + 1), slice(max(left - 1, 0), right + 1)
    owners, darkness = owners[here], darkness[here]
    mask = (owners >= labels[0]) & (owners <= labels[1])
    near = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3))) * (mask | (owners == 0))
    strokes = np.clip(darkness / quantile(darkness[mask], 0.5), 0, 1) * near
    return Digit(redraw(strokes), tuple(round(n * scale) for n in box), max(part.score for part in parts))


def group_parts(parts: list[Part]) -> list[list[Part]]:
    """Group the parts that make a digit: those above one another, and small ones nearby. Left to right."""
    clearest = max(part.score for part in parts)
    parts = [part for part in parts if part.score > 0.12 * clearest]
    tall = max(part.bottom - part.top for part in parts)
    groups: list[list[Part]] = []
    for part in sorted(parts, key=lambda part: part.top - part.bottom):
        height = part.bottom - part.top
        homes = []
        for group in groups:
            for other in group:
                across = min(other.right, part.right) - max(other.left, part.left)  # negative where there is a gap
                down = min(other.bottom, part.bottom) - max(other.top, part.top)
                gap = float(np.hypot(min(across, 0), min(down, 0)))
                overlap = across / min(other.right - other.left, part.right - part.left)
                small = height <= 0.5 * tall and gap < 0.2 * tall
                beside = np.sign(part.left + part.right - other.left - other.right)
                lower = beside * (part.bottom - other.bottom)  # of the right one
                staggered = lower > 0.2 * tall and gap < 0.15 * tall  # a 4 in two strokes
                stacked = overlap > 0.5 and gap < 0.3 * tall and (height <= 0.5 * tall or down < 0.5 * height)
                if small or stacked or staggered or overlap > 0.8:
                    homes.append((gap, group))
        if homes:
            min(homes, key=lambda home: home[0])[1].append(part)
        elif height > 0.25 * tall:  # not a dot or a dash
            groups.append([part])
    return sorted(groups, key=lambda group: min(part.left for part in group))
