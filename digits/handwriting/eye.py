"""The eye: two networks of sigmoid neurons that score how likely each pixel of a picture is handwriting.

Each network is a detector with one output neuron, like the chapter's "is it a 9?". Its inputs are a few cells around
the pixel on each level of an image pyramid: the picture at full resolution, at a half, at a quarter, and so on. So the
network can tell how wide a stroke is, how it bends, and whether it continues like the side of a box. The second network
also sees the scores of the first network: auto-context (Z. Tu, CVPR 2008). `python -m tools.forge.eye_learning`
trains both.
"""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from digits.checkpoint.packed import Layers, load, unpack
from digits.handwriting.background import missing_light
from digits.handwriting.components import weighted_median

LEVELS = 6  # levels of the pyramid; the last has cells of 32 pixels, so the eye sees 224; digits are 8 to 250 high
REACH, COLOUR = 3, 1  # cells seen on each side of the pixel's own cell, in darkness and in colours
UNSURE = 0.05  # the second network scores pixels whose first score is at least this far from 0 and 1
PALE = 0.03  # pixels less than this darker than the background are paper; pencil strokes are 0.05 darker, shadows 0.02
FULL = 0.9  # this quantile of the darkness counts as full darkness
DARKEST = 1.5  # darkness is clipped at this many times full darkness
HALVED = 90_000  # a picture with more pixels is scored at half its resolution first
PART = 30_000  # pixels scored at a time, which takes about 50 MB
LEGIBLE = 20  # if digits have fewer pixels in height at half resolution, the picture is scored again at full resolution
# A picture is noise if more than TEXTURE of its pixels are not PALE, and less than NOISE of these are CERTAIN. Noise is
# not scored again, because full resolution would find no more handwriting in it.
TEXTURE, NOISE = 0.2, 0.001
CERTAIN = 0.95  # each component of handwriting has at least one pixel with a higher score
BUNDLED = Path(__file__).with_name("eye.npz")

Eye = tuple[Layers, Layers]  # the first network and the second
# For each level of the pyramid, finest first: its planes (H, W), each with the number of cells seen on each side.
Views = list[list[tuple[np.ndarray, int]]]


def half(plane: np.ndarray) -> np.ndarray:
    """Return the means of 2 x 2 pixels of a plane (H, W, ...). An odd last row or column counts twice."""
    plane = np.pad(plane, [(0, side % 2) for side in plane.shape[:2]] + [(0, 0)] * (plane.ndim - 2), "edge")
    return (plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2]) / 4


def pyramid(plane: np.ndarray) -> list[np.ndarray]:
    """Return a plane (H, W) at LEVELS resolutions, each half the one before."""
    planes = [plane]
    while len(planes) < LEVELS:
        planes.append(half(planes[-1]))
    return planes


def first_views(missing: np.ndarray) -> tuple[Views, np.ndarray]:
    """Return the first network's views of the missing light (H, W, 3), and a mask (H, W) of the pixels to score.

    The views show darkness and two colour differences, all 0..1. PALE pixels are not scored.
    """
    darkness = missing.mean(2)
    mask = darkness > PALE
    dark = darkness[mask]
    place = int(FULL * len(dark))
    full = np.float32(DARKEST * (np.partition(dark, place)[place] if len(dark) else 1))
    red, green, blue = np.moveaxis(missing / full, 2, 0)
    planes = darkness / full, 0.5 + 0.5 * (red - blue), 0.5 + 0.5 * (green - (red + blue) / 2)
    (finest, *_), *levels = zip(*(pyramid(plane.clip(0, 1)) for plane in planes), strict=True)
    # The finest level costs most, so its reach is smaller. Cameras store colours at half resolution, so it has none.
    coarser = [list(zip(level, (REACH, COLOUR, COLOUR), strict=True)) for level in levels]
    return [[(finest, REACH - 1)], *coarser], mask


def second_views(views: Views, scores: np.ndarray) -> Views:
    """Return the second network's views: those of the first network, and the first network's scores (H, W)."""
    return [[*planes, (plane, planes[0][1])] for planes, plane in zip(views, pyramid(scores), strict=True)]


