"""Lightning's Trainer as the user sets it, in one process and in two."""

import os
import re
import signal
from pathlib import Path

import pytest
import torch

from digits.backprop import sgd_steps
from digits.checkpoint.untrusted import read
from digits.model import DigitClassifier
from digits.network import one_hot, sigmoid_network, weights_and_biases
from digits.training.trainer import LAUNCHES, fastest_device
from tests.support.pretended_device import DEVICE, watched
from tests.support.training import Runs


@pytest.mark.parametrize(
    "there, hidden, batch_size, device",
    [
        (False, [800], 10, "cpu"),
        (True, [100], 10, "cpu"),
        (True, [800], 10, "cuda"),
        (True, [100], 100, "cuda"),
        (True, [240], 10, "cuda"),
        (True, [240, 10, 10], 10, "cpu"),  # as many weights in twice as many launches
    ],
)
def test_large_steps_go_to_a_gpu(there, hidden, batch_size, device, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert fastest_device(DigitClassifier(hidden), batch_size) == device


@pytest.mark.parametrize("hidden", [[], [12], [12, 9]])
def test_launches_of_a_step_are_those_that_the_rule_reckons_with(hidden):
    network, images = sigmoid_network([784, *hidden, 10]), torch.zeros(40, 28, 28, dtype=torch.uint8)
    with watched() as watch:
        parameters = [[one.to(DEVICE) for one in column] for column in weights_and_biases(network)]
        examples = images.to(DEVICE), one_hot(torch.arange(40) % 10).to(DEVICE)
        counts = []
        for chosen in (torch.arange(10).view(1, 10), torch.arange(40).view(4, 10)):
            before, there = watch.launches, chosen.to(DEVICE)
            sgd_steps(*parameters, *examples, there, lr=3.0)
            counts.append(watch.launches - before)
    assert counts[1] - counts[0] == 3 * LAUNCHES * len(list(network.parameters()))


def test_the_first_line_says_how_to_train_on_the_other_device(run, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)  # what asks for more than whether it is there finds none
    assert "on cpu (--trainer.accelerator cuda for the other)" in run("--epochs", 1).splitlines()[0]


@pytest.mark.slow
@pytest.mark.parametrize("last", [[], ["--cost", "cross_entropy", "--l2", "5", "--schedule"]])
def test_two_processes_follow_one(last, tmp_path):
    """Mini-batches of 5 in each of two, against mini-batches of 10 in one; float64, so that rounding cannot hide."""
    runs = Runs(tmp_path)
    exact = ["--trainer.precision", "64-true", "--kernel", "torch", "--epochs", "4", *last]
    two = runs.new("two", *exact, "--batch_size", "5", "--trainer.devices", "2", "--trainer.strategy", "ddp")
    one, two = runs.finish(runs.new("one", *exact)), runs.finish(two)
    assert re.findall("^Epoch .*", one, re.M) == re.findall("^Epoch .*", two, re.M) != []
    for key, value in runs.weights("one").items():
        torch.testing.assert_close(runs.weights("two")[key], value, rtol=0, atol=1e-9)


@pytest.mark.slow
def test_two_processes_share_a_run_that_each_would_name_by_its_clock(tmp_path):
    """Of 500 images in mini-batches of 2 x 7 the last mini-batch has 10, five for each."""
    runs = Runs(tmp_path)
    settings = ["--data_dir", "data", "--epochs", "2", "--hidden", "20", "--batch_size"]
    two = runs.finish(runs.start(*settings, "7", "--trainer.devices", "2"))
    assert "Checkpoint  runs/784-20-10_" in two
    [folder] = (tmp_path / "runs").iterdir()
    assert (folder / "best.ckpt").exists()
    one = runs.finish(runs.start(*settings, "14", "--kernel", "torch"))
    assert re.findall("^Epoch .*", one, re.M) == re.findall("^Epoch .*", two, re.M) != []


@pytest.mark.slow
def test_a_process_that_loses_another_says_so_in_a_line(tmp_path):
    runs = Runs(tmp_path)
    process = runs.new("two", "--epochs", "100000", "--trainer.devices", "2", "--trainer.strategy", "ddp")
    assert next(line for line in process.stdout if line.startswith("Epoch 1:"))
    [other] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(other), signal.SIGKILL)
    _, errors = process.communicate(timeout=120)
    assert process.returncode and "Traceback" not in errors
    assert "another process of this training has ended; go on with: python -m digits train --resume two" in errors
    assert read(tmp_path / "two" / "last.ckpt").epochs >= 1
