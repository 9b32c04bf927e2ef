"""Normalize the strokes of one digit: draw them the way MNIST's digits were drawn.

MNIST's digits were scaled to fit 20x20 pixels with their aspect ratio kept, anti-aliased, and placed with their centre
of mass in pixel 14 of 28x28, counted from 0 (Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten
digits"). Here, an unusual slant or stroke width is corrected first. If a digit is cut from larger strokes, the rest of
these strokes can be drawn in grey beside it. Without this context, a 1 looks like the left side of a 0.
"""

import cv2
import numpy as np

BOX, MIDDLE = 20, 14.5  # the longer side of a digit, and both coordinates of its centre of mass, in 28x28 pixels
FINE = 4  # all steps but the last work at this many times MNIST's resolution
REST, NEAR = 0.5, 5  # brightness of the context, and how far from the digit it is drawn, in pixels

SLANT = -0.1, 0.1  # range of slants after deslanting, in columns per row; digits with a negative slant lean right
SLANTED = -1.04, 0.81  # slants of 99.8 % of MNIST's training digits; a dash slants more, and mostly keeps its slant
STROKE = 2.5, 3.2  # range of stroke widths after normalization, in MNIST's pixels


def normalize(strokes: np.ndarray, rest: np.ndarray | None = None) -> np.ndarray:
    """Draw the `strokes` (H, W) float32 0..1 of a digit as MNIST does: (28, 28) float32 0..1. Any margins are cropped.

    `rest` (H, W) bool is the context: the rest of the strokes that the digit is cut from. Its stroke width is kept.
    """
    left, top, right, bottom = bounds(_drawn(strokes))
    strokes = strokes[top:bottom, left:right]
    scale = BOX * FINE / max(strokes.shape)
    height, width = (max(1, round(n * scale)) for n in strokes.shape)
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    margin = NEAR * FINE  # room for the context, and for the shear
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
        x, y = (scale * (0.5 - corner) - 0.5 + margin for corner in (left, top))  # where cv2.resize puts pixel 0
        around = cv2.warpAffine(rest.astype(np.float32), shear @ [[scale, 0, x], [0, scale, y], [0, 0, 1]], size)
        reach = round(NEAR / reduction)
        near = tuple(slice(max(side.start - reach, 0), side.stop + reach) for side in inside)
        faint = rows[:, near[0]] @ (around[near] > 0.5) @ columns[:, near[1]].T
        digit = np.maximum(digit, REST * (1 - digit) * faint)
    return digit.astype(np.float32).clip(0, 1)


def _drawn(strokes: np.ndarray) -> np.ndarray:
    """Return a mask of the pixels above 0.5, or above 0.9 times the maximum if that is less."""
    return strokes > min(0.5, 0.9 * strokes.max())


def deslanting(strokes: np.ndarray) -> np.ndarray:
    """Return the affine map (2, 3) that shears a digit (H, W) until its slant is within SLANT.

    The slant is measured by second moments and clipped to SLANTED.
    """
    moments = cv2.moments(strokes)
    slant = np.clip(moments["mu11"] / max(moments["mu02"], 1e-9), *SLANTED)
    excess = slant - np.clip(slant, *SLANT)
    middle = moments["m01"] / moments["m00"]  # the shear does not move this row
    return np.array([[1, -excess, excess * middle], [0, 1, 0]])


def normalize_stroke_width(drawn: np.ndarray) -> np.ndarray:
    """Thicken or thin the strokes of a digit (H, W) bool, at FINE times MNIST's resolution, to a width in STROKE."""
    depth = cv2.distanceTransform(drawn.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    width = 4 * depth[drawn].mean() / FINE  # across a stroke of width w, the mean distance to its edge is w / 4
    more = (min(max(width, STROKE[0]), STROKE[1]) - width) / 2 * FINE
    if more > 0:
        return cv2.distanceTransform((~drawn).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= more
    return depth > min(-more, 0.9 * depth.max())


def _shares(pixels: int, scale: float, shift: float) -> np.ndarray:
    """Return how much of each pixel of a row falls into each of 28 pixels after scaling and shifting: (28, pixels)."""
    edges = np.arange(pixels + 1) * scale + shift
    cell = np.arange(28)[:, None]
    return (np.minimum(edges[1:], cell + 1) - np.maximum(edges[:-1], cell)).clip(0)


def bounds(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the True pixels of a mask (H, W). Right and bottom are just outside."""
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return left, top, left + width, top + height


def centre_of_mass(image: np.ndarray) -> tuple[float, float]:
    """Return the x and y of an image's centre of mass. The first pixel extends from 0 to 1."""
    x, y = (np.average(np.arange(image.shape[1 - axis]) + 0.5, weights=image.sum(axis)) for axis in (0, 1))
    return float(x), float(y)


def is_normalized(pixels: np.ndarray) -> bool:
    """Return whether pixels (H, W, 3) uint8 could be one of MNIST's 70,000 images.

    These are grey and 28x28. The longer side of the digit has 20 pixels (in a few images 19), and the centre of mass is
    in the middle.
    """
    grey = pixels[:, :, 0]
    if grey.shape != (28, 28) or not grey.any() or (pixels != grey[:, :, None]).any():
        return False
    left, top, right, bottom = bounds(grey > 0)
    x, y = centre_of_mass(grey.astype(float))
    return 19 <= max(right - left, bottom - top) <= BOX and max(abs(x - MIDDLE), abs(y - MIDDLE)) < 0.6
