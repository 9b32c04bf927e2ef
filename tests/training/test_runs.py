"""Runs: their names, how they are resumed, and what they keep."""

import re
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from filelock import FileLock
from lightning.pytorch.callbacks import Callback

from digits.common.errors import UserError
from digits.model import DigitClassifier
from digits.train import Settings, train
from tests.support.small_mnist import TRAINING, VALIDATION
from tests.support.training import curves, same, weights
from tests.training.conftest import edited

LAST = Path("three/last.ckpt")


def test_a_resumed_run_ends_with_the_same_bits_as_an_unbroken_run(three, run):
    Path("three/.0123456789abcdef.part").touch()  # the leftover of a killed process
    output = run("--resume", "three", "--epochs", 5)
    assert "Resuming three after epoch 2" in output
    assert re.findall(r"^Epoch (\d+)", output, re.M) == ["3", "4"]
    assert same(weights("three/last.ckpt"), weights("five/last.ckpt"))
    assert same(weights("three/best.ckpt"), weights("five/best.ckpt"))
    assert torch.load("three/last.ckpt", weights_only=True)["epoch"] == 4  # even if it is not the best
    assert curves("three")["accuracy/validation"][0] == (0, 1, 2, 3, 4)
    assert not [*Path("three").glob(".*.part")]


def test_a_finished_run_says_how_to_train_on(three, run, refused):
    output = run("--resume", "three")
    assert "train --resume three --epochs N" in output and "Test accuracy" in output and "Epoch" not in output
    assert "finished" not in run("--resume", "three", "--epochs", 4)
    assert "three is finished after epoch 3. " in run("--resume", "three")  # it remembers its new length
    run("--trainer.max_epochs", 1, "--run_dir", "brief")
    assert "train --resume brief --trainer.max_epochs N" in run("--resume", "brief", "--epochs", 9)
    run("--schedule", "--epochs", 1, "--run_dir", "one")
    assert "It cannot continue" in run("--resume", "one")
    assert "--epochs is 1, not 2" in refused("--resume", "one", "--epochs", 2)


class Interrupted(DigitClassifier):
    def on_train_epoch_start(self):
        if self.current_epoch == 3:
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(
    "settings",
    [
        {"only_digit": 3, "train_size": 95},
        {"distort": 0.5, "schedule": True},
        {"handwriting": True},
        {"cost": "cross_entropy", "l2": 5.0, "init": "gaussian"},
    ],
)
def test_an_interrupted_run_keeps_its_settings_and_ends_with_the_same_bits(settings, run, data_dir):
    whole = Settings(hidden=[20], epochs=5, data_dir=data_dir, run_dir="whole", **settings)
    train(whole)
    with pytest.raises(SystemExit):
        train(replace(whole, run_dir="here"), kind=Interrupted)
    assert re.findall(r"^Epoch (\d+)", run("--resume", "here"), re.M)[-2:] == ["3", "4"]
    assert same(weights("here/last.ckpt"), weights("whole/last.ckpt"))
    kept = torch.load("here/last.ckpt", weights_only=True)
    config = yaml.safe_load(Path("here/config.yaml").read_text())
    for written in (kept["hyper_parameters"] | kept["datamodule_hyper_parameters"], config):
        assert written | settings == written


@pytest.mark.parametrize("missing", [["last"], ["best", "last"]])
def test_without_its_last_checkpoint_a_run_resumes_from_the_best_or_starts_over(missing, three, run):
    for name in missing:
        Path(f"three/{name}.ckpt").unlink()
    assert ("Resuming three" in run("--resume", "three", "--epochs", 5)) == (missing == ["last"])
    assert same(weights("three/last.ckpt"), weights("five/last.ckpt"))


def test_a_damaged_checkpoint_is_named_and_not_overwritten(three, refused):
    damaged = Path("three/last.ckpt").read_bytes()[:-1000]
    Path("three/last.ckpt").write_bytes(damaged)
    assert f"{LAST} is damaged" in refused("--resume", "three", "--epochs", 5)
    assert Path("three/last.ckpt").read_bytes() == damaged


@pytest.mark.parametrize(
    "args, reason",
    [
        (["--resume", "nowhere"], "nowhere is not a run"),
        (["--resume"], "no run in runs/"),
        (["--resume", "three", "--run_dir", "other"], "a resumed run stays in its own folder; leave out --run_dir"),
        (["--resume", "three", "--hidden", "7"], "keeps its settings: in three, --hidden is [20], not [7]"),
        (["--resume", "three", "--batch_size", "7", "--distort", "1"], "--batch_size is 10, not 7, --distort is 0.0"),
    ],
)
def test_a_resume_that_cannot_work_is_refused(args, reason, three, refused):
    assert reason in refused(*args)


