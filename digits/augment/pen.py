"""A pen that draws figures in a random hand, normalized like MNIST's digits."""

from functools import cache, partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from digits.augment.elastic import parts, uniform
from digits.handwriting.normalize import BOX, MIDDLE, SLANT

PART = 100  # images that a CPU draws at a time, few enough for its cache
SAMPLES, DOTS = 24, 80  # samples of a curve between two control points; dots of the pen, less than a pixel apart
SHAKE = 2.0, 6.0  # range of the standard deviation of control points, in hundredths of the height
WIDER = 0.4  # logarithm of the largest factor by which the width changes
HAND_SLANT = -0.45, 0.15  # range of a hand's slant before normalization, in columns per row; negative leans right
WIDTH = 1.8, 3.6  # range of the width of the strokes, in pixels


class Figures(NamedTuple):
    """F figures: their control points x, y (F, P, 2), and the weight of each point in each dot (F, DOTS, P)."""

    points: Tensor
    weights: Tensor


def draw(figures: Figures, chosen: Tensor, generator: torch.Generator) -> Tensor:
    """Draw the figures with the indices `chosen` (n,) int64, each in a random hand: (n, 28, 28) uint8."""
    return torch.cat([_drawn(figures, part, generator) for part in parts(chosen, PART)])


def _drawn(figures: Figures, chosen: Tensor, generator: torch.Generator) -> Tensor:
    draw = partial(uniform, generator, (len(chosen), 1))
    shape = len(chosen), *figures.points.shape[1:]
    shift = torch.randn(shape, generator=generator, device=chosen.device) * draw(*SHAKE)[:, None]
    x, y = (figures.weights[chosen] @ (figures.points[chosen] + shift)).unbind(2)  # coordinates of the dots
    x = x * draw(-WIDER, WIDER).exp() + y * draw(*HAND_SLANT)
    x, y = x - x.mean(1, keepdim=True), y - y.mean(1, keepdim=True)
    slant = (x * y).sum(1, keepdim=True) / (y * y).sum(1, keepdim=True)
    x -= (slant - slant.clamp(*SLANT)) * y
    width, dots = draw(*WIDTH), torch.stack([x, y])
    dots *= (BOX - width) / (dots.amax(2) - dots.amin(2)).amax(0)[:, None]
    image, pixels = _ink(dots, width, 2)  # a coarse image is enough to find the centre of mass
    dots -= torch.stack([image.sum(1) @ pixels, image.sum(2) @ pixels])[:, :, None] / image.sum((1, 2))[:, None]
    return (255 * _ink(dots, width)[0]).round().to(torch.uint8)


def _ink(dots: Tensor, width: Tensor, step: int = 1) -> tuple[Tensor, Tensor]:
    """Draw dots (2, n, DOTS) that are `width` (n, 1) pixels wide, with every `step`-th of 28 rows and columns.

    Returns images (n, h, h) float 0..step with h = 28 / step, and the coordinates (h,) of their rows and columns.
    """
    pixels = torch.arange(step / 2, 28, step, device=dots.device) - MIDDLE
    across, down = (dots[:, :, None] - pixels[:, None]) ** 2  # (n, h, DOTS)
    distance = (down[:, :, None] + across[:, None]).amin(3).sqrt()  # from each pixel to the nearest dot
    return ((width[:, :, None] + step) / 2 - distance).clamp(0, step), pixels


@cache
def parse(figures: tuple[str, ...], device: torch.device | str = "cpu") -> Figures:
    """Parse figures. The strokes of a figure are separated by |, and a stroke is a smooth curve through points x,y.

    For example, a 7 with a bar is "2,8 56,3 | 56,3 34,50 24,100 | 8,55 56,48". Coordinates are in hundredths of the
    height, and y points down. Strokes that share a point meet there. A point that is repeated makes a corner.
    """
    parsed = [_parsed(figure) for figure in figures]
    points = pad_sequence([points for points, _ in parsed], True)
    return Figures(points.to(device), pad_sequence([weights.T for _, weights in parsed], True).mT.to(device))


def _parsed(figure: str) -> tuple[Tensor, Tensor]:
    """Return the control points (P, 2) of a figure, and their weights (DOTS, P) in each dot of the pen.

    Strokes are Catmull-Rom splines, where each dot is a weighted sum of the points. So moving a point bends its stroke.
    """
    strokes = [[tuple(map(float, point.split(","))) for point in stroke.split()] for stroke in figure.split("|")]
    for stroke in strokes:
        if len(stroke) == 2:  # a point in the middle lets the stroke bend
            stroke.insert(1, tuple((a + b) / 2 for a, b in zip(*stroke, strict=True)))
    names = list(dict.fromkeys(point for stroke in strokes for point in stroke))
    points, weights = torch.tensor(names), torch.eye(len(names))
    t = torch.linspace(0, 1, SAMPLES)[:, None]
    curves, steps = [], []
    for stroke in strokes:
        p = weights[[names.index(point) for point in stroke]]
        p = torch.cat([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
        a, b, c, d = (p[first : len(p) - 3 + first, None] for first in range(4))
        curve = b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
        curves.append(curve.flatten(0, 1))
        steps += [points.new_zeros(1), (curves[-1] @ points).diff(dim=0).norm(dim=1)]  # 0 where the pen is lifted
    length = torch.cat(steps).cumsum(0)
    even = torch.searchsorted(length, torch.linspace(0, 0.9999, DOTS) * length[-1])
    return points, torch.cat(curves)[even]
