"""How fast this project is beside what one would otherwise use, measured in one run, on the same data and one core.

python -m tests.benchmarks.speed              seconds an epoch of each peer: about six minutes
python -m tests.benchmarks.speed --process    from process start to 30 finished epochs, against a JAX script
python -m tests.benchmarks.speed --memory     peak memory above what importing torch and lightning takes

Each measurement is a process of its own. Progress goes to standard error, the result, in Markdown, to standard output.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import venv
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter

from tests.benchmarks.peers import PEERS

ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")}
ONE_THREAD["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
ON_CPU = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
INSTALL = "pip install -e '.[bench]'"


def progress(text):
    print(text, file=sys.stderr, flush=True)


def python(*args, executable=sys.executable):
    """Run Python in a process of its own: its last line on standard output, its seconds, its peak memory in bytes."""
    with (
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as err,
        tempfile.TemporaryDirectory() as scratch,  # what the process makes with mkdtemp() goes when it has ended
    ):
        environment = os.environ | {"TMPDIR": scratch}
        start = perf_counter()
        process = subprocess.Popen([executable, *map(str, args)], stdout=out, stderr=err, env=environment)
        _, status, usage = os.wait4(process.pid, 0)  # the child's alone, unlike resource.getrusage
        seconds = perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), err.seek(0)
        lines = out.read().splitlines()
        if process.returncode:
            sys.exit(f"{err.read()}\n{' '.join(map(str, args))} ended with {process.returncode}")
    return lines[-1] if lines else "", seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def measure(name, hidden, epochs, data_dir):
    """One warm-up epoch and `epochs` timed ones of a peer."""
    result = json.loads(python("-m", "tests.benchmarks.peers", name, hidden, epochs + 1, data_dir)[0])
    times = result["seconds"]
    busy = sum(result["busy"]) / sum(times)
    progress(
        f"{name:9} {hidden:4} hidden: {median(times):.3f} s/epoch ({min(times):.3f} to {max(times):.3f}), "
        f"test accuracy {result['accuracy']:.2%}" + ("" if busy > 0.95 else f"; had only {busy:.0%} of the core!")
    )
    return times, result["accuracy"], busy


def epochs_table(args):
    """Seconds an epoch of each peer and hidden size, medians over two rounds in opposite order, as Markdown."""
    missing = {module for _, _, module in PEERS.values() if not find_spec(module)}
    names = [name for name, (_, _, module) in PEERS.items() if module not in missing]
    runs = {(name, hidden): [] for name in names for hidden in args.hidden}
    for hidden in args.hidden:
        for name in [*names, *reversed(names)]:
            if name == "lightning" and runs[name, hidden]:
                continue  # slow: one round
            epochs = args.lightning_epochs if name == "lightning" else args.epochs
            runs[name, hidden].append(measure(name, hidden, epochs, args.data_dir))

    print("| seconds an epoch |" + "".join(f" 784-{hidden}-10 | ratio | test accuracy |" for hidden in args.hidden))
    print("| --- |" + " ---: | ---: | ---: |" * len(args.hidden))
    for name in names:
        cells = []
        for hidden in args.hidden:
            seconds, own = (median(t for times, _, _ in runs[who, hidden] for t in times) for who in (name, "ours"))
            cells += [f"{seconds:.3f}", f"{seconds / own:.2f}", f"{runs[name, hidden][0][1]:.1%}"]
        print(f"| {PEERS[name][0]} | {' | '.join(cells)} |")
    print(
        "\nOne core, mini-batches of 10, float32 (NumPy: float64). "
        f"Medians of {2 * args.epochs} epochs in two processes, each after a warm-up epoch "
        f"(Lightning: {args.lightning_epochs} in one). "
        f"Test accuracy after {args.epochs + 1} epochs (Lightning: {args.lightning_epochs + 1}). "
        "The time of this project includes validation, test, checkpoints and logs, and so does Lightning's but for the "
        "test; that of the others is for training alone."
    )
    if shared := sum(busy <= 0.95 for run in runs.values() for _, _, busy in run):
        print(f"\nNot to be quoted: in {shared} processes other programs took over 5 % of the core.")
    for module in sorted(missing):
        print(f"not installed: {module} ({INSTALL})")


def process_table(args):
    """Seconds from the start of a process to 30 finished epochs, ours and JAX's in turn; and where ours go.

    Ours runs in an environment with requirements.txt alone, as README installs it: what else is installed here, such as
    JAX's SciPy, is imported by a package below Lightning wherever it finds it.
    """
    seconds = {"ours": [], "jax": []} if find_spec("jax") else {"ours": []}
    with tempfile.TemporaryDirectory() as folder:
        progress("an environment with requirements.txt")
        venv.create(Path(folder, "environment"), with_pip=True)
        alone = Path(folder, "environment", "bin", "python")
        python("-m", "pip", "install", "--quiet", "--requirement", "requirements.txt", executable=alone)
        run_dirs = (Path(folder, f"run{i}") for i in count())
        for i in range(6):
            for name in seconds:
                ours = ["train.py", "--hidden", 30, "--data_dir", args.data_dir, "--run_dir", next(run_dirs)]
                theirs = ["-m", "tests.benchmarks.jax_script", "--data_dir", args.data_dir]
                theirs += ["--weights", Path(folder, "best.npz")]
                _, wall, _ = python(*ours, executable=alone) if name == "ours" else python(*theirs)
                progress(f"{name:9} whole process: {wall:.2f} s" + ("" if i else ", to warm the caches"))
                if i:
                    seconds[name].append(wall)
        progress("breakdown")
        line, whole, _ = python("-m", "tests.benchmarks.breakdown", args.data_dir, executable=alone)
    own = median(seconds["ours"])
    print("| from process start to 30 epochs of 784-30-10 | s | ratio |\n| --- | ---: | ---: |")
    print(f"| `python train.py --hidden 30` | {own:.2f} | 1.00 |")
    if "jax" in seconds:
        print(
            f"| the same in JAX, `jax_script.py` | {median(seconds['jax']):.2f} | {median(seconds['jax']) / own:.2f} |"
        )
    print(
        "\nMedians of five, alternating, on one core."
        + ("" if "jax" in seconds else f" Not installed: jax ({INSTALL})")
    )

    parts = json.loads(line)
    parts["start and end of Python"] = whole - sum(
        value for part, value in parts.items() if not part.startswith("30 epochs: ")
    )
    print("\n| where `train.py` spends it (profiled, so a little slower) | s |\n| --- | ---: |")
    for part, value in parts.items():
        print(f"| {part} | {value:.2f} |")


def memory_line(args):
    """Peak memory of training above that of the imports."""
    _, _, imports = python("-c", "import torch, lightning.pytorch")
    with tempfile.TemporaryDirectory() as folder:
        command = ["train.py", "--hidden", 30, "--epochs", 2, "--data_dir", args.data_dir, "--run_dir", folder]
        _, _, training = python(*command)
    print(
        f"Peak memory: {training / 1e6:.0f} MB, of which importing torch and lightning takes {imports / 1e6:.0f} MB;"
        f" {(training - imports) / 1e6:.0f} MB above it."
    )


def versions():
    """The machine and what was measured, in a line."""
    found = []
    for package in ("torch", "lightning", "numba", "numpy", "jax", "scikit-learn"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return f"{platform.machine()}, Python {platform.python_version()}, {', '.join(found)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hidden", type=int, nargs="+", default=[30, 100], help="hidden neurons (30 100)")
    parser.add_argument("--epochs", type=int, default=5, help="timed epochs in each of two rounds (5)")
    parser.add_argument("--lightning_epochs", type=int, default=2, help="timed epochs of idiomatic Lightning (2)")
    parser.add_argument("--data_dir", default="data", help="where the MNIST files are, or go (data)")
    parser.add_argument("--process", action="store_true", help="measure whole processes instead")
    parser.add_argument("--memory", action="store_true", help="measure memory instead")
    args = parser.parse_args()

    os.environ.update(ONE_THREAD | ON_CPU)  # for the processes to come
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    python("-c", "import sys; from digits import mnist; mnist.fetch(sys.argv[1])", args.data_dir)
    if args.process:
        process_table(args)
    if args.memory:
        memory_line(args)
    if not (args.process or args.memory):
        epochs_table(args)
    print(f"\n{versions()}")


if __name__ == "__main__":
    main()
