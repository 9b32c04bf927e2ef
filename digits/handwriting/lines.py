"""Find the lines of a picture, the likeliest numbers of each line, and the images of their digits."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import cv2
import numpy as np

from digits.common.errors import UserError
from digits.handwriting.cutting import CUTS, Box, Place, cut_single, cutter, explained, places_of
from digits.handwriting.eye import CERTAIN, see
from digits.handwriting.line_network import BLANK, STEP, Candidate, Length, numbers
from digits.handwriting.normalize import is_normalized
from digits.handwriting.ocr import outputs as recognized
from digits.handwriting.picture import open_picture
from digits.handwriting.strips import DIGIT, SURE, ZOOM, Strip, strips_of

SMALL = 8  # digits less than this many pixels high in the picture are not read
SMALLEST = 150  # pictures are enlarged until they have at least the area of 150 x 150 pixels
APART = 1.6  # digits belong to different groups if their middles are farther apart, in heights of a digit
PLACE = ZOOM * STEP  # columns of a strip from one place of the line network to the next
FAR = 3  # numbers whose log-probability is more than this below the best are dropped
# If the `clarity` of a picture is below CLEAR times the highest possible, the picture is also tried on its side and
# upside down. A turn must raise the clarity by a factor of TURNED, to at least WELL times the highest possible.
CLEAR, TURNED, WELL = 0.8, 1.6, 0.5


class Expected(NamedTuple):
    """What the caller knows about a picture. A `single` digit or a `length` implies that the picture is upright."""

    single: bool = False  # the picture shows a single digit
    length: Length | None = None  # each line is a number of this many digits
    digits: str = "0123456789"  # only these digits can occur
    upright: bool = False


ANYTHING = Expected()


Groups = list[list[Candidate]]  # the candidates for each group of a line, the likeliest first
Opinion = dict[str, float]  # the log-probability of each candidate by the recognizer of ocr.py
Recognizer = Callable[[float, float], np.ndarray]  # its outputs (T, 11) between two columns of a strip


class Segmentation(NamedTuple):
    """The candidates for the numbers in each line of a picture, after it was turned counterclockwise by `degrees`.

    Here, the places of a candidate are the indices of its digits in `images` (N, K, 28, 28) float32 0..1, light on
    dark, each cut in K ways, and in `boxes`, which has K boxes (left, top, right, bottom) in pixels of the picture for
    each digit. If the caller expects a length, `counts` has, for each line, the number of digits that the line network
    reads without that length. `known` is as in `Group`. With `ocr`, `opinions` has an opinion for each group of a line.
    `shares` has what `explained` says of each digit.
    """

    lines: list[Groups]
    images: np.ndarray
    boxes: list[list[Box]]
    degrees: int = 0
    counts: list[int] | None = None
    known: bool = False
    opinions: list[list[Opinion]] | None = None
    shares: Sequence[float] | None = None


def find_lines(
    picture: Any, expected: Expected = ANYTHING, *, context: bool = False, ocr: bool = False
) -> Segmentation:
    """Find the lines of a picture of any type that `read` takes, and the candidates for their numbers.

    With `context`, the image of a digit that is cut from larger strokes shows the rest of these strokes in grey. This
    is for networks that were trained with `handwriting`, because their training images show such strokes. With `ocr`,
    the recognizer of ocr.py adds its candidates and its opinion.

    Raises UserError if the picture cannot be opened or shows no strokes, or if all its digits are too small.
    """
    pixels, scale = open_pixels(picture, single=expected.single)
    any_digit: list[Candidate] = [(digit, 0.0, (0,)) for digit in expected.digits]
    if is_normalized(pixels):
        image = pixels[:, :, 0] / np.float32(255)
        return Segmentation([[any_digit]], image[None, None], [[(0, 0, 28, 28)]], known=True)
    planes = see(pixels)
    if not (planes[1] > (CERTAIN if expected.single else SURE)).any():
        raise UserError("nothing in this picture stands out; write darker, or leave a margin around the digits")
    if expected.single:
        images, boxes = cut_single(planes, context=context)
        return Segmentation([[any_digit]], images[None], [[scaled(box, scale) for box in boxes]], known=True)
    if expected.upright or expected.length:
        degrees, strips = 0, strips_of(planes)
    else:
        degrees, strips = turn_upright(planes, scale)
    legible = [strip for strip in strips if is_legible(strip, scale)]
    if strips and not legible:
        raise UserError(f"the digits are less than {SMALL} pixels high, too small to read; take a closer picture")
    second = [partial(recognized, pixels, strip) if ocr else None for strip in legible]
    found = [groups_along(strip.log, expected, one) for strip, one in zip(legible, second, strict=True)]
    lines, opinions = [groups for groups, _ in found], [opinion for _, opinion in found]
    counts = [len(numbers(strip.log, None, expected.digits)[0][0]) for strip in legible] if expected.length else None
    lines, cuts, cut_boxes, shares = cut_out(legible, lines, scale, context=context)
    pooled_with = opinions if ocr else None
    return Segmentation(lines, cuts, cut_boxes, degrees, counts, opinions=pooled_with, shares=shares)


def turn_upright(planes: np.ndarray, scale: float) -> tuple[int, list[Strip]]:
    """Turn a picture if that makes its digits clearer. Return the degrees (counterclockwise) and the strips."""
    best_degrees, best_strips = 0, strips_of(planes)
    best, possible = clarity(best_strips, scale)
    in_lines = len(best_strips) < 2 or any(strip.tall > 1 for strip in best_strips)
    if best >= CLEAR * possible and in_lines:
        return best_degrees, best_strips
    for degrees in (90, 180, 270):
        turned = np.ascontiguousarray(np.rot90(planes, degrees // 90, (1, 2)))
        strips = [strip.turned_back(degrees, planes.shape[1:]) for strip in strips_of(turned)]
        clear, possible = clarity(strips, scale)
        if clear > (1 if best_degrees else TURNED) * best and clear >= WELL * possible:
            best_degrees, best_strips, best = degrees, strips, clear
    return best_degrees, best_strips


def is_legible(strip: Strip, scale: float) -> bool:
    """Return whether a strip's digits are at least SMALL pixels high in the picture, which was reduced by `scale`."""
    return scale * DIGIT / strip.scale >= SMALL