def test_resume_takes_the_newest_run(run, home):
    run("--hidden", 20, "--epochs", 1, "--seed", 1)
    run("--hidden", 20, "--epochs", 1, "--seed", 2)
    assert "seed2" in run("--resume", "--epochs", 2)


@pytest.mark.parametrize(
    "args, name",
    [
        (["--hidden", "12", "8", "--kernel", "torch"], "784-12-8-10"),
        (["--lr", "0.5", "--seed", "3", "--init", "gaussian"], "784-30-10_lr0.5_gaussian_seed3"),
        (["--only_digit", "9", "--schedule", "--l2", "5"], "784-30-1_only_digit9_schedule_l2_5"),
    ],
)
def test_a_run_is_named_after_its_layers_and_changed_settings(args, name, run):
    run(*args, "--epochs", 1)
    [folder] = Path("runs").iterdir()
    assert re.fullmatch(re.escape(name) + r"_\d{8}-\d{6}\.\d\d", folder.name)


def test_a_run_can_be_moved_and_keeps_its_best_epoch(three, run):
    """A worse epoch after the move does not replace the best epoch."""
    best = torch.load("three/best.ckpt", weights_only=True)
    for path in (LAST, Path("three/best.ckpt")):
        with edited(path) as content:
            for state in content["callbacks"].values():
                if state.get("monitor"):
                    state["current_score"] = torch.tensor(1.0)  # no epoch will be better
    Path("else").mkdir()
    shutil.move("three", "else/where")
    output = run("--resume", "else/where", "--epochs", 5)
    assert "validation accuracy 100.00%)" in output
    assert f"Checkpoint  {Path('else/where/best.ckpt')}" in output
    assert torch.load("else/where/best.ckpt", weights_only=True)["epoch"] == best["epoch"]
    assert same(weights("else/where/best.ckpt"), best["state_dict"])
    assert same(weights("else/where/last.ckpt"), weights("five/last.ckpt"))
    assert not Path("three").exists()


def test_python_and_the_command_line_save_and_resume_runs_alike(three, run, data_dir):
    """In Python, numbers may be NumPy's, and paths may be texts."""
    numbers = {"hidden": np.array([20]), "lr": np.float64(3), "seed": np.int64(0), "batch_size": np.int64(10)}
    settings = Settings(**numbers, epochs=3, data_dir=str(data_dir), run_dir="python")
    assert train(replace(settings, trainer={"callbacks": [Callback()]})) == Path("python")
    kept = [yaml.safe_load(Path(folder, "config.yaml").read_text()) for folder in ("python", "three")]
    assert kept[0] == kept[1]
    train(replace(settings, epochs=4), resume=True)
    with pytest.raises(UserError, match="cannot resume without run_dir"):
        train(replace(settings, run_dir=None), resume=True)
    run("--resume", "python", "--epochs", 5)
    assert same(weights("python/last.ckpt"), weights("five/last.ckpt"))
    steps = [torch.load(f"{folder}/last.ckpt", weights_only=True)["global_step"] for folder in ("python", "five")]
    assert steps[0] == steps[1]


def test_two_processes_cannot_train_in_one_folder(run, refused):
    run("--epochs", 1, "--run_dir", "here")
    before = Path("here/config.yaml").read_text()
    with FileLock("here/.lock"):  # as if by another process
        assert "another process is training in here" in refused("--resume", "here", "--epochs", 3)
        assert Path("here/config.yaml").read_text() == before
    assert "here is not empty" in refused("--run_dir", "here")
    assert "Epoch 2" in run("--resume", "here", "--epochs", 3)


def test_a_run_on_all_images_keeps_its_last_epoch_and_can_be_resumed(run, home):
    args = ["--hidden", 20, "--train_size", TRAINING + VALIDATION, "--run_dir"]
    whole = run(*args, "whole", "--epochs", 4)
    assert re.findall(r"^Epoch (\d): \d+ / \d+$", whole, re.M) == ["0", "1", "2", "3"]
    assert re.search(r"Test accuracy [\d.]+% \(epoch 3, the last epoch; there was no validation\)\n", whole)
    run(*args, "here", "--epochs", 2)
    run("--resume", "here", "--epochs", 4)
    for name in ("best", "last"):
        assert same(weights(f"here/{name}.ckpt"), weights("whole/last.ckpt"))
    assert {"accuracy/test", "best/test"} <= (points := curves("here")).keys()
    assert points["best/test"][1][-1] == points["accuracy/test"][1][-1]
    assert not [name for name in points if "validation" in name]