def patches(plane: np.ndarray, reach: int, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the square around each of N cells: (N, (2 * reach + 1) ** 2). Beyond the border, border cells repeat."""
    side = 2 * reach + 1
    return sliding_window_view(np.pad(plane, reach, "edge"), (side, side))[rows, columns].reshape(-1, side**2)


def inputs(views: Views, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the inputs of a network for N pixels: (N, inputs) float32 0..1, by level, plane, row and column."""
    cells = [(rows >> level, columns >> level) for level in range(LEVELS)]
    parts = [patches(*view, *cell) for planes, cell in zip(views, cells, strict=True) for view in planes]
    return np.concatenate(parts, 1)


def outputs(layers: Layers, views: Views, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the output (N,) of a network for N pixels.

    The weighted input of a neuron in the first layer is a sum with a term for each level. All pixels in a cell have the
    same term, so it is computed once per cell. So each level takes a quarter of the work of the level before.
    """
    (weights, biases), *rest = layers
    z, first = np.tile(biases, (len(rows), 1)), 0
    for level, planes in enumerate(views):
        width = planes[0][0].shape[1]
        cells, owner = np.unique((rows >> level) * width + (columns >> level), return_inverse=True)
        around = np.concatenate([patches(*view, *np.divmod(cells, width)) for view in planes], 1)
        z += (around @ weights[first : first + around.shape[1]])[owner]
        first += around.shape[1]
    a = sigmoid(z)
    for weights, biases in rest:
        a = sigmoid(a @ weights + biases)
    return a[:, 0]


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-z))."""
    with np.errstate(over="ignore"):  # exp(-z) may overflow to infinity, and the sigmoid is then 0
        return 1 / (1 + np.exp(-z))


def outputs_at(layers: Layers, views: Views, mask: np.ndarray) -> np.ndarray:
    """Return the outputs of a network for the pixels of a mask (H, W) bool: (H, W) float32, 0 outside the mask."""
    scores = np.zeros(mask.shape, np.float32)
    rows, columns = mask.nonzero()
    for first in range(0, len(rows), PART):
        part = rows[first : first + PART], columns[first : first + PART]
        scores[part] = outputs(layers, views, *part)
    return scores


def reduced(plane: np.ndarray) -> np.ndarray:
    """Return a plane (H, W, ...) at the resolution that the eye looks at first."""
    return half(plane) if plane.shape[0] * plane.shape[1] > HALVED else plane


def look(eye: Eye, missing: np.ndarray) -> np.ndarray:
    """Return the score of each pixel, (H, W) float32 0..1, given the missing light (H, W, 3).

    A large picture is scored at half its resolution first, which is faster. If its digits turn out to be small, or no
    digit is found, the picture is scored again at full resolution, unless it is noise.
    """
    coarse = reduced(missing)
    scores = look_once(eye, coarse)
    if coarse is missing:
        return scores
    if not is_noise(scores) and usual_height(scores) < LEGIBLE:
        return look_once(eye, missing)
    height, width = missing.shape[:2]
    fine = cv2.resize(scores, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)[:height, :width]
    return np.where(missing.mean(2) > PALE, fine, np.float32(0))


def look_once(eye: Eye, missing: np.ndarray) -> np.ndarray:
    """Score each pixel (H, W) with the first network, and with the second where the first is unsure."""
    views, mask = first_views(missing)
    first, second = eye
    scores = outputs_at(first, views, mask)
    unsure = (scores > UNSURE) & (scores < 1 - UNSURE)
    return np.where(unsure, outputs_at(second, second_views(views, scores), unsure), scores)


def is_noise(scores: np.ndarray) -> bool:
    """Return whether a picture with these scores (H, W) has texture nearly everywhere, and hardly any handwriting."""
    scored = np.count_nonzero(scores)  # pixels that were not scored are exactly 0
    certain = np.count_nonzero(scores > CERTAIN)
    return bool(scored > TEXTURE * scores.size and certain < NOISE * scored)


def usual_height(scores: np.ndarray) -> float:
    """Return the median height in pixels of the components of handwriting, weighted by area, or 0 if there are none."""
    _, _, stats, _ = cv2.connectedComponentsWithStats((scores > 0.5).astype(np.uint8), connectivity=8)
    heights, areas = stats[1:, cv2.CC_STAT_HEIGHT], stats[1:, cv2.CC_STAT_AREA]
    return weighted_median(heights, areas) if len(heights) else 0.0


@cache
def bundled() -> Eye:
    """Return the eye that comes with this program."""
    layers = unpack(load(BUNDLED))
    return layers[:3], layers[3:]


def see(pixels: np.ndarray) -> np.ndarray:
    """Return the darkness of a picture (H, W, 3) uint8 and the bundled eye's scores, as planes (2, H, W) float32.

    Darkness is the share of the background's light that a pixel lacks.
    """
    missing = missing_light(pixels)
    return np.stack([missing.mean(2), look(bundled(), missing)])
