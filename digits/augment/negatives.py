"""Negative examples: images without a digit, such as a wrong segment of a number. All ten targets are 0.

A network that learns them keeps all outputs low where there is no digit. Some examples are made of MNIST images: two
digits side by side, a digit and a 1, parts of digits, and digits on their side. The others are letters and signs,
scribbles and blots.
"""

from collections.abc import Iterable
from math import pi

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d, pad

from digits.augment import pen
from digits.augment.allographs import LETTERS
from digits.augment.elastic import NEGATIVES, random_numbers, smooth_noise, uniform
from digits.augment.neighbours import cut, ends, grid, normalized, side_by_side

# For each side, the digits that may lose it. A side is a direction in radians, clockwise from the right. A part of the
# other digits might be a digit: the right part of a 4 is a 1, and the lower part of a 6 is a 0.
CUTS = {0.0: [0, 2, 3, 4, 5, 6, 7, 8, 9], pi: [0, 2, 5, 6], pi / 2: [0, 3, 5], -pi / 2: [0, 2, 3, 5]}

BEND = 2.0  # deviation of a cut from a straight line, in pixels, root mean square


def negative_examples(images: Tensor, labels: Tensor, count: int, seed: int, epoch: int) -> Tensor:
    """Make negative examples (count, 28, 28) uint8 of all kinds from digits (N, 28, 28) uint8 with labels (N,)."""
    make = Negatives(images, labels, random_numbers(images.device, seed, epoch, NEGATIVES))
    of_digits = make.neighbours, make.swallowed, make.parts, make.segments, make.lying
    kinds = *of_digits, make.letters, make.scribbles, make.blots
    return torch.cat([kind(n) for kind, n in zip(kinds, shared(count, len(kinds)), strict=True)])


