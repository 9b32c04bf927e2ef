"""8-bit quantization: each neuron has a step size, and its weights are -127 to 127 times this step."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

MOST = 127  # the largest int8
SMALLEST = 1e-30  # step size of a neuron whose weights are all 0

Layers = list[tuple[np.ndarray, np.ndarray]]  # for each layer weights (inputs, neurons) and biases (neurons,), float32


class Packed(NamedTuple):
    """A layer whose weights are `steps * counts`."""

    steps: np.ndarray  # (neurons,) float32
    biases: np.ndarray  # (neurons,) float32
    counts: np.ndarray  # (inputs, neurons) int8


def pack(layers: Layers) -> list[Packed]:
    """Round the weights of layers to 8 bits."""
    packed = []
    for weights, biases in layers:
        steps = np.maximum(np.abs(weights).max(0) / MOST, SMALLEST)
        packed.append(Packed(steps, biases, (weights / steps).round().astype(np.int8)))
    return packed


def unpack(packed: list[Packed]) -> Layers:
    """Return the layers with their rounded weights."""
    return [(steps * counts, biases) for steps, biases, counts in packed]


def load(file: Path) -> list[Packed]:
    """Read the layers in an .npz file that is part of this package; tools/forge/eye_learning.py writes it."""
    with np.load(file) as saved:
        count = len(saved.files) // len(Packed._fields)
        return [Packed(saved[f"steps{n}"], saved[f"biases{n}"], saved[f"weights{n}"]) for n in range(count)]


def page_bytes(packed: list[Packed]) -> bytes:
    """Return the layers as the page stores them: steps and biases of every layer, then the counts of every layer.

    Steps and biases are little-endian float32. Counts are in the order (neurons, inputs).
    """
    floats = [array.astype("<f4").tobytes() for layer in packed for array in (layer.steps, layer.biases)]
    return b"".join([*floats, *(layer.counts.T.tobytes() for layer in packed)])
