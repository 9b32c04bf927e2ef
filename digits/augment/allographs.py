"""Allographs: other ways to write the ten digits, from an atlas of pen strokes, drawn as MNIST's digits are.

MNIST was written in the United States. A network that has seen nothing else takes a 1 with a flag for a 7, a 7 with a
bar for a 4, and an open 4 for a 9. So some images are replaced with the same digit, drawn from the atlas.
"""

import json
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor

from digits.augment import pen
from digits.augment.elastic import ALLOGRAPHS, random_numbers, uniform

SHARE = 0.35  # share of the images that are replaced

# Each line of the file is an allograph: its name, and strokes for `pen.parse`. A new order changes what is drawn.
_FIGURES: dict[str, list[list[str]]] = json.loads(Path(__file__).with_name("atlas.json").read_text("utf-8"))
ATLAS = {digit: [strokes for _, strokes in _FIGURES[str(digit)]] for digit in range(10)}
# Letters and signs that do not look like digits. B, O, P, S and Z are left out.
LETTERS = tuple(strokes for _, strokes in _FIGURES["letters"])


def with_allographs(images: Tensor, labels: Tensor, seed: int, epoch: int) -> Tensor:
    """Replace a SHARE of images (N, 28, 28) uint8 with labels (N,) int64 by allographs of the same digit, in a copy."""
    generator = random_numbers(images.device, seed, epoch, ALLOGRAPHS)
    chance, choice = uniform(generator, (2, len(images)), 0, 1)
    replaced = (chance < SHARE).nonzero().flatten()
    counts = torch.tensor([*map(len, ATLAS.values())], device=images.device)  # allographs of each digit
    first = counts.cumsum(0) - counts  # index of each digit's first allograph
    labels = labels[replaced]
    figures = pen.parse(tuple(chain(*ATLAS.values())), images.device)
    images = images.clone()
    images[replaced] = pen.draw(figures, first[labels] + (choice[replaced] * counts[labels]).long(), generator)
    return images
