"""The eye: two networks of sigmoid neurons that look at a pixel and say whether it is handwriting.

Each is a detector with one output neuron, as the chapter's "is it a 9?". It sees an image pyramid, which is the picture
and the picture at a half, a quarter and so on of its resolution: on each level a few cells around the pixel. So it sees
how wide a stroke is, how it bends, and whether it goes on as the side of a box does. The second network also sees the
outputs of the first: auto-context (Z. Tu, CVPR 2008). `python -m digits.augment.eye_learning` trains both.
"""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from digits.checkpoint.packed import Layers, load, unpack
from digits.handwriting.background import missing_light
from digits.handwriting.components import weighted_median

LEVELS = 6  # a cell of the last one is 32 pixels wide, so 224 pixels are seen: digits have 8 to 250
REACH, COLOUR = 3, 1  # cells that are seen on each side of the pixel's own: of darkness, and of colours
UNSURE = 0.05  # the second network looks where the first one's output is farther than this from 0 and from 1
PALE = 0.03  # less of the paper's light is missing in paper: in the strokes of a pencil it is 0.05, in a shadow 0.02
FULL = 0.9  # the percentile of the dark pixels whose darkness counts as full
DARKEST = 1.5  # so many times full is the most darkness that counts
HALVED = 90_000  # a picture of more pixels is looked at in half its resolution first
PART = 30_000  # pixels that a network looks at together; 50 MB are enough for that
LEGIBLE = 20  # a picture is looked at in full, too, if its digits are less high in half its resolution, in pixels
TEXTURE = 0.2  # a picture is noise if a larger share of it is not PALE, and of that
NOISE = 0.001  # a smaller share is CERTAIN: it is not looked at in full, which would find no more
CERTAIN = 0.95  # in one pixel of a component at least, the eye is surer
BUNDLED = Path(__file__).with_name("eye.npz")

Eye = tuple[Layers, Layers]  # of the first network and of the second


# Of each level of the pyramids, the finest first: its planes (H, W), and how many cells of each are seen on each side.
Views = list[list[tuple[np.ndarray, int]]]


def half(plane: np.ndarray) -> np.ndarray:
    """Return a plane (H, W, ...) at half its resolution: the means of 2 x 2 pixels. An odd last row or column counts
    twice.
    """
    plane = np.pad(plane, [(0, side % 2) for side in plane.shape[:2]] + [(0, 0)] * (plane.ndim - 2), "edge")
    return (plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2]) / 4


def pyramid(plane: np.ndarray) -> list[np.ndarray]:
    """Return a plane (H, W) and its halves, LEVELS in all."""
    planes = [plane]
    while len(planes) < LEVELS:
        planes.append(half(planes[-1]))
    return planes


def shown(missing: np.ndarray) -> tuple[Views, np.ndarray]:
    """Return what the first network sees of missing light (H, W, 3): darkness and two differences of colours, 0..1; and
    which pixels it looks at, (H, W) bool: those that are not PALE.
    """
    darkness = missing.mean(2)
    where = darkness > PALE
    dark = darkness[where]
    place = int(FULL * len(dark))
    full = np.float32(DARKEST * (np.partition(dark, place)[place] if len(dark) else 1))
    red, green, blue = np.moveaxis(missing / full, 2, 0)
    planes = darkness / full, 0.5 + 0.5 * (red - blue), 0.5 + 0.5 * (green - (red + blue) / 2)
    (finest, *_), *levels = zip(*(pyramid(plane.clip(0, 1)) for plane in planes), strict=True)
    # Of the finest level, which costs most, less is seen: no colours, as cameras keep them at half the resolution.
    coarser = [list(zip(level, (REACH, COLOUR, COLOUR), strict=True)) for level in levels]
    return [[(finest, REACH - 1)], *coarser], where


def shown_again(seen: Views, output: np.ndarray) -> Views:
    """Return what the second network sees: the same and, with the reach of darkness, the first one's output (H, W)."""
    return [[*views, (plane, views[0][1])] for views, plane in zip(seen, pyramid(output), strict=True)]


