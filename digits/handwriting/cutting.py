"""Cut digits out of a strip, at the places where the line network sees them."""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

import cv2
import numpy as np

from digits.handwriting.normalize import BOX, NEAR, bounds, normalize
from digits.handwriting.strips import DIGIT, ROWS, Strip

FOREGROUND = 0.35  # pixels with a higher score from the eye are foreground
# The eye is unsure inside thick strokes, so pixels darker than DARK with a score above FAINT are foreground, too.
# Darkness is relative to the usual darkness of strokes. Where the eye missed a digit, DARK alone is enough.
DARK, FAINT = 0.5, 0.1
ASIDE = 0.55  # extra cost of a diagonal step of a seam; crossing a pixel of foreground costs 1
MIDWAY = 0.02  # cost per row of a seam at the edge of the gap between two digits; it is 0 midway
# Distances, in heights of a digit:
BESIDE = 0.9  # a digit's pixels are at most this far to the left and right of its middle
CLOSE = 0.25  # each stroke of a digit comes this close to the digit's middle column
BAND = 0.6  # strokes whose centre is farther from the middle row belong to another line
SPECK = 12  # a digit has at least this many pixels

Box = tuple[int, ...]  # left, top, right, bottom
Place = tuple[float | None, float, float | None]  # middle columns of the previous, this, and the next digit


def places_of(middles: Sequence[float]) -> list[Place]:
    """Return the place of each digit of a number, given the middle column of each."""
    return list(zip([None, *middles], middles, [*middles[1:], None], strict=False))


def cutter(strip: Strip, *, context: bool) -> Callable[[Place], tuple[np.ndarray, Box]]:
    """Return a function that cuts the digit at a place out of a strip. `context` is as in `find_lines`.

    This function returns the image of the digit (28, 28) float32 0..1, which is black if there is no foreground, and
    the box of the digit in the strip.
    """
    dark, scores = strip.planes
    mask = (scores > FOREGROUND) | ((dark > DARK) & (scores > FAINT))
    columns = np.arange(mask.shape[1])

    @cache
    def between(left: float, right: float) -> np.ndarray:
        return seam(mask, left, right)[:, None]

    def cut(place: Place) -> tuple[np.ndarray, Box]:
        before, middle, after = place
        left = 0 if before is None else between(before, middle)
        right = len(columns) if after is None else between(middle, after)
        distance, strokes = np.abs(columns - middle), mask
        if not mask[ROWS // 4 : -ROWS // 4, distance < CLOSE * DIGIT].any():  # the eye has missed this digit
            strokes = mask | ((distance < CLOSE * DIGIT) & (dark > DARK))
        digit = strokes_near(strokes & (distance < BESIDE * DIGIT) & (columns >= left) & (columns < right), middle)
        if digit.sum() >= SPECK:
            return _drawn(dark, strokes, digit, context=context)
        side, column, row = DIGIT // 4, int(middle), ROWS // 2
        return np.zeros((28, 28), np.float32), (column - side, row - 2 * side, column + side, row + 2 * side)

    return cut


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


def strokes_near(region: np.ndarray, middle: float) -> np.ndarray:
    """Keep the connected components of a region (H, W) bool that come CLOSE to a column and are in the line's BAND."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8), connectivity=8)
    near = labels[:, max(0, int(middle - CLOSE * DIGIT)) : max(0, int(middle + CLOSE * DIGIT) + 1)]
    kept = np.zeros(count, bool)
    kept[np.unique(near)] = True
    kept &= np.abs(stats[:, cv2.CC_STAT_TOP] + stats[:, cv2.CC_STAT_HEIGHT] / 2 - ROWS / 2) < BAND * DIGIT
    kept[0] = False  # the background
    return kept[labels]


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
        labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[1]
        rest = np.isin(labels, np.unique(labels[digit])) & ~digit
    return normalize(strokes.astype(np.float32), rest if rest.any() else None), box