def clarity(strips: list[Strip], scale: float) -> tuple[float, float]:
    """Return how clearly the line network sees digits in a picture with these strips, and the highest possible clarity.

    Clarity is a sum over the digits that the line network sees. A digit adds p**4 * h**2 * n**0.5: p is the probability
    of the digit, h the height of its line, and n the number of tall components in the line. The factor n**0.5 favours
    upright pictures, because each digit of a picture on its side is a line of its own. The clarity is highest if every
    tall component is a digit with p = 1.
    """
    clear, possible = 0.0, 0.0
    for strip in strips:
        if is_legible(strip, scale):
            log, weight = strip.log, strip.scale**-2 * strip.tall**0.5
            likeliest = log.argmax(1)
            runs = pairwise([0, *np.flatnonzero(np.diff(likeliest)) + 1, len(log)])
            peaks = [log[a:b, likeliest[a]].max() for a, b in runs if likeliest[a] != BLANK]
            clear += weight * float(np.exp(4 * np.array(peaks)).sum())
            possible += weight * max(len(peaks), strip.tall)
    return clear, possible


def groups_along(log: np.ndarray, expected: Expected, second: Recognizer | None = None) -> tuple[Groups, list[Opinion]]:
    """Return the candidates for each group of a line, given the line network's outputs (T, 11) along the line.

    Wide gaps between digits of the likeliest number separate groups. A line of an expected length is a single group.
    Candidates with the same number of digits share the places of the likeliest of them. Also return the opinion of a
    second recognizer, if any, whose numbers become candidates, too.
    """
    length = expected.length
    likeliest = numbers(log, length, expected.digits)
    if not likeliest:
        return [], []
    _, _, places = likeliest[0]
    wide = [] if length else [(a, b) for a, b in pairwise(places) if PLACE * (b - a) > APART * DIGIT]
    groups, opinions = [], []
    for first, last in pairwise([0, *((a + b + 1) // 2 for a, b in wide), len(log)]):
        candidates = numbers(log[first:last], length, expected.digits) if wide else likeliest
        _, best, _ = candidates[0]
        likely = {len(digits): places for digits, _, places in reversed(candidates)}  # of the likeliest of each length
        near = [(digits, p, likely[len(digits)]) for digits, p, _ in candidates if p > best - FAR]
        if second:
            near, opinion = pooled(near, log[first:last], second(PLACE * first, PLACE * last), expected)
            opinions.append(opinion)
        groups.append([(digits, p, tuple(first + place for place in places)) for digits, p, places in near])
    return groups, opinions


def pooled(
    candidates: list[Candidate], log: np.ndarray, second: np.ndarray, expected: Expected
) -> tuple[list[Candidate], Opinion]:
    """Add a second recognizer's numbers to the candidates, given its outputs (T, 11). Also return its opinion."""
    known = {digits for digits, *_ in candidates}
    others = [digits for digits, *_ in numbers(second, expected.length, expected.digits) if digits not in known]
    candidates = candidates + [one for digits in others for one in numbers(log, only=digits)]
    opinion = {digits: p for digits, *_ in candidates for _, p, _ in numbers(second, only=digits)}
    return [one for one in candidates if one[0] in opinion], opinion


def cut_out(
    strips: list[Strip], lines: list[Groups], scale: float, *, context: bool
) -> tuple[list[Groups], np.ndarray, list[list[Box]], list[float]]:
    """Cut out the digits of all candidates, and return the lines, images, boxes and shares of a `Segmentation`."""
    indices: dict[tuple[int, Place], int] = {}  # candidates share digits: each place of a strip is cut out once

    def indexed(n: int, candidate: Candidate) -> Candidate:
        digits, likelihood, places = candidate
        keys = [(n, place) for place in places_of([PLACE * (place + 0.5) for place in places])]
        return digits, likelihood, tuple(indices.setdefault(key, len(indices)) for key in keys)

    lines = [[[indexed(n, candidate) for candidate in group] for group in line] for n, line in enumerate(lines)]
    cutters = [cutter(strip, context=context) for strip in strips]
    cuts = [cutters[n](place) for n, place in indices]
    each = zip(indices, cuts, strict=True)
    boxes = [[scaled(strips[n].box(*box), scale) for box in cut_boxes] for (n, _), (_, cut_boxes) in each]
    images = np.array([image for image, _ in cuts], np.float32).reshape(-1, len(CUTS), 28, 28)
    return lines, images, boxes, [explained(strips[n], place) for n, place in indices]


def scaled(box: tuple[float, ...], scale: float) -> Box:
    """Return a box in whole pixels of the picture as it was opened, which was reduced by `scale`."""
    return tuple(round(side * scale) for side in box)


def open_pixels(picture: Any, *, single: bool = False) -> tuple[np.ndarray, float]:
    """Return the pixels (H, W, 3) uint8 of a picture in its working size, and the width of a pixel in original pixels.

    Raises UserError if the picture cannot be opened.
    """
    image, scale = open_picture(picture, single=single)
    pixels = np.asarray(image)
    if is_normalized(pixels):
        return pixels, 1.0
    large = enlarged(pixels, cv2.INTER_CUBIC)
    return large, scale / (len(large) // len(pixels))


def enlarged(plane: np.ndarray, interpolation: int = cv2.INTER_LINEAR) -> np.ndarray:
    """Enlarge a small plane (H, W, ...) by a whole factor, to the area of SMALLEST x SMALLEST pixels or more."""
    factor = -(-SMALLEST // int((plane.shape[0] * plane.shape[1]) ** 0.5))
    return cv2.resize(plane, None, fx=factor, fy=factor, interpolation=interpolation)
