"""Mini-batches for the line network, made of strips from scenes and of composed strips. All strips are warped."""

from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from digits.handwriting.eye import see
from digits.handwriting.line_network import BLANK, DIGIT, ROWS, STEP
from digits.handwriting.lines import enlarged
from digits.handwriting.strips import strips_of
from tools.forge.composed import Alphabet, Example, composed
from tools.forge.scenes import Scene, Written

BATCH = 32  # strips in a mini-batch
POOL = 16  # mini-batches that are drawn together, so that strips of similar width can share a mini-batch
SEEN, EMPTY = 0.45, 0.15  # share of strips that come from scenes, and the share of these strips that have no digit
OVER, NO_DIGIT = 0.04, "347"  # share of strips that are upside down, and digits that look like none when upside down
IGNORED = -100  # target of a place that does not count in the cost


class Batch(NamedTuple):
    """Strips (N, 2, ROWS, W) float32, and the targets (N, T) int64 at all places.

    `places` has the number of places in each strip. `numbers` has the digits of each, or None if a digit is cut off.
    """

    strips: Tensor
    targets: Tensor
    places: list[int]
    numbers: list[list[int] | None]


def examples(scene: Scene) -> list[Example]:
    """Return the strips that the eye finds in a scene, each with its digits and letters.

    A glyph that is partly outside the strip, or has an unusual size for its line, gets height 0.
    """
    image, (high, wide) = enlarged(scene.image, cv2.INTER_CUBIC), scene.ink.shape
    factor = len(image) / high / 2
    result = []
    for strip in strips_of(see(image)):
        planes, scale, written = (255 * strip.coarse + 0.5).astype(np.uint8), factor * strip.scale, []
        for glyph in scene.written:
            x, y = factor * strip.matrix[:, :2] @ (glyph.x, glyph.y) + strip.matrix[:, 2] / 2
            width, height, end = glyph.width * scale, glyph.height * scale, planes.shape[2]
            inside = share_inside(glyph.x, glyph.width, wide) * share_inside(glyph.y, glyph.height, high)
            if inside >= 0.3 and abs(y - ROWS / 2) <= DIGIT / 2 and 0 < x < end:
                whole = inside > 0.8 and share_inside(x, width, end) > 0.8
                usual = 0.4 < height / DIGIT < 1.8
                written.append(Written(glyph.digit, x, y, width, height if whole and usual else 0.0))
        result.append(Example(planes, written))
    return result


def share_inside(middle: float, size: float, end: float) -> float:
    """Return the share of an interval, given its middle and its size, that is between 0 and `end`."""
    return max(0.0, min(middle + size / 2, end) - max(middle - size / 2, 0)) / size


def pool(rng: Generator, alphabet: Alphabet, full: list[Example], empty: list[Example]) -> list[Example]:
    """Return strips for POOL mini-batches, roughly sorted by width. `full` have digits, `empty` have none."""
    count = POOL * BATCH
    blank = int(SEEN * EMPTY * count) if empty else 0
    strips = [full[n] for n in rng.integers(0, len(full), int(SEEN * count) - blank)] if full else []
    strips += [empty[n] for n in rng.integers(0, len(empty), blank)] if empty else []
    strips += [upside_down(composed(rng, alphabet)) for _ in range(int(OVER * count))]
    strips += [composed(rng, alphabet) for _ in range(count - len(strips))]
    return sorted(strips, key=lambda strip: strip.width + rng.uniform(0, 30))


def upside_down(strip: Example) -> Example:
    """Return a strip upside down. Most digits still look like a digit then, so their places do not count."""
    turned = [
        glyph._replace(digit="", x=strip.width - glyph.x, height=glyph.height if glyph.digit in NO_DIGIT else 0.0)
        for glyph in strip.written
    ]
    return Example(strip.planes[:, ::-1, ::-1], turned)


def warped(strip: Example, rng: Generator) -> Example:
    """Return a strip as another pen, hand and light would make it: scaled, slanted, paler, with lower scores."""
    size = rng.uniform(0.85, 1.18)
    wide, slant = size * rng.uniform(0.82, 1.22), rng.normal(0, 0.12)
    down = ROWS / 2 * (1 - size) + rng.normal(0, 1.6)
    matrix = np.array([[wide, slant * wide, -slant * wide * ROWS / 2], [0, size, down]])
    shape = int(strip.width * wide) + 1, ROWS
    dark, scores = (cv2.warpAffine(plane, matrix, shape) / np.float32(255) for plane in strip.planes)
    dark = dark * rng.uniform(0.7, 1.2) + rng.uniform(0, 0.05) * rng.standard_normal(dark.shape, np.float32)
    if rng.random() < 0.2:
        scores = scores * rng.uniform(0.3, 1)
    if rng.random() < 0.2:
        start = rng.integers(0, shape[0])
        scores[:, start : start + rng.integers(3, 14)] *= rng.uniform(0, 0.5)
    written = [glyph._replace(x=glyph.x * wide, width=glyph.width * wide) for glyph in strip.written]
    return Example(np.stack([dark, scores]).clip(0, 1.2).astype(np.float32), written)


def batch(examples: list[Example]) -> Batch:
    """Return a mini-batch of strips (2, ROWS, W) float32. Shorter strips are padded at the end."""
    width = max(ROWS, *(strip.width for strip in examples)) + 1 & -2
    strips = np.zeros((len(examples), 2, ROWS, width), np.float32)
    targets = np.full((len(examples), width // STEP), IGNORED)
    places = [(strip.width + 1) // STEP for strip in examples]
    for n, (strip, count) in enumerate(zip(examples, places, strict=True)):
        strips[n, :, :, : strip.width] = strip.planes
        targets[n, :count] = targets_along(strip.written, count)
    return Batch(torch.from_numpy(strips), torch.from_numpy(targets), places, [strip.number for strip in examples])


def targets_along(written: list[Written], count: int) -> np.ndarray:
    """Return the targets at the places (count,): a digit near its middle, IGNORED next to that, and BLANK elsewhere."""
    targets = np.full(count, BLANK)
    for digit, x, _, width, height in written:
        middle, reach = x / STEP, max(0.8, 0.2 * width / STEP)
        first, last = max(0, round(middle - reach)), min(count, round(middle + reach) + 1)
        if not height:
            targets[max(0, int(middle - width / 4 - 1)) : int(middle + width / 4 + 2)] = IGNORED
        elif digit:
            around = targets[max(0, first - 1) : last + 1]
            around[around == BLANK] = IGNORED
            targets[first:last] = int(digit)
    return targets
