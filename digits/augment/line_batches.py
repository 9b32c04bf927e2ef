"""Mini-batches for the line network: strips that the eye has seen in scenes, and composed strips, each warped."""

from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from digits.augment.composed import Alphabet, Example, composed
from digits.augment.scenes import Scene, Written
from digits.handwriting.eye import see
from digits.handwriting.line_network import BLANK, DIGIT, ROWS, STEP
from digits.handwriting.lines import enlarged
from digits.handwriting.strips import strips_of

BATCH = 32  # strips in a mini-batch
POOL = 16  # mini-batches of strips that are drawn together, to put those of a width into one
SEEN, EMPTY = 0.45, 0.15  # the share of strips that the eye has seen; of these, the share without a digit
OVER, NO_DIGIT = 0.04, "347"  # the share of strips that are upside down, and what is no digit then
IGNORED = -100  # a place whose answer does not count


class Batch(NamedTuple):
    """Strips (N, 2, ROWS, W) float32; the answer at each place (N, T) int64; the places of each, and its number.

    The number is None if part of a digit lies beyond the border.
    """

    strips: Tensor
    answers: Tensor
    places: list[int]
    numbers: list[list[int] | None]


def examples(scene: Scene) -> list[Example]:
    """Return what the eye sees of the lines of a scene, and the digits and letters in each.

    What lies partly beyond a border, or is of another line's size, has no height.
    """
    image, (high, wide) = enlarged(scene.image, cv2.INTER_CUBIC), scene.ink.shape
    times = len(image) / high / 2
    result = []
    for strip in strips_of(see(image)):
        planes, scale, written = (255 * strip.coarse + 0.5).astype(np.uint8), times * strip.scale, []
        for glyph in scene.written:
            x, y = times * strip.matrix[:, :2] @ (glyph.x, glyph.y) + strip.matrix[:, 2] / 2
            width, height, end = glyph.width * scale, glyph.height * scale, planes.shape[2]
            inside = share_inside(glyph.x, glyph.width, wide) * share_inside(glyph.y, glyph.height, high)
            if inside >= 0.3 and abs(y - ROWS / 2) <= DIGIT / 2 and 0 < x < end:
                whole = inside > 0.8 and share_inside(x, width, end) > 0.8
                usual = 0.4 < height / DIGIT < 1.8
                written.append(Written(glyph.digit, x, y, width, height if whole and usual else 0.0))
        result.append(Example(planes, written))
    return result


def share_inside(middle: float, size: float, end: float) -> float:
    """Return how much of something of a size is between 0 and the end."""
    return max(0.0, min(middle + size / 2, end) - max(middle - size / 2, 0)) / size


def pool(rng: Generator, alphabet: Alphabet, full: list[Example], empty: list[Example]) -> list[Example]:
    """Return strips for POOL mini-batches, about by their widths; `full` and `empty` ones are what the eye has seen."""
    count = POOL * BATCH
    blank = int(SEEN * EMPTY * count) if empty else 0
    strips = [full[n] for n in rng.integers(0, len(full), int(SEEN * count) - blank)] if full else []
    strips += [empty[n] for n in rng.integers(0, len(empty), blank)] if empty else []
    strips += [upside_down(composed(rng, alphabet)) for _ in range(int(OVER * count))]
    strips += [composed(rng, alphabet) for _ in range(count - len(strips))]
    return sorted(strips, key=lambda strip: strip.width + rng.uniform(0, 30))


def upside_down(strip: Example) -> Example:
    """Return a strip turned by 180 degrees, in which most digits still look like digits, and do not count."""
    turned = [
        glyph._replace(digit="", x=strip.width - glyph.x, height=glyph.height if glyph.digit in NO_DIGIT else 0.0)
        for glyph in strip.written
    ]
    return Example(strip.planes[:, ::-1, ::-1], turned)


def warped(strip: Example, rng: Generator) -> Example:
    """Return a strip as another pen, hand and light would leave it: scaled, slanted, paler; parts of it unsure."""
    size = rng.uniform(0.85, 1.18)
    wide, slant = size * rng.uniform(0.82, 1.22), rng.normal(0, 0.12)
    down = ROWS / 2 * (1 - size) + rng.normal(0, 1.6)
    matrix = np.array([[wide, slant * wide, -slant * wide * ROWS / 2], [0, size, down]])
    shape = int(strip.width * wide) + 1, ROWS
    dark, sure = (cv2.warpAffine(plane, matrix, shape) / np.float32(255) for plane in strip.planes)
    dark = dark * rng.uniform(0.7, 1.2) + rng.uniform(0, 0.05) * rng.standard_normal(dark.shape, np.float32)
    if rng.random() < 0.2:
        sure = sure * rng.uniform(0.3, 1)
    if rng.random() < 0.2:
        start = rng.integers(0, shape[0])
        sure[:, start : start + rng.integers(3, 14)] *= rng.uniform(0, 0.5)
    written = [glyph._replace(x=glyph.x * wide, width=glyph.width * wide) for glyph in strip.written]
    return Example(np.stack([dark, sure]).clip(0, 1.2).astype(np.float32), written)


def batch(examples: list[Example]) -> Batch:
    """Return a mini-batch of strips (2, ROWS, W) float32, in which shorter ones are empty at their ends."""
    width = max(ROWS, *(strip.width for strip in examples)) + 1 & -2
    strips = np.zeros((len(examples), 2, ROWS, width), np.float32)
    answers = np.full((len(examples), width // STEP), IGNORED)
    places = [(strip.width + 1) // STEP for strip in examples]
    for n, (strip, count) in enumerate(zip(examples, places, strict=True)):
        strips[n, :, :, : strip.width] = strip.planes
        answers[n, :count] = answers_along(strip.written, count)
    return Batch(torch.from_numpy(strips), torch.from_numpy(answers), places, [strip.number for strip in examples])


def answers_along(written: list[Written], count: int) -> np.ndarray:
    """Return the answer at each of the places (count,): a digit at its middle, IGNORED next to that, else BLANK."""
    answers = np.full(count, BLANK)
    for digit, x, _, width, height in written:
        middle, reach = x / STEP, max(0.8, 0.2 * width / STEP)
        first, last = max(0, round(middle - reach)), min(count, round(middle + reach) + 1)
        if not height:
            answers[max(0, int(middle - width / 4 - 1)) : int(middle + width / 4 + 2)] = IGNORED
        elif digit:
            around = answers[max(0, first - 1) : last + 1]
            around[around == BLANK] = IGNORED
            answers[first:last] = int(digit)
    return answers
