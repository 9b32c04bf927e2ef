"""Find the lines of a picture, the numbers that each may say, and the digits of these as images."""

from itertools import pairwise
from typing import Any, NamedTuple

import cv2
import numpy as np

from digits.errors import UserError
from digits.handwriting.components import connected_components, lines, union
from digits.handwriting.cutting import cut
from digits.handwriting.eye import CERTAIN, Sight, see
from digits.handwriting.line_network import STEP, Length, bundled, numbers, outputs
from digits.handwriting.normalize import is_normalized
from digits.handwriting.picture import open_picture
from digits.handwriting.strips import DIGIT, ENDS, Strip, strip

SMALL = 8  # digits that are less high, in pixels of the picture, are not read
SMALLEST = 150  # a picture of a smaller area than 150 x 150 pixels is enlarged to at least that
FOREGROUND = 0.5  # the eye is surer of what lines are made of
APART = 1.6  # digits whose middles are farther apart, in heights of a digit, are of two groups
PLACE = 2 * STEP  # columns of a strip from one place of the line network to the next


class Expected(NamedTuple):
    """What is known of a picture: it shows a `single` digit; numbers of some `length`; only these `digits` occur."""

    single: bool = False
    length: Length | None = None
    digits: str = "0123456789"


ANYTHING = Expected()


class Digit(NamedTuple):
    """The image of a digit (28, 28) float32 0..1, light on dark, and its box (left, top, right, bottom) in pixels."""

    image: np.ndarray
    box: tuple[int, ...]


class Candidate(NamedTuple):
    """A number that a group may say, the logarithm of its probability, and which images of the line are its digits."""

    digits: str
    likelihood: float
    parts: tuple[int, ...]


class Line(NamedTuple):
    """A line of a picture: of each of its groups the candidates, the likeliest first, and the images of all digits.

    The digits are about `height` pixels of the picture high. A `known` line is one digit, since the caller says so or
    the picture is drawn as MNIST's are: it is never rejected. Where a length is expected, `seen` is how many digits
    the line network would see without that.
    """

    groups: list[list[Candidate]]
    digits: list[Digit]
    height: float
    known: bool = False
    seen: int = 0


class Found(NamedTuple):
    """The lines of a picture after it is turned counterclockwise by so many degrees, from the top."""

    lines: list[Line]
    degrees: int = 0


def find_lines(picture: Any, expected: Expected = ANYTHING, context: bool = False) -> Found:
    """Find the lines of a picture, and what each may say.

    A picture is a path, the bytes of a file, a PIL image, a Page of a PDF, or an array (H, W) or (H, W, 3 or 4), uint8,
    uint16, bool or float 0..1: dark strokes on light or light on dark. One of 28x28 that is drawn as MNIST's are is not
    changed.

    In `context`, a digit that is cut from larger strokes has the rest of them beside it, as `normalize` draws it: for a
    network that was trained on such images, with `handwriting`.

    Raises UserError if the picture cannot be read or shows no strokes.
    """
    pixels, scale = opened(picture, expected.single)
    if is_normalized(pixels):
        digit = Digit(pixels[:, :, 0] / np.float32(255), (0, 0, 28, 28))
        return Found([Line([[Candidate(each, 0.0, (0,)) for each in expected.digits]], [digit], 28, True)])
    sight = see(pixels)
    if not (sight.sure > FOREGROUND).any():
        raise UserError("nothing in this picture stands out as strokes do; write darker, or leave a margin around them")
    return lines_in(sight, scale, expected, context)


def find_turned_lines(picture: Any, expected: Expected = ANYTHING, context: bool = False) -> list[Found]:
    """What `find_lines` finds in a picture once it is turned counterclockwise by 90, 180 and 270 degrees."""
    pixels, scale = opened(picture)
    sight = see(pixels)
    return [lines_in(sight, scale, expected, context, degrees) for degrees in (90, 180, 270)]


def lines_in(sight: Sight, scale: float, expected: Expected, context: bool, degrees: int = 0) -> Found:
    """The lines in what is seen of a picture, of which `scale` pixels are one of what is seen."""
    strips = strips_of(sight.turned(degrees), expected.single)
    lines = [line_of(strip.turned_back(degrees, sight.sure.shape), scale, expected, context) for strip in strips]
    return Found(lines, degrees)


def strips_of(sight: Sight, single: bool, ends: float = ENDS) -> list[Strip]:
    """The strip of each line that the eye sees, from the top; of a single digit, of all strokes together."""
    mask = sight.sure > FOREGROUND
    _, components = connected_components(mask, sight.sure, sight.sure > CERTAIN)
    if single:
        components = [one for one in components if not one.clipped]
    if not components:
        return []
    return [strip(sight, line, ends) for line in ([[union(components)]] if single else lines(components))]


def line_of(strip: Strip, scale: float, expected: Expected, context: bool) -> Line:
    """What the line network reads along a strip, and the images of the digits."""
    height = scale * DIGIT / strip.scale
    if height < SMALL and not expected.single:
        return Line([], [], height)
    log = outputs(strip.coarse, bundled())
    length = (1, 1) if expected.single else expected.length
    candidates = numbers(log, length, expected.digits)
    groups: list[list[Candidate]] = []
    digits: list[Digit] = []
    known: dict[tuple[int, ...], tuple[int, ...]] = {}  # which images are those of some places

    def parts(places: tuple[int, ...]) -> tuple[int, ...]:
        if places and places not in known:
            known[places] = tuple(range(len(digits), len(digits) + len(places)))
            for image, box in cut(strip, [PLACE * (place + 0.5) for place in places], context):
                digits.append(Digit(image, tuple(round(side * scale) for side in strip.box(*box))))
        return known.get(places, ())

    if candidates:
        for first, last in ranges(candidates[0].places, len(log), bool(length)):
            own = numbers(log[first:last], length, expected.digits) if last - first < len(log) else candidates
            moved = [one._replace(places=tuple(first + place for place in one.places)) for one in own]
            groups.append([Candidate(one.digits, one.likelihood, parts(one.places)) for one in moved])
    seen = len(numbers(log, None, expected.digits)[0].digits) if expected.length else 0
    return Line(groups, digits, height, expected.single, seen)


def ranges(places: tuple[int, ...], count: int, together: bool) -> list[tuple[int, int]]:
    """The first and the last place of each group, of `count` places: wide gaps between digits part groups."""
    ends = [] if together else [(a + b + 1) // 2 for a, b in pairwise(places) if PLACE * (b - a) > APART * DIGIT]
    return list(pairwise([0, *ends, count]))


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
