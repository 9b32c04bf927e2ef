"""Find the lines of a picture, the numbers that each may say, and the digits of these as images."""

from itertools import pairwise
from typing import Any, NamedTuple

import cv2
import numpy as np

from digits.common.errors import UserError
from digits.handwriting.cutting import Place, cutter, places_of
from digits.handwriting.eye import see
from digits.handwriting.line_network import BLANK, STEP, Candidate, Length, numbers
from digits.handwriting.normalize import is_normalized
from digits.handwriting.picture import open_picture
from digits.handwriting.strips import DIGIT, SURE, ZOOM, Strip, strips_of

SMALL = 8  # digits that are less high, in pixels of the picture, are not read
SMALLEST = 150  # a picture of a smaller area than 150 x 150 pixels is enlarged to at least that
APART = 1.6  # digits whose middles are farther apart, in heights of a digit, are of two groups
PLACE = ZOOM * STEP  # columns of a strip from one place of the line network to the next
FAR = 3  # a number is no candidate if the logarithm of its probability is so much less than the likeliest one's
CLEAR = 0.8  # a picture of which a smaller share is seen clearly is also looked at the other ways up
# It is turned if TURNED times as much is seen clearly then, and that is at least the share WELL of all there is to see.
TURNED, WELL = 1.6, 0.5


class Expected(NamedTuple):
    """What is known of a picture: it shows a `single` digit; numbers of some `length`; only these `digits` occur; it is
    `upright`, as one of a digit or of numbers of some length is taken to be.
    """

    single: bool = False
    length: Length | None = None
    digits: str = "0123456789"
    upright: bool = False


ANYTHING = Expected()


Groups = list[list[Candidate]]  # of a line: the candidates for each of its groups, the likeliest first


class Segmentation(NamedTuple):
    """The lines of a picture, after a turn counterclockwise by `degrees`, and how each may be cut into digits.

    The places of a candidate are the indices of its digits in `images` (N, 28, 28) float32 0..1, light on dark, and in
    `boxes` (left, top, right, bottom) in pixels. If a length is expected, `seen` is how many digits the line network
    would see in each line without that. A `known` digit is the only one: the caller says so, or the picture is drawn as
    MNIST's are.
    """

    lines: list[Groups]
    images: np.ndarray
    boxes: list[tuple[int, ...]]
    degrees: int = 0
    seen: list[int] | None = None
    known: bool = False


def find_lines(picture: Any, expected: Expected = ANYTHING, *, context: bool = False) -> Segmentation:
    """Find the lines of a picture, which is whatever `read` takes, and what each may say.

    In `context`, a digit that is cut from larger strokes has the rest of them beside it, as `normalize` draws it: for a
    network that was trained on such images, with `handwriting`.

    Raises UserError if the picture cannot be read or shows no strokes, or if all its digits are too small.
    """
    pixels, scale = opened(picture, single=expected.single)
    if is_normalized(pixels):
        candidates: list[Candidate] = [(digit, 0.0, (0,)) for digit in expected.digits]
        return Segmentation([[candidates]], pixels[None, :, :, 0] / np.float32(255), [(0, 0, 28, 28)], known=True)
    planes = see(pixels)
    if not (planes[1] > SURE).any():
        raise UserError("nothing in this picture stands out as strokes do; write darker, or leave a margin around them")
    if expected.upright or expected.single or expected.length:
        degrees, strips = 0, strips_of(planes, single=expected.single)
    else:
        degrees, strips = upright(planes, scale)
    legible = [strip for strip in strips if is_legible(strip, scale)]
    kept = strips if expected.single else legible
    lines = [groups_along(strip.log, expected) for strip in kept]
    if strips and not legible and not any(lines):
        reason = f"the digits are less than {SMALL} pixels high, too small to be read"
        raise UserError(f"{reason}; take the picture from nearer")
    seen = [len(numbers(strip.log, None, expected.digits)[0][0]) for strip in kept] if expected.length else None
    return Segmentation(*cut_out(kept, lines, scale, context=context), degrees, seen, expected.single)


