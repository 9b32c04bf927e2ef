"""Allographs: ways of writing digits that MNIST, written in the United States, hardly has, drawn onto its images.

A 1 with a flag or a foot, a 7 with a bar or a serif, a 4 with a short leg or a low stem, a 9 with a curl, a 2 with a
loop, a 0 with a tail; any digit narrow or wide, beside what a table's line has left, or cut from a neighbour that it
touches. A network that has never seen them takes such a 1 for a 7 or 2, and such a 7 for a 4.
"""

from math import pi

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from digits.augment.elastic import random_numbers

# What share of a digit's images gets an allograph, and below, of all images. Compared in a few sets of shares on real
# pictures by other hands and on MNIST's validation images.
FLAG, FOOT, BAR, SERIF, SHORT, LOW, CURL, LOOP, TAIL = 0.3, 0.15, 0.3, 0.2, 0.25, 0.2, 0.15, 0.15, 0.1
STRETCHED, REMAINS, TOUCHED = 0.2, 0.05, 0.2
STRETCH = 0.25  # logarithm of the largest change of the width
PART = 500  # images at a time, few enough for the processor's cache
BOX, MIDDLE = 20, 14.5  # the longer side of MNIST's digits, and where their centre of mass is, in pixels


@torch.no_grad()
def with_allographs(images: Tensor, labels: Tensor, seed: int, epoch: int) -> Tensor:
    """The images (N, 28, 28) uint8 of the digits `labels` (N,) int64, some written in other ways; on their device.

    Which, and how, depends on the arguments alone, and on the kind of device: an epoch has its own.
    """
    generator = random_numbers(images.device, seed, epoch, 1)
    parts = zip(images.split(PART), labels.split(PART), strict=True)
    return torch.cat([_rewritten(part, digits, generator) for part, digits in parts])


