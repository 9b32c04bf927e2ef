"""How fast this project is beside what one would otherwise use, measured in one run, on the same data and one core.

python -m tests.benchmarks.speed            seconds an epoch of each peer: about six minutes
python -m tests.benchmarks.speed process    seconds from process start to 30 finished epochs

Both measure processes of their own. Peers that are not installed (pip install -e ".[bench]") are skipped. Times are
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

from tests.benchmarks.common import ROOT, every_run, heading, on_cpu, parser, progress, python, row
from tests.benchmarks.peers import PEERS


def epochs(args):
    """Seconds an epoch of each peer and hidden size: medians over two rounds in opposite order."""
    names = [name for name in args.peers if find_spec(PEERS[name][2])]
    runs = {(name, hidden): [] for name in names for hidden in args.hidden}  # the seconds of their epochs
    accuracy = {}
    for hidden in args.hidden:
        for name in [*names, *reversed(names)]:
            if name == "lightning" and runs[name, hidden]:
                continue  # slow: one round, of fewer epochs
            timed = min(2, args.epochs) if name == "lightning" else args.epochs
            progress(f"{name}, {hidden} hidden")
            run = json.loads(python("-m", "tests.benchmarks.peers", name, hidden, timed + 1, args.data_dir)[0])
            runs[name, hidden] += run["seconds"]
            accuracy.setdefault((name, hidden), run["accuracy"])
    for hidden in args.hidden:
        print()
        heading(f"784-{hidden}-10", "s an epoch", "ratio", "test accuracy")
        for name in names:
            seconds, own = median(runs[name, hidden]), median(runs[names[0], hidden])
            row(PEERS[name][0], f"{seconds:.3f}", f"{seconds / own:.2f}", f"{accuracy[name, hidden]:.1%}")
    timed = {f"{name}, 784-{hidden}-10": [f"{one:.3f}" for one in each] for (name, hidden), each in runs.items()}
    every_run("Seconds of each timed epoch", timed)


def process(args):
    """From the start of a process to 30 finished epochs, and what imports take of that."""
    hidden, epochs = args.hidden[0], args.epochs
    train = [ROOT / "train.py", "--hidden", hidden, "--epochs", epochs, "--data_dir", args.data_dir, "--run_dir"]
    commands = {
        "`train.py`": train,
        "`import torch, torchvision, lightning`": ["-c", "import torch, torchvision, lightning"],
    }
    runs = {title: [] for title in commands}
    with tempfile.TemporaryDirectory() as folder:
        for i in range(args.rounds + 1):  # the first warms the caches
            for title, command in commands.items():
                progress(title)
                command = [*command, Path(folder, f"{i}")] if command is train else command
                runs[title] += [python(*command)[1]] if i else []
    heading(f"{epochs} epochs of 784-{hidden}-10", "s")
    timed = {}
    for title, measured in runs.items():
        row(title, f"{median(measured):.2f}")
        timed[title] = [f"{one:.2f}" for one in measured]
    every_run("Seconds of each run", timed)


def main(words=None):
    tables = {table.__name__: table for table in (epochs, process)}
    options = parser(__doc__, *tables)
    options.add_argument("--hidden", type=int, nargs="+", default=[30, 100], help="neurons (30 100)")
    options.add_argument("--epochs", type=int, help="timed, of each round (5; process: 30)")
    options.add_argument("--rounds", type=int, default=5, help="how often a process is measured (5)")
    options.add_argument("--peers", nargs="+", choices=PEERS, default=[*PEERS], help="who is measured (all)")
    args = options.parse_args(words)
    args.epochs = args.epochs or (30 if args.table == "process" else 5)
    os.environ.update(on_cpu(threads=1))  # for the processes to come
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-1:])
    python("-c", "import sys; from digits import mnist; mnist.fetch(sys.argv[1])", args.data_dir)
    tables[args.table](args)
    versions = (f"{name} {version(name)}" for name in ("torch", "lightning", "numba", "numpy"))
    print(f"\n{platform.machine()}, Python {platform.python_version()}, {', '.join(versions)}")


if __name__ == "__main__":
    main()
