"""Kill training with SIGKILL at random instants, also while it writes a checkpoint, and resume it.

Some runs are moved or copied before they are resumed. The weights of the last and of the best epoch must be the same,
bit for bit, as those of an uninterrupted run.
"""

import shutil
import time
from contextlib import contextmanager
from itertools import count

from tests.support.training import EPOCHS, Runs, ends, same

COUNT, LIMIT = 25, 300
TABLE = "left where it was", "moved", "copied"


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


@contextmanager
def ready(folder):
    runs, numbers = Runs(folder), count()
    runs.finish(runs.new("whole"))
    (folder / "elsewhere").mkdir()

    def attack(then, rng):
        run = f"run{next(numbers)}"
        kill(runs, run, rng)
        when = "after an epoch" if (folder / run / "last.ckpt").exists() else "in the first epoch"
        if then != "left where it was":
            (shutil.move if then == "moved" else shutil.copytree)(folder / run, folder / "elsewhere" / run)
            run = f"elsewhere/{run}"
        runs.finish(runs.start("--resume", run))
        assert list(map(same, ends(folder / "whole"), ends(folder / run))) == [True, True]
        return f"same bits, killed {when}, {then}, resumed"

    yield attack
