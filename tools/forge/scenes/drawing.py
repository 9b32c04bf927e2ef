"""Tools to draw scenes and composed strips: random numbers, smooth noise, glyphs and lines."""

import math
from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator

INK = 40  # strokes of a glyph are brighter than this, out of 255
CHARACTERS = list("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:.$/-")  # for printed words


def chance(rng: Generator, probability: float) -> bool:
    """Return True with this probability."""
    return rng.random() < probability


def spread(rng: Generator, low: float, high: float) -> float:
    """Return a random number from low to high whose logarithm is uniform."""
    return math.exp(rng.uniform(math.log(low), math.log(max(low, high))))


def random_slant(rng: Generator) -> float:
    """Return the slant of a hand in columns per row. Most hands lean right, which is positive here."""
    return float(np.clip(rng.normal(0.12, 0.2), -0.25, 0.7)) if chance(rng, 0.6) else 0.0


def noise(rng: Generator, shape: tuple[int, int], least: float, most: float, draw: Any = spread) -> np.ndarray:
    """Return noise (H, W) of standard deviation 1, smoothed over `least` to `most` pixels, chosen by `draw`."""
    field = cv2.GaussianBlur(rng.standard_normal(shape, np.float32), (0, 0), draw(rng, least, most))
    return field / max(float(field.std()), 1e-6)


def cropped(image: np.ndarray) -> np.ndarray:
    """Return an image (28, 28) uint8 without the margins around its strokes."""
    rows, columns = np.nonzero(image > INK)
    return image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def put(layer: np.ndarray, image: np.ndarray, top: int, left: int) -> None:
    """Put an image on a layer (H, W), and cut it off at the border."""
    place = layer[max(0, top) : max(0, top + image.shape[0]), max(0, left) : max(0, left + image.shape[1])]
    np.maximum(place, image[max(0, -top) :, max(0, -left) :][: place.shape[0], : place.shape[1]], out=place)


def draw_lines(layer: np.ndarray, lines: Iterable[Any], brightness: int, width: int, kind: int = cv2.LINE_AA) -> None:
    """Draw lines on a layer (H, W) uint8. A line is a list of points x, y."""
    points = [np.round(line).astype(np.int32) for line in lines]
    cv2.polylines(layer, points, False, brightness, width, kind)
