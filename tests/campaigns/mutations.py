"""Damaged files: `python -m tests.campaigns.mutations [--count 500]` damages data files and checkpoints at random.

Each ends in a clear error (a UserError of one line), or in the right result; the counts are printed.
"""

import argparse
import io
import pickle
import random
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import torch

from digits import mnist
from digits.checkpoint import untrusted
from digits.errors import UserError
from digits.model import DigitClassifier
from tests.support.checkpoints import saved
from tests.support.damage import mutate
from tests.support.mnist_files import copying, failing
from tests.support.small_mnist import write_mnist


class Hostile:
    """Unpickled, it would create a file."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


def one_line(error: UserError) -> str:
    assert str(error).strip(), "an error without a word"
    return "clear error"


def damage_data(count: int, seed: int) -> Counter:
    """Damage one of MNIST's files, or swap two; then fetch with and without a source that has good ones."""
    rng, outcomes = random.Random(seed), Counter()
    with tempfile.TemporaryDirectory() as folder:
        good, raw = Path(folder, "good"), Path(folder, "data", "MNIST", "raw")
        before = mnist.SHA256, mnist.sources
        mnist.SHA256 = write_mnist(good)
        contents = {name: (good / name).read_bytes() for name in mnist.SHA256}

        try:
            for _ in range(count):
                shutil.rmtree(raw, ignore_errors=True)
                shutil.copytree(good, raw)
                name, other = rng.sample(sorted(contents), 2)
                if rng.random() < 0.1:
                    (raw / name).write_bytes(contents[other])
                elif rng.random() < 0.1:
                    (raw / name).unlink()
                    (raw / name).mkdir()
                else:
                    (raw / name).write_bytes(mutate(contents[name], rng))
                sources = {"good": copying(good)} if rng.random() < 0.5 else {"none": failing}
                mnist.sources = lambda raw, sources=sources: sources
                try:
                    mnist.fetch(raw.parent.parent)
                except UserError as error:
                    outcomes[one_line(error)] += 1
                else:
                    assert all((raw / name).read_bytes() == content for name, content in contents.items())
                    outcomes["mended"] += 1
        finally:
            mnist.SHA256, mnist.sources = before
    return outcomes


def damage_checkpoints(count: int, seed: int) -> Counter:
    """Damage a checkpoint, or hide something hostile in it, and read it."""
    rng, outcomes = random.Random(seed), Counter()
    with tempfile.TemporaryDirectory() as folder:
        path, created = Path(folder, "a.ckpt"), Path(folder, "created")
        model = DigitClassifier([12])
        content = saved(path, model, epoch=3).read_bytes()
        plain = torch.load(path, weights_only=True)
        for _ in range(count):
            if rng.random() < 0.1:
                buffer = io.BytesIO()
                hidden = plain | {rng.choice(["epoch", "extra"]): Hostile(created)}
                torch.save(hidden, buffer, _use_new_zipfile_serialization=rng.random() < 0.5)
                path.write_bytes(rng.choice([buffer.getvalue(), pickle.dumps(hidden)]))
            else:
                path.write_bytes(mutate(content, rng))
            try:
                read = untrusted.read(path)
            except UserError as error:
                outcomes[one_line(error)] += 1
            else:
                assert read["hyper_parameters"] == plain["hyper_parameters"] and read["epoch"] == 3
                assert all(read["state_dict"][key].equal(value) for key, value in plain["state_dict"].items())
                outcomes["right result"] += 1
            assert not created.exists(), "code was executed"
    return outcomes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for what, damage in (("data files", damage_data), ("checkpoints", damage_checkpoints)):
        print(f"{options.count} damaged {what}: {dict(damage(options.count, options.seed))}")


if __name__ == "__main__":
    main()
