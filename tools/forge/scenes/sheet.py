"""A sheet of paper with handwriting: rows, digits in cells, marks and scribbles."""

import math
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator

from digits.handwriting.picture import WORKING
from tools.forge.scenes.drawing import chance, draw_lines, put, spread
from tools.forge.scenes.writing import Glyphs, Hand, Written

PLAIN = 0.45  # share of sheets without texture, pattern or stamp

Point = tuple[float, float]  # x, y
Size = tuple[float, float]  # height, width


class Sheet:
    """Layers (H, W) float32 0..1 of handwriting (`ink`), `printed` lines and printed `words`.

    `text` has the digits of the only line, or is None if that is unknown. `written` has all digits and letters.
    """

    def __init__(self, rng: Generator, glyphs: Glyphs, height: float, count: int, goes_on: bool) -> None:
        self.rng, self.count, self.goes_on = rng, count, goes_on
        cell, size = sizes(rng, height, count, goes_on)
        # The reader also reduces pictures to this size.
        scale = min(1.0, WORKING[1] / math.sqrt(math.prod(size)))
        self.height, self.cell = height * scale, (cell[0] * scale, cell[1] * scale)
        self.shape = max(24, int(size[0] * scale)), max(24, int(size[1] * scale))
        self.ink, self.printed, self.words = np.zeros((3, *self.shape), np.float32)
        self.text: str | None = ""
        self.written: list[Written] = []
        self.line = spread(rng, 0.8, max(1.0, 0.14 * self.height))  # width of a printed line
        self.plain = chance(rng, PLAIN)
        self.hand = Hand(rng, glyphs, self.height)
        self.empty = chance(rng, 0.07)  # nobody has filled in the form, but it may have scribbles
        self.noisy = chance(rng, 0.06)  # not a sheet of paper, but cloth or stone

    def draw(self, layer: np.ndarray, function: Callable[..., Any], *shape: Any, width: int) -> None:
        """Draw on a layer with a function of cv2 whose last arguments are a colour, a width and a line type."""
        drawn = np.zeros(self.shape, np.uint8)
        function(drawn, *shape, 255, width, cv2.LINE_AA)
        np.maximum(layer, drawn / np.float32(255), out=layer)

    def rule(self, start: Point, end: Point, width: float = 1, dashed: bool = False) -> None:
        """Print a line. A `width` of 1 is the usual width of this sheet's lines."""
        width *= self.line
        count = int(math.dist(start, end) / max(3.0, 3 * width)) if dashed else 1
        along = np.arange(count + 1)[:, None] / max(1, count)
        points = np.add(start, np.subtract(end, start) * along)
        lines = [points[n : n + 2] for n in range(0, count, 2)]
        self.draw(self.printed, draw_lines, lines, width=max(1, round(width)))

    def add(self, digit: str) -> None:
        """Add a digit to the text. A letter, given as "", makes the text unknown."""
        self.text = self.text + digit if self.text is not None and digit else None

    def write(self, glyph: np.ndarray, digit: str, top: float, left: float) -> None:
        """Write a glyph (h, w) 0..1, and cut it off at the border."""
        self.add(digit)
        if self.empty:
            self.text = ""
            return
        glyph = self.hand.slanted(glyph)
        y, x = int(top), int(left + min(0.0, self.hand.slant) * glyph.shape[0])
        rows, columns = (np.flatnonzero((glyph > 0.3).any(axis)) for axis in (1, 0))
        if len(rows):
            (high, low), (first, last) = rows[[0, -1]], columns[[0, -1]]
            size = float(last + 1 - first), float(low + 1 - high)
            self.written.append(Written(digit, x + (first + last + 1) / 2, y + (high + low + 1) / 2, *size))
        put(self.ink, glyph, y, x)

    def row(self, top: float) -> None:
        """Write a row of digits."""
        rng, height, hand = self.rng, self.height, self.hand
        x = rng.uniform(-0.2, 0.8) * height
        begin, gap = x, height * rng.uniform(0.0, 0.35)
        first_apart, last_apart = chance(rng, 0.04), chance(rng, 0.04)  # 1s that stand apart
        for number in range(self.count):
            if number == 0 and first_apart or number == self.count - 1 and last_apart:
                glyph, digit = hand.plain_one(), "1"
                x += height * rng.uniform(0, 0.6) * (number > 0)
            else:
                glyph, digit = hand.glyph()
            self.write(glyph, digit, top + rng.normal(0, 0.08) * height, x)
            x += glyph.shape[1] + gap + height * rng.normal(0, 0.08)
            if chance(rng, 0.02):
                x += height * rng.uniform(0.3, 1.0)
        if chance(rng, 0.12):
            self.mark(begin if chance(rng, 0.5) else x, top)
        if chance(rng, 0.05):  # a point, a comma or a dash at the end
            y = top + height * rng.uniform(0.4, 1.05)
            end = int(x + height * rng.uniform(0, 0.3)), int(y + height * rng.uniform(-0.05, 0.15))
            self.draw(self.ink, cv2.line, (int(x), int(y)), end, width=hand.pen)
        if begin < 0 or x > self.shape[1]:  # the row is cut off
            self.add("")

    def rows(self) -> float:
        """Write the main row, perhaps with rows above and below. Return the top of the main row."""
        room = max(0.0, self.shape[0] - self.height)
        top = room * self.rng.uniform(0.2, 0.75)
        apart = self.height * self.rng.uniform(1.2, 2.0)
        tops = np.arange(top % apart - apart, self.shape[0], apart)  # the sheet has room for these rows
        for y in tops if room > 3 * self.height else self.rng.choice(tops, 1 if chance(self.rng, 0.25) else 0):
            self.row(y)
            self.add("")
        self.row(top)
        return top

    def in_cells(self) -> Point:
        """Write digits in a row of cells, and leave some empty. Return the left and top of the first cell."""
        rng, (high, wide) = self.rng, self.cell
        top = rng.uniform(0, max(1.0, self.shape[0] - high))
        left = rng.uniform(0, max(1.0, self.shape[1] - self.count * wide))
        for number in range(self.count):
            if chance(rng, 0.92):
                glyph, digit = self.hand.glyph()
                y = top + (high - glyph.shape[0]) / 2 + rng.normal(0, 0.12) * high
                x = left + number * wide + (wide - glyph.shape[1]) / 2 + rng.normal(0, 0.1) * wide
                self.write(glyph, digit, y, x)
        return left, top

    def mark(self, x: float, top: float) -> None:
        """Write a bracket or a tick beside a number: handwriting, but not a digit."""
        rng, height = self.rng, self.height * self.rng.uniform(0.8, 1.4)
        reach = self.height * rng.uniform(0.1, 0.3)
        y, side = top + (self.height - height) / 2, 1 if chance(rng, 0.5) else -1
        x += side * self.height * rng.uniform(0.05, 0.3)
        t = np.linspace(-1, 1, 20)
        round_bracket = np.stack([reach * (1 - t**2), (t + 1) / 2 * height], 1)
        square_bracket = np.array([(0, 0), (reach, 0), (reach, height), (0, height)])
        tick = np.array([(0, 0.6 * height), (reach, height), (3 * reach, 0.1 * height)])
        points = [round_bracket, square_bracket, tick][rng.integers(3)] * (side, 1) + (x, y)
        self.draw(self.ink, draw_lines, [points], width=self.hand.pen)

    def scribble(self) -> None:
        """Draw a flourish: handwriting, but not a digit."""
        self.add("")
        count, (high, wide) = int(self.rng.integers(2, 9)), self.shape
        points = np.cumsum(self.rng.normal(0, 0.35 * self.height, (count, 2)), 0)
        points += self.rng.uniform(0, 1, 2) * (wide, high)
        t = np.linspace(0, count - 1, 40)
        curve = np.stack([np.interp(t, np.arange(count), side) for side in points.T], 1).astype(np.float32)
        curve = np.asarray(cv2.GaussianBlur(curve, (1, 0), 0.01, sigmaY=2), np.float32)
        self.draw(self.ink, draw_lines, [curve], width=max(1, int(self.height * self.rng.uniform(0.04, 0.12))))


def sizes(rng: Generator, height: float, count: int, goes_on: bool) -> tuple[Size, Size]:
    """Return the size of a cell and the size of a sheet for `count` digits of this height."""
    cell, step = height * rng.uniform(1.15, 2.4), height * rng.uniform(0.7, 1.8)
    step = height * rng.uniform(0.6, 1.1) if goes_on else step
    tall = height * rng.uniform(1.1, 3.5) if goes_on else cell + height * rng.uniform(0.05, 2.5)
    wide = count * step + height * rng.uniform(0.1, 2.5)
    if chance(rng, 0.1):  # a page
        tall *= rng.uniform(2, 4)
    if chance(rng, 0.1):  # much blank paper
        tall, wide = tall + height * rng.uniform(1, 4), wide + height * rng.uniform(1, 4)
    return (cell, step), (tall, wide)
