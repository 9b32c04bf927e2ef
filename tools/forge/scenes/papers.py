"""Kinds of paper. Each is a function that writes digits on a sheet and prints lines around them.

`Sheet.rows` writes a row at a random height, perhaps with other rows above and below. `Sheet.in_cells` writes a digit
in each cell. `Sheet.rule` and `Sheet.draw` print lines and shapes.
"""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from tools.forge.scenes.drawing import CHARACTERS, chance
from tools.forge.scenes.sheet import Sheet


def boxes(sheet: Sheet) -> None:
    """Print a row of boxes with a digit in each. Sometimes there are gaps between the boxes."""
    rng, (high, wide), (left, top) = sheet.rng, sheet.cell, sheet.in_cells()
    apart = wide * rng.uniform(0.05, 0.2) if chance(rng, 0.25) else 0.0
    for number in range(sheet.count + 1):
        x = left + number * wide
        for side in {x, x - apart}:
            sheet.rule((side, top), (side, top + high))
        if number < sheet.count:
            for y in (top, top + high):
                sheet.rule((x, y), (x + wide - apart, y))


def comb(sheet: Sheet) -> None:
    """Print a line to write on, with teeth between the digits."""
    rng, (high, wide), (left, top) = sheet.rng, sheet.cell, sheet.in_cells()
    bottom, tooth, between = top + high, high * rng.uniform(0.1, 0.5), int(rng.choice([1, 1, 2, 5]))
    sheet.rule((left, bottom), (left + sheet.count * wide, bottom))
    for number in range(sheet.count * between + 1):
        x, length = left + number * wide / between, 1.0 if number % between == 0 else 0.6  # like the marks of a ruler
        sheet.rule((x, bottom - length * tooth), (x, bottom))


def table(sheet: Sheet) -> None:
    """Print the rows and columns of a table."""
    sheet.rows()
    rng, (high, wide) = sheet.rng, sheet.shape
    down, across = 1.1 * sheet.cell[0], sheet.cell[1] * rng.uniform(1, 4)
    x, y = rng.uniform(-0.3, 0.3) * wide, rng.uniform(-0.3, 0.3) * high
    for number in range(-3, 6):
        sheet.rule((0, y + number * down + rng.normal(0, 1)), (wide, y + number * down))
        sheet.rule((x + number * across, 0), (x + number * across, high))


def rulings(sheet: Sheet) -> None:
    """Print ruled paper, perhaps with a margin."""
    sheet.rows()
    rng, (high, wide), apart = sheet.rng, sheet.shape, sheet.cell[0]
    first, dashed = rng.uniform(0, apart), chance(rng, 0.2)
    for number in range(-1, int(high / apart) + 2):
        y = first + number * apart
        sheet.rule((0, y), (wide, y + rng.normal(0, 1)), 0.5, dashed)
    if chance(rng, 0.3):
        x = rng.uniform(0, wide)
        sheet.rule((x, 0), (x, high), 0.5)


def squares(sheet: Sheet) -> None:
    """Print squared paper."""
    sheet.rows()
    (high, wide), side = sheet.shape, max(5.0, sheet.height * sheet.rng.uniform(0.25, 0.9))
    x, y = sheet.rng.uniform(0, side, 2)
    for number in range(int(max(high, wide) / side) + 2):
        sheet.rule((x + number * side, 0), (x + number * side, high), 0.4)
        sheet.rule((0, y + number * side), (wide, y + number * side), 0.4)


def underlined(sheet: Sheet) -> None:
    """Print a line below the number."""
    rng, wide = sheet.rng, sheet.shape[1]
    y = sheet.rows() + sheet.height * rng.uniform(0.95, 1.3)
    start, end = rng.uniform(-0.2, 0.3) * wide, rng.uniform(0.6, 1.2) * wide
    sheet.rule((start, y), (end, y), dashed=chance(rng, 0.3))