def upright(planes: np.ndarray, scale: float) -> tuple[int, list[Strip]]:
    """Return by how many degrees a picture is turned counterclockwise so that most is read, and its strips then."""
    best = 0, strips_of(planes)
    sure, most = clear(best[1], scale)
    in_lines = len(best[1]) < 2 or any(strip.tall > 1 for strip in best[1])
    if sure >= CLEAR * most and in_lines:
        return best
    for degrees in (90, 180, 270):
        turned = np.ascontiguousarray(np.rot90(planes, degrees // 90, (1, 2)))
        strips = [strip.turned_back(degrees, planes.shape[1:]) for strip in strips_of(turned)]
        clearer, most = clear(strips, scale)
        if clearer > (1 if best[0] else TURNED) * sure and clearer >= WELL * most:
            best, sure = (degrees, strips), clearer
    return best


def is_legible(strip: Strip, scale: float) -> bool:
    """Return whether a strip's digits are at least SMALL, where `scale` pixels of the picture became one."""
    return scale * DIGIT / strip.scale >= SMALL


def clear(strips: list[Strip], scale: float) -> tuple[float, float]:
    """Return how clearly digits are seen: of each the squared height of its line, times its probability to the power of
    4, times the square root of how many components of the line are tall, since digits that lie on their side are lines
    of one; and the most that this could be, if all that is tall were a digit.
    """
    sure, most = 0.0, 0.0
    for strip in strips:
        if is_legible(strip, scale):
            log, area = strip.log, strip.scale**-2 * strip.tall**0.5
            likeliest = log.argmax(1)
            runs = pairwise([0, *np.flatnonzero(np.diff(likeliest)) + 1, len(log)])
            peaks = [log[a:b, likeliest[a]].max() for a, b in runs if likeliest[a] != BLANK]
            sure += area * float(np.exp(4 * np.array(peaks)).sum())
            most += area * max(len(peaks), strip.tall)
    return sure, most


def groups_along(log: np.ndarray, expected: Expected) -> Groups:
    """Return the candidates for each group of a line, given the line network's outputs (T, 11) along it.

    Wide gaps between the digits of the likeliest number divide it into groups, unless it has an expected length.
    """
    length = (1, 1) if expected.single else expected.length
    likeliest = numbers(log, length, expected.digits)
    if not likeliest:
        return []
    _, _, places = likeliest[0]
    wide = [] if length else [(a, b) for a, b in pairwise(places) if PLACE * (b - a) > APART * DIGIT]
    groups = []
    for first, last in pairwise([0, *((a + b + 1) // 2 for a, b in wide), len(log)]):
        candidates = numbers(log[first:last], length, expected.digits) if wide else likeliest
        _, best, _ = candidates[0]
        near = [candidate for candidate in candidates if candidate[1] > best - FAR]
        groups.append([(digits, p, tuple(first + place for place in places)) for digits, p, places in near])
    return groups


def cut_out(
    strips: list[Strip], lines: list[Groups], scale: float, *, context: bool
) -> tuple[list[Groups], np.ndarray, list[tuple[int, ...]]]:
    """Return lines whose candidates have as places the indices of their digits' images, these, and their boxes."""
    indices: dict[tuple[int, Place], int] = {}  # what is at the same place of a strip is cut out once

    def indexed(n: int, candidate: Candidate) -> Candidate:
        digits, likelihood, places = candidate
        keys = [(n, place) for place in places_of([PLACE * (place + 0.5) for place in places])]
        return digits, likelihood, tuple(indices.setdefault(key, len(indices)) for key in keys)

    lines = [[[indexed(n, candidate) for candidate in group] for group in line] for n, line in enumerate(lines)]
    cutters = [cutter(strip, context=context) for strip in strips]
    cuts = [cutters[n](place) for n, place in indices]
    boxes = [strips[n].box(*box) for (n, _), (_, box) in zip(indices, cuts, strict=True)]
    images = np.array([image for image, _ in cuts], np.float32).reshape(-1, 28, 28)
    return lines, images, [tuple(round(side * scale) for side in box) for box in boxes]


def opened(picture: Any, *, single: bool = False) -> tuple[np.ndarray, float]:
    """Return a picture's pixels (H, W, 3) uint8 in the size to work on, and how many of its own one of them is wide.

    Raises UserError if it cannot be read.
    """
    image, scale = open_picture(picture, single=single)
    pixels = np.asarray(image)
    if is_normalized(pixels):
        return pixels, 1.0
    large = enlarged(pixels, cv2.INTER_CUBIC)
    return large, scale / (len(large) // len(pixels))


def enlarged(plane: np.ndarray, interpolation: int = cv2.INTER_LINEAR) -> np.ndarray:
    """Return a plane (H, W, ...) of a picture; if it is small, it is enlarged to SMALLEST x SMALLEST pixels or more."""
    times = -(-SMALLEST // int((plane.shape[0] * plane.shape[1]) ** 0.5))
    return cv2.resize(plane, None, fx=times, fy=times, interpolation=interpolation)