class Negatives:
    """Makes negative examples. Each method makes n images (n, 28, 28) uint8 of its kind."""

    def __init__(self, images: Tensor, labels: Tensor, generator: torch.Generator) -> None:
        self.images, self.labels, self.generator = images, labels, generator

    def neighbours(self, n: int) -> Tensor:
        """Draw two digits that touch, overlap or nearly touch.

        In two thirds of the images, the outer part of the left or right digit is cut off and drawn in grey.
        """
        cut_left, whole, cut_right = shared(n, 3)
        left, rest_left = self.cut(self.digits(cut_left, CUTS[pi]), pi, 0.4, 0.8)
        right, rest_right = self.cut(self.digits(cut_right, CUTS[0.0]), 0, 0.4, 0.8)
        left = torch.cat([left, self.digits(whole + cut_right, range(10))])
        right = torch.cat([self.digits(cut_left + whole, range(10)), right])
        apart = self.apart(left, right)
        pair = side_by_side(left, right, apart)
        rest = pad(rest_left, (0, 0, 0, 0, 0, n - cut_left)), pad(rest_right, (0, 0, 0, 0, n - cut_right, 0))
        # Squeezing two digits into a box thins their strokes, so the strokes are thickened first.
        thick = pair.lerp(max_pool2d(pair[:, None], 3, 1, 1)[:, 0], uniform(self.generator, (n, 1, 1), 0, 1))
        return normalized(thick, self.generator, side_by_side(*rest, apart))

    def swallowed(self, n: int) -> Tensor:
        """Draw a digit and a 1 that seems to be a part of this digit. Half of the pairs are cut from a third digit."""
        mirrored = uniform(self.generator, (n, 1, 1), 0, 1) < 0.5
        digits, ones = self.digits(n, range(10)), self.digits(n, [1])
        left, right = ones.where(mirrored, digits), digits.where(mirrored, ones)
        pair = normalized(side_by_side(left, right, self.apart(left, right)), self.generator)
        pair[: n // 2] = cut(pair[: n // 2].float() / 255, self.digits(n // 2, range(10)), self.generator)
        return pair

    def apart(self, left: Tensor, right: Tensor) -> Tensor:
        """Return the shift (n,) int64 in columns after which `right` overlaps, touches or nearly touches `left`."""
        gap = uniform(self.generator, (len(left),), -3, 3)
        return (ends(left)[1] + 1 + gap - ends(right)[0]).round().long()

    def parts(self, n: int) -> Tensor:
        """Draw about half of a digit, cut along a bent line."""
        counts = zip(CUTS, shared(n, len(CUTS)), strict=True)
        parts = [self.cut(self.digits(m, CUTS[side]), side, 0.3, 0.55)[0] for side, m in counts]
        return normalized(torch.cat(parts), self.generator)

    def segments(self, n: int) -> Tensor:
        """Draw a digit whose left or right part is cut off and grey. The remaining part may look like another digit."""
        halves = zip((0.0, pi), shared(n, 2), strict=True)
        cuts = [self.cut(self.digits(m, CUTS[0.0]), side, 0.2, 0.7) for side, m in halves]
        part, rest = (torch.cat(images) for images in zip(*cuts, strict=True))
        return normalized(part, self.generator, rest)

    def cut(self, pixels: Tensor, side: float, least: float, most: float) -> tuple[Tensor, Tensor]:
        """Cut a side (a direction as in CUTS) off images (n, 28, 28) float 0..1. Return the kept part and the rest.

        The kept part is a share from `least` to `most` of the digit's extent.
        """
        n = len(pixels)
        angle = side + uniform(self.generator, (n, 1, 1), -0.3, 0.3)
        column, row = grid(pixels)
        along = angle.cos() * column + angle.sin() * row + BEND * smooth_noise(n, 28, 28, generator=self.generator)
        start = along.where(pixels > 0.4, 99.0).amin((1, 2), keepdim=True)
        end = along.where(pixels > 0.4, -99.0).amax((1, 2), keepdim=True)
        last = start + uniform(self.generator, (n, 1, 1), least, most) * (end - start)
        kept = (last + 0.5 - along).clamp(0, 1)
        return pixels * kept, pixels * (1 - kept)

    def lying(self, n: int) -> Tensor:
        """Draw digits on their left or right side, except for 0, which would still be a 0."""
        left, right = (self.digits(m, range(1, 10)) for m in shared(n, 2))
        return normalized(torch.cat([left.rot90(1, (1, 2)), right.rot90(3, (1, 2))]), self.generator)

    def letters(self, n: int) -> Tensor:
        """Draw letters and signs."""
        chosen = torch.randint(len(LETTERS), (n,), generator=self.generator, device=self.images.device)
        return pen.draw(pen.parse(LETTERS, chosen.device), chosen, self.generator)

    def scribbles(self, n: int) -> Tensor:
        """Draw smooth curves through random points."""
        points = uniform(self.generator, (n, 10, 2), 0, 100)
        _, weights = pen.parse(("0,0 1,0 2,0 3,0 4,0 5,0 6,0 7,0 8,0 9,0",), points.device)
        figures = pen.Figures(points, weights.expand(n, -1, -1))
        return pen.draw(figures, torch.arange(n, device=points.device), self.generator)

    def blots(self, n: int) -> Tensor:
        """Draw blots: the regions where a smooth random field exceeds a threshold."""
        field = smooth_noise(n, 40, 40, generator=self.generator)
        return normalized((4 * (field - uniform(self.generator, (n, 1, 1), 0, 1.5))).clamp(0, 1), self.generator)

    def digits(self, n: int, which: Iterable[int]) -> Tensor:
        """Choose images (n, 28, 28) float 0..1 at random, with a label in `which` if there are any."""
        fitting = torch.isin(self.labels, torch.tensor([*which], device=self.labels.device)).nonzero().flatten()
        chosen = torch.randint(len(fitting) or len(self.images), (n,), generator=self.generator, device=fitting.device)
        return self.images[fitting[chosen] if len(fitting) else chosen].float() / 255


def shared(n: int, among: int) -> list[int]:
    """Split n into `among` whole numbers that differ by at most 1."""
    return [n * (part + 1) // among - n * part // among for part in range(among)]
