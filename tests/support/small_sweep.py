"""`python -m digits sweep` as a process of its own, on small files, which starts when a line says so."""

from pathlib import Path

import optuna
from optuna.trial import TrialState

from tests.support import small_process

# 12 networks, each of which takes long enough to be killed
LONG = ["--hidden", "6", "--lr", "1", "2", "--batch_size", "10", "20", "--seeds", "3", "--epochs", "40"]
FOLDER = Path("runs/sweep_784-6-10_lr1,2_batch_size10,20_seeds3_epochs40")  # of its sweep


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
    """Wait for the line of a trial that has ended."""
    if not any(" of epoch " in line for line in process.stdout):
        raise AssertionError(process.stderr.read())


def networks_in(url, name=FOLDER.name):
    """The settings of the networks in a study that have an accuracy, and of those that have none yet."""
    study = optuna.load_study(study_name=name, storage=url)
    states = [TrialState.COMPLETE], [TrialState.RUNNING]
    return [[tuple(trial.params.values()) for trial in study.get_trials(states=each)] for each in states]
