"""`python -m digits sweep` as a process of its own, on small files, which starts when a line says so."""

import json
import os
import subprocess
import sys
from pathlib import Path

import optuna
from optuna.trial import TrialState

from tests.support.small_mnist import TRAINING, VALIDATION

ROOT = Path(__file__).parents[2]
# 12 networks, each of which takes long enough to be killed
LONG = ["--hidden", "6", "--lr", "1", "2", "--batch_size", "10", "20", "--seeds", "3", "--epochs", "40"]
FOLDER = Path("runs/sweep_784-6-10_lr1,2_batch_size10,20_seeds3_epochs40")  # of its sweep


def start(small, home, *args):
    """A process that will sweep."""
    files = json.dumps([small[1], TRAINING, VALIDATION])
    settings = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "SMALL_MNIST": files}
    command = [sys.executable, __file__, *map(str, args), "--data_dir", small[0]]
    return subprocess.Popen(command, cwd=home, env=os.environ | settings, text=True, stdin=-1, stdout=-1, stderr=-1)


def go(*processes):
    """Let processes start at the same moment."""
    for process in processes:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()


def ends(process):
    """Wait for the line of a trial that has ended."""
    for line in process.stdout:
        if " of epoch " in line:
            return
    raise AssertionError(process.stderr.read())


def networks_in(url, name=FOLDER.name):
    """The settings of the networks in a study that have an accuracy, and of those that have none yet."""
    study = optuna.load_study(study_name=name, storage=url)
    states = [TrialState.COMPLETE], [TrialState.RUNNING]
    return [[tuple(trial.params.values()) for trial in study.get_trials(states=each)] for each in states]


def main():
    from digits import mnist
    from digits.__main__ import main
    from digits.sweep import search

    mnist.SHA256, mnist.TRAINING, mnist.VALIDATION = json.loads(os.environ["SMALL_MNIST"])
    search.POLL = 0.1
    print("ready")
    sys.stdin.readline()
    main(["sweep", *sys.argv[1:]])


if __name__ == "__main__":
    main()
