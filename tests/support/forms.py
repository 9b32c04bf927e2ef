"""Printed pages that are filled in with MNIST digits: grids of 9 x 9 cells, ruled pages of ten lines, rows of boxes."""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from tests.support.camera import Look, shoot
from tests.support.photos import SMALLEST, place, write

ROWS, COLUMNS = 9, 9  # of a grid


class Layout(NamedTuple):
    """A flat page, in pixels: `size` is width and height, `height` that of its digits.

    `middles` has a list for each line: x and y of where its digits go. `rules` are rectangles (left, top, right,
    bottom); they take `strength` of the paper.
    """

    size: np.ndarray
    height: float
    middles: list[list[np.ndarray]]
    rules: list[tuple[float, float, float, float]]
    strength: float


def form(
    kind: Callable[[np.random.Generator], Layout], digits: np.ndarray, rng: np.random.Generator
) -> tuple[Image.Image, list[list[tuple[int, float, float]]]]:
    """A photo of a page of this kind, with some of the digits (N, 28, 28) uint8.

    Also its lines from the top, without empty ones: of each digit the index, and x and y of its middle in the photo.
    """
    flat, look = kind(rng), Look.draw(rng)
    look.width = min(max(look.width, 0.6), 1.25)
    width, height = flat.size.tolist()
    x, y = _bent(flat.size, rng)
    cover, lines, slant = np.zeros((height, width), np.float32), [], rng.normal(0, 0.1)
    for middles in flat.middles:
        line = []
        for middle in middles:
            i = int(rng.integers(len(digits)))
            tall = max(flat.height * rng.uniform(0.88, 1.14), SMALLEST)
            field, points, matrix = write(digits[i], look.width, tall, rng, slant)
            centre = (points.max(0) + points.min(0)) / 2
            side = int(np.ptp(points, axis=0).max()) + 8
            left, top = np.round(middle - side / 2).astype(int).clip(0, flat.size - side)
            here = cover[top : top + side, left : left + side]
            np.maximum(here, place(field, matrix, middle - centre - (left, top), np.array([side, side])), out=here)
            row, column = np.unravel_index(np.hypot(x - middle[0], y - middle[1]).argmin(), x.shape)
            line.append((i, float(column), float(row)))
        if line:
            lines.append(line)
    rules = np.max([_box(flat.size, *rule) for rule in flat.rules], axis=0)
    ink, rules = (cv2.remap(one, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for one in (cover, rules))
    colour = np.float32([(0.15, 0.45, 1), (0.1, 0.1, 0.1), (0.5, 0.3, 0.9)][rng.integers(3)])[:, None, None]
    hard = bool(rng.random() < 0.3)
    return shoot(ink, flat.height, look, rng, hard, (flat.strength * rules, colour)), lines


def grid(rng: np.random.Generator) -> Layout:
    """Nine rows of nine cells with every third rule thick, as a sudoku has; in half of them, many cells are empty."""
    cell = 32 * 3.5 ** rng.random()
    start = cell * rng.uniform(0.3, 1.2, 2)
    filled = rng.random((ROWS, COLUMNS)) < (1 if rng.random() < 0.5 else rng.uniform(0.3, 0.8))
    thin = max(cell * rng.uniform(0.01, 0.04), 0.8)
    thick = thin * rng.uniform(1, 3.5)
    rules = []
    for n in range(10):
        half = (thin if n % 3 else thick) / 2
        (x, y), (right, bottom) = start + n * cell, start + 9 * cell + thick / 2
        rules += [(x - half, start[1] - thick / 2, x + half, bottom), (start[0] - thick / 2, y - half, right, y + half)]
    size = (start + cell * (9 + rng.uniform(0.3, 1.2, 2))).astype(int)
    middles = [
        [start + cell * (np.array([column, row]) + 0.5 + rng.normal(0, 0.05, 2)) for column in np.flatnonzero(cells)]
        for row, cells in enumerate(filled)
    ]
    return Layout(size, cell * rng.uniform(0.5, 0.75), middles, rules, rng.uniform(0.4, 1))


def page(rng: np.random.Generator) -> Layout:
    """Ten ruled lines of three to seven digits each, that stand on them more or less."""
    space = 40 * 3 ** rng.random()
    height = space * rng.uniform(0.5, 0.75)
    size = (space * np.array([rng.uniform(8, 13), 10 + rng.uniform(1, 2)])).astype(int)
    half = max(space * rng.uniform(0.008, 0.03), 0.8) / 2
    middles, rules = [], []
    for n in range(1, 12):
        rules.append((-1.0, n * space - half, size[0] + 1.0, n * space + half))
        if n > 1:
            pitch = rng.uniform(0.95, 1.25) * height
            count = min(int(rng.integers(3, 8)), int((size[0] - 2 * height) / pitch))
            left = height + rng.uniform(0, size[0] - 2 * height - (count - 1) * pitch)
            y = n * space - height * rng.uniform(0.4, 0.65)
            middles.append([np.array([left + k * pitch, y]) + height * rng.normal(0, 0.03, 2) for k in range(count)])
    return Layout(size, height, middles, rules, rng.uniform(0.15, 0.5))


def boxes(rng: np.random.Generator) -> Layout:
    """A row of four to ten boxes, side by side or a little apart, one digit in each."""
    tall = 32 * 5 ** rng.random()
    count, wide = int(rng.integers(4, 11)), tall * rng.uniform(0.75, 1.1)
    gap = wide * rng.uniform(0.05, 0.4) if rng.random() < 0.5 else 0
    start, half = tall * rng.uniform(0.15, 1, 2), max(tall * rng.uniform(0.015, 0.05), 0.8) / 2
    bottom = start[1] + tall
    rules, middles = [], []
    for n in range(count):
        left, top = start + (n * (wide + gap), 0)
        rules += [(left - half, y - half, left + wide + half, y + half) for y in (top, bottom)]
        rules += [(x - half, top - half, x + half, bottom + half) for x in (left, left + wide)]
        middles.append(np.array([left + wide / 2, top + tall / 2]) + tall * rng.normal(0, 0.04, 2))
    size = (start + (count * (wide + gap) - gap, tall) + tall * rng.uniform(0.15, 1, 2)).astype(int)
    return Layout(size, tall * rng.uniform(0.45, 0.7), [middles], rules, rng.uniform(0.4, 1))


def _box(size, left, top, right, bottom):
    """How much of each pixel (H, W) a rectangle covers."""
    across, down = (np.arange(side, dtype=np.float32) for side in size)
    x = (np.minimum(across + 1, right) - np.maximum(across, left)).clip(0, 1)
    y = (np.minimum(down + 1, bottom) - np.maximum(down, top)).clip(0, 1)
    return np.outer(y, x).astype(np.float32)


def _bent(size, rng):
    """Where each pixel of a photo is on the flat page: x and y (H, W) float32. It is turned, tilted and bent."""
    corners = np.float32([(0, 0), (1, 0), (1, 1), (0, 1)] * size)
    turn = rng.normal(0, 1.5) * np.pi / 180
    turned = (corners - size / 2) @ [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]] + size / 2
    seen = np.float32(turned + rng.uniform(-0.015, 0.015, (4, 2)) * size)
    width, height = size.tolist()
    row, column = np.mgrid[:height, :width].astype(np.float32)
    points = np.stack([column, row], axis=2).reshape(1, -1, 2)
    there = cv2.perspectiveTransform(points, cv2.getPerspectiveTransform(corners, seen)).reshape(height, width, 2)
    bow = np.float32(rng.normal(0, 0.006, 2) * size)
    return there[:, :, 0] + bow[0] * (2 * row / height - 1) ** 2, there[:, :, 1] + bow[1] * (
        2 * column / width - 1
    ) ** 2