def patches(plane: np.ndarray, reach: int, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return what is around cells (N,) of a plane, row by row: (N, (2 * reach + 1) ** 2). Its border goes on."""
    side = 2 * reach + 1
    return sliding_window_view(np.pad(plane, reach, "edge"), (side, side))[rows, columns].reshape(-1, side**2)


def inputs(seen: Views, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return what is seen around pixels (N,): (N, inputs) float32 0..1, by levels, planes, rows and columns."""
    cells = [(rows >> halved, columns >> halved) for halved in range(LEVELS)]
    parts = [patches(*view, *cell) for views, cell in zip(seen, cells, strict=True) for view in views]
    return np.concatenate(parts, 1)


def outputs(layers: Layers, seen: Views, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the output (N,) of a network that looks at pixels (N,).

    The weighted input of a neuron in the first layer is a sum over levels, of which each summand is the same for all
    pixels of a cell. So it is found once for each cell: a quarter of the work on each further level.
    """
    (weights, biases), *rest = layers
    z, first = np.tile(biases, (len(rows), 1)), 0
    for halved, views in enumerate(seen):
        width = views[0][0].shape[1]
        cells, owner = np.unique((rows >> halved) * width + (columns >> halved), return_inverse=True)
        around = np.concatenate([patches(*view, *np.divmod(cells, width)) for view in views], 1)
        z += (around @ weights[first : first + around.shape[1]])[owner]
        first += around.shape[1]
    a = sigmoid(z)
    for weights, biases in rest:
        a = sigmoid(a @ weights + biases)
    return a[:, 0]


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)); 0 where float32 has no number so small."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


def outputs_at(layers: Layers, seen: Views, where: np.ndarray) -> np.ndarray:
    """Return the outputs of a network that looks at the pixels of a mask (H, W) bool: (H, W) float32, 0 elsewhere."""
    output = np.zeros(where.shape, np.float32)
    rows, columns = where.nonzero()
    for first in range(0, len(rows), PART):
        part = rows[first : first + PART], columns[first : first + PART]
        output[part] = outputs(layers, seen, *part)
    return output


def reduced(plane: np.ndarray) -> np.ndarray:
    """Return a plane (H, W, ...) of a picture in the resolution in which the eye looks at it first."""
    return half(plane) if plane.shape[0] * plane.shape[1] > HALVED else plane


def look(eye: Eye, missing: np.ndarray) -> np.ndarray:
    """Return how surely each pixel is handwriting, (H, W) float32 0..1, given the light (H, W, 3) that is missing.

    A large picture is looked at in half its resolution, which is faster; if its digits are small, or none is seen, then
    in full.
    """
    coarse = reduced(missing)
    sure = look_once(eye, coarse)
    if coarse is missing:
        return sure
    if not is_noise(sure) and usual_height(sure) < LEGIBLE:
        return look_once(eye, missing)
    height, width = missing.shape[:2]
    fine = cv2.resize(sure, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)[:height, :width]
    return np.where(missing.mean(2) > PALE, fine, np.float32(0))


def look_once(eye: Eye, missing: np.ndarray) -> np.ndarray:
    """Return the first network's output for each pixel (H, W); where that is unsure, the second one's."""
    seen, where = shown(missing)
    first, second = eye
    sure = outputs_at(first, seen, where)
    unsure = (sure > UNSURE) & (sure < 1 - UNSURE)
    return np.where(unsure, outputs_at(second, shown_again(seen, sure), unsure), sure)


def is_noise(sure: np.ndarray) -> bool:
    """Return whether a picture is textured nearly everywhere, and hardly any of that is handwriting (H, W)."""
    looked = np.count_nonzero(sure)  # the eye gives exactly 0 where it did not look
    return looked > TEXTURE * sure.size and np.count_nonzero(sure > CERTAIN) < NOISE * looked


def usual_height(sure: np.ndarray) -> float:
    """Return the usual height of handwriting (H, W), in pixels: half of its pixels are in higher components."""
    _, _, stats, _ = cv2.connectedComponentsWithStats((sure > 0.5).astype(np.uint8), connectivity=8)
    heights, areas = stats[1:, cv2.CC_STAT_HEIGHT], stats[1:, cv2.CC_STAT_AREA]
    return weighted_median(heights, areas) if len(heights) else 0.0


@cache
def bundled() -> Eye:
    """Return the eye that comes with digits, which `digits.augment.eye_learning` has trained."""
    layers = unpack(load(BUNDLED))
    return layers[:3], layers[3:]


def see(pixels: np.ndarray) -> np.ndarray:
    """Return two planes (2, H, W) float32 of a picture (H, W, 3) uint8: the share of the background's light that each
    pixel lacks, and how sure the bundled eye is that it is handwriting, 0..1.
    """
    missing = missing_light(pixels)
    return np.stack([missing.mean(2), look(bundled(), missing)])
