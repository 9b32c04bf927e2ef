"""One of MNIST's files, and a checkpoint, by turns, are damaged, and used.

Each ends in a clear error (a UserError that says something), or in the right result.
"""

import io
import random
import shutil
from contextlib import redirect_stderr
from pathlib import Path

import pytest
import torch

from digits import mnist
from digits.checkpoint import untrusted
from digits.errors import UserError
from digits.model import DigitClassifier
from tests.support.checkpoints import saved
from tests.support.damage import mutate
from tests.support.mnist_files import copying, failing
from tests.support.small_mnist import use, write_mnist
from tests.support.training import same

COUNT, LIMIT = 1000, 10


def clear(error):
    assert str(error).strip(), "an error without a word"
    return "clear error"


def damaged_data(folder, rng):
    """Damage one of MNIST's files, or swap two; then fetch with and without a source that has good ones."""
    good, raw = folder / "good", folder / "data" / "MNIST" / "raw"
    checksums = write_mnist(good)
    contents = {name: (good / name).read_bytes() for name in checksums}
    while True:
        shutil.rmtree(raw, ignore_errors=True)
        shutil.copytree(good, raw)
        name, other = rng.sample(sorted(contents), 2)
        (raw / name).write_bytes(contents[other] if rng.random() < 0.1 else mutate(contents[name], rng))
        sources = {"good": copying(good)} if rng.random() < 0.5 else {"none": failing}
        with pytest.MonkeyPatch.context() as patch, redirect_stderr(io.StringIO()):
            use(patch, checksums)
            patch.setattr(mnist, "sources", lambda raw, sources=sources: sources)
            try:
                mnist.fetch(folder / "data")
                assert all((raw / name).read_bytes() == content for name, content in contents.items())
                outcome = "fetched again"
            except UserError as error:
                outcome = clear(error)
        yield f"damaged data: {outcome}"


def damaged_checkpoints(folder, rng):
    """Damage a checkpoint, and read it."""
    path = folder / "a.ckpt"
    content = saved(path, DigitClassifier([12]), epoch=3).read_bytes()
    plain = torch.load(path, weights_only=True)
    while True:
        path.write_bytes(mutate(content, rng))
        try:
            read = untrusted.read(path)
            assert read.settings == plain["hyper_parameters"] and read.epoch == 3
            assert same(read.weights, plain["state_dict"])
            outcome = "right result"
        except UserError as error:
            outcome = clear(error)
        yield f"damaged checkpoint: {outcome}"


def attacks(folder: Path, seed: int):
    kinds = damaged_data(folder, random.Random(seed)), damaged_checkpoints(folder, random.Random(seed))
    yield None
    while True:
        yield from map(next, kinds)
