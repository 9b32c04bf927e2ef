"""Damage one of MNIST's files or a checkpoint, and use it.

The outcome must be a clear error or the right result.
"""

import io
import shutil
from contextlib import contextmanager, redirect_stderr

import pytest
import torch

from digits import mnist
from digits.checkpoint import untrusted
from digits.model import DigitClassifier
from tests.support.checkpoints import saved
from tests.support.damage import mutate, outcome
from tests.support.mnist_files import contents, copying, failing, use_sources
from tests.support.small_mnist import use, write_mnist
from tests.support.training import same

COUNT, LIMIT = 1000, 10
TABLE = "data", "checkpoint"


@contextmanager
def ready(folder):
    good, raw = folder / "good", folder / "data" / "MNIST" / "raw"
    checksums, files = write_mnist(good), contents(good)
    path = saved(folder / "a.ckpt", DigitClassifier([12]), epoch=3)
    checkpoint, plain = path.read_bytes(), torch.load(path, weights_only=True)

    def data(rng):
        """Damage one of MNIST's files, or swap two. Then fetch, with or without a source of good files."""
        shutil.rmtree(raw, ignore_errors=True)
        shutil.copytree(good, raw)
        name, source = rng.sample(sorted(files), 2)
        (raw / name).write_bytes(files[source] if rng.random() < 0.1 else mutate(files[name], rng))
        use_sources(patch, one=copying(good) if rng.random() < 0.5 else failing)
        with redirect_stderr(io.StringIO()):
            mnist.fetch(folder / "data")
        assert contents(raw) == files
        return "fetched again"

    def damaged_checkpoint(rng):
        path.write_bytes(mutate(checkpoint, rng))
        read = untrusted.read_checkpoint(path)
        assert read.settings == plain["hyper_parameters"] and read.epoch == 3
        assert same(read.weights, plain["state_dict"])
        return "right result"

    uses = {"data": data, "checkpoint": damaged_checkpoint}
    with pytest.MonkeyPatch.context() as patch:
        use(patch, checksums)
        yield lambda what, rng: f"damaged {what}: {outcome(uses[what], rng)}"
