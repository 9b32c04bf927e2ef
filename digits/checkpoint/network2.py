"""Networks that the book's network2.py has saved (chapter 3): a JSON of sizes, weights, biases and cost."""

import json
from itertools import pairwise
from math import isqrt
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from digits.errors import UserError
from digits.network import CostName

LARGEST = 32_000_000  # bytes; 784-1000-10 has 17 million, and the parser takes many times that of memory
COSTS: dict[str, CostName] = {"QuadraticCost": "quadratic", "CrossEntropyCost": "cross_entropy"}


def read(path: str | Path) -> dict[str, Any]:
    """The network in such a file, as a checkpoint has it: `hyper_parameters` and `state_dict`.

    Raises UserError if the file is missing, too large, not of network2.py, or not of a network for square images with
    ten outputs. It may come from a stranger.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ValueError(f"it is larger than {LARGEST:,} bytes")
        saved = json.loads(content)
        if not isinstance(saved, dict) or not {"sizes", "weights", "biases", "cost"} <= saved.keys():
            raise ValueError("it does not hold sizes, weights, biases and cost")
        sizes, cost = saved["sizes"], saved["cost"]
        if not isinstance(cost, str) or cost not in COSTS:
            raise ValueError(f"its cost is none of {', '.join(COSTS)}")
        if not isinstance(sizes, list) or not all(type(n) is int and n > 0 for n in sizes) or sizes[1:][-1:] != [10]:
            raise ValueError("its sizes are not those of layers that end in ten outputs")
        if isqrt(sizes[0]) ** 2 != sizes[0]:
            raise ValueError(f"its {sizes[0]} inputs are not the pixels of a square image")
        parameters = []
        for name, shapes in (
            ("weights", [(m, n) for n, m in pairwise(sizes)]),
            ("biases", [(m, 1) for m in sizes[1:]]),
        ):
            matrices = saved[name]
            if not isinstance(matrices, list) or len(matrices) != len(shapes):
                raise ValueError(f"its {name} are not those of {len(shapes)} layers")
            parameters.append([_matrix(rows, *shape, name) for rows, shape in zip(matrices, shapes, strict=True)])
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, OverflowError, RecursionError) as error:
        raise UserError(f"{path} is not a network saved by network2.py: {error}") from error
    weights, biases = parameters
    state = {}
    for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
        state |= {f"network.{2 * layer}.weight": w, f"network.{2 * layer}.bias": b.flatten()}
    settings = {"hidden": sizes[1:-1], "image_size": isqrt(sizes[0]), "cost": COSTS[cost]}
    return {"hyper_parameters": settings, "state_dict": state}


def _matrix(rows: Any, height: int, width: int, name: str) -> Tensor:
    """A matrix of finite numbers, float32. Looked through before it is made: a ragged one could take any memory."""
    if not isinstance(rows, list) or len(rows) != height:
        raise ValueError(f"its {name} and sizes do not agree")
    if not all(isinstance(row, list) and len(row) == width and {*map(type, row)} <= {int, float} for row in rows):
        raise ValueError(f"its {name} and sizes do not agree, or are no numbers")
    matrix = torch.tensor(rows, dtype=torch.float32)
    if not matrix.isfinite().all():
        raise ValueError(f"its {name} are not all finite")
    return matrix
