"""Allographs: the ways in which people write the ten digits, an atlas of pen strokes, drawn as MNIST's digits are.

MNIST was written in the United States. A network that has never seen other hands takes a 1 with a flag for a 7, a 7
with a bar for a 4 and an open 4 for a 9. So some of its images are replaced by the same digit drawn from the atlas.
"""

import json
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor

from digits.augment import pen
from digits.augment.elastic import ALLOGRAPHS, random_numbers, uniform

SHARE = 0.35  # of the images that are replaced

# A line of the file is a way of writing: its name, and what `pen.parse` takes. Random numbers choose by their order.
_FIGURES: dict[str, list[list[str]]] = json.loads(Path(__file__).with_name("atlas.json").read_text("utf-8"))
ATLAS = {digit: [strokes for _, strokes in _FIGURES[str(digit)]] for digit in range(10)}
# Letters and signs like which no digit is drawn: B, O, P, S and Z are not among them.
LETTERS = tuple(strokes for _, strokes in _FIGURES["letters"])


def with_allographs(images: Tensor, labels: Tensor, seed: int, epoch: int) -> Tensor:
    """Return images (N, 28, 28) uint8 of the digits `labels` (N,) int64, some replaced by drawings, on their device."""
    generator = random_numbers(images.device, seed, epoch, ALLOGRAPHS)
    chosen, way = uniform(generator, (2, len(images)), 0, 1)
    numbers = (chosen < SHARE).nonzero().flatten()
    ways = torch.tensor([*map(len, ATLAS.values())], device=images.device)
    first = ways.cumsum(0) - ways  # way of each digit among all
    labels = labels[numbers]
    figures = pen.parse(tuple(chain(*ATLAS.values())), images.device)
    images = images.clone()
    images[numbers] = pen.draw(figures, first[labels] + (way[numbers] * ways[labels]).long(), generator)
    return images
