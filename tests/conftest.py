"""What the tests share: a small MNIST of their own, a quick Trainer, and the book's algorithm sample by sample."""

import hashlib
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # of torch, also in processes to come; other cores run other tests

import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer

from digits import data, mnist
from digits.__main__ import main
from digits.model import DigitClassifier

DATA = Path(__file__).parents[1] / "data"  # of the real files
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
    monkeypatch.setattr(mnist, "SOURCES", {"a test": lambda *_: "it must not use the network"})
    monkeypatch.setattr(data, "TRAINING", TRAINING)


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """A data_dir with the small files, and their checksums; not to be written to."""
    folder = tmp_path_factory.mktemp("small")
    return folder, write_mnist(folder / "MNIST" / "raw")


@pytest.fixture
def data_dir(small, monkeypatch):
    """A data_dir with the small files, which `digits` takes for MNIST while the test runs."""
    folder, checksums = small
    use(monkeypatch, checksums)
    return folder


@pytest.fixture
def mnist_dir():
    """A data_dir with the real files."""
    mnist.fetch(DATA)
    return DATA


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """The checkpoint of a 784-100-10 that has seen MNIST for six epochs."""
    mnist.fetch(DATA)
    trainer, path = quick_trainer(max_epochs=6, limit_val_batches=0), tmp_path_factory.mktemp("trained") / "best.ckpt"
    trainer.fit(DigitClassifier([100]), data.MNISTDataModule(DATA))
    trainer.save_checkpoint(path)
    return path


@pytest.fixture
def verb(capsys):
    """Run `python -m digits` in this process; returns its exit code, output and the lines of its errors."""

    def run(*words):
        code = 0
        try:
            main([str(word) for word in words])
        except SystemExit as stop:
            code = stop.code
        out, err = capsys.readouterr()
        return code, out, err.splitlines()

    return run


def quick_trainer(**settings) -> Trainer:
    """Lightning's Trainer on the CPU, writing nothing."""
    quick = {
        "accelerator": "cpu",
        "devices": 1,
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "num_sanity_val_steps": 0,
        "log_every_n_steps": 1,
    }
    return Trainer(**quick | settings)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def book_step(weights, biases, x, y, lr):
    """One mini-batch of the book's stochastic gradient descent, in place: chapter 2, "The backpropagation algorithm".

    weights[l] (outputs, inputs), biases[l] (outputs,), x (B, inputs), y (B, outputs), all NumPy float64.
    """
    nabla_w, nabla_b = [np.zeros_like(w) for w in weights], [np.zeros_like(b) for b in biases]
    for sample, desired in zip(x, y, strict=True):
        a, z = [sample], []
        for w, b in zip(weights, biases, strict=True):
            z.append(np.dot(w, a[-1]) + b)
            a.append(sigmoid(z[-1]))
        prime = [sigmoid(v) * (1 - sigmoid(v)) for v in z]
        delta = (a[-1] - desired) * prime[-1]  # BP1
        for layer in reversed(range(len(weights))):
            nabla_b[layer] += delta  # BP3
            nabla_w[layer] += np.outer(delta, a[layer])  # BP4
            if layer:
                delta = np.dot(weights[layer].T, delta) * prime[layer - 1]  # BP2
    for layer in range(len(weights)):
        weights[layer] -= lr / len(x) * nabla_w[layer]
        biases[layer] -= lr / len(x) * nabla_b[layer]


def same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    """Whether two networks have the same bits."""
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
