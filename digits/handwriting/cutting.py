"""Cut the digits of a strip out, once the line network has said at which places they are."""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

import cv2
import numpy as np

from digits.handwriting.normalize import BOX, NEAR, bounds, normalize
from digits.handwriting.strips import DIGIT, ROWS, Strip

FOREGROUND = 0.35  # the eye is surer of what is foreground
# What is darker, as a share of what is usual in strokes, is foreground where the eye is surer than FAINT, or has missed
# a digit: inside of thick strokes it is unsure.
DARK, FAINT = 0.5, 0.1
ASIDE = 0.55  # what a seam's step aside costs, in pixels of foreground
MIDWAY = 0.02  # what it costs at most to be away from the middle between two digits
# In heights of a digit, from its middle:
BESIDE = 0.9  # most distance of its pixels
NEAREST = 0.25  # some pixel of each of its strokes is nearer
BAND = 0.6  # most distance of a stroke's middle from the middle row: others are of another line
LEAST = 12  # pixels of a digit at least

Box = tuple[int, ...]
# The columns of the middles of three digits; that before the first one and that after the last one are None.
Among = tuple[float | None, float, float | None]


def among(middles: Sequence[float]) -> list[Among]:
    """The middle of each digit of a number, between those of the digits beside it."""
    return list(zip([None, *middles], middles, [*middles[1:], None], strict=False))


def cutter(strip: Strip, context: bool) -> Callable[[float | None, float, float | None], tuple[np.ndarray, Box]]:
    """A function that cuts a digit out of a strip, given its middle `among` others: its image (28, 28) float32 0..1,
    which is empty where there is no foreground, and its box in the strip.
    """
    dark, sure = strip.planes
    mask = (sure > FOREGROUND) | ((dark > DARK) & (sure > FAINT))
    columns = np.arange(mask.shape[1])

    @cache
    def between(left: float, right: float) -> np.ndarray:
        return seam(mask, left, right)

    def cut(before: float | None, middle: float, after: float | None) -> tuple[np.ndarray, Box]:
        left = 0 if before is None else between(before, middle)[:, None]
        right = len(columns) if after is None else between(middle, after)[:, None]
        away, strokes = np.abs(columns - middle), mask
        if not mask[ROWS // 4 : -ROWS // 4, away < NEAREST * DIGIT].any():
            strokes = mask | ((away < NEAREST * DIGIT) & (dark > DARK))
        own = strokes_near(strokes & (away < BESIDE * DIGIT) & (columns >= left) & (columns < right), middle)
        return _drawn(dark, strokes, own, context) if own.sum() >= LEAST else _nothing(middle)

    return cut


def seam(mask: np.ndarray, left: float, right: float) -> np.ndarray:
    """The columns (H,) of the path down a mask (H, W), between two columns, that crosses the least foreground.

    It is found by dynamic programming: S. Avidan and A. Shamir, "Seam carving for content-aware image resizing", 2007.
    """
    start, end = int(left), min(int(right) + 1, mask.shape[1])
    away = MIDWAY * np.abs(np.linspace(-1, 1, end - start, dtype=np.float32))
    costs = np.pad(mask[:, start:end] + away, [(0, 0), (1, 1)], constant_values=np.inf)
    for above, cost in pairwise(costs):
        cost[1:-1] += np.minimum(np.minimum(above[:-2], above[2:]) + ASIDE, above[1:-1])
    path = [int(np.argmin(costs[-1]))]
    for above in costs[-2::-1]:
        column = path[-1]
        one, straight, other = above[column - 1 : column + 2].tolist()
        aside = min(one, other) + ASIDE < straight
        path.append(column + aside * (-1 if one <= other else 1))
    return np.array(path[::-1]) - 1 + start


def strokes_near(region: np.ndarray, middle: float) -> np.ndarray:
    """The connected components of a region (H, W) bool that come near a column, in the band of the line."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8), connectivity=8)
    near = labels[:, max(0, int(middle - NEAREST * DIGIT)) : max(0, int(middle + NEAREST * DIGIT) + 1)]
    own = np.zeros(count, bool)
    own[np.unique(near)] = True
    own &= np.abs(stats[:, cv2.CC_STAT_TOP] + stats[:, cv2.CC_STAT_HEIGHT] / 2 - ROWS / 2) < BAND * DIGIT
    own[0] = False
    return own[labels]


def _drawn(dark: np.ndarray, mask: np.ndarray, own: np.ndarray, context: bool) -> tuple[np.ndarray, Box]:
    """A digit's own pixels with soft edges, normalized; in `context`, with the rest of what they are cut from."""
    box = left, top, right, bottom = bounds(own)
    margin = 2 + max(right - left, bottom - top) * NEAR // BOX
    here = slice(max(top - margin, 0), bottom + margin), slice(max(left - margin, 0), right + margin)
    dark, mask, own = dark[here], mask[here], own[here]
    soft = cv2.dilate(own.astype(np.uint8), np.ones((3, 3))) * (own | ~mask)
    strokes = np.clip(dark / np.median(dark[own]), 0, 1) * soft
    return normalize(strokes.astype(np.float32), _rest(mask, own) if context else None), box


def _rest(mask: np.ndarray, own: np.ndarray) -> np.ndarray | None:
    """Return the rest of the connected components from which a digit's own pixels are cut, or None if there is none."""
    labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[1]
    rest = np.isin(labels, np.unique(labels[own])) & ~own
    return rest if rest.any() else None


def _nothing(middle: float) -> tuple[np.ndarray, Box]:
    side = DIGIT // 4
    box = int(middle) - side, ROWS // 2 - 2 * side, int(middle) + side, ROWS // 2 + 2 * side
    return np.zeros((28, 28), np.float32), box
