"""Networks saved by the book's network2.py (chapter 3): JSON with sizes, weights, biases and cost."""

import json
from itertools import pairwise
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
import torch

from digits.checkpoint.contents import LARGEST_WEIGHT, Checkpoint
from digits.common.errors import UserError
from digits.common.files import read_bounded

LARGEST = 32_000_000  # bytes; a file of 784-1000-10 has 17 million, and parsing it needs many times as much memory
COST_NAMES: dict[str, str] = {"QuadraticCost": "quadratic", "CrossEntropyCost": "cross_entropy"}


def read(path: str | Path) -> Checkpoint:
    """Read a network from a file, which may come from a stranger.

    Raises UserError unless network2.py wrote the file for square images and ten outputs; OSError if the file cannot be
    read or is too large.
    """
    try:
        return _parsed(json.loads(read_bounded(path, LARGEST)))
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        reason = " ".join(f"{type(error).__name__} {error}".split())
        raise UserError(f"{path} is not a network saved by network2.py: {reason[:200]}") from error


def _parsed(saved: Any) -> Checkpoint:
    sizes, cost = saved["sizes"], COST_NAMES[saved["cost"]]
    if not all(type(n) is int and n > 0 for n in sizes) or sizes[1:][-1:] != [10] or isqrt(sizes[0]) ** 2 != sizes[0]:
        raise ValueError("its layers do not lead from the pixels of a square image to ten outputs")
    shapes = [shape for inputs, outputs in pairwise(sizes) for shape in ((outputs, inputs), (outputs, 1))]
    matrices = [rows for layer in zip(saved["weights"], saved["biases"], strict=True) for rows in layer]
    names = [f"network.{2 * layer}.{name}" for layer in range(len(sizes) - 1) for name in ("weight", "bias")]
    state = {}
    for name, shape, rows in zip(names, shapes, matrices, strict=True):
        with np.errstate(over="ignore"):  # a number that is too large becomes infinite
            matrix = np.array(rows, np.float32)
        if matrix.shape != shape:
            raise ValueError(f"a matrix has shape {matrix.shape}, not {shape}")
        if not (np.abs(matrix) <= LARGEST_WEIGHT).all():
            raise ValueError(f"a weight or bias is larger than {LARGEST_WEIGHT:g}, or is not a number")
        state[name] = torch.from_numpy(matrix.flatten() if name.endswith("bias") else matrix)
    return Checkpoint({"hidden": sizes[1:-1], "image_size": isqrt(sizes[0]), "cost": cost}, state)
