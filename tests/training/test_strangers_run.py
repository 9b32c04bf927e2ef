"""A run's folder that a stranger made: what its files say is parsed, and nothing else in them counts."""

import os
import shutil
from pathlib import Path

import pytest
import torch

from digits.errors import UserError
from digits.model import DigitClassifier
from digits.train import train
from tests.support.training import curves, same, weights

NOTHING = None, "abc", [1], {"x": "y"}, float("nan")


@pytest.mark.parametrize("nothing", NOTHING, ids=map(repr, NOTHING))
def test_what_lightning_would_restore_counts_for_nothing_in_a_file(nothing, three, run):
    """By a stranger's paths the next best epoch would delete another run."""
    Path("victim").mkdir()
    Path("victim/kept").touch()
    for path in (Path("three/last.ckpt"), Path("three/best.ckpt")):
        saved = torch.load(path, weights_only=True)
        for name in ("loops", "optimizer_states", "lr_schedulers", "pytorch-lightning_version"):
            saved[name] = nothing
        for state in saved["callbacks"].values():
            if "best_k_models" in state:
                state |= {"best_k_models": {"../victim": 0.0, "victim/..": 0.0}, "dirpath": "victim"}
                state |= dict.fromkeys(("best_model_path", "kth_best_model_path", "last_model_path"), "victim/..")
                state |= {"best_model_score": nothing, "kth_value": nothing}
        saved["callbacks"]["Another"] = nothing
        torch.save(saved, path)
    run("--resume", "three", "--epochs", 5)
    assert same(weights("three/last.ckpt"), weights("five/last.ckpt"))
    assert same(weights("three/best.ckpt"), weights("five/best.ckpt"))
    assert curves("three")["accuracy/validation"] == curves("five")["accuracy/validation"]
    assert [path.name for path in Path("victim").iterdir()] == ["kept"]


@pytest.mark.parametrize("nothing", NOTHING, ids=map(repr, NOTHING))
def test_a_score_that_is_none_is_no_score(nothing, three, run):
    for path in Path("three").glob("*.ckpt"):
        saved = torch.load(path, weights_only=True)
        for state in saved["callbacks"].values():
            state |= dict.fromkeys(("current_score", "best/test", "best/validation"), nothing)
        torch.save(saved, path)
    output = run("--resume", "three", "--epochs", 5)
    assert same(weights("three/last.ckpt"), weights("five/last.ckpt")) and "of epoch" in output


@pytest.mark.parametrize("name", [".lock", "last.ckpt", "best.ckpt", "hparams.yaml", "events.out.tfevents.1.x"])
@pytest.mark.parametrize("kind", ["link", "link to nowhere", "pipe"])
def test_a_folder_with_a_link_or_a_pipe_in_it_is_refused(name, kind, three, run, capsys):
    path = Path("three", name)
    path.unlink(missing_ok=True)
    victim = Path("victim")
    if kind == "link":
        victim.write_text("mine")
    os.mkfifo(path) if kind == "pipe" else path.symlink_to(victim.absolute())
    with pytest.raises(SystemExit) as stop:
        run("--resume", "three", "--epochs", 5)
    [line] = capsys.readouterr().err.splitlines()
    assert stop.value.code == 2 and f"{path} is refused" in line
    assert victim.read_text() == "mine" if kind == "link" else not victim.exists()


def test_what_a_killed_process_left_is_removed(three, run):
    left = Path("three/.0123456789abcdef.part")
    left.touch()
    run("--resume", "three", "--epochs", 5)
    assert not left.exists()


def test_a_best_checkpoint_of_another_network_is_named_before_anything_is_trained(three, run, capsys):
    run("--hidden", 7, "--epochs", 1, "--run_dir", "other")
    shutil.copy("other/best.ckpt", "three/best.ckpt")
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        run("--resume", "three", "--epochs", 5)
    output, errors = capsys.readouterr()
    assert stop.value.code == 2 and "--hidden is [7] in three/best.ckpt, not [20]" in errors and "Epoch" not in output


def test_a_last_checkpoint_that_is_a_folder_is_refused_before_anything_is_trained(three, run, capsys):
    Path("three/last.ckpt").unlink()
    Path("three/last.ckpt").mkdir()
    with pytest.raises(SystemExit):
        run("--resume", "three", "--epochs", 5)
    [line] = capsys.readouterr().err.splitlines()
    assert "three/last.ckpt is no file" in line


def test_a_training_with_an_optimizer_of_its_own_does_not_go_on(data_dir, home):
    class Other(DigitClassifier):
        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), self.lr, momentum=0.9)

    settings = {"kind": Other, "hidden": [20], "data_dir": data_dir, "run_dir": Path("other")}
    train(epochs=1, **settings)
    with pytest.raises(UserError, match="an optimizer of its own cannot go on"):
        train(epochs=2, resume=True, **settings)
