"""Cut digits out of a strip, at the places where the line network sees them, or a single digit out of a picture."""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

import cv2
import numpy as np

from digits.handwriting.components import stroke_boxes
from digits.handwriting.eye import CERTAIN
from digits.handwriting.normalize import BOX, NEAR, bounds, normalize
from digits.handwriting.strips import DIGIT, ROWS, SURE, Strip

# A digit is cut in two ways, and the reader takes the cut that your network is surest of. Pixels with a score from the
# eye above the first number are foreground. The eye is unsure inside thick strokes, so pixels darker than the second,
# with a score above FAINT, are foreground, too. Darkness is relative to the usual darkness of strokes. Strokes shorter
# than the third, relative to the largest stroke, are dropped: they are points and commas.
CUTS = [(0.65, 0.5, 0.0), (0.5, 0.7, 0.35)]
FAINT = 0.1
DARK = 0.5  # where the eye missed a digit, pixels darker than this are foreground
ASIDE = 0.55  # extra cost of a diagonal step of a seam; crossing a pixel of foreground costs 1
MIDWAY = 0.02  # cost per row of a seam at the edge of the gap between two digits; it is 0 midway
# Distances, in heights of a digit:
BESIDE = 0.9  # a digit's pixels are at most this far to the left and right of its middle
CLOSE = 0.25  # each stroke of a digit comes this close to the digit's middle column
BAND = 0.6  # strokes whose centre is farther from the middle row belong to another line
AROUND = 2  # a digit, with its context, is at most this far to the left and right of its middle
OWN = 0.6  # strokes up to this far from a digit's middle column are its own
ASTRAY = 1.3  # other strokes, up to this far beside a number, suggest that it is part of a word
SPECK = 12  # a digit has at least this many pixels
# The ways in which a single digit is cut: whether the eye's scores or the darkness is compared with the threshold that
# follows, and the least length of a stroke, as in CUTS. Dark strokes count if they touch a stroke that the eye sees.
SINGLE_CUTS = [("eye", 0.35, 0.0), ("eye", 0.65, 0.35), ("dark", 0.5, 0.0), ("dark", 0.3, 0.35)]
NEARBY = 0.15  # a stroke belongs to a single digit if it is at most this far away, in sizes of the digit
WIDEST = 1.3  # strokes that would make a single digit wider than this many times its height are left out
FRAME = 2.2  # a dark stroke this many times larger than the digit is a line on the paper

Box = tuple[int, ...]  # left, top, right, bottom
Place = tuple[float | None, float, float | None]  # middle columns of the previous, this, and the next digit


def places_of(middles: Sequence[float]) -> list[Place]:
    """Return the place of each digit of a number, given the middle column of each."""
    return list(zip([None, *middles], middles, [*middles[1:], None], strict=False))


