"""Scenes: synthetic pictures of handwriting on paper, of which each pixel is known to be handwriting or not.

Digits and some letters are written on plain paper, or on printed forms: in boxes, combs, tables and frames, on rulings,
squared paper and dotted lines. Around them are printed words, other rows, ticks, brackets and scribbles. Then the paper
gets a colour, light, shadows, texture and patterns, and a camera or scanner takes the picture.
"""

import math
from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.random import Generator

from digits.augment import pen
from digits.augment.allographs import ATLAS, LETTERS, with_allographs
from digits.augment.elastic import LETTERS_OF_SCENES, random_numbers
from digits.augment.negatives import Negatives

HEIGHT = 8, 250  # of a digit, in pixels
AREA = 600  # at most, the area of a picture is that of 600 x 600 pixels, to which the reader reduces larger ones
INK = 40  # least brightness of a glyph's strokes, of 255
# The share of scenes on each kind of paper, 1 in all. `rows` alone is blank paper, which is what people use most.
FORMS = {"boxes": 0.15, "comb": 0.06, "table": 0.15, "rulings": 0.09, "squares": 0.08, "underlined": 0.06}
FORMS |= {"dotted_line": 0.06, "framed": 0.06, "circled": 0.04, "rows": 0.25}
PLAIN = 0.45  # the share of sheets without texture, pattern or stamp
ENDING = "boxes", "comb"  # of these a picture shows the whole; others go on beyond it
WORDS = list("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:.$/-")


class Written(NamedTuple):
    """A digit, or "" for a letter, and the box around it: its middle x, y, its width and its height, in pixels."""

    digit: str
    x: float
    y: float
    width: float
    height: float


class Scene(NamedTuple):
    """A picture (H, W, 3) uint8; how much of each pixel is handwriting, printed lines, printed words: (H, W) 0..1.

    `text` is what its only line says, None if it has several, or something else is written there, too. `written` has
    all its digits and letters.
    """

    image: np.ndarray
    ink: np.ndarray
    printed: np.ndarray
    words: np.ndarray
    text: str | None
    written: list[Written]


class Glyphs(NamedTuple):
    """What is written: images (N, 28, 28) uint8 as MNIST's, what each says, "" for a letter, and which are ones, thin
    and easily lost; and figures of the atlas as `pen.parse` has them, for straight strokes of even width, which MNIST
    hardly has, and what these say.
    """

    images: np.ndarray
    say: list[str]
    ones: np.ndarray
    figures: pen.Figures
    figures_say: list[str]


