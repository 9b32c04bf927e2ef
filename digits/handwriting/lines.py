"""The lines of a picture, in several guesses at its foreground, and each of their candidates as a digit."""

from typing import Any, NamedTuple

import cv2
import numpy as np

from digits.errors import UserError
from digits.handwriting import lattice
from digits.handwriting.components import COMPONENTS, around
from digits.handwriting.eye import Sight, foregrounds, see
from digits.handwriting.lattice import Candidate
from digits.handwriting.normalize import BOX, NEAR, bounds, is_normalized, normalize
from digits.handwriting.picture import open_picture
from digits.handwriting.segmentation import Segment, SegmentedLine, segment

# Candidates of a picture at most: a number has a hundred in all guesses, a form of 160 digits in boxes 800. Each takes
# a millisecond of a core, so no picture is read for more than two seconds.
CANDIDATES = 1200
GUESSES = 3  # one guess gets one part of so many of them: in one guess alone, anything may look like a digit
SMALLEST = 150  # a picture of a smaller area than 150 x 150 pixels is enlarged to at least that


class Digit(NamedTuple):
    """A candidate as a digit: `image` (28, 28) float32 0..1, light on dark; `box` (left, top, right, bottom)."""

    image: np.ndarray
    box: tuple[int, ...]


class Line(NamedTuple):
    """A line of a picture in one of several `guesses`: its `candidates`, each one as a digit, and its clarity.

    A `known` line is one digit, since the caller says so or it is drawn as MNIST's are: it is never rejected. A picture
    is `crowded` if most guesses at it have more than is looked at.
    """

    candidates: list[Candidate]
    digits: list[Digit]
    clarity: float = 1.0
    guesses: int = 1
    known: bool = False
    crowded: bool = False


def find_lines(picture: Any, single: bool = False, context: bool = False, most: int = CANDIDATES) -> list[Line]:
    """The lines of a picture in each of several guesses at its foreground; in that of a `single` digit, it alone.

    A picture is a path, the bytes of a file, a PIL image, a Page of a PDF, or an array (H, W) or (H, W, 3 or 4), uint8,
    uint16, bool or float 0..1: dark strokes on light or light on dark. One of 28x28 that is drawn as MNIST's are is not
    changed.

    In `context`, a candidate that is cut from larger strokes has the rest of them beside it, as `normalize` draws it:
    for a network that was trained on such images, with `handwriting`.

    No more than `most` candidates are looked at. Those of one guess are at most a third of that, in the clearest lines.
    The first guess that has more than are left, and all after it, are left out.

    Raises UserError if the picture cannot be read or shows no strokes, or if each line has too many candidates.
    """
    return opened_lines(picture, single, context, most)[0]


def opened_lines(
    picture: Any, single: bool, context: bool, most: int = CANDIDATES
) -> tuple[list[Line], np.ndarray, float]:
    """The lines of `find_lines`; and what they are found in, as of `opened`, which may take longest."""
    pixels, scale = opened(picture, single)
    if is_normalized(pixels):
        digit = Digit(pixels[:, :, 0] / np.float32(255), (0, 0, 28, 28))
        return [Line([Candidate(0, 1, 1.0, 1.0)], [digit], known=True)], pixels, scale
    return lines_in(see(pixels), scale, single, context, most), pixels, scale


def lines_in(sight: Sight, scale: float, single: bool, context: bool, most: int) -> list[Line]:
    """The lines of `find_lines` in what is seen of a picture, of which `scale` pixels are one of what is seen."""
    found: list[Line] = []
    guesses, partial, left = 0, 0, most
    for foreground in foregrounds(sight):
        labels, segmented = segment(foreground, single)
        lines = [(line, [lattice.alone(line)] if single else lattice.candidates(line, context)) for line in segmented]
        kept = clearest(lines, most // GUESSES)
        left -= sum(len(candidates) for _, candidates in kept)
        if left < 0:
            break
        guesses += 1
        partial += len(kept) < len(lines) or len(foreground.components) == COMPONENTS  # which has left out others
        for line, candidates in kept:
            runs = [line.segments[candidate.first : candidate.last] for candidate in candidates]
            digits = [_digit(foreground.darkness, labels, run, scale, context) for run in runs]
            found.append(Line(candidates, digits, line.clarity, known=single))
    if not found:
        raise UserError("has more strokes than its lines would have as numbers; crop it to them")
    return [line._replace(guesses=guesses, crowded=2 * partial > guesses) for line in found]


def clearest(
    lines: list[tuple[SegmentedLine, list[Candidate]]], most: int
) -> list[tuple[SegmentedLine, list[Candidate]]]:
    """Lines and their candidates, the clearest first: as many lines as have so many candidates together at most."""
    kept = []
    for line, candidates in sorted(lines, key=lambda one: -one[0].clarity):
        if len(candidates) <= most:
            kept.append((line, candidates))
            most -= len(candidates)
    return kept


def opened(picture: Any, single: bool = False) -> tuple[np.ndarray, float]:
    """A picture's pixels (H, W, 3) uint8 in the size to work on, and how many of its own one of them is wide.

    Raises UserError if it cannot be read.
    """
    image, scale = open_picture(picture, single)
    pixels = np.asarray(image)
    if is_normalized(pixels):
        return pixels, 1.0
    large = enlarged(pixels, cv2.INTER_CUBIC)
    return large, scale / (len(large) // len(pixels))


def enlarged(plane: np.ndarray, how: int = cv2.INTER_LINEAR) -> np.ndarray:
    """A plane (H, W, ...) of a picture; if that is small, it is enlarged to SMALLEST x SMALLEST pixels or more."""
    times = -(-SMALLEST // int((plane.shape[0] * plane.shape[1]) ** 0.5))
    return cv2.resize(plane, None, fx=times, fy=times, interpolation=how)


def _digit(darkness: np.ndarray, labels: np.ndarray, run: list[Segment], scale: float, context: bool) -> Digit:
    """A run of segments as a digit: their pixels with soft edges and, in `context`, the rest of what they are cut from.

    scale: pixels of the picture to one of these.
    """
    own, box = range(run[0].label, run[-1].label + 1), around(run)
    top, bottom = box.top, box.bottom
    left, _, right, _ = bounds(_among(labels[top:bottom], own))  # the box has the columns of deslanted writing
    whole = range(run[0].stack[0], run[-1].stack[-1] + 1) if context else own
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
