"""How long a sweep takes, side by side against one after the other: `python -m tests.benchmarks.sweep`.

The same 24 networks of 784-30-10, 10 epochs each at learning rates 1.0 to 3.3, are trained by a sweep with a thread for
each core, by one with a single thread, and by `train.py` 24 times; each from the start of Python to its end, in turn,
--rounds times. (A sweep also draws pictures, and trains its winner once more.) Where the system can, all of it runs on
the first --cores cores.
"""

import os
import tempfile
from pathlib import Path
from statistics import median

from tests.benchmarks.common import ROOT, heading, parser, progress, python, row


def main(words=None):
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--cores", type=int, default=2)
    options.add_argument("--networks", type=int, default=24)
    options.add_argument("--epochs", type=int, default=10)
    args = options.parse_args(words)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: args.cores])
    rates = [1 + n / 10 for n in range(args.networks)]
    shared = ["--hidden", 30, "--epochs", args.epochs, "--data_dir", Path(args.data_dir).resolve(), "--lr"]
    sweep = ["-m", "digits", "sweep", *shared, *rates, "--workers"]
    ways = {
        "sweep, a thread for each core": [[*sweep, args.cores]],
        "sweep, one after the other": [[*sweep, 1]],
        "train.py, one after the other": [[ROOT / "train.py", *shared, rate] for rate in rates],
    }
    times = {way: [] for way in ways}
    for number in range(args.rounds):
        for way, commands in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                times[way].append(sum(python(*command, cwd=folder)[1] for command in commands))
            progress(f"round {number}, {way}: {times[way][-1]:.1f} s")
    heading(f"{args.networks} times 784-30-10, {args.epochs} epochs, on {args.cores} cores", "s", "ratio")
    for way, each in times.items():
        ratios = [first / seconds for first, seconds in zip(times["sweep, a thread for each core"], each, strict=True)]
        row(way, f"{median(each):.1f}", f"{median(ratios):.2f}")
    print(f"\nMedians of {args.rounds} rounds; a ratio is that of the first line to this one, round by round.")


if __name__ == "__main__":
    main()
