"""Composed strips: lines of digits drawn directly as the line network sees them, in a millisecond each.

Strips from scenes are harder to read than most real paper, and take sixty times as long to draw. So half of the line
network's examples are drawn here, without a camera and without the eye. A strip has digits in one handwriting, side by
side and often touching. There may be points, dashes, brackets and letters between and beside the digits. The paper may
have ruled lines, cells, frames or a pattern. The eye's scores are imitated: they are high for strokes, mostly low for
print, and low for some 1s that look like printed lines.
"""

import math
from functools import partial
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.random import Generator

from digits.handwriting.line_network import DIGIT, ROWS
from tools.forge.scenes import Glyphs, Written, drawing
from tools.forge.scenes.drawing import INK, chance, cropped, draw_lines, put, random_slant

# The probability of each sign beside a number, and of each printed form around the number.
SIGNS = {"letter": 0.36, "bracket": 0.07, "slash": 0.03, "dash": 0.2, "equals": 0.08, "point": 0.12, "comma": 0.08}
SIGNS |= {"tick": 0.04, "cross": 0.02}
PRINTED = {"rule": 0.14, "across": 0.06, "cells": 0.16, "sides": 0.1, "dots": 0.06, "circle": 0.04, "squares": 0.08}
PRINTED |= {"none": 0.36}
INSIDE = ["point", "comma", "dash", "point", "comma"]  # signs inside a number; a repeated sign is more frequent
MARGIN = 0.2, 1.9  # range of the margin beside a line, in heights of a digit
ALIKE = 1.25  # stroke widths in a number differ by at most this factor from the usual stroke width of this number

noise = partial(drawing.noise, draw=Generator.uniform)


class Example(NamedTuple):
    """A strip: its `planes` (2, ROWS, W) uint8 of darkness and the eye's scores, and its digits and letters."""

    planes: np.ndarray
    written: list[Written]

    @property
    def width(self) -> int:
        return self.planes.shape[2]

    @property
    def number(self) -> list[int] | None:
        """The digits from left to right, or None if a glyph is cut off, that is, has height 0."""
        if not all(glyph.height for glyph in self.written):
            return None
        return [int(glyph.digit) for glyph in sorted(self.written, key=lambda glyph: glyph.x) if glyph.digit]


class Alphabet(NamedTuple):
    """Images (N, 28, 28) uint8 of glyphs, digits first. `letters` is the index of the first letter.

    For each digit, `indices` has the indices of its images, from thin to thick strokes, and `widths` has their
    stroke widths in pixels.
    """

    images: np.ndarray
    indices: list[np.ndarray]
    widths: list[np.ndarray]
    letters: int


def alphabet(glyphs: Glyphs) -> Alphabet:
    """Sort the glyphs of each digit by the widths of their strokes."""
    images, labels = glyphs
    widths = np.array([stroke_width(image) for image in images])
    indices = [np.flatnonzero(labels == str(digit)) for digit in range(10)]
    indices = [digit[np.argsort(widths[digit])] for digit in indices]
    return Alphabet(images, indices, [widths[digit] for digit in indices], int(np.count_nonzero(labels)))


def stroke_width(image: np.ndarray) -> float:
    """Return the mean width of the strokes in an image (28, 28) uint8, in pixels."""
    strokes = (image > 2 * INK).astype(np.uint8)
    return 4 * float(cv2.distanceTransform(strokes, cv2.DIST_L2, 3)[strokes > 0].mean()) - 2


def composed(rng: Generator, alphabet: Alphabet) -> Example:
    """Draw a strip. It depends only on the state of `rng`."""
    strip = _Strip(rng, alphabet)
    start, end, right = strip.write_line()
    strip.wear()
    strip.slant()
    width = int(min(strip.digits.shape[1], max(ROWS, right + DIGIT * rng.uniform(*MARGIN))))
    if chance(rng, 0.25):
        strip.write_next_row(width)
    strip.print_form(start, end, width)
    return Example(strip.planes(width), strip.written)


