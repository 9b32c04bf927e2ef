"""How fast this project is beside what one would otherwise use, measured in one run, on the same data and one core.

python -m tests.benchmarks.speed            seconds an epoch of each peer: about six minutes
python -m tests.benchmarks.speed process    seconds from process start to 30 finished epochs, and peak memory
python -m tests.benchmarks.speed costs      processor time of an epoch of 784-100-10, by cost and L2
python -m tests.benchmarks.speed growth     how it grows with neurons, images and layers: draws docs/growth.png
python -m tests.benchmarks.speed crossover  seconds an epoch of each kernel, by size of layer and mini-batch
python -m tests.benchmarks.speed sweep      24 networks by a sweep on two cores, on one, and by train.py 24 times

`crossover --distort 1` does it on distorted images. All but costs and crossover measure processes of their own. Peers
that are not installed (pip install -e ".[bench]") are passed over. Times are medians of a few rounds; of costs
and crossover the least.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter, thread_time

from tests.benchmarks.common import ROOT, TRAINING, every_run, heading, on_cpu, parser, progress, python, row
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


def growth(args):
    """Seconds of an epoch of training alone, in a table and as a picture: medians over the epochs after the first."""
    from digits.plots import style

    shapes = {
        "hidden neurons": {size: ([size], TRAINING) for size in args.hidden},
        "training images": {count: ([100], count) for count in (1000, 5000, 20_000, TRAINING)},
        "hidden layers of 100 neurons": {layers: ([100] * layers, TRAINING) for layers in (1, 2, 3, 4)},
    }
    looks = {"alone": ("o-", style.BLUE), "jax": ("s--", style.ORANGE), "pytorch": ("^:", style.GREEN)}
    looks = {name: look for name, look in looks.items() if find_spec(PEERS[name][2])}
    titles = [PEERS[name][0].partition(",")[0] for name in looks]
    picture = style.figure(3)
    heading("", *(f"{title}, s an epoch" for title in titles))
    for axes, (what, points) in zip(picture.subplots(1, 3), shapes.items(), strict=True):
        rows = []
        for point, (hidden, count) in points.items():
            rows.append([])
            for name in looks:
                progress(f"{name}, {point} {what}")
                shape = "-".join(map(str, hidden)), args.epochs + 1, args.data_dir, count
                run = python("-m", "tests.benchmarks.peers", name, *shape)
                rows[-1].append(median(json.loads(run[0])["seconds"]))
            row(f"{point} {what}", *(f"{seconds:.4f}" for seconds in rows[-1]))
        for title, (line, colour), seconds in zip(titles, looks.values(), zip(*rows, strict=True), strict=True):
            axes.plot(list(points), seconds, line, color=colour, label=title, markersize=4)
        if what.startswith("hidden layers"):
            axes.set(xlabel=what, xticks=list(points), ylim=(0, None))
        else:
            axes.set(xlabel=what, xscale="log", yscale="log")
    picture.axes[0].set_ylabel("seconds an epoch")
    named = picture.axes[0].get_legend_handles_labels()
    picture.legend(*named, loc="outside upper center", ncols=len(titles), frameon=False)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "growth.png").write_bytes(style.png(picture))


def process(args):
    """From the start of a process to 30 finished epochs, and what imports take of that."""
    hidden, epochs = args.hidden[0], args.epochs
    train = [ROOT / "train.py", "--hidden", hidden, "--epochs", epochs, "--data_dir", args.data_dir, "--run_dir"]
    commands = {
        "`train.py`": train,
        "to its first epoch's line": train,
        "`import torch, torchvision, lightning`": ["-c", "import torch, torchvision, lightning"],
    }
    runs = {title: [] for title in commands}
    with tempfile.TemporaryDirectory() as folder:
        for i in range(args.rounds + 1):  # the first warms the caches
            for number, (title, command) in enumerate(commands.items()):
                progress(title)
                command = [*command, Path(folder, f"{i} {number}")] if command is train else command
                measured = first_line(*command) if "first" in title else python(*command)[1:]
                runs[title] += [measured] if i else []
    heading(f"{epochs} epochs of 784-{hidden}-10", "s", "peak memory, MB")
    timed = {}
    for title, measured in runs.items():
        seconds, memory = zip(*measured, strict=True)
        row(title, f"{median(seconds):.2f}", f"{median(memory) / 1e6:.0f}" if any(memory) else "")
        timed[title] = [f"{one:.2f}" for one in seconds]
    every_run("Seconds of each run", timed)


def first_line(*command):
    """Seconds until a run of `train.py` has said how its first epoch ended; of the memory, nothing."""
    start = perf_counter()
    with subprocess.Popen([sys.executable, *map(str, command)], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line.startswith("Epoch 0"):
                seconds = perf_counter() - start
        assert process.wait() == 0
    return seconds, 0


def epoch_time(args, clock, hidden, epochs=3, data=None, accelerator="cpu", **settings):
    """The least time of an epoch's steps, in seconds of a clock; and the share of pixels of its images that are 0."""
    from lightning.pytorch.callbacks import Callback

    from digits import DigitClassifier, MNISTDataModule
    from digits.cli import quiet
    from tests.support.training import quick_trainer

    seconds, zeros = [], []

    class Clock(Callback):
        def on_train_epoch_start(self, *_):
            seconds.append(0.0)

        def on_train_batch_start(self, trainer, model, stack, index):
            zeros.append((stack.images == 0).double().mean().item())
            seconds[-1] -= clock()

        def on_train_batch_end(self, *_):
            seconds[-1] += clock()

    quiet()
    how = {"accelerator": accelerator, "max_epochs": epochs + 1, "limit_val_batches": 0}
    trainer = quick_trainer(callbacks=[Clock()], **how)
    trainer.fit(DigitClassifier([hidden], **settings), MNISTDataModule(args.data_dir, **(data or {})))
    return min(seconds[1:]), zeros[-1]


