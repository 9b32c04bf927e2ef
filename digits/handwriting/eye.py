"""The eye: networks of sigmoid neurons that look at a pixel and say whether it is handwriting.

Each is a detector with one output neuron, as the chapter's "is it a 9?". It sees an image pyramid: the picture, and the
picture at a half, a quarter and so on of its resolution, on each level a few cells around the pixel. So it sees how
wide a stroke is, how it bends, and whether it goes on as the side of a box does. A second network sees the same, and
what the first one has said: auto-context (Z. Tu, CVPR 2008). `python -m digits.handwriting.learning` trains both.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from digits.errors import UserError
from digits.handwriting.background import missing_light
from digits.handwriting.components import Component, connected_components

LEVELS = 6  # the cells of the last one are 32 pixels wide: it sees 224 pixels, and digits have 8 to 250
REACH, COLOUR = 3, 1  # cells on each side of the pixel's own; of colours
UNSURE = 0.05  # what the first network is surer of, the second one does not look at
PALE = 0.03  # less of the paper's light is missing in paper: in the strokes of a pencil it is 0.05, in a shadow 0.02
FULL, MOST = 0.9, 1.5  # this share of the dark pixels is less dark than full; and no darkness counts as more than MOST
FINE = 90_000  # pixels at most; a larger picture is looked at in half its resolution first
PART = 30_000  # ... at a time, for which some 50 MB are enough
SMALL = 20  # ... and in full if its digits are less high there, in pixels
THRESHOLDS = 0.35, 0.6  # of its output: with the soft edges of strokes, and without
SHARES = 0.4, 0.6  # ... and of darkness, as shares of that which is usual in strokes
CERTAIN = 0.95  # of a component, the eye is so sure in one pixel at least
WHOLE = 0.3  # a component is handwriting if the mean output in it is higher: in lines it is 0.1
BUNDLED = Path(__file__).with_name("eye.npz")

Layers = list[tuple[np.ndarray, np.ndarray]]  # weights (inputs, outputs) and biases (outputs,) of each, float32


class Eye(NamedTuple):
    """The layers of the first network and of the second."""

    first: Layers
    second: Layers


class View(NamedTuple):
    """A level of an image pyramid, and how many of its cells are seen on each side of the pixel's own."""

    plane: np.ndarray
    reach: int


Views = list[list[View]]  # of each level of the pyramids, the finest first


def half(plane: np.ndarray) -> np.ndarray:
    """A plane (H, W, ...) at half its resolution: the means of 2 x 2; an odd row or column counts twice."""
    plane = np.pad(plane, [(0, side % 2) for side in plane.shape[:2]] + [(0, 0)] * (plane.ndim - 2), "edge")
    return (plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2]) / 4


def pyramid(plane: np.ndarray) -> list[np.ndarray]:
    """A plane (H, W) and its halves, LEVELS in all."""
    planes = [plane]
    while len(planes) < LEVELS:
        planes.append(half(planes[-1]))
    return planes


def shown(missing: np.ndarray) -> tuple[Views, np.ndarray]:
    """What the first network sees of missing light (H, W, 3): darkness and two differences of colours, 0..1; and where
    it looks, at what is not PALE (H, W) bool.
    """
    darkness = missing.mean(2)
    where = darkness > PALE
    dark = darkness[where]
    place = int(FULL * len(dark))
    full = np.float32(MOST * (np.partition(dark, place)[place] if len(dark) else 1))
    red, green, blue = np.moveaxis(missing / full, 2, 0)
    seen = [[View(plane, REACH)] for plane in pyramid((darkness / full).clip(0, 1))]
    seen[0] = [View(seen[0][0].plane, REACH - 1)]  # the next level is nearly as fine, and costs a quarter
    for colour in (red - blue, green - (red + blue) / 2):
        for views, plane in zip(seen[1:], pyramid((0.5 + 0.5 * colour).clip(0, 1))[1:], strict=True):
            views.append(View(plane, COLOUR))  # not in the finest: cameras keep colours at half the resolution
    return seen, where


def shown_again(seen: Views, said: np.ndarray) -> Views:
    """What the second network sees: the same, and what the first one has said (H, W), with the reach of darkness."""
    return [[*views, View(plane, views[0].reach)] for views, plane in zip(seen, pyramid(said), strict=True)]