def _rewritten(images: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    """Images (N, 28, 28) uint8, written in other ways by chance."""
    pixels = images / 255
    changed = torch.zeros_like(labels, dtype=torch.bool)

    def chosen(digit: int | None, share: float) -> tuple["Strokes", Tensor]:
        chance = torch.rand(len(labels), generator=generator, device=labels.device)
        numbers = ((chance < share) & (labels == digit if digit is not None else True)).nonzero().flatten()
        changed[numbers] = True
        return Strokes(pixels[numbers], generator), numbers

    one, numbers = chosen(1, FLAG)  # a stroke from the top, down to the left, a little bent
    stem = one.bottom - one.top
    way, length = turned(stem, one.uniform(0.3, 0.8)), one.uniform(0.15, 0.7)
    bend = one.top + 0.5 * length * way + 0.1 * length * turned(way, one.uniform(-1.6, 1.6))
    pixels[numbers] = one.drawn(one.top, bend).drawn(bend, one.top + length * way).pixels

    one, numbers = chosen(1, FOOT)
    level = one.height * direction(one.uniform(-0.25, 0.15))
    left, right = one.uniform(0.1, 0.4), one.uniform(0.1, 0.4)
    pixels[numbers] = one.drawn(one.bottom - left * level, one.bottom + right * level).pixels

    seven, numbers = chosen(7, BAR)
    at, level = seven.centre(seven.uniform(0.45, 0.7)), seven.height * direction(seven.uniform(-0.45, 0.2))
    pixels[numbers] = seven.drawn(at - seven.uniform(0.1, 0.4) * level, at + seven.uniform(0.1, 0.4) * level).pixels

    seven, numbers = chosen(7, SERIF)
    start = seven.leftmost(0.35)
    length, angle = seven.uniform(0.1, 0.3) * seven.height, seven.uniform(1, 2.2)  # down, or up
    pixels[numbers] = seven.drawn(start, start + length * direction(angle * seven.uniform(-1, 1).sign())).pixels

    four, numbers = chosen(4, SHORT)
    pixels[numbers] = four.without_leg(four.uniform(0, 0.8)).pixels

    four, numbers = chosen(4, LOW)
    pixels[numbers] = four.with_low_stem(four.uniform(0.4, 1)).pixels

    nine, numbers = chosen(9, CURL)
    angle = nine.uniform(2.6, 3.7)  # to the left, then perhaps up
    bend = nine.bottom + nine.uniform(0.1, 0.45) * nine.height * direction(angle)
    end = bend + nine.uniform(0.05, 0.25) * nine.height * direction(angle + nine.uniform(-0.2, 1.2))
    pixels[numbers] = nine.drawn(nine.bottom, bend).drawn(bend, end).pixels

    two, numbers = chosen(2, LOOP)
    start = two.leftmost(0.45)
    pixels[numbers] = two.drawn(start, two.centre(two.uniform(0.4, 0.6))).pixels

    zero, numbers = chosen(0, TAIL)
    start = torch.where(zero.uniform(0, 1) < 0.5, zero.top, zero.bottom)
    end = start + zero.uniform(0.2, 0.6) * zero.height * direction(zero.uniform(-1, 0.3))
    pixels[numbers] = zero.drawn(start, end).pixels

    wide = torch.rand(len(labels), generator=generator, device=labels.device) < STRETCHED
    several, numbers = chosen(None, REMAINS)
    pixels[numbers] = several.with_remains().pixels

    several, numbers = chosen(None, TOUCHED)
    pixels[numbers] = several.cut_from_neighbours().pixels

    stretch = (torch.rand(len(labels), generator=generator, device=labels.device) * 2 - 1) * STRETCH * wide
    changed |= wide
    pixels[changed] = as_mnist(pixels[changed], stretch[changed].exp())
    return (pixels * 255).round_().to(torch.uint8)


class Strokes:
    """Digits (n, 28, 28) float 0..1 to draw on: their places are x, y (n, 2) in pixels, their lengths (n, 1)."""

    def __init__(self, pixels: Tensor, generator: torch.Generator) -> None:
        self.pixels, self.generator = pixels, generator
        self.first, self.last = ends(pixels.mT)
        self.height = (self.last - self.first)[:, None].float()
        down, right = pixels.diff(dim=1)[:, :, :-1], pixels.diff(dim=2)[:, :-1]
        edge = (down**2 + right**2).sqrt().sum((1, 2))  # twice the length of the strokes
        self.width = (2 * pixels.sum((1, 2)) / edge.clamp(min=1))[:, None]
        self.top, self.bottom = self.centre(0.04), self.centre(0.96)

    def uniform(self, low: float, high: float) -> Tensor:
        """A random number for each digit, (n, 1)."""
        return low + (high - low) * torch.rand(len(self.pixels), 1, generator=self.generator, device=self.pixels.device)

    def centre(self, share: Tensor | float) -> Tensor:
        """The middle of the strokes at this share of the height."""
        y = self.first[:, None] + share * self.height
        column, row = grid(self.pixels)
        near = (1.5 - (row - y[:, :, None]).abs()).clamp(min=0) * self.pixels
        x = (near * column).sum((1, 2)) / near.sum((1, 2)).clamp(min=1e-3)
        return torch.cat([x[:, None], y], 1)

    def leftmost(self, share: float) -> Tensor:
        """The left end of the strokes in the upper share of the height."""
        column, row = grid(self.pixels)
        upper = (self.pixels > 0.4) & (row < (self.first[:, None] + share * self.height)[:, :, None])
        x = torch.where(upper, column, 27.0).amin((1, 2))
        end = upper & (column < x[:, None, None] + 1.6)
        y = (end * row).sum((1, 2)) / end.sum((1, 2)).clamp(min=1)
        return torch.stack([x + 0.8, y], 1)

    def drawn(self, start: Tensor, end: Tensor) -> "Strokes":
        """With a straight stroke as wide as the others."""
        self.pixels = with_stroke(self.pixels, start, end, self.width)
        return self

    def bar(self) -> Tensor:
        """The row with the most foreground in the lower two thirds: the level stroke of a 4."""
        _, row = grid(self.pixels)
        lower = row[:, 0] > self.first[:, None] + 0.35 * self.height
        return (self.pixels.sum(2) * lower).argmax(1)[:, None]

    def without_leg(self, share: Tensor) -> "Strokes":
        """Cut off below the bar, but for a share of what is there."""
        _, row = grid(self.pixels)
        bar = self.bar() + 0.6 * self.width
        cut = bar + share * (self.last[:, None] - bar).clamp(min=0)
        self.pixels = self.pixels * (cut[:, :, None] + 0.5 - row).clamp(0, 1)
        return self

    def with_low_stem(self, share: Tensor) -> "Strokes":
        """Without the right half of this share of what is above the bar."""
        column, row = grid(self.pixels)
        cut = self.first[:, None] + share * (self.bar() - self.width - self.first[:, None]).clamp(min=0)
        kept = torch.maximum(row - cut[:, :, None], self.centre(0.5)[:, :1, None] - column)
        self.pixels = self.pixels * (kept + 0.5).clamp(0, 1)
        return self

    def with_remains(self) -> "Strokes":
        """With a stroke along one of the sides, such as a line of a table or a neighbour leaves."""
        left, right = ends(self.pixels)
        middle = torch.stack([left + right, self.first + self.last], 1) / 2
        half = torch.stack([right - left, self.last - self.first], 1) / 2
        away = direction(self.uniform(0, 4).floor() * (pi / 2))
        along = turned(away, self.uniform(1.4, 1.74))
        place = middle + away * (half + self.uniform(-1, 4)) + along * self.uniform(-6, 6)
        reach = self.height * self.uniform(0.1, 0.3) * along
        return self.drawn(place - reach, place + reach)

    def cut_from_neighbours(self) -> "Strokes":
        """Cut near the place where the next digit begins, on the right or left, which touches or overlaps this one."""
        mirrored = self.uniform(0, 1)[:, :, None] < 0.5
        pixels = torch.where(mirrored, self.pixels.flip(2), self.pixels)
        beside = torch.where(mirrored, self.pixels.roll(1, 0).flip(2), self.pixels.roll(1, 0))
        (left, right), (start, _) = ends(pixels), ends(beside)
        end = right + 1 - self.uniform(0, 0.2)[:, 0] * (right - left)  # where the neighbour begins
        column, row = grid(pixels)
        source = (column - (end.round() - start)[:, None]).long()
        there = (source >= 0) & (source < 28)
        beside = beside.gather(2, source.clamp(0, 27)[:, None].expand(-1, 28, -1)) * there[:, None]
        cut = (
            end[:, None, None] + self.uniform(-1, 2.5)[:, :, None] + self.uniform(-0.3, 0.3)[:, :, None] * (row - 13.5)
        )
        cut_off = torch.maximum(pixels, beside) * (cut - column).clamp(0, 1)
        self.pixels = torch.where(mirrored, cut_off.flip(2), cut_off)
        return self


def ends(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """The first and the last column (n,) with strokes, of images (n, H, W) float 0..1."""
    columns = (pixels > 0.4).any(1).float()
    return columns.argmax(1), pixels.shape[2] - 1 - columns.flip(1).argmax(1)


def with_stroke(pixels: Tensor, start: Tensor, end: Tensor, width: Tensor) -> Tensor:
    """Images (n, H, W) float 0..1 with a straight stroke from `start` (n, 2) to `end` (n, 2), `width` (n, 1) wide."""
    column, row = grid(pixels)
    way = (end - start)[:, :, None, None]
    x, y = column - start[:, 0, None, None], row - start[:, 1, None, None]
    share = ((x * way[:, 0] + y * way[:, 1]) / (way**2).sum(1).clamp(min=1e-6)).clamp(0, 1)  # of the nearest point
    distance = ((x - share * way[:, 0]) ** 2 + (y - share * way[:, 1]) ** 2).sqrt()
    return torch.maximum(pixels, (width[:, :, None] / 2 + 0.4 - distance).clamp(0, 1))


def grid(images: Tensor) -> tuple[Tensor, Tensor]:
    """The column (1, W) and the row (H, 1) of each pixel of images (n, H, W)."""
    height, width = (torch.arange(float(size), device=images.device) for size in images.shape[1:])
    return width[None, :], height[:, None]


def direction(angle: Tensor) -> Tensor:
    """Unit vectors (n, 2) at angles (n, 1) in radians, clockwise from the right, as y points down."""
    return torch.cat([angle.cos(), angle.sin()], 1)


def turned(vectors: Tensor, angle: Tensor) -> Tensor:
    """Vectors (n, 2) turned by angles (n, 1) in radians, clockwise."""
    x, y = vectors[:, :1], vectors[:, 1:]
    return torch.cat([angle.cos() * x - angle.sin() * y, angle.sin() * x + angle.cos() * y], 1)


def as_mnist(pixels: Tensor, stretch: Tensor) -> Tensor:
    """Images (n, H, W) float 0..1, their width changed by factors (n,), scaled and centred as MNIST's: (n, 28, 28)."""
    (column, row), (n, height, width) = grid(pixels), pixels.shape
    mass = pixels.sum((1, 2)).clamp(min=1e-3)
    middle_x, middle_y = (pixels * (column + 0.5)).sum((1, 2)) / mass, (pixels * (row + 0.5)).sum((1, 2)) / mass
    drawn = (pixels > 0.2).float()
    sides = []
    for axis in (1, 2):
        line = drawn.amax(axis)
        sides.append(line.shape[1] - line.argmax(1) - line.flip(1).argmax(1))
    scale = torch.maximum(sides[0] * stretch, sides[1].float()).clamp(min=4) / BOX
    across, down = (line + 0.5 - MIDDLE for line in grid(pixels.new_empty(n, 28, 28)))
    x = across * (scale / stretch)[:, None, None] + middle_x[:, None, None]
    y = down * scale[:, None, None] + middle_y[:, None, None]
    places = torch.stack(torch.broadcast_tensors(2 * x / width - 1, 2 * y / height - 1), 3)
    pixels = grid_sample(pixels[:, None], places, align_corners=False)[:, 0]
    return (1.3 * (pixels - 0.5) + 0.5).clamp(0, 1)  # as sharp as before the pixels were interpolated
