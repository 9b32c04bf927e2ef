"""Printed pages that are filled in with MNIST digits: grids of 9 x 9 cells, ruled pages of ten lines, rows of boxes."""

from typing import NamedTuple

import cv2
import numpy as np

from tests.support.camera import Look, shoot
from tests.support.photos import SMALLEST, put, write


class Layout(NamedTuple):
    """A flat page, in pixels: `size` is width and height, `height` that of its digits.

    `middles` has an array (N, 2) for each line: x and y of where its digits go. `rules` are printed lines: the two ends
    (2, 2) of each, and its width; they take `strength` of the paper.
    """

    size: np.ndarray
    height: float
    middles: list[np.ndarray]
    rules: list[tuple[np.ndarray, float]]
    strength: float


def form(kind, digits, rng):
    """A photo of a page of this kind, turned and tilted a little, with some of the digits (N, 28, 28) uint8.

    Also its lines from the top, without empty ones: of each digit the index, and x and y of its middle in the photo.
    """
    flat, look, slant = kind(rng), Look.draw(rng), rng.normal(0, 0.1)
    look.width = min(max(look.width, 0.6), 1.25)
    layers, seen, lines = np.zeros((2, *flat.size[::-1]), np.float32), _seen(flat.size, rng), []
    for middles in filter(len, flat.middles):
        chosen = rng.integers(len(digits), size=len(middles)).tolist()
        for i, middle in zip(chosen, middles, strict=True):
            tall = max(flat.height * rng.uniform(0.88, 1.14), SMALLEST)
            put(layers[0], write(digits[i], look.width, tall, rng, slant), middle)
        places = cv2.perspectiveTransform(middles[None], seen)[0].tolist()
        lines.append([(i, x, y) for i, (x, y) in zip(chosen, places, strict=True)])
    for ends, width in flat.rules:
        cv2.line(layers[1], *map(tuple, ends.round().astype(int).tolist()), 1, max(1, round(width)))
    size = tuple(flat.size.tolist())
    ink, rules = (cv2.warpPerspective(layer, seen, size, borderMode=cv2.BORDER_REPLICATE) for layer in layers)
    colour = np.float32([(0.15, 0.45, 1), (0.1, 0.1, 0.1), (0.5, 0.3, 0.9)][rng.integers(3)])[:, None, None]
    hard = bool(rng.random() < 0.3)
    return shoot(ink, flat.height, look, rng, hard, (flat.strength * rules, colour)), lines


def grid(rng: np.random.Generator) -> Layout:
    """Nine rows of nine cells with every third rule thick, as a sudoku has; in half of them, many cells are empty."""
    cell = 32 * 3.5 ** rng.random()
    start = cell * rng.uniform(0.3, 1.2, 2)
    filled = rng.random((9, 9)) < (1 if rng.random() < 0.5 else rng.uniform(0.3, 0.8))
    thin, thick = cell * rng.uniform(0.01, 0.04), rng.uniform(1, 3.5)
    rules = [
        (start + cell * np.array(ends), thin if n % 3 else thick * thin)
        for n in range(10)
        for ends in ([(n, 0), (n, 9)], [(0, n), (9, n)])
    ]
    size = (start + cell * (9 + rng.uniform(0.3, 1.2, 2))).astype(int)
    rows = np.split(np.argwhere(filled)[:, ::-1], np.cumsum(filled.sum(1))[:-1])
    middles = [start + cell * (row + 0.5 + rng.normal(0, 0.05, row.shape)) for row in rows]
    return Layout(size, cell * rng.uniform(0.5, 0.75), middles, rules, rng.uniform(0.4, 1))


def page(rng: np.random.Generator) -> Layout:
    """Ten ruled lines of three to seven digits each, that stand on them more or less."""
    space = 40 * 3 ** rng.random()
    height = space * rng.uniform(0.5, 0.75)
    size = (space * np.array([rng.uniform(8, 13), 10 + rng.uniform(1, 2)])).astype(int)
    width, middles = space * rng.uniform(0.008, 0.03), []
    for n in range(2, 12):
        pitch = rng.uniform(0.95, 1.25) * height
        count = min(int(rng.integers(3, 8)), int((size[0] - 2 * height) / pitch))
        first = height + rng.uniform(0, size[0] - 2 * height - (count - 1) * pitch)
        line = np.array([(first + k * pitch, n * space - height * 0.5) for k in range(count)])
        middles.append(line + height * (rng.normal(0, 0.03, line.shape) + (0, rng.uniform(-0.15, 0.1))))
    rules = [(np.array([(0, n * space), (size[0], n * space)]), width) for n in range(1, 12)]
    return Layout(size, height, middles, rules, rng.uniform(0.15, 0.5))


def boxes(rng: np.random.Generator) -> Layout:
    """A row of four to ten boxes, side by side or a little apart, one digit in each."""
    tall = 32 * 5 ** rng.random()
    count, wide = int(rng.integers(4, 11)), tall * rng.uniform(0.75, 1.1)
    pitch = wide * (rng.uniform(1.05, 1.4) if rng.random() < 0.5 else 1)
    width, box = tall * rng.uniform(0.015, 0.05), np.array([(0, 0), (wide, 0), (wide, tall), (0, tall)])
    corners = tall * rng.uniform(0.15, 1, 2) + np.outer(np.arange(count), (pitch, 0))
    rules = [(corner + box[[n - 1, n]], width) for corner in corners for n in range(4)]
    size = (corners[-1] + (wide, tall) + tall * rng.uniform(0.15, 1, 2)).astype(int)
    middles = corners + (wide / 2, tall / 2) + tall * rng.normal(0, 0.04, corners.shape)
    return Layout(size, tall * rng.uniform(0.45, 0.7), [middles], rules, rng.uniform(0.4, 1))


def _seen(size, rng):
    """The matrix (3, 3) that takes points of the flat page to where they are in a photo of it."""
    corners = np.float32([(0, 0), (1, 0), (1, 1), (0, 1)] * size)
    turn = rng.normal(0, 1.5) * np.pi / 180
    turned = (corners - size / 2) @ [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]] + size / 2
    return cv2.getPerspectiveTransform(corners, np.float32(turned + rng.uniform(-0.015, 0.015, (4, 2)) * size))
