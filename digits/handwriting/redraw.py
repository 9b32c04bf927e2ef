"""One digit's ink, drawn the way MNIST's digits were.

They were scaled into a box of 20x20 with their aspect kept, anti-aliased, and placed with their centre of mass in the
middle of 28x28 (Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits"). Strokes that are thinner
or thicker than MNIST's, and digits that lean more than most of MNIST's, are brought nearer to them first.
"""

import cv2
import numpy as np

BOX = 20  # pixels of 28 that a digit fills
FINE = 4  # how much finer than MNIST's a drawing is, until its last step

# Tuned on MNIST's validation digits.
LEAN = -0.25, 0.0  # columns a row, to the right where negative; digits that lean more are made to lean this much
STROKE = 2.0, 4.0  # pixels of MNIST's; thinner or thicker strokes are made this wide


def redraw(ink: np.ndarray) -> np.ndarray:
    """The ink of one digit (H, W) float32 0..1, cut out anyhow, as MNIST draws it: (28, 28) float32 0..1."""
    left, top, right, bottom = bounds(_drawn(ink))
    ink = ink[top:bottom, left:right]
    scale = BOX * FINE / max(ink.shape)
    height, width = (max(1, round(n * scale)) for n in ink.shape)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    drawn = normal_strokes(_drawn(upright(np.pad(cv2.resize(ink, (width, height), interpolation=how), BOX))))
    left, top, right, bottom = bounds(drawn)
    drawn = drawn[top:bottom, left:right]
    scale = BOX / max(drawn.shape)
    x, y = centre_of_mass(drawn)  # goes to the middle of pixel 14
    rows, columns = (_shares(n, scale, 14.5 - c * scale) for n, c in zip(drawn.shape, (y, x), strict=True))
    return (rows @ drawn @ columns.T).astype(np.float32).clip(0, 1)


def _drawn(ink: np.ndarray) -> np.ndarray:
    """Where at least half of a pixel is ink; where none is so dark, nearly as dark as the darkest."""
    return ink > min(0.5, 0.9 * ink.max())


def upright(ink: np.ndarray) -> np.ndarray:
    """Shift the rows of a digit that leans more than LEAN (its second moments tell) until it does no longer."""
    x, y = centre_of_mass(ink)
    down, across = np.arange(ink.shape[0])[:, None] + 0.5 - y, np.arange(ink.shape[1]) + 0.5 - x
    lean = float((ink * down * across).sum() / max((ink * down**2).sum(), 1e-9))
    excess = lean - min(max(lean, LEAN[0]), LEAN[1])
    return cv2.warpAffine(ink, np.array([[1, -excess, excess * (y - 0.5)], [0, 1, 0]]), ink.shape[::-1])


def normal_strokes(drawn: np.ndarray) -> np.ndarray:
    """Thicken or thin the strokes of a digit (H, W) bool, FINE times as fine as MNIST's, to a width within STROKE."""
    depth = cv2.distanceTransform(drawn.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    width = 4 * depth[drawn].mean() / FINE  # across a stroke of width w, the mean distance to its edge is w / 4
    more = (min(max(width, STROKE[0]), STROKE[1]) - width) / 2 * FINE
    if more > 0:
        return cv2.distanceTransform((~drawn).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= more
    return depth > min(-more, 0.9 * depth.max())


def _shares(pixels: int, scale: float, shift: float) -> np.ndarray:
    """(28, pixels): how much of each of `pixels`, scaled and then shifted, falls into each of 28."""
    edges = np.arange(pixels + 1) * scale + shift
    cell = np.arange(28)[:, None]
    return (np.minimum(edges[1:], cell + 1) - np.maximum(edges[:-1], cell)).clip(0)


def centre_of_mass(image: np.ndarray) -> tuple[float, float]:
    """Its x and y, where the first pixel reaches from 0 to 1."""
    x, y = (np.average(np.arange(image.shape[1 - axis]) + 0.5, weights=image.sum(axis)) for axis in (0, 1))
    return float(x), float(y)


def bounds(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is True."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def drawn_as_mnist(pixels: np.ndarray) -> bool:
    """Whether (H, W, 3) uint8 is drawn as all 70,000 of MNIST are: 28x28, box of 20 (of a few, 19), centre of mass."""
    grey = pixels[:, :, 0]
    if grey.shape != (28, 28) or not grey.any() or (pixels != grey[:, :, None]).any():
        return False
    left, top, right, bottom = bounds(grey > 0)
    x, y = centre_of_mass(grey.astype(float))
    return 19 <= max(right - left, bottom - top) <= BOX and max(abs(x - 14.5), abs(y - 14.5)) < 0.6
