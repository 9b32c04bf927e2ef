"""MNIST digits as a person would photograph or scan them: one digit, or a line of several."""

import numpy as np
from PIL import Image

from tests.support.camera import Look, shoot
from tests.support.outlines import REACH, STROKE, K, outline

SMALLEST = 18  # height of the ink in pixels, below which a digit is hard to read for a person too


def photo(digit: np.ndarray, rng: np.random.Generator, hard: bool = False) -> Image.Image:
    """A photo of one digit, anywhere in the picture; with `hard`, on ruled or squared paper and under a shadow.

    digit (28, 28) uint8, white on black.
    """
    short = rng.uniform(28, 60) if rng.random() < 0.1 else 60 * 15 ** rng.random()
    size = np.array([short, min(short * rng.choice([1, 4 / 3, 1.5, rng.uniform(1, 1.8)]), 1200)]).astype(int)
    size = size[:: rng.choice([-1, 1])]  # width, height
    height = min(max(rng.uniform(0.15, 0.8) * short, SMALLEST + rng.uniform(0, 4)), 0.8 * short)
    look = Look.draw(rng)
    look.width = max(look.width, 0.8 * 20 / height / STROKE)  # at least 1.6 pixels
    field, points, matrix = write(digit, look.width, height, rng)
    shrink = min(1, 0.8 * size[0] / np.ptp(points[:, 0]))
    points, matrix = shrink * points, shrink * matrix
    corner = rng.uniform(0.04 * size, 0.96 * size - np.ptp(points, axis=0)) - points.min(axis=0)
    return shoot(place(field, matrix, corner, size), shrink * height, look, rng, hard)


def line(digits: list[np.ndarray], rng: np.random.Generator, hard: bool = False, touching: bool = False) -> Image.Image:
    """A photo of a handwritten line of digits, (28, 28) uint8 each.

    Touching ones share up to a fifth of their width with the next.
    """
    look, written, x, rise, slant = Look.draw(rng), [], 0.0, rng.normal(0, 0.02), rng.normal(0, 0.12)
    look.width = min(max(look.width, 0.55), 1.25)  # so that a small loop seldom asks for a thinner pen
    for digit in digits:  # laid out in units of a digit's height
        shape, points, matrix = write(digit, look.width, rng.uniform(0.85, 1.15), rng, slant)
        spot = np.array([x, rise * x + rng.normal(0, 0.03)]) - [points[:, 0].min(), points[:, 1].max()]
        written.append((shape, matrix, spot, points + spot))
        width = np.ptp(points[:, 0])
        x += width * rng.uniform(0.8, 1) if touching else width + rng.uniform(0.13, 0.5)
    points = np.concatenate([points for *_, points in written])
    extent = np.ptp(points, axis=0)
    width = 200 * 8 ** rng.random()
    height = max(width * rng.uniform(0.6, 0.92) / extent[0], SMALLEST)
    width = max(width, height * extent[0] / 0.92)
    size = np.array([width, height * (extent[1] + rng.uniform(0.3, 3))]).astype(int)
    corner = rng.uniform(0.03 * size, 0.97 * size - height * extent) - height * points.min(axis=0)
    covers = [place(shape, height * matrix, height * spot + corner, size) for shape, matrix, spot, _ in written]
    return shoot(np.max(covers, axis=0), height, look, rng, hard)


def write(digit, width, height, rng, slant=None):
    """Write a digit with an ink of `height`, a little turned and slanted.

    Returns its outline, the ink's points (N, 2) as x, y and the matrix (2, 2) that takes MNIST pixels there.
    """
    turn, slant = rng.normal(0, 3.5) * np.pi / 180, rng.normal(0, 0.1) if slant is None else slant + rng.normal(0, 0.03)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]).clip(-0.99, 1)
    matrix = matrix @ [[rng.uniform(0.88, 1.14), -np.clip(slant, -0.25, 0.25)], [0, 1]]
    field = outline(digit, width, rng)
    points = (np.argwhere(field > 0)[:, ::-1] + 0.5) / K @ matrix.T
    scale = height / np.ptp(points[:, 1])
    return field, points * scale, matrix * scale


def place(field, matrix, offset, size):
    """How much of each pixel the ink covers: (height, width) float32 for `size` width, height."""
    inverse = np.linalg.inv(matrix) * K
    a = np.hstack([inverse, -(inverse @ offset)[:, None]]).ravel()
    data = Image.fromarray(field + np.float32(REACH))  # 0 beyond the edges
    image = data.transform(tuple(size.tolist()), Image.Transform.AFFINE, tuple(a), Image.Resampling.BICUBIC)
    return ((np.asarray(image) - REACH) * np.sqrt(np.linalg.det(matrix)) + 0.5).clip(0, 1)


def put(ink, written, middle):
    """Draw what `write` returned on ink (H, W) float32, in place, its middle at x, y; the border may cut it."""
    field, points, matrix = written
    low, high = points.min(axis=0), points.max(axis=0)
    offset = middle - (low + high) / 2
    left, top = corner = np.floor(offset + low).astype(int).clip(4) - 4
    width, height = np.ceil(high - low).astype(int) + 10
    here = ink[top : top + height, left : left + width]
    np.maximum(here, place(field, matrix, offset - corner, np.array(here.shape[::-1])), out=here)
