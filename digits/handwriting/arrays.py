"""What several steps measure of an array."""

import numpy as np


def bounds(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the True pixels of a mask (H, W)."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def centre_of_mass(image: np.ndarray) -> tuple[float, float]:
    """The x and y of an image's centre of mass; the first pixel reaches from 0 to 1."""
    x, y = (np.average(np.arange(image.shape[1 - axis]) + 0.5, weights=image.sum(axis)) for axis in (0, 1))
    return float(x), float(y)


def quantile(values: np.ndarray, share: float) -> float:
    """The value that this share of the values (N,) lies below."""
    place = int(share * len(values))
    return float(np.partition(values, place)[place])


def sample(values: np.ndarray) -> np.ndarray:
    """Every seventh value: enough for a quantile, and spread over all columns of a picture of almost any width."""
    return values.ravel()[::7]
