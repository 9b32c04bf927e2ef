"""The handwriting in scenes: digits from MNIST and the atlas, and letters. One hand writes each scene."""

import math
from itertools import chain
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.random import Generator

from digits.augment import pen
from digits.augment.allographs import ATLAS, with_allographs
from digits.augment.elastic import LETTERS_OF_SCENES, random_numbers
from digits.augment.negatives import Negatives
from tools.forge.scenes.drawing import chance, cropped, draw_lines, random_slant, spread

FIGURES = tuple(chain(*ATLAS.values()))
FIGURE_LABELS = [str(digit) for digit, figures in ATLAS.items() for _ in figures]


class Written(NamedTuple):
    """A digit, or "" for a letter, and its box: the middle x, y, the width and the height in pixels."""

    digit: str
    x: float
    y: float
    width: float
    height: float


class Glyphs(NamedTuple):
    """Images (N, 28, 28) uint8 like MNIST's, and labels (N,) str. Letters come last, with the label ""."""

    images: np.ndarray
    labels: np.ndarray


def glyphs(images: torch.Tensor, labels: torch.Tensor, seed: int) -> Glyphs:
    """Return glyphs from MNIST's images (N, 28, 28) uint8 and labels (N,), some replaced by allographs, and letters."""
    written = with_allographs(images, labels, seed, 0)
    generator = random_numbers(images.device, seed, 0, LETTERS_OF_SCENES)
    letters = Negatives(images, labels, generator).letters(len(images) // 20)
    return Glyphs(torch.cat([written, letters]).numpy(), np.array([*map(str, labels.tolist()), *[""] * len(letters)]))


class Hand:
    """A hand that writes digits `height` pixels high. A glyph is an image (h, w) float 0..1."""

    def __init__(self, rng: Generator, glyphs: Glyphs, height: float) -> None:
        self.rng, self.glyphs, self.height = rng, glyphs, height
        self.slant = random_slant(rng)
        self.even = chance(rng, 0.3)  # whether all digits have strokes of constant width
        self.pen_width = spread(rng, 0.02, 0.14)  # width of the pen in heights of a digit
        self.pen = max(1, round(height * self.pen_width))  # width of the pen in pixels

    def glyph(self) -> tuple[np.ndarray, str]:
        """Return a digit or a letter, and its label."""
        rng, (images, labels) = self.rng, self.glyphs
        if chance(rng, 0.05):
            return self.plain_one(), "1"
        if self.even or chance(rng, 0.12):
            return self.figure()
        # 1s are more frequent, because they are thin and easily missed.
        number = rng.choice(np.flatnonzero(labels == "1")) if chance(rng, 0.18) else rng.integers(len(images))
        glyph = self.enlarged(images[number])
        return self.thinned(glyph) if chance(rng, 0.35) else glyph, str(labels[number])

    def plain_one(self) -> np.ndarray:
        """Return a 1 that is only a straight line."""
        height, slant = max(4.0, self.height * self.rng.uniform(0.75, 1.2)), self.rng.normal(0, 0.1)
        glyph = np.zeros([round(height + 2 * self.pen), round(abs(slant) * height + 3 * self.pen)], np.uint8)
        line = (self.pen, round(self.pen + height)), (round(self.pen + abs(slant) * height), self.pen)
        draw_lines(glyph, [line], 255, self.pen)
        return (glyph if slant > 0 else glyph[:, ::-1]) / np.float32(255)

    def figure(self) -> tuple[np.ndarray, str]:
        """Return a digit of the atlas in strokes of constant width, which are rare in MNIST, and its label."""
        rng, (points, weights) = self.rng, pen.parse(FIGURES)
        number, height = int(rng.integers(len(points))), max(4.0, self.height * rng.uniform(0.8, 1.2))
        width = max(1, round(height * (self.pen_width if self.even else rng.uniform(0.02, 0.14))))
        shaken = points[number].numpy() + rng.normal(0, rng.uniform(0, 3), points[number].shape)
        dots = weights[number].numpy() @ shaken * (height / 100) * (rng.uniform(0.8, 1.3), 1)
        dots += width + 1 - dots.min(0)
        steps = np.linalg.norm(np.diff(dots, axis=0), axis=1)
        strokes = np.split(dots, np.flatnonzero(steps > 3 * np.median(steps)) + 1)  # split where the pen was lifted
        glyph = np.zeros(np.ceil(dots.max(0) + width + 1).astype(int)[::-1], np.uint8)
        draw_lines(glyph, strokes, 255, width)
        return glyph / np.float32(255), FIGURE_LABELS[number]

    def enlarged(self, image: np.ndarray) -> np.ndarray:
        """Enlarge the glyph in an image (28, 28) uint8, and keep its edges smooth."""
        rng, image = self.rng, np.pad(cropped(image), 2)
        scale = max(4.0, self.height * rng.uniform(0.8, 1.2)) / (image.shape[0] - 4)
        size = max(2, round(image.shape[1] * scale * rng.uniform(0.85, 1.2))), max(2, round(image.shape[0] * scale))
        large = cv2.resize(image / np.float32(255), size, interpolation=cv2.INTER_CUBIC)
        large = cv2.GaussianBlur(large, (0, 0), max(0.3, 0.35 * scale))
        return np.clip((large - rng.uniform(0.25, 0.75)) * max(2.6, 1.5 * scale) + 0.5, 0, 1)

    def thinned(self, glyph: np.ndarray) -> np.ndarray:
        """Make the strokes of a glyph thinner, unless little of it would be left."""
        strokes = (glyph > 0.5).astype(np.uint8)
        depth = cv2.distanceTransform(strokes, cv2.DIST_L2, 3).max()
        lost = 2 * int(self.rng.uniform(0.2, 0.6) * depth) + 1
        thin = cv2.erode(strokes, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (lost, lost)))
        if depth > 2 and thin.sum() > 0.15 * strokes.sum():
            return cv2.GaussianBlur(thin.astype(np.float32), (0, 0), 0.6)
        return glyph

    def slanted(self, glyph: np.ndarray) -> np.ndarray:
        """Slant a glyph (h, w) as this hand does, which makes the image wider."""
        height, width = glyph.shape
        matrix = np.array([[1, -self.slant, max(0.0, self.slant) * height], [0, 1, 0]])
        return cv2.warpAffine(glyph, matrix, (width + math.ceil(abs(self.slant) * height), height))
