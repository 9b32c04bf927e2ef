"""Negative examples: images that are no digit, such as a wrong segment of a number, with all ten targets 0.

A network that learns them keeps all its outputs low where no digit is. They are made of training images and of strokes:
digits side by side, of which one may be cut; parts of digits; digits that lie on their side, where a 1 is a dash;
strokes that meet as those of letters do; scribbles; and blots.
"""

from collections.abc import Iterable
from itertools import pairwise
from math import pi

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from digits.augment.allographs import as_mnist, direction, grid, turned, with_stroke
from digits.augment.elastic import random_numbers, smooth_noise

WAVES, CORNERS = 6, 40  # of a scribble: the shortest wave is 1/6 of it, a straight stroke 1/40

# Which digits may lose which side, a direction in radians, clockwise from the right. What is left of the others may
# well be a digit: the right part of a 4 is a 1, and the lower part of a 6 is a 0.
CUTS = {0.0: [0, 2, 3, 4, 5, 6, 7, 8, 9], pi: [0, 2, 5, 6], pi / 2: [0, 3, 5], -pi / 2: [0, 2, 3, 5]}


@torch.no_grad()
def negative_examples(images: Tensor, labels: Tensor, count: int, seed: int, epoch: int) -> Tensor:
    """Images (count, 28, 28) uint8 without a digit, of digits (N, 28, 28) uint8 with labels (N,), on their device.

    They depend on the arguments alone, and on the kind of device: an epoch has its own.
    """
    make = Negatives(images, labels, random_numbers(images.device, seed, epoch, 2))
    kinds = make.neighbours, make.parts, make.lying, make.strokes, make.scribbles, make.blots
    made = []
    for kind, n in zip(kinds, shared(count, len(kinds)), strict=True):
        stretch = make.uniform(n, -0.25, 0.25).exp()[:, 0]
        made.append(as_mnist(kind(n), stretch))
    return (torch.cat(made) * 255).round_().to(torch.uint8)