def glyphs(images: torch.Tensor, labels: torch.Tensor, seed: int) -> Glyphs:
    """MNIST's images (N, 28, 28) uint8 of the digits `labels` (N,), some as allographs, and letters."""
    written = with_allographs(images, labels, seed, 0)
    make = Negatives(images, labels, random_numbers(images.device, seed, 0, LETTERS_OF_SCENES))
    letters = make.letters(len(images) // 20)
    say = [*map(str, labels.tolist()), *[""] * len(letters)]
    ones = (labels == 1).nonzero().flatten().numpy()
    figures = pen.parse(tuple(chain(*ATLAS.values())))
    figures_say = [str(digit) for digit, ways in ATLAS.items() for _ in ways]
    return Glyphs(torch.cat([written, letters]).numpy(), say, ones, figures, figures_say)


def only_letters(written: Glyphs) -> Glyphs:
    """The letters among glyphs, and figures of letters."""
    letters = np.array([not one for one in written.say])
    figures, nothing = pen.parse(LETTERS), [""] * int(letters.sum())
    return Glyphs(written.images[letters], nothing, np.arange(len(nothing)), figures, [""] * len(LETTERS))


def scene(rng: Generator, written: Glyphs) -> Scene:
    """One more scene; it depends on the numbers of `rng` alone."""
    return _Sheet(rng, written).taken()


class _Sheet:
    """A sheet of paper: layers (H, W) float32 0..1 of `ink`, of `printed` lines and of printed `words`.

    A form of FORMS is a method that writes digits, by `rows` or `in_cells`, and draws what is printed around them.
    """

    def __init__(self, rng: Generator, written: Glyphs) -> None:
        self.rng, self.written = rng, written
        height = self.spread(*HEIGHT)  # of a digit
        self.digits = 1 if self.chance(0.12) else int(rng.integers(1, 9))
        form = [*FORMS][rng.choice(len(FORMS), p=[*FORMS.values()])]
        self.goes_on = form not in ENDING
        box, step = height * rng.uniform(1.15, 2.4), height * rng.uniform(0.7, 1.8)  # height and width of a box
        step = height * rng.uniform(0.6, 1.1) if self.goes_on else step
        tall = height * rng.uniform(1.1, 3.5) if self.goes_on else box + height * rng.uniform(0.05, 2.5)
        wide = self.digits * step + height * rng.uniform(0.1, 2.5)
        if self.chance(0.1):  # a page
            tall *= rng.uniform(2, 4)
        if self.chance(0.1):  # much empty paper
            tall, wide = tall + height * rng.uniform(1, 4), wide + height * rng.uniform(1, 4)
        smaller = min(1.0, AREA / math.sqrt(tall * wide))
        self.height, self.cell = height * smaller, (box * smaller, step * smaller)
        self.shape = max(24, int(tall * smaller)), max(24, int(wide * smaller))
        self.ink, self.printed, self.words = np.zeros((3, *self.shape), np.float32)
        self.line = self.spread(0.8, max(1.0, 0.14 * self.height))  # width of a printed line
        self.text: str | None = ""
        self.placed: list[Written] = []
        self.plain = self.chance(PLAIN)
        self.slant = float(np.clip(rng.normal(0.12, 0.2), -0.25, 0.7)) if self.chance(0.6) else 0.0
        self.even = self.chance(0.3)  # one pen, as thick everywhere, writes straight strokes
        self.pen_width = self.spread(0.02, 0.14)  # of that pen, in heights of a digit
        self.empty = self.chance(0.07)  # a form in which nobody has written; but somebody may have scribbled
        self.noisy = self.chance(0.06)  # a picture of cloth or stone, without anything
        if not self.noisy:
            getattr(self, form)()
            self.around()

    def spread(self, low: float, high: float) -> float:
        """A random number whose logarithm is uniform."""
        return math.exp(self.rng.uniform(math.log(low), math.log(max(low, high))))

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def draw(self, layer: np.ndarray, how: Callable[..., Any], *what: Any, width: int) -> None:
        """Draw on a layer with one of cv2's functions."""
        drawn = np.zeros(self.shape, np.uint8)
        how(drawn, *what, 255, width, cv2.LINE_AA)
        np.maximum(layer, drawn / np.float32(255), out=layer)

    # --- What is written

    def glyph(self) -> tuple[np.ndarray, str]:
        """A digit or a letter (h, w) 0..1 about `height` high, with a thin or a thick pen; and what it says."""
        rng, (images, say, ones, *_) = self.rng, self.written
        if self.chance(0.05):
            return self.ruler_one(), "1"
        if self.even or self.chance(0.12):
            return self.drawn()
        number = rng.choice(ones) if self.chance(0.18) else rng.integers(len(images))
        image = images[number]
        rows, columns = np.nonzero(image > INK)
        image = np.pad(image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1], 2)
        scale = max(4.0, self.height * rng.uniform(0.8, 1.2)) / (image.shape[0] - 4)
        size = max(2, round(image.shape[1] * scale * rng.uniform(0.85, 1.2))), max(2, round(image.shape[0] * scale))
        large = cv2.resize(image / np.float32(255), size, interpolation=cv2.INTER_CUBIC)
        large = cv2.GaussianBlur(large, (0, 0), max(0.3, 0.35 * scale))
        drawn = np.clip((large - rng.uniform(0.25, 0.75)) * max(2.6, 1.5 * scale) + 0.5, 0, 1)
        if self.chance(0.35):  # a finer pen
            strokes = (drawn > 0.5).astype(np.uint8)
            most = cv2.distanceTransform(strokes, cv2.DIST_L2, 3).max()
            worn = 2 * int(rng.uniform(0.2, 0.6) * most) + 1
            thin = cv2.erode(strokes, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (worn, worn)))
            if most > 2 and thin.sum() > 0.15 * strokes.sum():
                drawn = cv2.GaussianBlur(thin.astype(np.float32), (0, 0), 0.6)
        return drawn, say[number]

    def ruler_one(self) -> np.ndarray:
        """A 1 that is nothing but a straight line."""
        height, lean = max(4.0, self.height * self.rng.uniform(0.75, 1.2)), self.rng.normal(0, 0.1)
        width = max(1, round(self.height * self.pen_width))
        drawn = np.zeros([round(height + 2 * width), round(abs(lean) * height + 3 * width)], np.uint8)
        start, end = (width, round(width + height)), (round(width + abs(lean) * height), width)
        cv2.line(drawn, start, end, 255, width, cv2.LINE_AA)
        return (drawn if lean > 0 else drawn[:, ::-1]) / np.float32(255)

    def drawn(self) -> tuple[np.ndarray, str]:
        """A digit of the atlas, as a smooth pen draws it; and what it says."""
        rng, (points, weights) = self.rng, self.written.figures
        number, height = int(rng.integers(len(points))), max(4.0, self.height * rng.uniform(0.8, 1.2))
        width = max(1, round(height * (self.pen_width if self.even else rng.uniform(0.02, 0.14))))
        shaken = points[number].numpy() + rng.normal(0, rng.uniform(0, 3), points[number].shape)
        dots = weights[number].numpy() @ shaken * (height / 100) * (rng.uniform(0.8, 1.3), 1)
        dots += width + 1 - dots.min(0)
        steps = np.linalg.norm(np.diff(dots, axis=0), axis=1)
        strokes = np.split(dots, np.flatnonzero(steps > 3 * np.median(steps)) + 1)  # the pen was lifted between
        size = np.ceil(dots.max(0) + width + 1).astype(int)
        drawn = np.zeros(size[::-1], np.uint8)
        cv2.polylines(drawn, [stroke.round().astype(np.int32) for stroke in strokes], False, 255, width, cv2.LINE_AA)
        return drawn / np.float32(255), self.written.figures_say[number]

    def says(self, digit: str) -> None:
        """Note that a digit more is written, or a letter, which is "": then nobody knows what the sheet says."""
        self.text = self.text + digit if self.text is not None and digit else None

    def write(self, glyph: np.ndarray, digit: str, top: float, left: float) -> None:
        """Put a glyph on the paper; beyond the border it is cut."""
        self.says(digit)
        if self.empty:
            self.text = ""
            return
        glyph = self.slanted(glyph)
        y, x = int(top), int(left + min(0.0, self.slant) * glyph.shape[0])
        rows, columns = (np.flatnonzero((glyph > 0.3).any(axis)) for axis in (1, 0))
        if len(rows):
            (high, low), (first, last) = rows[[0, -1]], columns[[0, -1]]
            size = float(last + 1 - first), float(low + 1 - high)
            self.placed.append(Written(digit, x + (first + last + 1) / 2, y + (high + low + 1) / 2, *size))
        here = np.s_[max(0, y) : max(0, y + glyph.shape[0]), max(0, x) : max(0, x + glyph.shape[1])]
        part = self.ink[here]
        part[:] = np.maximum(part, glyph[max(0, -y) :, max(0, -x) :][: part.shape[0], : part.shape[1]])

    def slanted(self, glyph: np.ndarray) -> np.ndarray:
        """A glyph (h, w) with the slant of this sheet's hand: (h, wider)."""
        height, width = glyph.shape
        more = abs(self.slant) * height
        matrix = np.array([[1, -self.slant, max(0.0, self.slant) * height], [0, 1, 0]])
        return cv2.warpAffine(glyph, matrix, (width + math.ceil(more), height))

    def row(self, top: float) -> None:
        """Digits side by side."""
        x = self.rng.uniform(-0.2, 0.8) * self.height
        begin, apart = x, self.height * self.rng.uniform(0.0, 0.35)
        before, after = (self.chance(0.04) for _ in range(2))
        for number in range(self.digits):
            if number == 0 and before or number == self.digits - 1 and after:  # a 1 that stands apart
                glyph, digit = self.ruler_one(), "1"
                x += self.height * self.rng.uniform(0, 0.6) * (number > 0)
            else:
                glyph, digit = self.glyph()
            self.write(glyph, digit, top + self.rng.normal(0, 0.08) * self.height, x)
            x += glyph.shape[1] + apart + self.height * self.rng.normal(0, 0.08)
            if self.chance(0.02):
                x += self.height * self.rng.uniform(0.3, 1.0)
        if self.chance(0.12):  # a bracket or a tick beside the number
            self.mark(begin if self.chance(0.5) else x, top)
        if self.chance(0.05):  # a point, a comma or a dash after it
            y = top + self.height * self.rng.uniform(0.4, 1.05)
            end = int(x + self.height * self.rng.uniform(0, 0.3)), int(y + self.height * self.rng.uniform(-0.05, 0.15))
            self.draw(self.ink, cv2.line, (int(x), int(y)), end, width=max(1, round(self.height * self.pen_width)))
        if begin < 0 or x > self.shape[1]:  # the border has cut it
            self.says("")

    def rows(self) -> float:
        """A row, of which the top is returned, and perhaps parts of those above and below."""
        room = max(0.0, self.shape[0] - self.height)
        top = room * self.rng.uniform(0.2, 0.75)
        apart = self.height * self.rng.uniform(1.2, 2.0)
        tops = np.arange(top % apart - apart, self.shape[0], apart)  # of all rows that the sheet has room for
        for other in tops if room > 3 * self.height else self.rng.choice(tops, 1 if self.chance(0.25) else 0):
            self.row(other)
            self.says("")
        self.row(top)
        return top

    def in_cells(self) -> tuple[float, float]:
        """Digits in cells side by side, of which the top and the left are returned; some are empty."""
        rng, (high, wide) = self.rng, self.cell
        top = rng.uniform(0, max(1.0, self.shape[0] - high))
        left = rng.uniform(0, max(1.0, self.shape[1] - self.digits * wide))
        for number in range(self.digits):
            if self.chance(0.92):
                glyph, digit = self.glyph()
                y = top + (high - glyph.shape[0]) / 2 + rng.normal(0, 0.12) * high
                x = left + number * wide + (wide - glyph.shape[1]) / 2 + rng.normal(0, 0.1) * wide
                self.write(glyph, digit, y, x)
        return top, left

    def mark(self, x: float, top: float) -> None:
        """A bracket or a tick beside a number: it is handwriting, but no digit."""
        rng, height = self.rng, self.height * self.rng.uniform(0.8, 1.4)
        width, reach = max(1, round(self.height * self.pen_width)), self.height * rng.uniform(0.1, 0.3)
        y, side = top + (self.height - height) / 2, 1 if self.chance(0.5) else -1
        x += side * self.height * rng.uniform(0.05, 0.3)
        at = np.linspace(-1, 1, 20)
        shapes = [
            np.stack([reach * (1 - at**2), (at + 1) / 2 * height], 1),  # a round bracket
            np.array([(0, 0), (reach, 0), (reach, height), (0, height)]),  # a square one
            np.array([(0, 0.6 * height), (reach, height), (3 * reach, 0.1 * height)]),  # a tick
        ]
        points = shapes[rng.integers(3)] * (side, 1) + (x, y)
        self.draw(self.ink, cv2.polylines, [points.round().astype(np.int32)], False, width=width)

    def scribble(self) -> None:
        """A stroke that is no digit: a tick, a slash, a flourish. It is handwriting, too."""
        self.says("")
        count, (high, wide) = int(self.rng.integers(2, 9)), self.shape
        points = np.cumsum(self.rng.normal(0, 0.35 * self.height, (count, 2)), 0)
        points += self.rng.uniform(0, 1, 2) * (wide, high)
        at = np.linspace(0, count - 1, 40)
        curve = np.stack([np.interp(at, np.arange(count), side) for side in points.T], 1).astype(np.float32)
        curve = np.asarray(cv2.GaussianBlur(curve, (1, 0), 0.01, sigmaY=2), np.float32)
        width = max(1, int(self.height * self.rng.uniform(0.04, 0.12)))
        self.draw(self.ink, cv2.polylines, [curve.round().astype(np.int32)], False, width=width)

    # --- Forms

    def rule(self, start: tuple[float, float], end: tuple[float, float], width: float, dashes: bool = False) -> None:
        """Print a line from one point x, y to another."""
        count = int(math.dist(start, end) / max(3.0, 3 * width)) if dashes else 1
        at = np.arange(count + 1)[:, None] / max(1, count)
        points = np.add(start, np.subtract(end, start) * at).round().astype(np.int32)
        lines = [points[n : n + 2] for n in range(0, count, 2)]
        self.draw(self.printed, cv2.polylines, lines, False, width=max(1, round(width)))

    def boxes(self) -> None:
        """A row of boxes, a digit in each; some stand apart."""
        (high, wide), (top, left) = self.cell, self.in_cells()
        apart = wide * self.rng.uniform(0.05, 0.2) if self.chance(0.25) else 0.0
        for number in range(self.digits + 1):
            x = left + number * wide
            for side in {x, x - apart}:
                self.rule((side, top), (side, top + high), self.line)
            if number < self.digits:
                for y in (top, top + high):
                    self.rule((x, y), (x + wide - apart, y), self.line)

    def comb(self) -> None:
        """A line to write on, with teeth between the digits."""
        (high, wide), (top, left) = self.cell, self.in_cells()
        bottom, tooth, between = top + high, high * self.rng.uniform(0.1, 0.5), int(self.rng.choice([1, 1, 2, 5]))
        self.rule((left, bottom), (left + self.digits * wide, bottom), self.line)
        for number in range(self.digits * between + 1):
            x, shorter = left + number * wide / between, 1.0 if number % between == 0 else 0.6  # as a ruler has
            self.rule((x, bottom - shorter * tooth), (x, bottom), self.line)

    def table(self) -> None:
        self.rows()
        (high, wide), rng = self.shape, self.rng
        down, across = 1.1 * self.cell[0], self.cell[1] * rng.uniform(1, 4)
        x, y = rng.uniform(-0.3, 0.3) * wide, rng.uniform(-0.3, 0.3) * high
        for number in range(-3, 6):
            self.rule((0, y + number * down + rng.normal(0, 1)), (wide, y + number * down), self.line)
            self.rule((x + number * across, 0), (x + number * across, high), self.line)

    def rulings(self) -> None:
        self.rows()
        (high, wide), first, dashes = self.shape, self.rng.uniform(0, self.cell[0]), self.chance(0.2)
        for number in range(-1, int(high / self.cell[0]) + 2):
            y = first + number * self.cell[0]
            self.rule((0, y), (wide, y + self.rng.normal(0, 1)), 0.5 * self.line, dashes)
        if self.chance(0.3):  # a margin
            x = self.rng.uniform(0, wide)
            self.rule((x, 0), (x, high), 0.5 * self.line)

    def squares(self) -> None:
        self.rows()
        (high, wide), side = self.shape, max(5.0, self.height * self.rng.uniform(0.25, 0.9))
        x, y = self.rng.uniform(0, side, 2)
        for number in range(int(max(high, wide) / side) + 2):
            self.rule((x + number * side, 0), (x + number * side, high), 0.4 * self.line)
            self.rule((0, y + number * side), (wide, y + number * side), 0.4 * self.line)

    def underlined(self) -> None:
        y = self.rows() + self.height * self.rng.uniform(0.95, 1.3)
        start, end = self.rng.uniform(-0.2, 0.3), self.rng.uniform(0.6, 1.2)
        self.rule((start * self.shape[1], y), (end * self.shape[1], y), self.line, self.chance(0.3))

    def framed(self) -> None:
        """A number with a frame close around it."""
        y, rng = self.rows(), self.rng
        left, right = rng.uniform(-0.1, 0.6) * self.height, self.shape[1] - rng.uniform(-0.1, 1) * self.height
        top, bottom = y - rng.uniform(-0.05, 0.5) * self.height, y + rng.uniform(0.95, 1.6) * self.height
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        for start, end in zip(corners, [*corners[1:], corners[0]], strict=True):
            if self.chance(0.9):
                self.rule(start, end, self.line)

    def circled(self) -> None:
        """A number with a circle drawn around it."""
        y, rng = self.rows(), self.rng
        wide = max((one.x + one.width / 2 for one in self.placed), default=self.shape[1] / 2)
        middle = int(wide / 2 + rng.uniform(0, 0.3) * self.height), int(y + self.height * rng.uniform(0.4, 0.6))
        axes = int(wide / 2 * rng.uniform(0.9, 1.3)) + 1, int(self.height * rng.uniform(0.55, 0.9)) + 1
        width = max(1, round(self.height * self.pen_width))
        self.draw(self.printed, cv2.ellipse, middle, axes, rng.normal(0, 5), 0, int(rng.uniform(300, 390)), width=width)

    def dotted_line(self) -> None:
        y, radius = self.rows() + self.height * self.rng.uniform(0.8, 1.2), self.height * self.rng.uniform(0.02, 0.06)
        for x in np.arange(0, self.shape[1], max(2.0, self.height * self.rng.uniform(0.12, 0.35))):
            self.draw(self.printed, cv2.circle, (int(x), int(y)), max(1, int(radius)), width=cv2.FILLED)

    def around(self) -> None:
        """What else stands there: scribbles, printed words, a frame that the border of the picture cuts."""
        rng, (high, wide) = self.rng, self.shape
        if self.chance(0.15):
            for _ in range(rng.integers(1, 3)):
                self.scribble()
        if self.chance(0.3):
            drawn, size = np.zeros(self.shape, np.uint8), self.height / 30 * rng.uniform(0.3, 0.8)
            for _ in range(rng.integers(1, 3)):
                y = high * (rng.uniform(0.05, 0.25) if self.chance(0.5) else rng.uniform(0.85, 1.1))
                word, at = "".join(rng.choice(WORDS, rng.integers(2, 9))), (int(rng.uniform(-0.1, 0.6) * wide), int(y))
                if any(character.isdigit() for character in word):
                    self.says("")
                cv2.putText(drawn, word, at, int(rng.integers(0, 5)), size, 255, max(1, int(2 * size)), cv2.LINE_AA)
            self.words = (drawn / 255).astype(np.float32)
        if self.chance(0.2):
            top, bottom, left, right = rng.uniform(-0.1, 0.25, 4) * self.height
            level = [((0, y), (wide, y)) for y in (top, high - bottom)]
            upright = [((x, 0), (x, high)) for x in (left, wide - right)]
            for start, end in [*level, *upright]:
                if self.chance(0.6):
                    self.rule(start, end, self.line)

    # --- Paper, light, camera

    def taken(self) -> Scene:
        """The picture of the sheet, tilted a little."""
        rng = self.rng
        self.tilt()
        if self.chance(0.12) and self.ink.any():
            self.cut_out()
        light = self.light()
        if self.goes_on and self.chance(0.3):  # worn print
            self.printed = self.printed * (self.noise(0.8, 0.3 * self.height) > rng.uniform(-1.5, -0.3))
        pen = self.spread(0.1, 0.95) if self.chance(0.6) else rng.uniform(0.5, 0.97)
        print_, words = self.spread(0.06, 0.95), self.spread(0.1, 0.95)
        if self.chance(0.3):
            print_ = pen * rng.uniform(0.7, 1.2)
        tone = np.ones(self.shape, np.float32)
        if self.chance(0.4):
            tone = np.clip(1 + rng.uniform(0.1, 0.5) * self.noise(1, 0.06 * self.height), 0.3, 1.4)
        image = light[:, :, None] * self.tint(0.6 if self.chance(0.12) else 0.15 if self.chance(0.4) else 0.0)
        for layer in (print_ * self.printed, words * self.words, pen * tone * self.ink):
            image = image * (1 - np.clip(layer, 0, 0.97)[:, :, None] * self.tint(0.8 if self.chance(0.35) else 0.0))
        if self.chance(0.08):  # what is written on the back shines through
            back = cv2.GaussianBlur(np.roll(self.ink[:, ::-1], int(rng.integers(1, self.shape[0])), 0), (0, 0), 1)
            image = image * (1 - rng.uniform(0.04, 0.15) * back[:, :, None])
        picture = self.camera(image.astype(np.float32), min(0.05, 0.2 * pen))
        return Scene(picture, self.ink, self.printed, self.words, self.text, self.placed)

    def cut_out(self) -> None:
        """The picture ends where the handwriting does, or little beside it."""
        x, y, wide, high = cv2.boundingRect((self.ink > 0.5).astype(np.uint8))
        least = (self.height * self.rng.uniform(-0.08, 0.1, 4)).round().astype(int)
        rows = slice(max(0, y - least[0]), y + high + least[1])
        columns = slice(max(0, x - least[2]), x + wide + least[3])
        if min(self.ink[rows, columns].shape) >= 8:
            left, top = columns.start, rows.start
            self.placed = [one._replace(x=one.x - left, y=one.y - top) for one in self.placed]
            self.ink, self.printed, self.words = (one[rows, columns] for one in (self.ink, self.printed, self.words))
            self.shape = self.ink.shape[0], self.ink.shape[1]

    def tilt(self) -> None:
        angle, (high, wide) = math.radians(self.rng.normal(0, 2.5)), self.shape
        cos, sin = math.cos(angle), math.sin(angle)
        matrix = np.array([[cos, self.rng.normal(0, 0.02) - sin], [sin + self.rng.normal(0, 0.01), cos]])
        middle = np.array([wide / 2, high / 2])
        moved = np.column_stack([matrix, middle - matrix @ middle])
        self.placed = [one._replace(x=x, y=y) for one in self.placed for x, y in [moved @ (one.x, one.y, 1)]]
        turn: Any = partial(cv2.warpAffine, M=moved, dsize=(wide, high))
        self.ink, self.words = turn(self.ink), turn(self.words)
        self.printed = turn(self.printed, borderMode=cv2.BORDER_REPLICATE if self.goes_on else cv2.BORDER_CONSTANT)

    def noise(self, least: float, most: float) -> np.ndarray:
        """Smooth noise (H, W) of standard deviation 1."""
        field = cv2.GaussianBlur(self.rng.standard_normal(self.shape, np.float32), (0, 0), self.spread(least, most))
        return field / max(float(field.std()), 1e-6)

    def tint(self, most: float) -> np.ndarray:
        """How much of red, green and blue (3,): all of one of them, and up to `most` less of the others."""
        parts = 1 - self.rng.uniform(0, most, 3)
        return (parts / parts.max()).astype(np.float32)

    def light(self) -> np.ndarray:
        """The light (H, W) that the empty paper sends back: uneven, in shadow, of some texture or pattern."""
        rng, (high, wide) = self.rng, self.shape
        y, x = np.mgrid[:high, :wide].astype(np.float32)
        most = 0.8 if self.chance(0.2) else 0.3
        light = 1 + rng.uniform(-most, most) * (x / wide - 0.5) + rng.uniform(-most, most) * (y / high - 0.5)
        light *= rng.uniform(0.45, 1)
        if self.chance(0.2):  # a lamp, or the dark corners of a camera's picture
            away = np.hypot(x / wide - rng.uniform(0.2, 0.8), y / high - rng.uniform(0.2, 0.8))
            light *= 1 - rng.uniform(0.1, 0.7) * np.minimum(away, 1.2) ** 2 / 1.2**2

        def across() -> np.ndarray:  # pixels along a random direction
            angle = rng.uniform(0, 2 * math.pi)
            return math.cos(angle) * x + math.sin(angle) * y

        if self.chance(0.3):  # the edge of a shadow
            edge = across()
            edge = (edge - rng.uniform(edge.min(), edge.max())) / self.spread(0.4, 0.8 * self.height)
            light *= 1 - rng.uniform(0.1, 0.5) / (1 + np.exp(-np.clip(edge, -20, 20)))
        if self.plain:
            return light
        if self.chance(0.3):  # waves
            light *= 1 + rng.uniform(0.01, 0.1) * np.sin(2 * math.pi * across() / self.spread(3, 0.6 * self.height))
        if self.chance(0.4):  # fibres
            light *= 1 + self.noise(0.6, 0.3 * self.height) * rng.uniform(0.005, 0.06)
        if self.chance(0.15):  # the soft shadow of a hand or of a fold
            shadow, reach = np.zeros(self.shape, np.float32), self.height * rng.uniform(0.3, 2, 2)
            at = int(rng.uniform(0, 1) * wide), int(rng.uniform(0, 1) * high)
            axes = int(reach[0]) + 1, int(reach[1]) + 1
            cv2.ellipse(shadow, at, axes, rng.uniform(0, 180), 0, 360, 1, -1)
            soft = cv2.GaussianBlur(shadow, (0, 0), max(1.0, reach.min() * rng.uniform(0.1, 0.8)))
            light *= 1 - rng.uniform(0.05, 0.5) * soft
        if self.chance(0.35):  # hatching, in one direction or two
            period = self.spread(3, 0.35 * self.height)
            bend = self.height * 0.1 * np.sin(across() / (self.height * rng.uniform(0.2, 1.5))) * self.chance(0.6)
            for _ in range(1 + self.chance(0.3)):
                away = np.abs(((across() + bend) / period) % 1 - 0.5) * 2 * period  # pixels from a line's middle
                light *= 1 - rng.uniform(0.03, 0.4) * np.clip(1 - away / self.spread(0.8, 2.2), 0, 1)
        if self.chance(0.3):  # a stamp or a watermark
            mark = np.zeros(self.shape, np.uint8)
            for _ in range(rng.integers(1, 4)):
                at = int(rng.uniform(-0.3, 1) * wide), int(rng.uniform(0.1, 1.2) * high)
                width = max(1, int(self.height * rng.uniform(0.05, 0.4)))
                if self.chance(0.5):
                    word, size = "".join(rng.choice(WORDS, 3)), self.height / 25 * rng.uniform(1, 3)
                    cv2.putText(mark, word, at, 2, size, 255, width, cv2.LINE_AA)
                else:
                    reach = self.height * rng.uniform(0.3, 2, 2)
                    axes = int(reach[0]), int(reach[1])
                    cv2.ellipse(mark, at, axes, 0, 0, 360, 255, -1 if self.chance(0.4) else width, cv2.LINE_AA)
            light *= 1 - mark / np.float32(255) * rng.uniform(0.03, 0.3)
        if self.chance(0.15):  # a dark bar at a side, beyond the paper
            width = int(self.height * rng.uniform(0.05, 0.5))
            sides = [np.s_[:, :width], np.s_[:, wide - width :], np.s_[:width], np.s_[high - width :]]
            light[sides[rng.integers(4)]] *= rng.uniform(0.02, 0.5)
        return light

    def camera(self, image: np.ndarray, loudest: float) -> np.ndarray:
        """What a camera or a scanner makes of the light (H, W, 3) 0..1, with noise of at most that deviation: uint8."""
        rng = self.rng
        image = cv2.GaussianBlur(image, (0, 0), self.spread(0.25, min(2.0, max(0.5, 0.05 * self.height))))
        noise = rng.standard_normal((*self.shape, 3 if self.chance(0.5) else 1), np.float32)
        if self.noisy:
            noise, loudest = self.noise(0.3, 0.3 * self.height)[:, :, None], 0.3
        image = np.clip(image + noise * self.spread(0.002, loudest), 0, 1)
        if self.chance(0.35):  # grey
            image = np.repeat(image.mean(2, keepdims=True), 3, 2)
        if self.chance(0.08):  # one bit
            near = cv2.GaussianBlur(image, (0, 0), self.height)
            image = np.repeat((image > near * rng.uniform(0.7, 0.92)).all(2, keepdims=True), 3, 2).astype(np.float32)
        if self.chance(0.08):  # light on dark
            image = 1 - image
        pixels: Any = (255 * image).astype(np.uint8)
        if self.chance(0.5):
            coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 95))])[1]
            pixels = cv2.imdecode(coded, cv2.IMREAD_COLOR)
        return pixels
