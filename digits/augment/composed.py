"""Composed strips: lines of digits as the line network sees them, without paper, camera and eye, in a millisecond each.

Scenes are harder than most paper, and cost sixty times as much. So half of what the line network learns from is drawn
here: the digits of one hand side by side, often touching, with points, dashes, brackets and letters between and beside
them, on ruled lines, in cells and frames, on patterned paper. The eye's output is imitated: sure of strokes, mostly
unsure of what is printed, and weak where it takes a 1 for a printed line.
"""

import math
from bisect import bisect_left
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.random import Generator

from digits.augment.scenes import Glyphs, Written
from digits.augment.scenes.drawing import INK

ROWS, DIGIT = 40, 22  # height of a strip and of a digit, in pixels
# The probability of each sign beside a number.
SIGNS = {"letter": 0.36, "bracket": 0.07, "slash": 0.03, "dash": 0.2, "equals": 0.08, "point": 0.12, "comma": 0.08}
SIGNS |= {"tick": 0.04, "cross": 0.02}
BETWEEN = ["point", "comma", "dash", "point", "comma"]  # signs inside a number
MARGIN = 0.2, 1.9  # beside a line, in heights of a digit
ALIKE = 1.25  # the strokes of one number differ in width from its usual stroke by at most this factor


class Example(NamedTuple):
    """A strip (2, ROWS, W) uint8 of darkness and of the eye's output, and the digits and letters in it."""

    planes: np.ndarray
    written: list[Written]


class Alphabet(NamedTuple):
    """Images (N, 28, 28) uint8 of glyphs; the numbers of those of each digit, from thin to thick strokes, and the
    widths of these, in pixels; the number of the first letter: digits are before.
    """

    images: np.ndarray
    numbers: list[np.ndarray]
    widths: list[np.ndarray]
    letters: int


def alphabet(glyphs: Glyphs) -> Alphabet:
    """Sort the digits among glyphs by the widths of their strokes."""
    letters = bisect_left(glyphs.labels, True, key=lambda says: not says)
    widths = np.array([width_of_strokes(image) for image in glyphs.images[:letters]])
    say = np.array(glyphs.labels[:letters])
    numbers = [digit[np.argsort(widths[digit])] for digit in (np.flatnonzero(say == str(d)) for d in range(10))]
    return Alphabet(glyphs.images, numbers, [widths[own] for own in numbers], letters)


def width_of_strokes(image: np.ndarray) -> float:
    """The mean width of the strokes in an image (28, 28) uint8, in pixels."""
    strokes = (image > 2 * INK).astype(np.uint8)
    return 4 * float(cv2.distanceTransform(strokes, cv2.DIST_L2, 3)[strokes > 0].mean()) - 2


def composed(rng: Generator, glyphs: Alphabet) -> Example:
    """One more strip; it depends on the numbers of `rng` alone."""
    return _Strip(rng, glyphs).example()


