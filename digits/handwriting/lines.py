"""Find the lines of a picture, the numbers that each may say, and the digits of these as images."""

from itertools import pairwise
from typing import Any, NamedTuple

import cv2
import numpy as np

from digits.common.errors import UserError
from digits.handwriting.components import connected_components, lines, union
from digits.handwriting.cutting import Among, among, cutter
from digits.handwriting.eye import CERTAIN, Sight, see
from digits.handwriting.line_network import BLANK, STEP, Length, bundled, numbers, outputs
from digits.handwriting.normalize import is_normalized
from digits.handwriting.picture import open_picture
from digits.handwriting.strips import DIGIT, Strip, strip

SMALL = 8  # digits that are less high, in pixels of the picture, are not read
SMALLEST = 150  # a picture of a smaller area than 150 x 150 pixels is enlarged to at least that
FOREGROUND = 0.5  # the eye is surer of what lines are made of
APART = 1.6  # digits whose middles are farther apart, in heights of a digit, are of two groups
PLACE = 2 * STEP  # columns of a strip from one place of the line network to the next
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


Looked = tuple[Strip, np.ndarray]  # a strip, and the line network's outputs along it


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
    as_it_lies = expected.upright or expected.single or expected.length
    degrees, seen = (0, looked(sight, scale, expected.single)) if as_it_lies else upright(sight, scale)
    return Found([line_of(*one, scale, expected, context) for one in seen], degrees)


def looked(sight: Sight, scale: float, single: bool = False, degrees: int = 0) -> list[Looked]:
    """The strips of a picture once it is turned counterclockwise, and what the line network says along each: nothing if
    its digits are too small.
    """
    strips = [strip.turned_back(degrees, sight.sure.shape) for strip in strips_of(sight.turned(degrees), single)]
    legible = [single or scale * DIGIT / strip.scale >= SMALL for strip in strips]
    nothing = np.zeros((0, BLANK + 1), np.float32)
    pairs = zip(strips, legible, strict=True)
    return [(strip, outputs(strip.coarse, bundled()) if seen else nothing) for strip, seen in pairs]


def upright(sight: Sight, scale: float) -> tuple[int, list[Looked]]:
    """By how many degrees a picture is turned counterclockwise so that most is read in it, and its strips then."""
    best = 0, looked(sight, scale)
    sure, most = clear(best[1])
    in_lines = len(best[1]) < 2 or any(along.tall > 1 for along, _ in best[1])
    if sure >= CLEAR * most and in_lines:
        return best
    for degrees in (90, 180, 270):
        seen = looked(sight, scale, degrees=degrees)
        clearer, most = clear(seen)
        if clearer > (1 if best[0] else TURNED) * sure and clearer >= WELL * most:
            best, sure = (degrees, seen), clearer
    return best


def strips_of(sight: Sight, single: bool) -> list[Strip]:
    """The strip of each line that the eye sees, from the top; of a single digit, of all strokes together."""
    mask = sight.sure > FOREGROUND
    _, components = connected_components(mask, sight.sure, sight.sure > CERTAIN)
    if single:
        components = [one for one in components if not one.clipped]
    if not components:
        return []
    return [strip(sight, line) for line in ([[union(components)]] if single else lines(components))]


def line_of(strip: Strip, log: np.ndarray, scale: float, expected: Expected, context: bool) -> Line:
    """What a strip may say, given the line network's outputs along it, and the images of the digits."""
    height = scale * DIGIT / strip.scale
    if height < SMALL and not expected.single:
        return Line([], [], height)
    length = (1, 1) if expected.single else expected.length
    likeliest = numbers(log, length, expected.digits)
    groups: list[list[Candidate]] = []
    parts: dict[Among, int] = {}  # the number of each image
    for first, last in ranges(likeliest[0].places, len(log), bool(length)) if likeliest else []:
        own = numbers(log[first:last], length, expected.digits) if last - first < len(log) else likeliest
        groups.append([])
        for one in own:
            if one.likelihood > own[0].likelihood - FAR:
                keys = among([PLACE * (first + place + 0.5) for place in one.places])
                numbered = tuple(parts.setdefault(key, len(parts)) for key in keys)
                groups[-1].append(Candidate(one.digits, one.likelihood, numbered))
    cut = cutter(strip, context)
    cuts = [cut(*key) for key in parts]
    digits = [Digit(image, tuple(round(side * scale) for side in strip.box(*box))) for image, box in cuts]
    seen = len(numbers(log, None, expected.digits)[0].digits) if expected.length else 0
    return Line(groups, digits, height, expected.single, seen)


def clear(seen: list[Looked]) -> tuple[float, float]:
    """How clearly digits are seen: of each the squared height of its line, times its probability to the power of 4,
    times the square root of how many components of the line are tall, since digits that lie on their side are lines of
    one; and the most that this could be, if all that is tall were a digit.
    """
    sure, most = 0.0, 0.0
    for along, log in seen:
        if len(log):
            likeliest, area = log.argmax(1), along.scale**-2 * along.tall**0.5
            runs = pairwise([0, *np.flatnonzero(np.diff(likeliest)) + 1, len(log)])
            peaks = [log[a:b, likeliest[a]].max() for a, b in runs if likeliest[a] != BLANK]
            sure += area * float(np.exp(4 * np.array(peaks)).sum())
            most += area * max(len(peaks), along.tall)
    return sure, most


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