def dotted_line(sheet: Sheet) -> None:
    """Print a line of dots below the number."""
    rng, height = sheet.rng, sheet.height
    y, radius = int(sheet.rows() + height * rng.uniform(0.8, 1.2)), max(1, int(height * rng.uniform(0.02, 0.06)))
    for x in np.arange(0, sheet.shape[1], max(2.0, height * rng.uniform(0.12, 0.35))):
        sheet.draw(sheet.printed, cv2.circle, (int(x), y), radius, width=cv2.FILLED)


def framed(sheet: Sheet) -> None:
    """Print a tight frame around the number."""
    y, rng, height = sheet.rows(), sheet.rng, sheet.height
    left, right = rng.uniform(-0.1, 0.6) * height, sheet.shape[1] - rng.uniform(-0.1, 1) * height
    top, bottom = y - rng.uniform(-0.05, 0.5) * height, y + rng.uniform(0.95, 1.6) * height
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    for start, end in zip(corners, [*corners[1:], corners[0]], strict=True):
        if chance(rng, 0.9):
            sheet.rule(start, end)


def circled(sheet: Sheet) -> None:
    """Draw a circle around the number."""
    y, rng, height = sheet.rows(), sheet.rng, sheet.height
    wide = max((glyph.x + glyph.width / 2 for glyph in sheet.written), default=sheet.shape[1] / 2)
    middle = int(wide / 2 + rng.uniform(0, 0.3) * height), int(y + height * rng.uniform(0.4, 0.6))
    axes = int(wide / 2 * rng.uniform(0.9, 1.3)) + 1, int(height * rng.uniform(0.55, 0.9)) + 1
    angles = rng.normal(0, 5), 0, int(rng.uniform(300, 390))
    sheet.draw(sheet.printed, cv2.ellipse, middle, axes, *angles, width=sheet.hand.pen)


class Paper(NamedTuple):
    """A kind of paper, its share of all scenes, and whether it goes on beyond the border of the photo.

    A paper that does not go on is drawn whole, on a sheet with room above and below, and its print does not wear off.
    """

    fill: Callable[[Sheet], object]
    share: float
    goes_on: bool = True


# To add a kind of paper, write a function as above, and add a line here. The shares must add up to 1.
PAPERS = [
    Paper(boxes, 0.15, goes_on=False),
    Paper(comb, 0.06, goes_on=False),
    Paper(table, 0.15),
    Paper(rulings, 0.09),
    Paper(squares, 0.08),
    Paper(underlined, 0.06),
    Paper(dotted_line, 0.06),
    Paper(framed, 0.06),
    Paper(circled, 0.04),
    Paper(Sheet.rows, 0.25),  # blank paper is the most common
]


def around(sheet: Sheet) -> None:
    """Add other things found on paper: scribbles, printed words, and parts of a frame near the border of the photo."""
    rng, (high, wide) = sheet.rng, sheet.shape
    if chance(rng, 0.15):
        for _ in range(rng.integers(1, 3)):
            sheet.scribble()
    if chance(rng, 0.3):
        print_words(sheet)
    if chance(rng, 0.2):
        top, bottom, left, right = rng.uniform(-0.1, 0.25, 4) * sheet.height
        level = [((0, y), (wide, y)) for y in (top, high - bottom)]
        upright = [((x, 0), (x, high)) for x in (left, wide - right)]
        for start, end in [*level, *upright]:
            if chance(rng, 0.6):
                sheet.rule(start, end)


def print_words(sheet: Sheet) -> None:
    """Print one or two words above or below the number."""
    rng, (high, wide) = sheet.rng, sheet.shape
    size = sheet.height / 30 * rng.uniform(0.3, 0.8)
    width, drawn = max(1, int(2 * size)), np.zeros(sheet.shape, np.uint8)
    for _ in range(rng.integers(1, 3)):
        y = high * (rng.uniform(0.05, 0.25) if chance(rng, 0.5) else rng.uniform(0.85, 1.1))
        word = "".join(rng.choice(CHARACTERS, rng.integers(2, 9)))
        if any(character.isdigit() for character in word):
            sheet.add("")
        place, font = (int(rng.uniform(-0.1, 0.6) * wide), int(y)), int(rng.integers(0, 5))
        cv2.putText(drawn, word, place, font, size, 255, width, cv2.LINE_AA)
    sheet.words = (drawn / 255).astype(np.float32)