def costs(args):
    """The least of some epochs: that of one that nothing else has disturbed."""
    from digits.network import COSTS

    heading(f"cost of 784-{args.hidden[-1]}-10", "without L2, s an epoch", "with L2, s an epoch")
    for cost in COSTS:
        ways = [epoch_time(args, thread_time, args.hidden[-1], 2 * args.epochs, cost=cost, l2=l2) for l2 in (0.0, 5.0)]
        row(cost, *(f"{seconds:.3f}" for seconds, _ in ways))


def crossover(args):
    """Seconds an epoch of each kernel, by the size of the mini-batch and of the hidden layer."""
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    ways = {"numba": ("numba", 1), "torch, 1 thread": ("torch", 1), f"torch, {cores} threads": ("torch", cores)}
    heading("mini-batch", "hidden", *(f"{way}, s an epoch" for way in ways))
    for batch_size in (10, 50, 100, 1000):
        data = {"batch_size": batch_size, "distort": args.distort, "train_size": 4000}
        for hidden in args.hidden:
            cells = []
            for kernel, threads in ways.values():
                torch.set_num_threads(threads)
                seconds, zeros = epoch_time(args, perf_counter, hidden, data=data, kernel=kernel)
                cells.append(f"{seconds * TRAINING / 4000:.2f}")
            row(batch_size, hidden, *cells)
    print(f"\nOf the pixels {zeros:.1%} are 0.")


def sweep(args):
    """784-30-10 at learning rates from 1.0 on. (A sweep also draws pictures, and trains its winner once more.)"""
    rates = [1 + n / 10 for n in range(args.networks)]
    shared = ["--hidden", 30, "--epochs", args.epochs, "--data_dir", Path(args.data_dir).resolve(), "--lr"]
    sweep = ["-m", "digits", "sweep", *shared, *rates, "--workers"]
    ways = {
        "sweep, a thread for each core": [[*sweep, 2]],
        "sweep, one after the other": [[*sweep, 1]],
        "train.py, one after the other": [[ROOT / "train.py", *shared, rate] for rate in rates],
    }
    times = {way: [] for way in ways}
    for _ in range(args.rounds):
        for way, commands in ways.items():
            progress(way)
            with tempfile.TemporaryDirectory() as folder:
                times[way].append(sum(python(*command, cwd=folder)[1] for command in commands))
    heading(f"{args.networks} times 784-30-10, {args.epochs} epochs, on two cores", "s", "ratio")
    for way, each in times.items():
        ratios = [first / seconds for first, seconds in zip(times["sweep, a thread for each core"], each, strict=True)]
        row(way, f"{median(each):.1f}", f"{median(ratios):.2f}")


def main(words=None):
    tables = {table.__name__: table for table in (epochs, growth, process, costs, crossover, sweep)}
    options = parser(__doc__, *tables)
    options.add_argument(
        "--hidden", type=int, nargs="+", help="neurons (30 100; crossover: 30 to 800; growth: to 3000)"
    )
    options.add_argument("--epochs", type=int, help="timed, of each round (5; process: 30; sweep: 10; growth: 3)")
    options.add_argument("--rounds", type=int, default=5, help="how often a process is measured (5)")
    options.add_argument("--networks", type=int, default=24, help="of a sweep (24)")
    others = [name for name in PEERS if name != "alone"]
    options.add_argument("--peers", nargs="+", choices=others, default=others, help="who is measured (all)")
    options.add_argument("--distort", type=float, default=0.0, help="strength of the distortions in crossover (0)")
    options.add_argument("--out", type=Path, default=ROOT / "docs", help="where the picture of growth goes (docs/)")
    args = options.parse_args(words)
    many = {"crossover": [30, 100, 200, 400, 800], "growth": [10, 30, 100, 300, 1000, 3000]}
    args.hidden = args.hidden or many.get(args.table, [30, 100])
    args.epochs = args.epochs or {"process": 30, "sweep": 10, "growth": 3}.get(args.table, 5)
    os.environ.update(on_cpu(threads=1))  # for the processes to come
    if args.table != "crossover" and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-2 if args.table == "sweep" else -1 :])
    python("-c", "import sys; from digits import mnist; mnist.fetch(sys.argv[1])", args.data_dir)
    tables[args.table](args)
    versions = (f"{name} {version(name)}" for name in ("torch", "lightning", "numba", "numpy"))
    print(f"\n{platform.machine()}, Python {platform.python_version()}, {', '.join(versions)}")


if __name__ == "__main__":
    main()
