"""Options, tables and measured processes for all benchmarks, and the data and initial weights of all peers.

This module imports only NumPy, because the imports of a measured process count.
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
    """Return the environment of a process that has this many threads in every library, and no GPU."""
    names = "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"
    eigen = f"--xla_cpu_multi_thread_eigen={str(threads > 1).lower()} intra_op_parallelism_threads={threads}"
    devices = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": eigen}
    return devices | {name: str(threads) for name in names}


def parser(doc, *tables):
    """Return a parser of the name of a table (by default the first) and of the folder of the MNIST files."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    if tables:
        made.add_argument("table", choices=tables, nargs="?", default=tables[0])
    made.add_argument("--data_dir", default=str(ROOT / "data"), help="folder for the MNIST files (data/)")
    return made


def heading(first, *columns):
    """Print the head of a table in Markdown."""
    row(first, *columns)
    print("| --- |" + " ---: |" * len(columns), flush=True)


def row(*cells):
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def python(*args):
    """Run Python in a new process. Return the last line of its standard output, and the seconds that it took."""
    with tempfile.TemporaryDirectory() as scratch:  # removes what the process makes with mkdtemp()
        environment, start = os.environ | {"TMPDIR": scratch, "PYTHONPATH": str(ROOT)}, perf_counter()
        command = [sys.executable, *map(str, args)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=True)
        return (done.stdout.splitlines() or [""])[-1], perf_counter() - start


def load(data_dir):
    """Return the training, validation and test data: images (N, 784) uint8 and labels (N,) uint8."""

    def read(name):
        folder = Path(data_dir, "MNIST", "raw")
        images = np.fromfile(folder / f"{name}-images-idx3-ubyte", np.uint8, offset=16).reshape(-1, 784)
        return images, np.fromfile(folder / f"{name}-labels-idx1-ubyte", np.uint8, offset=8)

    (images, labels), test = read("train"), read("t10k")
    return (images[:TRAINING], labels[:TRAINING]), (images[TRAINING:], labels[TRAINING:]), test


def initial(hidden, seed=0):
    """Return, for each layer, weights (outputs, inputs) from N(0, 1 / inputs) and biases (outputs,) from N(0, 1)."""
    rng = np.random.default_rng(seed)
    sizes = pairwise([784, *hidden, 10])
    return [(rng.normal(0, inputs**-0.5, (outputs, inputs)), rng.normal(0, 1, outputs)) for inputs, outputs in sizes]
