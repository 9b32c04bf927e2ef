"""Killed runs: `python -m tests.campaigns.kills [--count 25]` kills training with SIGKILL at random instants.

Each killed run is resumed; its last weights must be those of a run that was never interrupted, bit for bit.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from tests.conftest import TRAINING, write_mnist

EPOCHS = 60


class Runs:
    """Runs of train.py on small data, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = json.dumps([write_mnist(folder / "data" / "MNIST" / "raw"), TRAINING])

    def start(self, *args: str, stderr: int = subprocess.PIPE) -> subprocess.Popen:
        root = Path(__file__).parents[2]
        command = [sys.executable, str(root / "tests" / "support" / "small_train.py"), *args]
        environment = os.environ | {"PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1", "SMALL_MNIST": self.settings}
        return subprocess.Popen(command, cwd=self.folder, env=environment, text=True, stdout=-1, stderr=stderr)

    def new(self, run: str, *args: str, **streams: int) -> subprocess.Popen:
        settings = ["--hidden", "20", "--epochs", str(EPOCHS), "--data_dir", "data", "--run_dir", run]
        return self.start(*settings, *args, **streams)

    def finish(self, process: subprocess.Popen) -> str:
        output, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        return output

    def weights(self, run: str) -> dict[str, torch.Tensor]:
        return torch.load(self.folder / run / "last.ckpt", weights_only=True)["state_dict"]

    def kill(self, run: str, rng: random.Random) -> None:
        """Start a run and kill it at a random instant of its training, also while it writes a checkpoint."""
        process = self.new(run)
        assert process.stdout is not None
        process.stdout.readline()  # the training starts
        if rng.random() < 0.5:  # at any instant
            time.sleep(rng.uniform(0, 1.0))
        else:  # while a checkpoint is written
            epoch, part = rng.randrange(1, EPOCHS), self.folder / run / ".last.ckpt.part"
            while process.poll() is None and not (process.stdout.readline().startswith(f"Epoch {epoch}:")):
                pass
            deadline = time.monotonic() + 0.05
            while time.monotonic() < deadline and not part.exists():
                pass
        process.kill()
        process.communicate()


def kill_and_resume(folder: Path, count: int, seed: int) -> int:
    """How many of `count` killed and resumed runs end on the weights of a run that was never interrupted."""
    runs, rng, equal = Runs(folder), random.Random(seed), 0
    runs.finish(runs.new("whole"))
    wanted = runs.weights("whole")
    for number in range(count):
        runs.kill(f"run{number}", rng)
        finished = runs.folder / f"run{number}" / "last.ckpt"
        epoch = torch.load(finished, weights_only=True)["epoch"] if finished.exists() else None
        runs.finish(runs.start("--resume", f"run{number}"))
        weights = runs.weights(f"run{number}")
        same = all(weights[key].equal(wanted[key]) for key in wanted)
        print(f"run {number}: killed after epoch {epoch}, weights {'equal' if same else 'DIFFERENT'}", flush=True)
        equal += same
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
