"""Training on distorted copies, with a schedule: how a run is named, and goes on."""

import re
import signal

import pytest
import torch

from digits.model import DigitClassifier
from digits.training.callbacks import Interrupted
from tests.support.training import Runs, same, weights

ARGS = ["--hidden", 20, "--distort", 0.5, "--schedule"]


def interrupted_in_epoch_3(model):
    if model.current_epoch == 3:
        raise Interrupted(signal.SIGINT, 3)


def test_resumed_run_goes_on_with_its_copies_and_its_schedule(run, home, monkeypatch):
    run(*ARGS, "--epochs", 5, "--run_dir", "five")
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(DigitClassifier, "on_train_epoch_start", interrupted_in_epoch_3, raising=False)
        run(*ARGS, "--epochs", 5, "--run_dir", "three")
    assert re.findall(r"^Epoch (\d+)", run("--resume", "three"), re.M)[-2:] == ["3", "4"]
    assert same(weights("three/last.ckpt"), weights("five/last.ckpt"))
    kept = torch.load("three/last.ckpt", weights_only=True)
    assert kept["hyper_parameters"]["schedule"] is True
    assert kept["datamodule_hyper_parameters"]["distort"] == 0.5


@pytest.mark.slow
def test_killed_run_goes_on(run, home):
    runs = Runs(home)
    args = ["--distort", "1", "--schedule", "--epochs", "30", "--batch_size", "5"]
    process = runs.new("killed", *args)
    for line in process.stdout:
        if line.startswith("Epoch 7:"):
            break
    process.kill()
    assert process.communicate()[1] == ""  # such as a warning about the schedule
    assert 6 <= torch.load("killed/last.ckpt", weights_only=True)["epoch"] < 29
    assert "Epoch 29:" in run("--resume", "killed")
    run("--hidden", 20, *args, "--run_dir", "whole")
    assert same(runs.weights("killed"), runs.weights("whole"))


def test_the_name_of_a_run_says_so(run, home):
    assert "784-20-10_schedule_distort0.5_" in run(*ARGS, "--epochs", 1)


@pytest.mark.parametrize(
    "args, reason",
    [
        (["--distort", "-1"], "-1.*--distort.*Must be >= 0"),
        (["--distort", "inf"], "inf.*--distort"),
        (["--distort", "nan"], "nan.*--distort"),
        (["--schedule", "--trainer.max_epochs", "-1"], "--schedule has to know how many epochs there will be"),
    ],
)
def test_mistakes_get_one_line(args, reason, run, home, capsys):
    with pytest.raises(SystemExit) as stop:
        run(*args)
    [line] = capsys.readouterr().err.splitlines()
    assert stop.value.code == 2
    assert re.search(reason, line)


@pytest.mark.parametrize(
    "args, reason",
    [
        (["--distort", "1"], "a resumed run keeps its settings: --distort is 0.5 in one, not 1.0"),
        (["--epochs", "2"], "a schedule is for all epochs of a run: --epochs is 1 in one, not 2"),
    ],
)
def test_a_resumed_run_keeps_them(args, reason, run, home, capsys):
    run(*ARGS, "--epochs", 1, "--run_dir", "one")
    with pytest.raises(SystemExit):
        run("--resume", "one", *args)
    [line] = capsys.readouterr().err.splitlines()
    assert reason in line
