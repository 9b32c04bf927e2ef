"""Normalization: the strokes of one digit, drawn the way MNIST's digits were.

MNIST's digits were scaled to fit 20x20 with their aspect ratio kept, anti-aliased, and placed with their centre of mass
in pixel 14 of 28x28, counted from 0 (Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits").
Before that, an unusual slant or stroke width is corrected here. What a digit was cut from is drawn faintly beside it:
without that, nobody can tell whether a stroke is a 1 or the left side of a 0.
"""

import cv2
import numpy as np

BOX, MIDDLE = 20, 14.5  # the longer side of a digit, and where its centre of mass is, in 28x28 pixels
FINE = 4  # resolution of all steps but the last: pixels to one of MNIST's
REST, NEAR = 0.5, 5  # what a digit is cut from is so light, and is drawn up to about so many pixels beside it

# Tuned on MNIST's validation digits.
SLANT = -0.25, 0.0  # range of the slant, in columns per row: a negative one leans to the right
SLANTED = -1.04, 0.81  # slants of 99.8 % of MNIST's training digits: a dash has more, most of which it keeps
STROKE = 2.0, 4.0  # range of the stroke width, in MNIST's pixels


def normalize(strokes: np.ndarray, rest: np.ndarray | None = None) -> np.ndarray:
    """Draw one digit (H, W) float32 0..1, 1 on its strokes, with any margins, as MNIST does: (28, 28) float32 0..1.

    `rest` (H, W) bool is True on the rest of the strokes that it is cut from, whose width is not corrected.
    """
    left, top, right, bottom = bounds(_drawn(strokes))
    strokes = strokes[top:bottom, left:right]
    scale = BOX * FINE / max(strokes.shape)
    height, width = (max(1, round(n * scale)) for n in strokes.shape)
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    margin = NEAR * FINE  # also for the shear
    enlarged = np.zeros((height + 2 * margin, width + 2 * margin), np.float32)
    enlarged[margin:-margin, margin:-margin] = cv2.resize(strokes, (width, height), interpolation=interpolation)
    shear, size = deslanting(enlarged), enlarged.shape[::-1]
    drawn = normalize_stroke_width(_drawn(cv2.warpAffine(enlarged, shear, size)))
    inner = bounds(drawn)
    inside = slice(inner[1], inner[3]), slice(inner[0], inner[2])
    reduction = BOX / max(drawn[inside].shape)
    x, y = centre_of_mass(drawn[inside])
    rows = _shares(size[1], reduction, MIDDLE - (y + inner[1]) * reduction)
    columns = _shares(size[0], reduction, MIDDLE - (x + inner[0]) * reduction)
    digit = rows[:, inside[0]] @ drawn[inside] @ columns[:, inside[1]].T
    if rest is not None:
        x, y = (scale * (0.5 - corner) - 0.5 + margin for corner in (left, top))  # as `resize` places pixels
        around = cv2.warpAffine(rest.astype(np.float32), shear @ [[scale, 0, x], [0, scale, y], [0, 0, 1]], size)
        far = round(NEAR / reduction)
        near = tuple(slice(max(side.start - far, 0), side.stop + far) for side in inside)
        faint = rows[:, near[0]] @ (around[near] > 0.5) @ columns[:, near[1]].T
        digit = np.maximum(digit, REST * (1 - digit) * faint)
    return digit.astype(np.float32).clip(0, 1)


def _drawn(strokes: np.ndarray) -> np.ndarray:
    """Return where a pixel is at least half covered by strokes; if none is, where it is nearly the darkest."""
    return strokes > min(0.5, 0.9 * strokes.max())


def deslanting(strokes: np.ndarray) -> np.ndarray:
    """Return the shear (2, 3) after which the slant of a digit (H, W), by its second moments, is within SLANT.

    A slant beyond SLANTED is corrected as if it were just that.
    """
    moments = cv2.moments(strokes)
    slant = np.clip(moments["mu11"] / max(moments["mu02"], 1e-9), *SLANTED)
    excess = slant - np.clip(slant, *SLANT)
    middle = moments["m01"] / moments["m00"]  # this row stays where it is
    return np.array([[1, -excess, excess * middle], [0, 1, 0]])


def normalize_stroke_width(drawn: np.ndarray) -> np.ndarray:
    """Thicken or thin the strokes of a digit (H, W) bool, in FINE times MNIST's resolution, to a width in STROKE."""
    depth = cv2.distanceTransform(drawn.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    width = 4 * depth[drawn].mean() / FINE  # across a stroke of width w, the mean distance to its edge is w / 4
    more = (min(max(width, STROKE[0]), STROKE[1]) - width) / 2 * FINE
    if more > 0:
        return cv2.distanceTransform((~drawn).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= more
    return depth > min(-more, 0.9 * depth.max())


def _shares(pixels: int, scale: float, shift: float) -> np.ndarray:
    """Return how much of each pixel of a row, scaled and then shifted, falls into each of 28 pixels: (28, pixels)."""
    edges = np.arange(pixels + 1) * scale + shift
    cell = np.arange(28)[:, None]
    return (np.minimum(edges[1:], cell + 1) - np.maximum(edges[:-1], cell)).clip(0)


def bounds(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the True pixels of a mask (H, W); right and bottom are outside."""
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return left, top, left + width, top + height


def centre_of_mass(image: np.ndarray) -> tuple[float, float]:
    """Return the x and y of an image's centre of mass; the first pixel reaches from 0 to 1."""
    x, y = (np.average(np.arange(image.shape[1 - axis]) + 0.5, weights=image.sum(axis)) for axis in (0, 1))
    return float(x), float(y)


def is_normalized(pixels: np.ndarray) -> bool:
    """Return whether pixels (H, W, 3) uint8 are drawn as MNIST's 70,000 are: grey, 28x28, in a box of 20 (a few of 19)
    pixels, with the centre of mass in the middle.
    """
    grey = pixels[:, :, 0]
    if grey.shape != (28, 28) or not grey.any() or (pixels != grey[:, :, None]).any():
        return False
    left, top, right, bottom = bounds(grey > 0)
    x, y = centre_of_mass(grey.astype(float))
    return 19 <= max(right - left, bottom - top) <= BOX and max(abs(x - MIDDLE), abs(y - MIDDLE)) < 0.6
