"""Lightning's Trainer with the user's settings, in one process and in two."""

import re

import pytest
import torch

from digits.model import DigitClassifier
from digits.training.trainer import fastest_device
from tests.support.training import Runs, curves, weights


@pytest.mark.parametrize(
    "has_gpu, hidden, batch_size, device",
    [
        (False, [800], 10, "cpu"),
        (True, [100], 10, "cpu"),
        (True, [100], 100, "cuda"),
        (True, [400], 10, "cuda"),
        (True, [400, 10, 10], 10, "cpu"),  # as many weights, but twice as many launches
    ],
)
def test_large_steps_use_a_gpu_unless_the_kernel_is_for_the_cpu(has_gpu, hidden, batch_size, device, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_gpu)
    assert fastest_device(DigitClassifier(hidden), batch_size) == device
    assert fastest_device(DigitClassifier(hidden, kernel="numba"), batch_size) == "cpu"


@pytest.mark.nightly
def test_two_processes_train_like_a_single_one_in_a_shared_run(tmp_path):
    """Of 500 images in mini-batches of 2 x 7, the last mini-batch has 10, five per process."""
    runs = Runs(tmp_path)
    settings = ["--data_dir", "data", "--epochs", "2", "--hidden", "20", "--l2", "5", "--schedule", "--batch_size"]
    two = runs.finish(runs.start(*settings, "7", "--trainer.devices", "2"))
    [folder] = (tmp_path / "runs").iterdir()
    assert "Checkpoint  runs/784-20-10_" in two and (folder / "best.ckpt").exists()
    single = runs.finish(runs.new("one", *settings, "14", "--kernel", "torch"))
    assert re.findall("^Epoch .*", single, re.M) == re.findall("^Epoch .*", two, re.M) != []
    of_two = curves(folder)
    for name, (epochs, values) in curves(tmp_path / "one").items():
        assert of_two[name] == (epochs, pytest.approx(values, rel=1e-4))
    for name, value in runs.weights("one").items():
        torch.testing.assert_close(weights(folder / "last.ckpt")[name], value, rtol=0, atol=1e-4)
