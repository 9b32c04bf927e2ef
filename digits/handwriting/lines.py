"""The lines of a picture, in several guesses at its foreground, and each of their candidates as a digit."""

from typing import Any, NamedTuple

import cv2
import numpy as np

from digits.errors import UserError
from digits.handwriting import components, lattice
from digits.handwriting.components import around
from digits.handwriting.eye import Sight, foregrounds, see
from digits.handwriting.lattice import Candidate
from digits.handwriting.normalize import BOX, NEAR, bounds, is_normalized, normalize
from digits.handwriting.picture import open_picture
from digits.handwriting.segmentation import Segment, SegmentedLine, segment

# Candidates of a picture at most: a number has a hundred in all guesses, a form of 160 digits in boxes 800. Each takes
# a millisecond of a core, so that none is read for more than two seconds.
CANDIDATES, GUESSES = 1200, 3  # ... and guesses at least: in one alone, anything may look like a digit
SMALLEST = 150  # a picture of a smaller area than 150 x 150 pixels is enlarged to at least that


class Digit(NamedTuple):
    """A candidate as a digit: `image` (28, 28) float32 0..1, light on dark; `box` (left, top, right, bottom)."""

    image: np.ndarray
    box: tuple[int, ...]


class Line(NamedTuple):
    """A line of a picture in one of several `guesses`: its `candidates`, each one as a digit, and its clarity.

    A `known` line is one digit, since the caller says so or it is drawn as MNIST's are: it is never rejected. In most
    guesses of a `crowded` picture is more than is looked at.
    """

    candidates: list[Candidate]
    digits: list[Digit]
    clarity: float = 1.0
    guesses: int = 1
    known: bool = False
    crowded: bool = False


def find_lines(picture: Any, single: bool = False, context: bool = False, most: int = CANDIDATES) -> list[Line]:
    """The lines of a picture in each of several guesses, with `most` candidates in all; a `single` digit is a line.

    A picture is a path, the bytes of a file, a PIL image, or an array (H, W) or (H, W, 3 or 4), uint8, uint16, bool or
    float 0..1: dark strokes on light or light on dark. One of 28x28 that is drawn as MNIST's are is not changed.

    In `context`, what is cut has the rest of its strokes beside it, as `normalize` draws it: for a network that was
    trained on such images, with `allographs` and `negatives`.

    Of each guess the clearest lines are looked at that have a third of these candidates; a guess that has more than are
    left ends it.

    Raises UserError if the picture cannot be read or shows no strokes, or all its lines have more candidates.
    """
    pixels, scale = opened(picture, single)
    if is_normalized(pixels):
        digit = Digit(pixels[:, :, 0] / np.float32(255), (0, 0, 28, 28))
        return [Line([Candidate(0, 1, 1.0, 1.0)], [digit], known=True)]
    return lines_in(see(pixels), scale, single, context, most)


def lines_in(sight: Sight, scale: float, single: bool, context: bool, most: int) -> list[Line]:
    """The lines of `find_lines` in what is seen of a picture, of which `scale` pixels are one of these."""
    found: list[Line] = []
    guesses, partial, left = 0, 0, most
    for foreground in foregrounds(sight):
        labels, segmented = segment(foreground, single)
        lines = [(one, [lattice.alone(one)] if single else lattice.candidates(one, context)) for one in segmented]
        kept = _within(lines, most // GUESSES)
        left -= sum(len(candidates) for _, candidates in kept)
        if left < 0:
            break
        guesses += 1
        partial += len(kept) < len(lines) or len(foreground.components) == components.MOST
        for line, candidates in kept:
            runs = [line.segments[candidate.first : candidate.last] for candidate in candidates]
            digits = [_digit(foreground.darkness, labels, run, scale, context) for run in runs]
            found.append(Line(candidates, digits, _clarity(line), known=single))
    if not found:
        raise UserError("has more strokes than its lines would have as numbers; crop it to them")
    return [line._replace(guesses=guesses, crowded=2 * partial > guesses) for line in found]


def opened(picture: Any, single: bool = False) -> tuple[np.ndarray, float]:
    """A picture's pixels (H, W, 3) uint8 in the size to work on, and how many of its own are one of these.

    Raises UserError if it cannot be read.
    """
    image, scale = open_picture(picture, single)
    pixels = np.asarray(image)
    if is_normalized(pixels):
        return pixels, 1.0
    times = enlargement(*pixels.shape[:2])
    return resized(pixels, times), scale / times


def enlargement(height: int, width: int) -> int:
    """How many times a picture is enlarged: one of a small area is, to at least SMALLEST x SMALLEST pixels."""
    return -(-SMALLEST // int((height * width) ** 0.5))


def resized(pixels: np.ndarray, times: int) -> np.ndarray:
    """Pixels (H, W, 3) uint8, enlarged."""
    return cv2.resize(pixels, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)


def _clarity(line: SegmentedLine) -> float:
    return max(segment.clarity for segment in line.segments)


def _within(
    lines: list[tuple[SegmentedLine, list[Candidate]]], most: int
) -> list[tuple[SegmentedLine, list[Candidate]]]:
    """The clearest of lines, with their candidates, that have so many in all."""
    kept = []
    for line in sorted(lines, key=lambda one: -_clarity(one[0])):
        if len(line[1]) <= most:
            kept.append(line)
            most -= len(line[1])
    return kept


def _digit(darkness: np.ndarray, labels: np.ndarray, run: list[Segment], scale: float, context: bool) -> Digit:
    """A run of segments as a digit: their pixels and soft edges, and, in `context`, what they are cut from.

    scale: pixels of the picture to one of these.
    """
    own, box = range(run[0].label, run[-1].label + 1), around(run)  # of upright writing: its columns are others
    top, bottom = box.top, box.bottom
    left, _, right, _ = bounds(_among(labels[top:bottom], own))
    whole = range(run[0].group[0], run[-1].group[-1] + 1) if context else own
    margin = 2 + max(right - left, bottom - top) * NEAR // BOX if whole != own else 1
    here = slice(max(top - margin, 0), bottom + margin), slice(max(left - margin, 0), right + margin)
    labels, darkness = labels[here], darkness[here]
    mask = _among(labels, own)
    near = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3))) * (mask | (labels == 0))
    strokes = np.clip(darkness / np.median(darkness[mask]), 0, 1) * near
    image = normalize(strokes, _among(labels, whole) & ~mask if whole != own else None)
    return Digit(image, tuple(round(side * scale) for side in (left, top, right, bottom)))


def _among(labels: np.ndarray, some: range) -> np.ndarray:
    """Where labels (H, W) are among some that follow each other."""
    return (labels >= some[0]) & (labels <= some[-1])
