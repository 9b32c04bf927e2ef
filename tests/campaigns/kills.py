"""Training is killed with SIGKILL at random instants, also while it writes a checkpoint, and resumed.

Some runs are moved or copied before they are resumed. The weights of their last and of their best epoch must be those
of a run that was never interrupted, bit for bit.
"""

import random
import shutil
import time
from itertools import count

from tests.support.training import EPOCHS, Runs, same, weights

COUNT, LIMIT = 25, 300


def kill(runs, run, rng):
    """Start a run and kill it at a random instant of its training."""
    process = runs.new(run)
    process.stdout.readline()  # the training starts
    if rng.random() < 0.5:  # at any instant
        time.sleep(rng.uniform(0, 1.0))
    else:  # while a checkpoint is written
        epoch = rng.randrange(1, EPOCHS)
        while process.poll() is None and not process.stdout.readline().startswith(f"Epoch {epoch}:"):
            pass
        deadline = time.monotonic() + 0.05
        while time.monotonic() < deadline and not [*(runs.folder / run).glob(".*.part")]:
            pass
    process.kill()
    process.communicate()


def attacks(folder, seed):
    runs, rng = Runs(folder), random.Random(seed)
    runs.finish(runs.new("whole"))
    (folder / "elsewhere").mkdir()
    whole = [weights(folder / "whole" / f"{name}.ckpt") for name in ("last", "best")]
    yield None
    for number in count():
        here = f"run{number}"
        kill(runs, here, rng)
        when = "after an epoch" if (folder / here / "last.ckpt").exists() else "in the first epoch"
        then = rng.choice(["left where it was", "moved", "copied"])
        if then != "left where it was":
            (shutil.move if then == "moved" else shutil.copytree)(folder / here, folder / "elsewhere" / here)
            here = f"elsewhere/{here}"
        runs.finish(runs.start("--resume", here))
        found = [weights(folder / here / f"{name}.ckpt") for name in ("last", "best")]
        equal = all(map(same, whole, found))
        yield f"{'same bits' if equal else 'WRONG: other weights'}, killed {when}, {then}, resumed"
