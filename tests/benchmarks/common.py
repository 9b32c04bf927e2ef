"""What the benchmarks share: options, tables, processes that are measured; and what every peer in speed.py starts from.

It imports NumPy alone, so that a process that is measured imports no more than it needs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
TRAINING = 50_000  # of the 60,000 training images; the other 10,000 validate
LR, BATCH_SIZE = 3.0, 10


def on_cpu(threads):
    """The environment of processes that have so many threads of every library, and no GPU."""
    names = "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"
    eigen = f"--xla_cpu_multi_thread_eigen={str(threads > 1).lower()} intra_op_parallelism_threads={threads}"
    devices = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": eigen}
    return devices | {name: str(threads) for name in names}


def parser(doc, *tables):
    """A parser of options: the tables that can be asked for, the first by default, and where MNIST lies."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    if tables:
        made.add_argument("table", choices=tables, nargs="?", default=tables[0])
    made.add_argument("--data_dir", default=str(ROOT / "data"), help="where the MNIST files are, or go (data/, here)")
    return made


def heading(first, *others):
    """Print the head of a table in Markdown."""
    row(first, *others)
    print("| --- |" + " ---: |" * len(others), flush=True)


def row(*cells):
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def every_run(what, runs):
    """Print under a heading what each of the runs measured that a table sums up, a line for each name."""
    print(f"\n{what}:", *(f"{name}: {', '.join(figures)}" for name, figures in runs.items()), sep="\n", flush=True)


def progress(text):
    print(text, file=sys.stderr, flush=True)


# Runs a command, and says on the last line of standard error its seconds, peak memory and exit code. It is a small
# process of its own, since on Linux the peak of a process is at least that of the one which started it.
MEASURE = """
import os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(process.pid, 0)  # of that alone, unlike resource.getrusage
print(f"\\n{time.perf_counter() - start} {usage.ru_maxrss} {os.waitstatus_to_exitcode(status)}", file=sys.stderr)
"""


def python(*args, cwd=None):
    """Run Python in a process of its own: its last line on standard output, its seconds, its peak memory in bytes."""
    with tempfile.TemporaryDirectory() as scratch:  # what the process makes with mkdtemp() goes when it has ended
        environment = os.environ | {"TMPDIR": scratch, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", MEASURE, sys.executable, *map(str, args)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=cwd, check=True)
    *errors, measured = done.stderr.splitlines()
    seconds, memory, code = map(float, measured.split())
    if code:
        sys.exit("\n".join([*errors, f"{' '.join(map(str, args))} ended with {code:.0f}"]))
    return (done.stdout.splitlines() or [""])[-1], seconds, memory * (1 if sys.platform == "darwin" else 1024)


def load(data_dir, count=TRAINING):
    """The first `count` training, and all validation and test data: images (N, 784) uint8 and labels (N,) uint8."""

    def read(name):
        folder = Path(data_dir, "MNIST", "raw")
        images = np.fromfile(folder / f"{name}-images-idx3-ubyte", np.uint8, offset=16).reshape(-1, 784)
        return images, np.fromfile(folder / f"{name}-labels-idx1-ubyte", np.uint8, offset=8)

    (images, labels), test = read("train"), read("t10k")
    return (images[:count], labels[:count]), (images[TRAINING:], labels[TRAINING:]), test


def initial(hidden, seed=0):
    """Weights (outputs, inputs) from N(0, 1 / inputs) and biases (outputs,) from N(0, 1), float64, of all layers."""
    rng = np.random.default_rng(seed)
    sizes = pairwise([784, *hidden, 10])
    return [(rng.normal(0, inputs**-0.5, (outputs, inputs)), rng.normal(0, 1, outputs)) for inputs, outputs in sizes]
