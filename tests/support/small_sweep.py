"""`python -m digits sweep` as a process of its own, on small files, which starts when a line says so."""

from pathlib import Path

import optuna

from tests.support import small_process

# 12 networks, each of which takes long enough to be killed
LONG = ["--hidden", "6", "--lr", "1", "2", "--batch_size", "10", "20", "--seeds", "3", "--epochs", "40"]
NAME = "hidden6_lr1.0,2.0_batch_size10,20_initscaled_seeds3_epochs40"
FOLDER = Path(f"runs/sweep_{NAME}")


def start(small, home, *args):
    """A process that will sweep."""
    data_dir, checksums = small
    return small_process.start(checksums, home, "sweep", *args, "--data_dir", data_dir)


def go(*processes):
    """Let processes start at the same moment."""
    for process in processes:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()


def ends(process):
    """Wait for the line of a network whose training has ended."""
    if not any(" of epoch " in line for line in process.stdout):
        raise AssertionError(process.stderr.read())


def finished(url, study):
    """The settings of the networks in a study that have an accuracy."""
    trials = optuna.load_study(study_name=f"{NAME} {study}", storage=url).get_trials()
    return [tuple(trial.params.values()) for trial in trials if trial.value is not None]