def patches(plane: np.ndarray, reach: int, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """What is around some cells (N,) of a plane, row by row: (N, (2 * reach + 1) ** 2). Its border goes on for ever."""
    side = 2 * reach + 1
    return sliding_window_view(np.pad(plane, reach, "edge"), (side, side))[rows, columns].reshape(-1, side**2)


def inputs(seen: Views, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """What is seen from some pixels (N,): (N, inputs) float32 0..1, by levels, views, rows and columns of cells."""
    cells = [(rows >> halved, columns >> halved) for halved in range(LEVELS)]
    parts = [patches(*view, *at) for views, at in zip(seen, cells, strict=True) for view in views]
    return np.concatenate(parts, 1)


def outputs(layers: Layers, seen: Views, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The output (N,) of a network that looks at some pixels (N,).

    The weighted inputs of the first layer are sums over levels, and on a level they are the same for all pixels of a
    cell, so they are found once for each cell: a quarter of the work on each further level.
    """
    (weights, biases), *rest = layers
    z, first = np.tile(biases, (len(rows), 1)), 0
    for halved, views in enumerate(seen):
        height, width = views[0].plane.shape
        cells, owner = distinct((rows >> halved) * width + (columns >> halved), height * width)
        around = np.concatenate([patches(*view, *np.divmod(cells, width)) for view in views], 1)
        z += (around @ weights[first : first + around.shape[1]])[owner]
        first += around.shape[1]
    a = sigmoid(z)
    for weights, biases in rest:
        a = sigmoid(a @ weights + biases)
    return a[:, 0]


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)), 0 where that is too small a number."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


def distinct(values: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct ones of integers (N,) below a count, in order, and the place of each value among them."""
    there = np.zeros(count, bool)
    there[values] = True
    return np.flatnonzero(there), (there.cumsum() - 1)[values]


def answers(layers: Layers, seen: Views, where: np.ndarray) -> np.ndarray:
    """What a network says of the pixels of a mask (H, W) bool: (H, W) float32, 0 of others."""
    said = np.zeros(where.shape, np.float32)
    rows, columns = where.nonzero()
    for first in range(0, len(rows), PART):
        at = rows[first : first + PART], columns[first : first + PART]
        said[at] = outputs(layers, seen, *at)
    return said


def reduced(plane: np.ndarray) -> np.ndarray:
    """A plane (H, W, ...) in the resolution in which it is looked at first."""
    return half(plane) if plane.shape[0] * plane.shape[1] > FINE else plane


def look(eye: Eye, missing: np.ndarray) -> np.ndarray:
    """How surely each pixel is handwriting, (H, W) float32 0..1, by the light that is missing (H, W, 3).

    A large picture is looked at in half its resolution, which is faster; then in full, if its digits are small, or none
    is seen.
    """
    coarse = reduced(missing)
    said = look_once(eye, coarse)
    if coarse is missing:
        return said
    if usual_height(said) < SMALL:
        return look_once(eye, missing)
    height, width = missing.shape[:2]
    fine = cv2.resize(said, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)[:height, :width]
    return np.where(missing.mean(2) > PALE, fine, np.float32(0))


def look_once(eye: Eye, missing: np.ndarray) -> np.ndarray:
    """What the second network says of each pixel (H, W) of which the first one is unsure, and else the first one."""
    seen, where = shown(missing)
    said = answers(eye.first, seen, where)
    unsure = (said > UNSURE) & (said < 1 - UNSURE)
    return np.where(unsure, answers(eye.second, shown_again(seen, said), unsure), said)


def usual_height(sure: np.ndarray) -> float:
    """The usual height of what is handwriting (H, W), in pixels: half of all pixels are in higher components."""
    _, _, stats, _ = cv2.connectedComponentsWithStats((sure > 0.5).astype(np.uint8), connectivity=8)
    heights, areas = stats[1:, cv2.CC_STAT_HEIGHT], stats[1:, cv2.CC_STAT_AREA]
    order = np.argsort(heights, kind="stable")
    return float(heights[order][np.searchsorted(areas[order].cumsum(), areas.sum() / 2)]) if len(heights) else 0.0


@cache
def packed() -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Of each layer of the eye that comes with digits: the neurons' steps (n,) and biases (n,) float32, and the weights
    (inputs, n) int8 in those steps.
    """
    with np.load(BUNDLED) as saved:
        return [(saved[f"steps{n}"], saved[f"biases{n}"], saved[f"weights{n}"]) for n in range(len(saved.files) // 3)]


@cache
def bundled() -> Eye:
    """The eye that comes with digits, as `digits.handwriting.learning` has trained it."""
    layers = [(steps * weights, biases) for steps, biases, weights in packed()]
    return Eye(layers[:3], layers[3:])


class Foreground(NamedTuple):
    """`darkness` (H, W) float32, times how sure the eye is; `labels` (H, W) int32, list of the connected components."""

    darkness: np.ndarray
    labels: np.ndarray
    components: list[Component]


class Sight(NamedTuple):
    """How sure the eye is of each pixel of a picture, 0..1, and how much light is missing there: (H, W) float32."""

    sure: np.ndarray
    darkness: np.ndarray

    def turned(self, degrees: int) -> "Sight":
        """What is seen in the picture after it is turned counterclockwise by a multiple of 90 degrees."""
        return Sight(*(np.ascontiguousarray(np.rot90(plane, degrees // 90)) for plane in self))


def see(pixels: np.ndarray) -> Sight:
    """What the eye that comes with digits sees in a picture (H, W, 3) uint8."""
    missing = missing_light(pixels)
    return Sight(look(bundled(), missing), missing.mean(2))


def foregrounds(sight: Sight) -> list[Foreground]:
    """Guesses at what is foreground in a picture: of what the eye is so sure, and of what is so dark.

    Raises UserError if there is none.
    """
    sure, darkness = sight
    guesses = [(sure > threshold, sure) for threshold in THRESHOLDS]  # each with how sure it is, then
    if (sure > 0.5).any():
        usual = np.median(darkness[sure > 0.5])
        guesses += [whole(darkness > max(share * usual, PALE), sure) for share in SHARES]
    found = [Foreground(now * darkness, *connected_components(mask, sure, now > CERTAIN)) for mask, now in guesses]
    if not any(guess.components for guess in found):
        raise UserError(
            "shows no digit: nothing on it stands out as strokes do; write darker, or leave a margin around them"
        )
    return [guess for guess in found if guess.components]


def whole(dark: np.ndarray, sure: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of what is dark (H, W) bool, that of which the eye is more sure than not; and how sure it is (H, W).

    It is certain of a connected component of what is dark that is handwriting in the mean: a stroke that looks like a
    ruled line, but ends in others which do not, is one of theirs.
    """
    count, labels = cv2.connectedComponents(dark.astype(np.uint8), connectivity=8)
    labels = labels.ravel()
    means = np.bincount(labels, sure.ravel(), count) / np.bincount(labels, minlength=count).clip(1)
    means[0] = 0  # what is not dark
    sure = np.where(means[labels].reshape(sure.shape) > WHOLE, np.float32(1), sure)
    return dark & (sure > 0.5), sure
