"""Digits cut apart imperfectly where they touch: a bit of the neighbour stays on, or a bit of the digit is missing.

The rest of the strokes is drawn in grey beside the digit, as `digits.handwriting.normalize` does.
"""

from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, max_pool1d, pad

from digits.augment.elastic import NEIGHBOURS, PART, parts, random_numbers, uniform
from digits.handwriting.normalize import BOX, MIDDLE, NEAR, REST

SHARE = 0.2  # share of the images that keep a bit of a neighbour, or lack a bit
MOST = 0.4  # largest share of a neighbour's width that may remain, or a 1 could remain whole, as a second digit
STRETCH = 0.25  # logarithm of the largest factor by which the width changes


def with_neighbours(images: Tensor, seed: int, epoch: int) -> Tensor:
    """Return images (N, 28, 28) uint8, a SHARE of them as if cut imperfectly from a neighbour, on the same device."""
    generator = random_numbers(images.device, seed, epoch, NEIGHBOURS)
    chosen = uniform(generator, (len(images),), 0, 1) < SHARE
    neighbours, images = images.roll(1, 0), images.clone()
    for part in parts(chosen.nonzero().flatten(), PART):
        images[part] = cut(images[part].float() / 255, neighbours[part].float() / 255, generator)
    return images


def cut(pixels: Tensor, neighbours: Tensor, generator: torch.Generator) -> Tensor:
    """Return digits (n, 28, 28) cut near the place where a neighbour on the right or left touches or overlaps them."""
    draw = partial(uniform, generator, (len(pixels), 1, 1))
    mirrored = draw(0, 1) < 0.5
    left, right = (torch.where(mirrored, digit.flip(2), digit) for digit in (pixels, neighbours))
    (first, last), (start, stop) = ends(left), ends(right)
    begin = last + 1 - draw(0, 0.2)[:, 0, 0] * (last - first)
    pair = side_by_side(left, right, (begin - start).round().long())
    column, row = grid(pair)
    beyond = draw(-1, 2.5).minimum(MOST * (stop + 1 - start)[:, None, None].float())
    end = begin[:, None, None] + beyond + draw(-0.3, 0.3) * (row - 13.5)
    kept = (end - column).clamp(0, 1)
    digit, rest = (torch.where(mirrored, part.flip(2), part) for part in (pair * kept, pair * (1 - kept)))
    return normalized(digit, generator, rest)


def side_by_side(left: Tensor, right: Tensor, apart: Tensor) -> Tensor:
    """Put images (n, 28, 28) side by side: (n, 28, 56), where `right` is moved by `apart` (n,) int64 columns."""
    source = torch.arange(56, device=left.device) - apart[:, None]
    inside = (source >= 0) & (source < 28)
    moved = right.gather(2, source.clamp(0, 27)[:, None].expand(-1, 28, -1)) * inside[:, None]
    return torch.maximum(pad(left, (0, 28)), moved)


def normalized(pixels: Tensor, generator: torch.Generator, rest: Tensor | None = None) -> Tensor:
    """Scale and centre images (n, H, W) float 0..1 like MNIST's, but a bit narrower or wider: (n, 28, 28) uint8.

    `rest` (n, H, W) is the rest of the strokes that the digits are cut from. It is drawn in grey beside them.
    """
    (column, row), (n, height, width) = grid(pixels), pixels.shape
    stretch = pixels.new_empty(n, 1, 1).uniform_(-STRETCH, STRETCH, generator=generator).exp()
    mass = pixels.sum((1, 2), keepdim=True).clamp(min=1e-3)
    x, y = ((pixels * (line + 0.5)).sum((1, 2), keepdim=True) / mass for line in (column, row))
    across, down = ((last + 1 - first).view(n, 1, 1) for first, last in (ends(pixels), ends(pixels.mT)))
    scale = torch.maximum(across * stretch, down).clamp(min=4) / BOX
    column, row = (line + 0.5 - MIDDLE for line in grid(pixels.new_empty(n, 28, 28)))
    x, y = x + column * scale / stretch, y + row * scale
    places = torch.stack(torch.broadcast_tensors(2 * x / width - 1, 2 * y / height - 1), 3)
    drawn = _sampled(pixels, places)
    if rest is not None:
        columns, rows = (
            max_pool1d((lines.amax(1, True) > 0.3).float(), 2 * NEAR + 1, 1, NEAR) for lines in (drawn, drawn.mT)
        )
        drawn = torch.maximum(drawn, REST * (1 - drawn) * _sampled(rest, places) * columns * rows.mT)
    return (255 * drawn).round().to(torch.uint8)


def _sampled(pixels: Tensor, places: Tensor) -> Tensor:
    """Sample images (n, H, W) 0..1 at places (n, 28, 28, 2), x and y in -1..1, and undo the blur of interpolation."""
    return (1.3 * (grid_sample(pixels[:, None], places, align_corners=False)[:, 0] - 0.5) + 0.5).clamp(0, 1)


def ends(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first and the last column (n,) int64 with foreground in images (n, H, W) float 0..1."""
    columns = (pixels > 0.3).any(1).float()
    return columns.argmax(1), pixels.shape[2] - 1 - columns.flip(1).argmax(1)


def grid(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return the column (1, W) and the row (H, 1) of each pixel of images (n, H, W)."""
    height, width = (torch.arange(size, device=images.device) for size in images.shape[1:])
    return width[None, :], height[:, None]
