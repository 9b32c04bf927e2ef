"""How fast this project is beside what one would otherwise use, measured in one run, on the same data and one core.

python -m tests.benchmarks.speed            seconds an epoch of each peer: about six minutes
python -m tests.benchmarks.speed process    seconds from process start to 30 finished epochs, and peak memory
python -m tests.benchmarks.speed growth     how it grows with neurons, images and layers: draws docs/growth.png
python -m tests.benchmarks.speed crossover  seconds an epoch of each kernel, also on a GPU, by layer and mini-batch

All but crossover measure processes of their own. Peers that are not installed (pip install -e ".[bench]") are skipped.
Times are medians of a few rounds; crossover takes the least.
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
from time import perf_counter

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


def epoch_time(data_dir, hidden, batch_size, kernel, device):
    """The least time of an epoch's steps, in seconds: that of an epoch that nothing else has disturbed."""
    import torch
    from lightning.pytorch.callbacks import Callback

    from digits import DigitClassifier, MNISTDataModule
    from tests.support.training import quick_trainer

    seconds, images = [], 4000

    def clock():
        if device == "cuda":
            torch.cuda.synchronize()  # the time when the GPU is done
        return perf_counter()

    class Clock(Callback):
        def on_train_epoch_start(self, *_):
            seconds.append(0.0)

        def on_train_batch_start(self, *_):
            seconds[-1] -= clock()

        def on_train_batch_end(self, *_):
            seconds[-1] += clock()

    trainer = quick_trainer(callbacks=[Clock()], accelerator=device, max_epochs=4, limit_val_batches=0)
    trainer.fit(DigitClassifier([hidden], kernel=kernel), MNISTDataModule(data_dir, batch_size, train_size=images))
    return min(seconds[1:]) * TRAINING / images


def crossover(args):
    """Seconds an epoch of each kernel, by the size of the mini-batch and of the hidden layer."""
    import torch

    from digits.cli import quiet

    quiet()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    ways = {"numba": ("numba", "cpu", 1), "torch, 1 thread": ("torch", "cpu", 1)}
    ways[f"torch, {cores} threads"] = "torch", "cpu", cores
    if torch.cuda.is_available():
        ways["torch on the GPU"] = "torch", "cuda", 1
    heading("mini-batch x hidden", *(f"{way}, s an epoch" for way in ways))
    for batch_size in (10, 50, 100, 1000):
        for hidden in args.hidden:
            cells = []
            for kernel, device, threads in ways.values():
                torch.set_num_threads(threads)
                cells.append(f"{epoch_time(args.data_dir, hidden, batch_size, kernel, device):.2f}")
            row(f"{batch_size} x {hidden}", *cells)


def main(words=None):
    tables = {table.__name__: table for table in (epochs, growth, process, crossover)}
    options = parser(__doc__, *tables)
    options.add_argument(
        "--hidden", type=int, nargs="+", help="neurons (30 100; crossover: 30 to 800; growth: to 3000)"
    )
    options.add_argument("--epochs", type=int, help="timed, of each round (5; process: 30; growth: 3)")
    options.add_argument("--rounds", type=int, default=5, help="how often a process is measured (5)")
    others = [name for name in PEERS if name != "alone"]
    options.add_argument("--peers", nargs="+", choices=others, default=others, help="who is measured (all)")
    options.add_argument("--out", type=Path, default=ROOT / "docs", help="where the picture of growth goes (docs/)")
    args = options.parse_args(words)
    many = {"crossover": [30, 100, 200, 400, 800], "growth": [10, 30, 100, 300, 1000, 3000]}
    args.hidden = args.hidden or many.get(args.table, [30, 100])
    args.epochs = args.epochs or {"process": 30, "growth": 3}.get(args.table, 5)
    if args.table != "crossover":
        os.environ.update(on_cpu(threads=1))  # for the processes to come
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-1:])
    python("-c", "import sys; from digits import mnist; mnist.fetch(sys.argv[1])", args.data_dir)
    tables[args.table](args)
    versions = (f"{name} {version(name)}" for name in ("torch", "lightning", "numba", "numpy"))
    print(f"\n{platform.machine()}, Python {platform.python_version()}, {', '.join(versions)}")


if __name__ == "__main__":
    main()
