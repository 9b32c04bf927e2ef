"""Training on distorted copies, with a schedule: what each epoch sees, and how a run goes on."""

import re
import signal
from threading import Event, current_thread, main_thread

import pytest
import torch

from digits import augment, data
from digits.augment import elastic
from digits.data import MNISTDataModule
from digits.errors import UserError
from digits.model import DigitClassifier
from digits.network import one_hot
from digits.training.callbacks import Interrupted
from tests.support.small_mnist import TRAINING
from tests.support.training import Runs, Watch, quick_trainer, same, weights


@pytest.fixture
def module(data_dir, monkeypatch):
    """Seed 5, in stacks of three mini-batches of 64."""
    monkeypatch.setattr(data, "STACK", 200)
    module = MNISTDataModule(data_dir, batch_size=64, seed=5, distort=0.7)
    module.prepare_data()
    module.setup("fit")
    return module


def test_each_epoch_trains_on_its_own_copies_with_their_labels(module, monkeypatch):
    watch, (images, labels) = Watch(monkeypatch), module.training
    before = images.clone()
    quick_trainer(max_epochs=3).fit(DigitClassifier([5]), module)
    for epoch in range(3):
        for seen, targets, _ in watch.epochs[epoch]:
            assert seen.equal(elastic.distort(images, 0.7, 5, epoch))
            assert targets.equal(one_hot(labels))
    assert images.equal(before)  # which validation and pictures see


def test_the_next_epoch_is_made_while_this_one_trains_and_none_after_the_last(module, monkeypatch):
    made = [Event() for _ in range(3)]

    def watched(images, strength, seed, epoch):
        assert current_thread() is not main_thread()
        assert torch.get_num_threads() == 1
        made[epoch].set()
        return elastic.distort(images, strength, seed, epoch)

    def step(model, stack, index):
        epoch = model.trainer.current_epoch
        assert epoch == 2 or made[epoch + 1].wait(timeout=20)

    monkeypatch.setattr(augment, "distort", watched)
    monkeypatch.setattr(DigitClassifier, "training_step", step)
    threads = torch.get_num_threads()
    quick_trainer(max_epochs=3).fit(DigitClassifier([5]), module)
    assert torch.get_num_threads() == threads


def test_nothing_is_distorted_unless_asked_for(module, monkeypatch):
    watch, plain = Watch(monkeypatch), MNISTDataModule(module.data_dir, batch_size=64)
    quick_trainer(max_epochs=1).fit(DigitClassifier([5]), plain)
    assert all(images is plain.training[0] and len(images) == TRAINING for images, _, _ in watch.epochs[0])


def test_a_mistake_in_the_background_ends_the_training(module, monkeypatch):
    def fail(*_):
        raise UserError("no copies today")

    monkeypatch.setattr(augment, "distort", fail)
    with pytest.raises(UserError, match="no copies today"):
        quick_trainer(max_epochs=3).fit(DigitClassifier([5]), module)


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