class _Strip:
    """Layers (ROWS, W) uint8: the `ink` of digits, `other` handwriting, `printed` lines; and how `sure` the eye is."""

    def __init__(self, rng: Generator, glyphs: Alphabet) -> None:
        self.rng, self.glyphs = rng, glyphs
        self.count = int(rng.integers(1, 10 if self.chance(0.85) else 3))
        self.height = DIGIT * rng.uniform(0.85, 1.15)
        self.sizes = rng.normal(1, 0.1, 10)  # of this hand's digits, in that height; a 0 is often small, a 1 is not
        self.sizes[:2] *= rng.uniform([0.65, 1], [1.05, 1.2])
        self.gap = self.height * (rng.uniform(-0.14, 0.32) if self.chance(0.85) else rng.uniform(0.3, 0.9))
        self.wide = rng.uniform(0.75, 1.2)
        self.thick = rng.choice(glyphs.widths[rng.integers(10)])
        self.pen = max(1, round(self.thick * rng.uniform(0.6, 1)))
        self.foot = ROWS / 2 + self.height / 2 + rng.normal(0, 0.8)  # of the digits
        width = int((self.count + 3) * (1.1 * self.height + max(self.gap, 0)) + 120)
        self.ink: np.ndarray
        self.other: np.ndarray
        self.ink, self.other, self.printed = np.zeros((3, ROWS, width), np.uint8)
        self.sure: np.ndarray = np.ones((ROWS, width), np.float32)
        self.written: list[Written] = []

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def example(self) -> Example:
        """Write the line and what is around it; then draw what is printed, and what the eye says."""
        rng = self.rng
        start, end, right = self.write()
        self.wear()
        self.lean()
        width = int(min(self.ink.shape[1], max(ROWS, right + DIGIT * rng.uniform(*MARGIN))))
        if self.chance(0.25):
            self.other_row(width)
        self.print_form(start, end, width)
        ink, other, printed = (layer[:, :width] / np.float32(255) for layer in (self.ink, self.other, self.printed))
        strokes = np.maximum(ink, other)
        return Example(self.seen(strokes, printed, self.sure[:, :width]), self.written)

    # --- What is written

    def write(self) -> tuple[float, float, float]:
        """Write a number, and perhaps signs beside and in it; the columns where it begins and ends, and all does."""
        rng, height = self.rng, self.height
        x, drift, before = DIGIT * rng.uniform(*MARGIN), rng.normal(0, 0.02), ""
        if self.chance(0.15):
            x += self.sign(x) + height * rng.uniform(0.05, 0.5)
        start = x
        digits = self.number()
        self.foot += height / 2 * (float(np.median(self.sizes[digits])) - 1)
        for number, digit in enumerate(map(str, digits)):
            joined = before + digit == "00" and self.chance(0.4)
            if joined:
                x -= max(self.gap, 0) + height * rng.uniform(0, 0.2)
            elif number and self.chance(0.03):
                x += height * rng.uniform(0.2, 0.9)
            elif number and self.chance(0.07):
                x += height * rng.uniform(0, 0.15)
                x += self.sign(x, str(rng.choice(BETWEEN))) + height * rng.uniform(0, 0.25)
            image = self.image(digit)
            lower = height * 0.2 if digit in "79" and self.chance(0.1) else 0.0  # some descend
            y = self.foot + lower - len(image) + drift * (x - start) + rng.normal(0, 0.04) * height
            self.put(self.ink, image, y, x)
            wide, high = float(image.shape[1]), float(len(image))
            if joined and self.chance(0.7):  # by a stroke from one's top to the other's
                top = y + rng.uniform(0, 0.3) * high
                other = x - height * rng.uniform(0.1, 0.5), top + rng.normal(0, 2)
                self.stroke(self.ink, [other, (x + wide / 2, top)])
            self.written.append(Written(digit, x + wide / 2, y + high / 2, wide, high))
            if digit == "1" and self.chance(0.08):
                self.sure[:, max(0, int(x) - 1) : int(x + wide) + 1] *= rng.uniform(0.05, 0.6)
            x += wide + self.gap + rng.normal(0, 0.06) * height
            before = digit
        end = x
        if self.chance(0.3):
            x += height * rng.uniform(0, 0.4)
            x += self.sign(x)
        if self.chance(0.06):
            self.encircle(start, end)
        return start, end, x

    def number(self) -> np.ndarray:
        """The digits of a number: more of them begin with 1, and end in zeros, than by chance."""
        digits = self.rng.integers(0, 10, self.count)
        if self.chance(0.2):
            digits[0] = 1
        if self.chance(0.25):
            digits[max(1, self.count - int(self.rng.integers(1, 4))) :] = 0
        return digits

    def image(self, digit: str) -> np.ndarray:
        """The image (h, w) uint8 of a digit: one of MNIST's or an allograph, or a 1 that is only a line."""
        rng, glyphs = self.rng, self.glyphs
        height = self.height * self.sizes[int(digit)] * rng.uniform(0.88, 1.12)
        if digit == "1" and self.chance(0.25):
            image = np.zeros((max(3, round(height)), self.pen + 3), np.uint8)
            x = 1 + self.pen // 2
            self.stroke(image, [(x, 0), (x, len(image))])
            return image
        first, end = np.searchsorted(glyphs.widths[int(digit)], [self.thick / ALIKE, self.thick * ALIKE])
        numbers = glyphs.numbers[int(digit)]
        number = numbers[min(rng.integers(first, max(first + 1, end)), len(numbers) - 1)]
        return self.sized(glyphs.images[number], height, self.wide * rng.uniform(0.88, 1.12))

    def sized(self, image: np.ndarray, height: float, wide: float) -> np.ndarray:
        """What is drawn on an image (28, 28), at a height, and so much wider."""
        rows, columns = np.nonzero(image > INK)
        image = image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        scale = height / len(image)
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        size = max(2, round(image.shape[1] * scale * wide)), max(3, round(height))
        return cv2.resize(image, size, interpolation=how)

    def put(self, layer: np.ndarray, image: np.ndarray, top: float, left: float) -> None:
        """Put an image on a layer; beyond the border it is cut."""
        y, x = round(top), round(left)
        here = layer[max(0, y) : max(0, y + image.shape[0]), max(0, x) : max(0, x + image.shape[1])]
        np.maximum(here, image[max(0, -y) :, max(0, -x) :][: here.shape[0], : here.shape[1]], out=here)

    def stroke(self, layer: np.ndarray, *lines: Any) -> None:
        """Draw lines through points x, y with the pen of the signs."""
        points = [np.round(line).astype(np.int32) for line in lines]
        cv2.polylines(layer, points, False, int(self.rng.uniform(150, 255)), self.pen, cv2.LINE_AA)

    def sign(self, x: float, kind: str = "") -> float:
        """Write something at a column that is no digit; its width."""
        rng, height, foot = self.rng, self.height, self.foot
        kind = kind or str(rng.choice([*SIGNS], p=[*SIGNS.values()]))
        if kind == "letter":
            number = rng.integers(self.glyphs.letters, len(self.glyphs.images))
            image = self.sized(self.glyphs.images[number], height * rng.uniform(0.6, 1.1), self.wide)
            self.put(self.other, image, foot - len(image), x)
            return float(image.shape[1])
        reach = height * rng.uniform(0.15, 0.5)
        level = foot - height * rng.uniform(0.2, 0.6)
        at = np.linspace(-1, 1, 12)
        bow = np.stack([x + reach * (1 - at**2), foot - height * (0.5 - 0.65 * at)], 1)
        bow = bow if self.chance(0.5) else bow * (-1, 1) + (2 * x + reach, 0)
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
        self.stroke(self.other, *strokes[kind])
        return float(max(np.max(points, 0)[0] for points in strokes[kind])) - x + self.pen

    def encircle(self, start: float, end: float) -> None:
        """Draw a circle or a frame around a number, with the pen that wrote it."""
        rng, height = self.rng, self.height
        middle, half = (start + end) / 2, (end - start) / 2 + height * rng.uniform(0, 0.4)
        at = np.linspace(0, 2 * math.pi * rng.uniform(0.9, 1.1), 40) + rng.uniform(0, 6)
        power = rng.choice([1, 0.5, 0.2])  # of an ellipse; of a superellipse, which is nearly a frame
        x, y = (np.sign(side) * np.abs(side) ** power for side in (np.cos(at), np.sin(at)))
        points = np.stack([middle + half * x, ROWS / 2 + height * rng.uniform(0.55, 0.85) * y], 1)
        self.stroke(self.other, points)

    def other_row(self, width: int) -> None:
        """Parts of the digits of the row above or below."""
        rng, height = self.rng, self.height
        y = self.foot + (1 if self.chance(0.5) else -1) * height * rng.uniform(1.15, 1.7)
        x = rng.uniform(-10, 20)
        while x < width:
            image = self.image(str(rng.integers(10)))
            if self.chance(0.8):
                self.put(self.other, image, y - len(image), x)
            x += height * rng.uniform(0.6, 1.3)

    def wear(self) -> None:
        """Write with a finer or a broader pen."""
        broader = self.rng.choice([-1, 0, 1, 2], p=[0.2, 0.52, 0.2, 0.08])
        if broader > 0 or (broader and self.thick > 2.5):
            change = cv2.erode if broader < 0 else cv2.dilate
            square = np.ones([abs(broader) + 1] * 2, np.uint8)
            self.ink, self.other = (np.asarray(change(layer, square)) for layer in (self.ink, self.other))

    def lean(self) -> None:
        """Slant the line; most hands lean to the right."""
        slant = float(np.clip(self.rng.normal(0.12, 0.2), -0.25, 0.7)) if self.chance(0.6) else 0.0
        shear, size = np.array([[1, -slant, slant * ROWS / 2], [0, 1, 0]]), self.ink.shape[::-1]
        self.ink, self.other = (np.asarray(cv2.warpAffine(one, shear, size)) for one in (self.ink, self.other))
        self.sure = np.asarray(cv2.warpAffine(self.sure, shear, size, borderValue=1))
        self.written = [one._replace(x=one.x - slant * (one.y - ROWS / 2)) for one in self.written]

    # --- What is printed

    def rule(self, *points: tuple[float, float], width: int) -> None:
        lines = [np.round(points).astype(np.int32)]
        cv2.polylines(self.printed, lines, False, 255, width, cv2.LINE_AA)

    def print_form(self, start: float, end: float, width: int) -> None:
        """Print a rule under the line or across, cells, a frame, dots, a circle or squares; often nothing."""
        rng, height, foot = self.rng, self.height, self.foot
        line, rise = max(1, round(rng.uniform(0.6, 2.4))), rng.normal(0, 0.015) * width
        forms = ["rule", "across", "cells", "sides", "dots", "circle", "squares", ""]
        form = rng.choice(forms, p=[0.14, 0.06, 0.16, 0.1, 0.06, 0.04, 0.08, 0.36])
        if form == "rule":
            y = foot + rng.uniform(-4, 7)
            self.rule((rng.uniform(-20, start), y), (width - rng.uniform(-20, 20), y + rise), width=line)
        elif form == "across":
            y = rng.uniform(4, ROWS - 4)
            self.rule((0, y), (width, y + rise), width=line)
        elif form == "cells":
            top, bottom = (ROWS / 2 + side * height * rng.uniform(0.55, 0.95) for side in (-1, 1))
            for y in (top, bottom):
                if self.chance(0.8):
                    self.rule((0, y), (width, y + rise), width=line)
            step, x = height * rng.uniform(0.8, 1.8), height * rng.uniform(0, 0.8)
            if self.chance(0.4):  # one cell around the number
                step, x = end - start + height * rng.uniform(0.2, 0.8), start - height * rng.uniform(0, 0.4)
            for side in np.arange(x, width, step):
                self.rule((side, top), (side + 0.3 * rise, bottom), width=line)
        elif form == "sides":
            for x in (start - height * rng.uniform(0.05, 0.8), end + height * rng.uniform(-0.1, 0.8)):
                for side in [x, x + 3 + line] if self.chance(0.25) else [x]:
                    self.rule((side, 0), (side + rng.normal(0, 0.6), ROWS), width=line)
        elif form == "dots":
            y, radius = round(foot + rng.uniform(-3, 4)), int(self.chance(0.4))
            for x in range(int(rng.integers(0, 4)), width, int(rng.integers(3, 8))):
                cv2.circle(self.printed, (x, y), radius, 255, cv2.FILLED)
        elif form == "circle":
            axes = int((end - start) * rng.uniform(0.5, 0.75)) + 3, int(height * rng.uniform(0.6, 0.85))
            cv2.ellipse(self.printed, (int((start + end) / 2), ROWS // 2), axes, 0, 0, 360, 255, line, cv2.LINE_AA)
        elif form == "squares":
            step = height * rng.uniform(0.22, 0.8)
            for at in np.arange(rng.uniform(0, step), max(width, ROWS), step):
                self.rule((at, 0), (at, ROWS), width=line)
                self.rule((0, at), (width, at), width=line)

    # --- What the eye and the line network see

    def noise(self, shape: tuple[int, ...], least: float, most: float) -> np.ndarray:
        """Smooth noise of standard deviation 1."""
        field = cv2.GaussianBlur(self.rng.standard_normal(shape, np.float32), (0, 0), self.rng.uniform(least, most))
        return field / max(float(field.std()), 1e-3)

    def seen(self, strokes: np.ndarray, printed: np.ndarray, sure: np.ndarray) -> np.ndarray:
        """The darkness and the eye's output (2, ROWS, W) uint8, given the layers 0..1."""
        rng, shape = self.rng, strokes.shape
        tone = np.clip(1 + rng.uniform(0.1, 0.4) * self.noise(shape, 1, 8), 0.3, 1.3) if self.chance(0.4) else 1
        dark = np.maximum(strokes * tone, printed * rng.uniform(0.15, 1))
        if self.chance(0.3):  # a pattern, such as a cheque has
            y, x = np.mgrid[: shape[0], : shape[1]]
            angle, wave = rng.uniform(0, 2 * math.pi), rng.uniform(0, 3) * np.sin(x / rng.uniform(4, 15))
            across = (math.cos(angle) * x + math.sin(angle) * y) * 2 * math.pi / rng.uniform(2.5, 9)
            dark = np.maximum(dark, rng.uniform(0.05, 0.4) * (np.sin(across + wave) > 0.3))
        if self.chance(0.5):
            dark = dark + rng.uniform(0, 0.06) * self.noise(shape, 0.5, 1.5)
        score = np.clip(strokes * sure * rng.uniform(1, 1.3), 0, 1) * (1 - printed * rng.uniform(0, 0.8))
        mistaken = printed * (self.noise(shape, 1, 5) > rng.uniform(0, 1)) * rng.uniform(0, 0.6)
        planes = np.stack([dark, np.maximum(score, mistaken)]).astype(np.float32)
        blur = rng.uniform(0, 1.2)
        if blur > 0.25:
            planes = np.stack([cv2.GaussianBlur(plane, (0, 0), blur) for plane in planes])
        return (255 * planes.clip(0, 1) + 0.5).astype(np.uint8)