class _Strip:
    """A strip in layers (ROWS, W): `digits`, `signs`, `printed` forms, and the `visibility` of strokes to the eye."""

    def __init__(self, rng: Generator, alphabet: Alphabet) -> None:
        self.rng, self.alphabet = rng, alphabet
        self.count = int(rng.integers(1, 10 if chance(rng, 0.85) else 3))
        self.height = DIGIT * rng.uniform(0.85, 1.15)
        self.sizes = rng.normal(1, 0.1, 10)  # relative height of each digit; 0s are often small, 1s are often tall
        self.sizes[:2] *= rng.uniform([0.65, 1], [1.05, 1.2])
        self.gap = self.height * (rng.uniform(-0.14, 0.32) if chance(rng, 0.85) else rng.uniform(0.3, 0.9))
        self.wide = rng.uniform(0.75, 1.2)
        self.thick = rng.choice(alphabet.widths[rng.integers(10)])
        self.pen = max(1, round(self.thick * rng.uniform(0.6, 1)))
        self.foot = ROWS / 2 + self.height / 2 + rng.normal(0, 0.8)  # row on which the digits stand
        width = int((self.count + 3) * (1.1 * self.height + max(self.gap, 0)) + 120)
        self.digits: np.ndarray
        self.signs: np.ndarray
        self.digits, self.signs, self.printed = np.zeros((3, ROWS, width), np.uint8)
        self.visibility: np.ndarray = np.ones((ROWS, width), np.float32)
        self.written: list[Written] = []

    # --- Handwriting

    def write_line(self) -> tuple[float, float, float]:
        """Write a number, perhaps with signs. Return the start and end of the number, and the end of the line."""
        rng, height = self.rng, self.height
        x, drift, before = DIGIT * rng.uniform(*MARGIN), rng.normal(0, 0.02), ""
        if chance(rng, 0.15):
            x += self.sign(x) + height * rng.uniform(0.05, 0.5)
        start = x
        number = self.number()
        self.foot += height / 2 * (float(np.median(self.sizes[number])) - 1)
        for place, digit in enumerate(map(str, number)):
            joined = before + digit == "00" and chance(rng, 0.4)
            if joined:
                x -= max(self.gap, 0) + height * rng.uniform(0, 0.2)
            elif place and chance(rng, 0.03):
                x += height * rng.uniform(0.2, 0.9)
            elif place and chance(rng, 0.07):
                x += height * rng.uniform(0, 0.15)
                x += self.sign(x, str(rng.choice(INSIDE))) + height * rng.uniform(0, 0.25)
            x += self.digit(digit, x, drift * (x - start), joined) + self.gap + rng.normal(0, 0.06) * height
            before = digit
        end = x
        if chance(rng, 0.3):
            x += height * rng.uniform(0, 0.4)
            x += self.sign(x)
        if chance(rng, 0.06):
            self.encircle(start, end)
        return start, end, x

    def number(self) -> np.ndarray:
        """Return random digits. Numbers that start with 1 or end in zeros are more frequent than by chance."""
        number = self.rng.integers(0, 10, self.count)
        if chance(self.rng, 0.2):
            number[0] = 1
        if chance(self.rng, 0.25):
            number[max(1, self.count - int(self.rng.integers(1, 4))) :] = 0
        return number

    def digit(self, digit: str, x: float, drop: float, joined: bool) -> float:
        """Write a digit at column x, perhaps joined to the previous digit by a stroke. Return the digit's width."""
        rng, image = self.rng, self.image(digit)
        descent = self.height * 0.2 if digit in "79" and chance(rng, 0.1) else 0.0
        y = self.foot + descent - len(image) + drop + rng.normal(0, 0.04) * self.height
        put(self.digits, image, round(y), round(x))
        high, wide = map(float, image.shape)
        if joined and chance(rng, 0.7):  # a stroke from the top of one digit to the top of the next
            top = y + rng.uniform(0, 0.3) * high
            start = x - self.height * rng.uniform(0.1, 0.5), top + rng.normal(0, 2)
            self.stroke(self.digits, [start, (x + wide / 2, top)])
        self.written.append(Written(digit, x + wide / 2, y + high / 2, wide, high))
        if digit == "1" and chance(rng, 0.08):
            self.visibility[:, max(0, int(x) - 1) : int(x + wide) + 1] *= rng.uniform(0.05, 0.6)
        return wide

    def image(self, digit: str) -> np.ndarray:
        """Return an image (h, w) uint8 of a digit: a glyph of the alphabet, or a 1 that is only a line."""
        rng, widths, indices = self.rng, self.alphabet.widths[int(digit)], self.alphabet.indices[int(digit)]
        height = self.height * self.sizes[int(digit)] * rng.uniform(0.88, 1.12)
        if digit == "1" and chance(rng, 0.25):
            image = np.zeros((max(3, round(height)), self.pen + 3), np.uint8)
            x = 1 + self.pen // 2
            self.stroke(image, [(x, 0), (x, len(image))])
            return image
        first, end = np.searchsorted(widths, [self.thick / ALIKE, self.thick * ALIKE])
        index = indices[min(rng.integers(first, max(first + 1, end)), len(indices) - 1)]
        return self.scaled(index, height, self.wide * rng.uniform(0.88, 1.12))

    def scaled(self, index: int, height: float, wide: float) -> np.ndarray:
        """Return a glyph of the alphabet, scaled to a height, and then stretched in width by a factor."""
        image = cropped(self.alphabet.images[index])
        scale = height / len(image)
        size = max(2, round(image.shape[1] * scale * wide)), max(3, round(height))
        return cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)

    def stroke(self, layer: np.ndarray, *lines: Any) -> None:
        """Draw lines through points x, y with the pen that writes signs."""
        draw_lines(layer, lines, int(self.rng.uniform(150, 255)), self.pen)

    def sign(self, x: float, kind: str = "") -> float:
        """Write a letter or a sign at column x. Return its width."""
        rng, height, foot = self.rng, self.height, self.foot
        kind = kind or str(rng.choice([*SIGNS], p=[*SIGNS.values()]))
        if kind == "letter":
            index = int(rng.integers(self.alphabet.letters, len(self.alphabet.images)))
            image = self.scaled(index, height * rng.uniform(0.6, 1.1), self.wide)
            put(self.signs, image, round(foot - len(image)), round(x))
            return float(image.shape[1])
        reach = height * rng.uniform(0.15, 0.5)
        level = foot - height * rng.uniform(0.2, 0.6)
        t = np.linspace(-1, 1, 12)
        bow = np.stack([x + reach * (1 - t**2), foot - height * (0.5 - 0.65 * t)], 1)
        bow = bow if chance(rng, 0.5) else bow * (-1, 1) + (2 * x + reach, 0)
        dash = [(x, level), (x + 1.6 * reach, level + rng.normal(0, 1.5))]
        point = foot - rng.uniform(-2, 2)
        strokes: dict[str, list[Any]] = {
            "bracket": [bow],
            "slash": [[(x, foot + 0.25 * height), (x + 1.3 * reach, foot - height * rng.uniform(1.25, 1.5))]],
            "dash": [dash],
            "equals": [dash, np.add(dash, (0, 0.25 * height))],
            "point": [[(x + self.pen, point), (x + self.pen + 0.5, point)]],
            "comma": [[(x + 3, point), (x, point + rng.uniform(3, 6))]],
            "tick": [[(x, foot - 0.4 * height), (x + 0.6 * reach, foot), (x + 2 * reach, foot - height)]],
            "cross": [[(x, foot), (x + reach, foot - reach)], [(x, foot - reach), (x + reach, foot)]],
        }
        self.stroke(self.signs, *strokes[kind])
        return float(max(np.max(points, 0)[0] for points in strokes[kind])) - x + self.pen

    def encircle(self, start: float, end: float) -> None:
        """Draw a circle or a frame around a number by hand."""
        rng, height = self.rng, self.height
        middle, half = (start + end) / 2, (end - start) / 2 + height * rng.uniform(0, 0.4)
        angle = np.linspace(0, 2 * math.pi * rng.uniform(0.9, 1.1), 40) + rng.uniform(0, 6)
        power = rng.choice([1, 0.5, 0.2])  # an ellipse, or superellipses that look like a frame
        x, y = (np.sign(side) * np.abs(side) ** power for side in (np.cos(angle), np.sin(angle)))
        points = np.stack([middle + half * x, ROWS / 2 + height * rng.uniform(0.55, 0.85) * y], 1)
        self.stroke(self.signs, points)

    def write_next_row(self, width: int) -> None:
        """Write a row of digits above or below, mostly outside the strip."""
        rng, height = self.rng, self.height
        y = self.foot + (1 if chance(rng, 0.5) else -1) * height * rng.uniform(1.15, 1.7)
        x = rng.uniform(-10, 20)
        while x < width:
            image = self.image(str(rng.integers(10)))
            if chance(rng, 0.8):
                put(self.signs, image, round(y - len(image)), round(x))
            x += height * rng.uniform(0.6, 1.3)

    def wear(self) -> None:
        """Make the strokes thinner or thicker, as a finer or a broader pen would."""
        broader = self.rng.choice([-1, 0, 1, 2], p=[0.2, 0.52, 0.2, 0.08])
        if broader > 0 or (broader and self.thick > 2.5):
            change = cv2.erode if broader < 0 else cv2.dilate
            square = np.ones([abs(broader) + 1] * 2, np.uint8)
            self.digits, self.signs = (np.asarray(change(layer, square)) for layer in (self.digits, self.signs))

    def slant(self) -> None:
        slant, size = random_slant(self.rng), self.digits.shape[::-1]
        shear = np.array([[1, -slant, slant * ROWS / 2], [0, 1, 0]])
        self.digits = np.asarray(cv2.warpAffine(self.digits, shear, size))
        self.signs = np.asarray(cv2.warpAffine(self.signs, shear, size))
        self.visibility = np.asarray(cv2.warpAffine(self.visibility, shear, size, borderValue=1))
        self.written = [glyph._replace(x=glyph.x - slant * (glyph.y - ROWS / 2)) for glyph in self.written]

    # --- Print

    def rule(self, *points: tuple[float, float], width: int) -> None:
        draw_lines(self.printed, [points], 255, width)

    def print_form(self, start: float, end: float, width: int) -> None:
        """Print a random one of the PRINTED forms around the number, which is between the columns `start` and `end`."""
        rng, height, foot = self.rng, self.height, self.foot
        line, rise = max(1, round(rng.uniform(0.6, 2.4))), rng.normal(0, 0.015) * width
        match rng.choice([*PRINTED], p=[*PRINTED.values()]):
            case "rule":
                y = foot + rng.uniform(-4, 7)
                self.rule((rng.uniform(-20, start), y), (width - rng.uniform(-20, 20), y + rise), width=line)
            case "across":
                y = rng.uniform(4, ROWS - 4)
                self.rule((0, y), (width, y + rise), width=line)
            case "cells":
                top, bottom = (ROWS / 2 + side * height * rng.uniform(0.55, 0.95) for side in (-1, 1))
                for y in (top, bottom):
                    if chance(rng, 0.8):
                        self.rule((0, y), (width, y + rise), width=line)
                step, x = height * rng.uniform(0.8, 1.8), height * rng.uniform(0, 0.8)
                if chance(rng, 0.4):  # one cell around the number
                    step, x = end - start + height * rng.uniform(0.2, 0.8), start - height * rng.uniform(0, 0.4)
                for side in np.arange(x, width, step):
                    self.rule((side, top), (side + 0.3 * rise, bottom), width=line)
            case "sides":
                for x in (start - height * rng.uniform(0.05, 0.8), end + height * rng.uniform(-0.1, 0.8)):
                    for side in [x, x + 3 + line] if chance(rng, 0.25) else [x]:
                        self.rule((side, 0), (side + rng.normal(0, 0.6), ROWS), width=line)
            case "dots":
                y, radius = round(foot + rng.uniform(-3, 4)), int(chance(rng, 0.4))
                for x in range(int(rng.integers(0, 4)), width, int(rng.integers(3, 8))):
                    cv2.circle(self.printed, (x, y), radius, 255, cv2.FILLED)
            case "circle":
                axes = int((end - start) * rng.uniform(0.5, 0.75)) + 3, int(height * rng.uniform(0.6, 0.85))
                cv2.ellipse(self.printed, (int((start + end) / 2), ROWS // 2), axes, 0, 0, 360, 255, line, cv2.LINE_AA)
            case "squares":
                step = height * rng.uniform(0.22, 0.8)
                for place in np.arange(rng.uniform(0, step), max(width, ROWS), step):
                    self.rule((place, 0), (place, ROWS), width=line)
                    self.rule((0, place), (width, place), width=line)

    # --- The strip as the line network sees it

    def planes(self, width: int) -> np.ndarray:
        """Return the darkness and the imitated scores of the eye, (2, ROWS, width) uint8."""
        rng, shape, visibility = self.rng, (ROWS, width), self.visibility[:, :width]
        layers = (self.digits, self.signs, self.printed)
        digits, signs, printed = (layer[:, :width] / np.float32(255) for layer in layers)
        strokes = np.maximum(digits, signs)
        tone = np.clip(1 + rng.uniform(0.1, 0.4) * noise(rng, shape, 1, 8), 0.3, 1.3) if chance(rng, 0.4) else 1
        dark = np.maximum(strokes * tone, printed * rng.uniform(0.15, 1))
        if chance(rng, 0.3):  # a pattern, as on a cheque
            y, x = np.mgrid[:ROWS, :width]
            angle, wave = rng.uniform(0, 2 * math.pi), rng.uniform(0, 3) * np.sin(x / rng.uniform(4, 15))
            across = (math.cos(angle) * x + math.sin(angle) * y) * 2 * math.pi / rng.uniform(2.5, 9)
            dark = np.maximum(dark, rng.uniform(0.05, 0.4) * (np.sin(across + wave) > 0.3))
        if chance(rng, 0.5):
            dark = dark + rng.uniform(0, 0.06) * noise(rng, shape, 0.5, 1.5)
        scores = np.clip(strokes * visibility * rng.uniform(1, 1.3), 0, 1) * (1 - printed * rng.uniform(0, 0.8))
        mistakes = printed * (noise(rng, shape, 1, 5) > rng.uniform(0, 1)) * rng.uniform(0, 0.6)
        planes = np.stack([dark, np.maximum(scores, mistakes)]).astype(np.float32)
        blur = rng.uniform(0, 1.2)
        if blur > 0.25:
            planes = np.stack([cv2.GaussianBlur(plane, (0, 0), blur) for plane in planes])
        return (255 * planes.clip(0, 1) + 0.5).astype(np.uint8)
