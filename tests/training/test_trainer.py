"""Lightning's Trainer as the user sets it, in one process and in two."""

import re
from pathlib import Path

import pytest
import torch
from lightning.fabric.accelerators.mps import MPSAccelerator

from digits.backprop import sgd_steps
from digits.data import MNISTDataModule
from digits.model import DigitClassifier
from digits.network import one_hot, sigmoid_network, weights_and_biases
from digits.settings import Settings
from digits.training.runs import Run
from digits.training.trainer import LAUNCHES, build_trainer, fastest_device
from tests.support.pretended_device import DEVICE, watched
from tests.support.training import Runs, curves, weights


@pytest.fixture
def gpu(monkeypatch):
    """Pretend that a GPU is there, or not, and that an error, if one is given, comes of whatever is asked of it.

    Returns where something was asked. Lightning finds so many `devices`.
    """

    def gpu(there=True, error=None, devices=0):
        def one(*shape, device):
            tried.append(device)
            if error:
                raise error
            return ones(shape)

        tried, ones = [], torch.ones
        monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: devices)
        monkeypatch.setattr(torch, "ones", one)
        return tried

    return gpu


@pytest.mark.parametrize(
    "there, hidden, batch_size, device",
    [
        (False, [800], 10, "cpu"),
        (True, [100], 10, "cpu"),
        (True, [800], 10, "cuda"),
        (True, [100], 100, "cuda"),
        (True, [400], 10, "cuda"),
        (True, [400, 10, 10], 10, "cpu"),  # as many weights in twice as many launches
    ],
)
def test_large_steps_go_to_a_gpu(there, hidden, batch_size, device, gpu):
    tried = gpu(there)
    assert fastest_device(DigitClassifier(hidden), batch_size) == device
    assert tried == [device] * (device == "cuda")


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


FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 MiB. GPU 0 has a total capacity of 1 GiB")
BUSY = RuntimeError("CUDA error: all CUDA-capable devices are busy or unavailable\nFor debugging consider ...")
OLD = RuntimeError("CUDA error: no kernel image is available for execution on the device\n")


@pytest.mark.parametrize("error", [FULL, BUSY, OLD])
def test_a_gpu_that_cannot_be_used_is_passed_over_in_a_line_and_tried_only_by_default(error, run, gpu):
    tried, large = gpu(error=error), ["--hidden", 100, "--batch_size", 100, "--epochs", 1]
    first, second, *_ = run(*large).splitlines()
    assert first == f"The GPU cannot be used, so this trains on the CPU: {str(error).splitlines()[0]}"
    assert " on cpu (--trainer.accelerator cuda for the other)" in second
    assert " on cpu" in run(*large, "--trainer.accelerator", "cpu").splitlines()[0]
    assert tried == ["cuda"]


def test_the_kernel_of_the_cpu_stays_there(run, gpu):
    tried = gpu(devices=1)
    assert "kernel numba on cpu" in run("--hidden", 800, "--epochs", 1, "--kernel", "numba").splitlines()[0]
    assert tried == []


def test_of_several_processes_none_chooses_by_itself(gpu):
    """One that took the CPU would wait forever for those on a GPU."""
    tried = gpu(error=FULL)
    for devices in (2, -1):
        assert fastest_device(DigitClassifier([800]), 10, devices) == "cuda"
    assert tried == []


def test_a_gpu_that_is_named_but_cannot_be_used_ends_in_a_line(refused, home, gpu):
    gpu(error=BUSY, devices=1)
    said = "--trainer.accelerator: the GPU cannot be used, so name cpu: CUDA error: all CUDA-capable devices are busy"
    assert said in refused("--trainer.accelerator", "cuda")
    assert not list(home.iterdir())


def test_the_gpu_that_trains_is_asked_and_no_other(data_dir, gpu):
    """Whoever asks another one takes memory there, and is refused by one that is a single process's alone."""
    tried = gpu(devices=2)
    settings = Settings(trainer={"accelerator": "cuda", "devices": [1]})
    build_trainer(Run(Path("here")), settings, DigitClassifier([30]), MNISTDataModule(data_dir))
    assert tried == [torch.device("cuda", 1)]


@pytest.fixture
def apple(monkeypatch):
    """Lightning takes this for a machine with an Apple GPU."""
    monkeypatch.setattr(MPSAccelerator, "is_available", lambda: True)


def test_a_gpu_that_is_not_used_is_no_warning(run, apple, recwarn):
    assert " on cpu" in run("--epochs", 1)
    assert not [warning for warning in recwarn if "GPU" in str(warning.message)]


@pytest.mark.slow
def test_two_processes_share_a_run_that_each_would_name_by_its_clock_and_count_as_one(tmp_path):
    """Of 500 images in mini-batches of 2 x 7 the last mini-batch has 10, five for each."""
    runs = Runs(tmp_path)
    settings = ["--data_dir", "data", "--epochs", "2", "--hidden", "20", "--l2", "5", "--schedule", "--batch_size"]
    two = runs.finish(runs.start(*settings, "7", "--trainer.devices", "2"))
    [folder] = (tmp_path / "runs").iterdir()
    assert "Checkpoint  runs/784-20-10_" in two and (folder / "best.ckpt").exists()
    one = runs.finish(runs.new("one", *settings, "14", "--kernel", "torch"))
    assert re.findall("^Epoch .*", one, re.M) == re.findall("^Epoch .*", two, re.M) != []
    of_two = curves(folder)
    for name, (epochs, values) in curves(tmp_path / "one").items():
        assert of_two[name] == (epochs, pytest.approx(values, rel=1e-4))
    for name, value in runs.weights("one").items():
        torch.testing.assert_close(weights(folder / "last.ckpt")[name], value, rtol=0, atol=1e-4)
