"""Compare the speed of this project with its peers, on the same data and one core.

python -m tools.benchmarks.speed            seconds per epoch of each peer: about six minutes
python -m tools.benchmarks.speed process    seconds from process start to 30 finished epochs

Each measurement is a new process. Peers that are not installed (pip install -e ".[bench]") are skipped. Times are
medians of a few rounds.
"""

import json
import os
import platform
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from tools.benchmarks.common import ROOT, heading, on_cpu, parser, python, row
from tools.benchmarks.peers import PEERS


def epochs(args):
    """Print seconds per epoch of each peer and hidden size: medians over two rounds in opposite order."""
    names = [name for name in args.peers if find_spec(PEERS[name][2])]
    for hidden in args.hidden:
        seconds, accuracy = {name: [] for name in names}, {}
        for name in [*names, *reversed(names)]:
            slow = name == "lightning"  # only one round, with fewer epochs
            if slow and seconds[name]:
                continue
            timed = min(2, args.epochs) if slow else args.epochs
            run = json.loads(python("-m", "tools.benchmarks.peers", name, hidden, timed + 1, args.data_dir)[0])
            seconds[name] += run["seconds"]
            accuracy.setdefault(name, run["accuracy"])
        heading(f"784-{hidden}-10", "s per epoch", "ratio", "test accuracy")
        for name in names:
            ratio = median(seconds[name]) / median(seconds[names[0]])
            row(PEERS[name][0], f"{median(seconds[name]):.3f}", f"{ratio:.2f}", f"{accuracy[name]:.1%}")
        print()


def process(args):
    """Print the seconds from process start to 30 finished epochs, and the seconds of the imports alone."""
    hidden, epochs = args.hidden[0], args.epochs
    train = [ROOT / "train.py", "--hidden", hidden, "--epochs", epochs, "--data_dir", args.data_dir, "--run_dir"]
    trained, imported = [], []
    with tempfile.TemporaryDirectory() as folder:
        for i in range(args.rounds + 1):  # the first warms the caches
            trained.append(python(*train, Path(folder, f"{i}"))[1])
            imported.append(python("-c", "import torch, torchvision, lightning")[1])
    heading(f"{epochs} epochs of 784-{hidden}-10", "s")
    row("`train.py`", f"{median(trained[1:]):.2f}")
    row("`import torch, torchvision, lightning`", f"{median(imported[1:]):.2f}")


def main(words=None):
    tables = {table.__name__: table for table in (epochs, process)}
    options = parser(__doc__, *tables)
    options.add_argument("--hidden", type=int, nargs="+", default=[30, 100], help="hidden neurons (30 100)")
    options.add_argument("--epochs", type=int, help="timed epochs per round (5; process: 30)")
    options.add_argument("--rounds", type=int, default=5, help="measurements of a process (5)")
    options.add_argument("--peers", nargs="+", choices=PEERS, default=[*PEERS], help="peers to measure (all)")
    args = options.parse_args(words)
    args.epochs = args.epochs or (30 if args.table == "process" else 5)
    os.environ.update(on_cpu(threads=1))  # inherited by the measured processes
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-1:])
    python("-c", "import sys; from digits import mnist; mnist.fetch(sys.argv[1])", args.data_dir)
    tables[args.table](args)
    versions = (f"{name} {version(name)}" for name in ("torch", "lightning", "numba", "numpy"))
    print(f"\n{platform.machine()}, Python {platform.python_version()}, {', '.join(versions)}")


if __name__ == "__main__":
    main()
