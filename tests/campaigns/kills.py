"""Killed runs: `python -m tests.campaigns.kills [--count 25]` kills training with SIGKILL at random instants.

Each killed run is resumed, some after they were moved or copied; the weights of its last and of its best epoch must be
those of a run that was never interrupted, bit for bit.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

import torch

from tests.support.training import EPOCHS, Runs, same, weights


def kill(runs: Runs, run: str, rng: random.Random) -> None:
    """Start a run and kill it at a random instant of its training, also while it writes a checkpoint."""
    process = runs.new(run)
    assert process.stdout is not None
    process.stdout.readline()  # the training starts
    if rng.random() < 0.5:  # at any instant
        time.sleep(rng.uniform(0, 1.0))
    else:  # while a checkpoint is written
        epoch, part = rng.randrange(1, EPOCHS), runs.folder / run / f".last.ckpt.{process.pid}.part"
        while process.poll() is None and not (process.stdout.readline().startswith(f"Epoch {epoch}:")):
            pass
        deadline = time.monotonic() + 0.05
        while time.monotonic() < deadline and not part.exists():
            pass
    process.kill()
    process.communicate()


def equal_bits(one: Path, other: Path) -> bool:
    """Whether two checkpoints, named without .ckpt, have the same weights."""
    return same(weights(one.with_suffix(".ckpt")), weights(other.with_suffix(".ckpt")))


def kill_and_resume(folder: Path, count: int, seed: int) -> int:
    """How many of `count` killed and resumed runs end on the weights of a run that was never interrupted."""
    runs, rng, equal = Runs(folder), random.Random(seed), 0
    runs.finish(runs.new("whole"))
    (folder / "elsewhere").mkdir()
    for number in range(count):
        kill(runs, f"run{number}", rng)
        finished = folder / f"run{number}" / "last.ckpt"
        epoch = torch.load(finished, weights_only=True)["epoch"] if finished.exists() else None
        here, then = f"run{number}", rng.choice(["left where it was", "moved", "copied"])
        if then != "left where it was":
            (shutil.move if then == "moved" else shutil.copytree)(folder / here, folder / "elsewhere" / here)
            here = f"elsewhere/{here}"
        runs.finish(runs.start("--resume", here))
        right = all(equal_bits(folder / here / name, folder / "whole" / name) for name in ("last", "best"))
        said = f"last and best weights {'equal' if right else 'DIFFERENT'}"
        print(f"run {number}: killed after epoch {epoch}, {then}, {said}", flush=True)
        equal += right
    return equal


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=25)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        equal = kill_and_resume(Path(folder), options.count, options.seed)
    print(f"{equal} of {options.count} killed and resumed runs end on the same bits")
    sys.exit(equal != options.count)


if __name__ == "__main__":
    main()
