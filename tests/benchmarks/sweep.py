"""How long a sweep takes: `python -m tests.benchmarks.sweep`, side by side against one after the other.

The same 24 networks of 784-30-10, 10 epochs each at learning rates 1.0 to 3.3, are trained by a sweep with a thread for
each core, by one with a single thread, by a pool of processes, and by `train.py` 24 times; each from the start of
Python to its end, in turn, --rounds times. (A sweep also draws pictures, and trains its winner once more.) Where the
system can, all of it runs on the first --cores cores.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import optuna

ROOT = Path(__file__).parents[2]
RATES, EPOCHS = [1 + n / 10 for n in range(24)], 10
loaded = None


def network(rate: float, data_dir: str) -> None:
    """One trial, in a process that loads the images before its first."""
    from digits.cli import quiet
    from digits.data import MNISTDataModule
    from digits.sweep.trials import Best, Setting, fit

    global loaded
    if loaded is None:
        quiet()
        loaded = MNISTDataModule(data_dir)
        loaded.setup("fit")
    fit(Setting(30, rate, 10, "scaled"), EPOCHS, loaded, Best([]))


def processes(cores: int, data_dir: str) -> None:
    """All trials in processes side by side. Forked ones hang: torch and numba have started threads by then."""
    with ProcessPoolExecutor(cores, get_context("spawn")) as pool:
        list(pool.map(network, RATES, [data_dir] * len(RATES)))


def seconds(*commands: list[str]) -> tuple[float, float]:
    """From the start of the first to the end of the last, in an empty folder; and from the first trial to the last."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        for command in commands:
            subprocess.run(
                [sys.executable, *command], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL
            )
        whole = time.perf_counter() - start
        for database in Path(folder).glob("runs/*/sweep.db"):
            study = f"sqlite:///{database}"
            [name] = [name for name in optuna.get_all_study_names(study) if not name.endswith(" test")]
            trials = optuna.load_study(study_name=name, storage=study).trials
            ends = [trial.datetime_complete for trial in trials if trial.datetime_complete]
            starts = [trial.datetime_start for trial in trials if trial.datetime_start]
            return whole, (max(ends) - min(starts)).total_seconds()
    return whole, float("nan")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--data_dir", default="data")
    parser.add_argument("--processes", action="store_true", help="train all in a pool of processes, and no more")
    options = parser.parse_args()
    data = str(Path(options.data_dir).resolve())
    if options.processes:
        return processes(options.cores, data)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])
    sweep = ["-m", "digits", "sweep", "--lr", *map(str, RATES), "--epochs", str(EPOCHS), "--data_dir", data]
    sweep.append("--workers")
    pool = ["-m", "tests.benchmarks.sweep", "--processes", "--cores", str(options.cores), "--data_dir", data]
    train = [str(ROOT / "train.py"), "--hidden", "30", "--epochs", str(EPOCHS), "--data_dir", data, "--lr"]
    ways = {
        "sweep, a thread for each core": [[*sweep, str(options.cores)]],
        "sweep, one after the other": [[*sweep, "1"]],
        "a process for each core, no study": [pool],
        "train.py, one after the other": [[*train, str(rate)] for rate in RATES],
    }
    times: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for number in range(options.rounds):
        for way, commands in ways.items():
            times[way].append(seconds(*commands))
            print(f"round {number}, {way}: {times[way][-1][0]:.1f} s", file=sys.stderr, flush=True)
    title = f"{len(RATES)} times 784-30-10, {EPOCHS} epochs, on {options.cores} cores"
    print(f"| {title} | s | ratio | trials alone, s | ratio |")
    print("| --- | ---: | ---: | ---: | ---: |")
    first = times["sweep, a thread for each core"]
    for way, each in times.items():
        whole, trials = (
            (median(b[i] for b in each), median(a[i] / b[i] for a, b in zip(first, each, strict=True))) for i in (0, 1)
        )
        print(f"| {way} | {whole[0]:.1f} | {whole[1]:.2f} | {trials[0]:.1f} | {trials[1]:.2f} |".replace("nan", ""))
    print(f"\nMedians of {options.rounds} rounds; a ratio is that of the first line to this one, round by round.")


if __name__ == "__main__":
    main()
