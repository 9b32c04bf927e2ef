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
from time import perf_counter

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


def heading(first, *columns):
    """Print the head of a table in Markdown."""
    row(first, *columns)
    print("| --- |" + " ---: |" * len(columns), flush=True)


def row(*cells):
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def python(*args):
    """Run Python in a process of its own: its last line on standard output, and its seconds."""
    with tempfile.TemporaryDirectory() as scratch:  # what the process makes with mkdtemp() goes when it has ended
        environment, start = os.environ | {"TMPDIR": scratch, "PYTHONPATH": str(ROOT)}, perf_counter()
        command = [sys.executable, *map(str, args)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=True)
        return (done.stdout.splitlines() or [""])[-1], perf_counter() - start


def load(data_dir):
    """The training, validation and test data: images (N, 784) uint8 and labels (N,) uint8."""

    def read(name):
        folder = Path(data_dir, "MNIST", "raw")
        images = np.fromfile(folder / f"{name}-images-idx3-ubyte", np.uint8, offset=16).reshape(-1, 784)
        return images, np.fromfile(folder / f"{name}-labels-idx1-ubyte", np.uint8, offset=8)

    (images, labels), test = read("train"), read("t10k")
    return (images[:TRAINING], labels[:TRAINING]), (images[TRAINING:], labels[TRAINING:]), test


def initial(hidden, seed=0):
    """Weights (outputs, inputs) from N(0, 1 / inputs) and biases (outputs,) from N(0, 1), float64, of all layers."""
    rng = np.random.default_rng(seed)
    sizes = pairwise([784, *hidden, 10])
    return [(rng.normal(0, inputs**-0.5, (outputs, inputs)), rng.normal(0, 1, outputs)) for inputs, outputs in sizes]
