"""A small MNIST that the tests make themselves, and where the real one lies."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from digits import mnist

DATA = Path(__file__).parents[2] / "data"  # of the real files
TRAINING, VALIDATION, TEST = 500, 100, 100


def write_mnist(folder: Path, wrong: str = "") -> dict[str, str]:
    """Write ten blurred prototypes plus noise as MNIST's four files.

    All labels are wrong in the split `wrong`: validation or test.

    Returns the SHA-256 of each file.
    """
    rng = np.random.default_rng(0)
    coarse = rng.random((10, 7, 7)) < 0.35
    prototypes = coarse.repeat(4, axis=1).repeat(4, axis=2) * 200.0
    checksums = {}
    folder.mkdir(parents=True)
    for split, images in (("train", TRAINING + VALIDATION), ("t10k", TEST)):
        labels = rng.integers(10, size=images)
        noisy = prototypes[labels] * rng.random((images, 28, 28)) + rng.normal(0, 60, (images, 28, 28))
        pixels = np.where(noisy > 40, noisy, 0).clip(0, 255)
        if wrong == "test" and split == "t10k":
            labels = (labels + 1) % 10
        if wrong == "validation" and split == "train":
            labels[TRAINING:] = (labels[TRAINING:] + 1) % 10
        for name, array in ((f"{split}-images-idx3-ubyte", pixels), (f"{split}-labels-idx1-ubyte", labels)):
            header = np.array([0x800 + array.ndim, *array.shape], ">u4")
            content = header.tobytes() + array.astype("u1").tobytes()
            (folder / name).write_bytes(content)
            checksums[name] = hashlib.sha256(content).hexdigest()
    return checksums


def use(monkeypatch: pytest.MonkeyPatch, checksums: dict[str, str]) -> None:
    """Make `digits` take the small files for MNIST, and fetch nothing."""
    monkeypatch.setattr(mnist, "SHA256", checksums)
    monkeypatch.setattr(mnist, "SOURCES", {})  # no test may use the network
    monkeypatch.setattr(mnist, "TRAINING", TRAINING)
    monkeypatch.setattr(mnist, "VALIDATION", VALIDATION)
