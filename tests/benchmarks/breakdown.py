"""Where the time of `train.py --hidden 30` goes, from the start of the process to the end of the 30 epochs.

`python -m tests.benchmarks.breakdown DATA_DIR` trains once, with a clock around each import and Lightning's profiler on
the rest (which makes it a little slower than `train.py` itself), and prints each part and its seconds as JSON.
"""

import json
import sys
import tempfile
from contextlib import contextmanager, redirect_stdout
from functools import wraps
from statistics import median
from time import perf_counter

seconds = {}


@contextmanager
def clock(part):
    start = perf_counter()
    yield
    seconds[part] = seconds.get(part, 0) + perf_counter() - start


def clocked(part, function):
    def wrapper(*args, **kwargs):
        with clock(part):
            return function(*args, **kwargs)

    return wrapper


def main(data_dir):
    with clock("import torch"):
        import torch  # noqa: F401
    with clock("import lightning.pytorch"):
        from lightning.pytorch.profilers import SimpleProfiler
    with clock("import numba and the kernel"):
        import digits.kernels.cpu  # noqa: F401
    with clock("other imports"):
        from digits import mnist, train
        from digits.__main__ import main as digits

    mnist.fetch = clocked("data: checksums", mnist.fetch)
    mnist.load = clocked("data: load", mnist.load)
    profiler = SimpleProfiler()
    training = clocked("train", train.train)

    @wraps(train.train)  # the command line is made from its signature
    def profiled(**settings):
        return training(**settings | {"trainer": settings.get("trainer", {}) | {"profiler": profiler}})

    train.train = profiled
    with redirect_stdout(sys.stderr), clock("main"):
        digits(["train", "--hidden", "30", "--data_dir", data_dir, "--run_dir", tempfile.mkdtemp()])

    durations = profiler.recorded_durations
    epochs = durations["run_training_epoch"]
    within = {  # the 30 epochs by what Lightning calls its actions
        "training steps": "run_training_batch",
        "mini-batches": "train_dataloader_next",
        "validation and test": "validation_step",
        "checkpoints": "save_checkpoint",
        "TensorBoard": "EpochCurves",
    }
    first = epochs[0] - median(epochs)
    whole = seconds.pop("train")
    seconds["command line"] = seconds.pop("main") - whole
    around = whole - sum(epochs) - seconds["data: checksums"] - seconds["data: load"]
    seconds["before and after the epochs"] = around
    seconds["first epoch, above a usual one (the compiled kernel is loaded)"] = first
    seconds["30 epochs"] = sum(epochs) - first
    for part, action in within.items():
        spent = sum(sum(times) for name, times in durations.items() if action in name)
        seconds[f"30 epochs: {part}"] = spent - (first if part == "training steps" else 0)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