class Negatives:
    """Makes n images (n, H, W) float 0..1 of a kind, the strokes anywhere in them."""

    def __init__(self, images: Tensor, labels: Tensor, generator: torch.Generator) -> None:
        self.images, self.labels, self.generator = images, labels, generator

    def neighbours(self, n: int) -> Tensor:
        """Two digits side by side or overlapping; of some, only the nearer part of the left or of the right one."""
        cut_left, whole, cut_right = shared(n, 3)
        left = torch.cat([self.cut(cut_left, pi, 0.4, 0.8), self.digits(whole + cut_right, range(10))])
        right = torch.cat([self.digits(cut_left + whole, range(10)), self.cut(cut_right, 0, 0.4, 0.8)])
        canvas = torch.zeros(n, 28, 56, device=self.images.device)
        canvas[:, :, :28] = left
        apart = torch.randint(10, 22, (n,), generator=self.generator, device=canvas.device)
        for columns in apart.unique().tolist():
            here, window = apart == columns, slice(columns, columns + 28)
            canvas[here, :, window] = canvas[here, :, window].maximum(right[here])
        # Squeezed into the box of one digit, their strokes become thin, and are drawn thicker.
        return canvas.lerp(max_pool2d(canvas[:, None], 3, 1, 1)[:, 0], self.uniform(n, 0, 1)[:, :, None])

    def parts(self, n: int) -> Tensor:
        """About a half of a digit, cut along a slanting line."""
        return torch.cat([self.cut(m, side, 0.3, 0.55) for side, m in zip(CUTS, shared(n, len(CUTS)), strict=True)])

    def cut(self, n: int, side: float, least: float, most: float) -> Tensor:
        """Digits without one side, a key of CUTS; from `least` to `most` of their extent are left."""
        pixels = self.digits(n, CUTS[side])
        way = direction(side + self.uniform(n, -0.3, 0.3))[:, :, None, None]
        column, row = grid(pixels)
        along = way[:, 0] * column + way[:, 1] * row
        start = along.where(pixels > 0.4, 99.0).amin((1, 2))
        end = along.where(pixels > 0.4, -99.0).amax((1, 2))
        last = start + self.uniform(n, least, most)[:, 0] * (end - start)
        return pixels * (last[:, None, None] + 0.5 - along).clamp(0, 1)

    def lying(self, n: int) -> Tensor:
        """Digits on their left or right side, but 0, which stays one."""
        left, right = (self.digits(m, range(1, 10)) for m in shared(n, 2))
        return torch.cat([left.rot90(1, (1, 2)), right.rot90(3, (1, 2))])

    def strokes(self, n: int) -> Tensor:
        """Three to five strokes, straight or bent, between nine places in rows of three."""
        pixels = torch.zeros(n, 28, 28, device=self.images.device)
        width, count = self.uniform(n, 2, 4), self.uniform(n, 2.5, 5.5).round()
        for number in range(5):
            first = torch.randint(9, (n,), generator=self.generator, device=pixels.device)
            second = (first + torch.randint(1, 9, (n,), generator=self.generator, device=pixels.device)) % 9
            start, end = (
                torch.stack([place % 3, place // 3], 1) * 9 + 5 + torch.cat([self.uniform(n, -2, 2) for _ in "xy"], 1)
                for place in (first, second)
            )
            bend = (self.uniform(n, -0.6, 0.6).abs() - 0.3).clamp(min=0)  # a half of them are straight
            middle = (start + end) / 2 + bend * turned(end - start, pi / 2 * self.uniform(n, -1, 1).sign())
            drawn = with_stroke(with_stroke(pixels, start, middle, width), middle, end, width)
            pixels = torch.where((number < count)[:, :, None], drawn, pixels)
        return pixels

    def scribbles(self, n: int) -> Tensor:
        """Closed curves of a few random waves each."""
        number = torch.arange(1.0, WAVES + 1, device=self.images.device)
        size = number ** -self.uniform(n, 0.2, 1.2)  # (n, WAVES)
        size = size[:, None] * torch.randn(n, 2, WAVES, generator=self.generator, device=number.device)
        phase = 2 * pi * torch.rand(n, 2, WAVES, generator=self.generator, device=number.device)
        time = torch.linspace(0, 2 * pi, CORNERS + 1, device=number.device)
        points = (size[..., None] * torch.cos(number[:, None] * time + phase[..., None])).sum(2)  # (n, 2, CORNERS + 1)
        low, high = points.amin(2), points.amax(2)
        extent = torch.cat([self.uniform(n, 12, 20) for _ in "xy"], 1)
        points = 4 + (points - low[..., None]) * (extent / (high - low))[..., None]
        pixels, width = torch.zeros(n, 28, 28, device=number.device), self.uniform(n, 1.5, 3.5)
        for start, end in pairwise(points.unbind(2)):
            pixels = with_stroke(pixels, start, end, width)
        return pixels

    def blots(self, n: int) -> Tensor:
        """What of a smooth random field is above a level: a blot, or a few."""
        field = smooth_noise(n, 40, 40, generator=self.generator)
        return (4 * (field - self.uniform(n, 0, 1.5)[:, :, None])).clamp(0, 1)

    def digits(self, n: int, which: Iterable[int]) -> Tensor:
        """Digits (n, 28, 28) of these values, or of any if there are none of them."""
        among = torch.isin(self.labels, torch.tensor([*which], device=self.labels.device)).nonzero().flatten()
        chosen = torch.randint(len(among) or len(self.images), (n,), generator=self.generator, device=among.device)
        return self.images[among[chosen] if len(among) else chosen] / 255

    def uniform(self, n: int, low: float, high: float) -> Tensor:
        """Random numbers (n, 1)."""
        return low + (high - low) * torch.rand(n, 1, generator=self.generator, device=self.images.device)


def shared(n: int, among: int) -> list[int]:
    """The number n in so many parts, as equal as can be."""
    return [n * (part + 1) // among - n * part // among for part in range(among)]
