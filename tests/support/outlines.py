"""The outline of an MNIST digit's ink, smooth and six times as fine, by a pen of any width."""

import cv2
import numpy as np
from PIL import Image, ImageFilter

K = 6  # pixels of an outline for one pixel of MNIST
STROKE = 1.15  # half the usual width of an MNIST stroke, in MNIST pixels
REACH = 3.5  # as far as distances are measured, in MNIST pixels


def outline(digit: np.ndarray, width: float, rng: np.random.Generator) -> np.ndarray:
    """The outline of a digit's ink, smooth, by a pen of `width` MNIST strokes, or less where a loop would fill up,
    or more where the ink would break.

    digit (28, 28) uint8. Returns (28 K, 28 K) float32: how deep inside the ink a place is, in MNIST pixels; below 0,
    how far outside.
    """
    mask = ink(digit)
    lines, holes = skeleton(mask), euler(mask)
    inside, outside = _distance(~mask), _distance(mask)
    half = np.float32(np.median(inside[lines]))
    depth, core = _blur(inside - outside, 0.4 * K), _blur(_distance(lines), 0.15 * K)
    pressure = 1 + 0.06 * clouds(rng, mask.shape, 4)
    widths = np.append(np.linspace(min(0.45, width), width, 8), width * np.array([1.2, 1.4, 1.7, 2]))
    for gap in (0.6, 0.2, 0.0):  # as wide as the narrowest gap shall be
        best = None
        for radius in STROKE * widths.astype(np.float32):
            unbroken = min(0.85 * radius, 0.6 * half) * pressure - core
            field = np.maximum(depth + radius * pressure - half, unbroken)
            whole = euler(field > 0) == euler(field > -gap / 2) == holes
            best = field if whole else best
            if best is not None and (not whole or radius > 0.999 * STROKE * width):
                break
        if best is not None:
            return best
    return inside - outside


def ink(digit: np.ndarray) -> np.ndarray:
    """Where the ink of a digit is, cut out smoothly; the threshold is in the middle of its surroundings' range.

    digit (28, 28) uint8. Returns (28 K, 28 K) bool.
    """
    image = Image.fromarray(digit)
    low, high = (np.float32(image.filter(name(5))) for name in (ImageFilter.MinFilter, ImageFilter.MaxFilter))
    above = np.float32(digit) - ((low + high) / 2).clip(50, 170)
    return _blur(_resize(above, (28 * K, 28 * K)), 0.35 * K) > 0


def euler(mask: np.ndarray) -> int:
    """Euler's number of a mask (H, W) bool, less one: its connected parts (8 neighbours) minus its holes."""
    m = np.pad(mask, 1).astype(np.uint8)
    return cv2.connectedComponents(m)[0] - cv2.connectedComponents(1 - m, connectivity=4)[0]


RING = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.uint8)  # neighbours as bits, clockwise from the north


def _peelable(step: int) -> np.ndarray:
    """By the neighbours of a pixel as bits: may Zhang and Suen's step peel it off?"""
    around = np.arange(256)[:, None] >> np.arange(8) & 1
    n, e, s, w = around[:, ::2].T
    once = ((around == 0) & (np.roll(around, -1, axis=1) == 1)).sum(axis=1) == 1
    few = (around.sum(axis=1) >= 2) & (around.sum(axis=1) <= 6)
    return once & few & ((n * e * s + e * s * w == 0) if step == 0 else (n * e * w + n * s * w == 0))


PEELABLE = [_peelable(0), _peelable(1)]


def skeleton(mask: np.ndarray) -> np.ndarray:
    """The centre lines of a mask (H, W) bool, by Zhang and Suen's thinning."""
    m, before = mask.astype(np.uint8), -1
    while before != (before := np.count_nonzero(m)):
        for peelable in PEELABLE:
            m[peelable[cv2.filter2D(m, -1, RING, borderType=cv2.BORDER_CONSTANT)]] = 0
    return m == 1


def _distance(mask: np.ndarray) -> np.ndarray:
    """The distance to the nearest True of a mask (H, W) bool, at most REACH, in MNIST pixels (K of the mask)."""
    return np.minimum(cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) / K, REACH)


def clouds(rng, shape, cells):
    """Smooth noise (H, W) float32 of about +-1, with about `cells` clouds a side."""
    return _resize(rng.standard_normal((cells, cells), np.float32), shape[::-1])


def _resize(array, size):
    return np.asarray(Image.fromarray(array).resize(size, Image.Resampling.BICUBIC))


def _blur(array, sigma):
    """A Gaussian blur of (H, W) float32; sigma in pixels."""
    side = 2 * int(3 * sigma) + 1
    return cv2.GaussianBlur(array, (side, side), sigma, borderType=cv2.BORDER_REPLICATE)