def cutter(strip: Strip, *, context: bool) -> Callable[[Place], tuple[np.ndarray, list[Box]]]:
    """Return a function that cuts the digit at a place out of a strip. `context` is as in `find_lines`.

    This function returns an image of the digit for each way to cut it, (len(CUTS), 28, 28) float32 0..1, and the box of
    each in the strip. An image is black if there is no foreground.
    """
    dark, scores = strip.planes
    masks = [(scores > least) | ((dark > darker) & (scores > FAINT)) for least, darker, _ in CUTS]

    @cache
    def between(left: float, right: float) -> np.ndarray:
        return seam(masks[0], left, right)[:, None]

    def cut(place: Place) -> tuple[np.ndarray, list[Box]]:
        before, middle, after = place
        left = 0 if before is None else between(before, middle)
        right = dark.shape[1] if after is None else between(middle, after)
        start = max(0, int(middle) - AROUND * DIGIT)  # the rest of the strip would take most of the time
        around = slice(start, int(middle) + AROUND * DIGIT)
        nearby, columns = dark[:, around], np.arange(dark.shape[1])[around]
        distance = np.abs(columns - middle)
        own, close = (columns >= left) & (columns < right) & (distance < BESIDE * DIGIT), distance < CLOSE * DIGIT
        side, column, row = DIGIT // 4, int(middle), ROWS // 2
        images = np.zeros((len(CUTS), 28, 28), np.float32)
        boxes: list[Box] = [(column - side, row - 2 * side, column + side, row + 2 * side)] * len(CUTS)
        for n, (mask, (_, _, shortest)) in enumerate(zip(masks, CUTS, strict=True)):
            mask = mask[:, around]
            seen = mask[ROWS // 4 : -ROWS // 4, close].any()
            strokes = mask if seen else mask | (close & (nearby > DARK))  # the eye may have missed this digit
            digit = strokes_near(strokes & own, middle - start, shortest)
            if digit.sum() >= SPECK:
                images[n], (first, top, last, bottom) = _drawn(nearby, strokes, digit, context=context)
                boxes[n] = first + start, top, last + start, bottom
        return images, boxes

    return cut


def explained(strip: Strip, place: Place) -> float:
    """Return the share of the handwriting around a place that belongs to the digit there, or 1 if there is none.

    This share is low in words: a few letters look like digits, and other letters stand between and beside them.
    """
    before, middle, after = place
    left = middle - ASTRAY * DIGIT if before is None else (before + middle) / 2
    right = middle + ASTRAY * DIGIT if after is None else (middle + after) / 2
    columns = np.arange(max(0, int(left)), min(int(right), strip.planes.shape[2]))
    strokes = (strip.planes[1][ROWS // 4 : -ROWS // 4, columns] > SURE).sum(0)
    return float(strokes[np.abs(columns - middle) < OWN * DIGIT].sum() / strokes.sum()) if strokes.any() else 1.0


def cut_single(planes: np.ndarray, *, context: bool) -> tuple[np.ndarray, list[Box]]:
    """Cut the clearest digit out of a picture, given its planes (2, H, W) from `see`, without the line network.

    At least one score must be CERTAIN. Returns images (len(SINGLE_CUTS), 28, 28) and boxes, as `cutter` does.
    """
    darkness, scores = planes
    boxes, clipped = stroke_boxes(scores > SURE, scores, scores > CERTAIN)
    boxes, seen = boxes[~clipped], np.where(scores > SURE, scores, 0)
    left, top, right, bottom = _grown(boxes, [seen[top:bottom, left:right].sum() for left, top, right, bottom in boxes])
    inside, core = (slice(top, bottom), slice(left, right)), np.zeros(scores.shape, bool)
    core[inside] = seen[inside] > 0
    dark = np.clip(darkness / np.median(darkness[core]), 0, 1)
    images = np.zeros((len(SINGLE_CUTS), 28, 28), np.float32)
    cut_boxes: list[Box] = [(left, top, right, bottom)] * len(images)
    for n, (plane, least, shortest) in enumerate(SINGLE_CUTS):
        mask = dark > least if plane == "dark" else (scores > least) | ((dark > DARK) & (scores > FAINT))
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
        kept = np.zeros(len(stats), bool)
        kept[labels[core & mask] if plane == "dark" else labels[inside]] = True
        if plane == "dark":
            kept &= _lengths(stats) <= FRAME * max(right - left, bottom - top)
        digit = _without_points(kept, stats, shortest)[labels]
        if digit.any():
            images[n], cut_boxes[n] = _drawn(dark, mask, digit, context=context)
    return images, cut_boxes


def _grown(boxes: np.ndarray, amounts: Sequence[float]) -> Box:
    """Return the box of a digit: of the stroke with the largest amount of ink, and of the strokes NEARBY."""
    largest = int(np.argmax(amounts))
    digit, others = boxes[largest], np.delete(boxes, largest, 0)
    while True:
        away = np.maximum(others[:, :2] - digit[2:], digit[:2] - others[:, 2:]).max(1)
        larger = np.concatenate([np.minimum(others[:, :2], digit[:2]), np.maximum(others[:, 2:], digit[2:])], 1)
        width, height = (larger[:, 2:] - larger[:, :2]).T
        joins = (away < NEARBY * (digit[2:] - digit[:2]).max()) & (width < WIDEST * height)
        if not joins.any():
            return (*digit.tolist(),)
        digit, others = larger[joins.argmax()], np.delete(others, joins.argmax(), 0)


def seam(mask: np.ndarray, left: float, right: float) -> np.ndarray:
    """Return the columns (H,) of the path down a mask (H, W), between two columns, that crosses the least foreground.

    Dynamic programming finds the path: S. Avidan and A. Shamir, "Seam carving for content-aware image resizing", 2007.
    """
    start, end = int(left), min(int(right) + 1, mask.shape[1])
    off_centre = MIDWAY * np.abs(np.linspace(-1, 1, end - start, dtype=np.float32))
    costs = np.pad(mask[:, start:end] + off_centre, [(0, 0), (1, 1)], constant_values=np.inf)
    for above, cost in pairwise(costs):
        cost[1:-1] += np.minimum(np.minimum(above[:-2], above[2:]) + ASIDE, above[1:-1])
    path = [int(np.argmin(costs[-1]))]
    for above in costs[-2::-1]:
        column = path[-1]
        to_left, straight, to_right = above[column - 1 : column + 2].tolist()
        is_diagonal = min(to_left, to_right) + ASIDE < straight
        path.append(column + is_diagonal * (-1 if to_left <= to_right else 1))
    return np.array(path[::-1]) - 1 + start


def strokes_near(region: np.ndarray, middle: float, shortest: float) -> np.ndarray:
    """Keep the connected components of a region (H, W) bool that come CLOSE to a column and are in the line's BAND.

    `shortest` is the least length of a stroke, as in CUTS.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8), connectivity=8)
    near = labels[:, max(0, int(middle - CLOSE * DIGIT)) : max(0, int(middle + CLOSE * DIGIT) + 1)]
    kept = np.zeros(count, bool)
    kept[near] = True
    kept &= np.abs(stats[:, cv2.CC_STAT_TOP] + stats[:, cv2.CC_STAT_HEIGHT] / 2 - ROWS / 2) < BAND * DIGIT
    return _without_points(kept, stats, shortest)[labels]


def _without_points(kept: np.ndarray, stats: np.ndarray, shortest: float) -> np.ndarray:
    """Return `kept` (N,) without the background and without strokes that are too short beside the largest stroke."""
    kept[0] = False  # the background
    largest = np.where(kept, stats[:, cv2.CC_STAT_AREA], 0).argmax()
    return kept & (_lengths(stats) >= shortest * _lengths(stats)[largest])


def _lengths(stats: np.ndarray) -> np.ndarray:
    """Return the longer side (N,) of each connected component, in pixels."""
    return stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(1)


def _drawn(dark: np.ndarray, mask: np.ndarray, digit: np.ndarray, *, context: bool) -> tuple[np.ndarray, Box]:
    """Return the normalized image of a digit with soft edges, and its box.

    With `context`, the image also shows the rest of the connected components from which the digit is cut.
    """
    box = left, top, right, bottom = bounds(digit)
    margin = 2 + max(right - left, bottom - top) * NEAR // BOX
    near = slice(max(top - margin, 0), bottom + margin), slice(max(left - margin, 0), right + margin)
    dark, mask, digit = dark[near], mask[near], digit[near]
    soft = cv2.dilate(digit.astype(np.uint8), np.ones((3, 3))) * (digit | ~mask)
    strokes = np.clip(dark / np.median(dark[digit]), 0, 1) * soft
    rest = np.zeros_like(mask)
    if context:
        count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
        cut = np.zeros(count, bool)
        cut[labels[digit]] = True
        rest = cut[labels] & ~digit
    return normalize(strokes.astype(np.float32), rest if rest.any() else None), box
