"""A run's folder that a stranger made: what its files say is parsed, and nothing else in them counts."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint

from digits.checkpoint.untrusted import read_checkpoint
from digits.errors import UserError
from digits.model import DigitClassifier
from digits.train import Settings, train
from tests.support.systems import link, pipe
from tests.support.training import curves, same, weights
from tests.training.conftest import edited

NOTHING = None, "abc", [1], {"x": "y"}, float("nan"), torch.ones((), device="meta")


@pytest.mark.parametrize("nothing", NOTHING, ids=lambda value: str(value)[:10])
def test_what_lightning_would_restore_counts_for_nothing_in_a_file(nothing, three, run):
    """By a stranger's paths the next best epoch would delete another run."""
    Path("victim").mkdir()
    Path("victim/kept").touch()
    for path in Path("three").glob("*.ckpt"):
        with edited(path) as content:
            for name in ("loops", "optimizer_states", "lr_schedulers", "pytorch-lightning_version"):
                content[name] = nothing
            for state in content["callbacks"].values():
                if "best_k_models" in state:
                    state |= {"best_k_models": {"../victim": 0.0, "victim/..": 0.0}, "dirpath": "victim"}
                    state |= dict.fromkeys(("best_model_path", "kth_best_model_path", "last_model_path"), "victim/..")
                    state |= {"best_model_score": nothing, "kth_value": nothing}
            content["callbacks"]["Another"] = nothing
    run("--resume", "three", "--epochs", 5)
    assert same(weights("three/last.ckpt"), weights("five/last.ckpt"))
    assert same(weights("three/best.ckpt"), weights("five/best.ckpt"))
    assert curves("three")["accuracy/validation"] == curves("five")["accuracy/validation"]
    assert [path.name for path in Path("victim").iterdir()] == ["kept"]


@pytest.mark.parametrize("nothing", NOTHING, ids=lambda value: str(value)[:10])
def test_a_score_that_is_none_is_no_score(nothing, three, run):
    for path in Path("three").glob("*.ckpt"):
        with edited(path) as content:
            for state in content["callbacks"].values():
                state |= dict.fromkeys(("current_score", "best/test", "best/validation"), nothing)
    output = run("--resume", "three", "--epochs", 5)
    assert same(weights("three/last.ckpt"), weights("five/last.ckpt")) and "of epoch" in output


@pytest.mark.parametrize("name", [".lock", "last.ckpt", "best.ckpt", "hparams.yaml", "events.out.tfevents.1.x"])
@pytest.mark.parametrize("kind", ["link", "link to nowhere", "pipe"])
def test_a_folder_with_a_link_or_a_pipe_in_it_is_refused(name, kind, three, refused):
    path = Path("three", name)
    path.unlink(missing_ok=True)
    victim = Path("victim")
    if kind == "link":
        victim.write_text("mine")
    pipe(path) if kind == "pipe" else link(path, victim.absolute())
    assert f"{path} is refused" in refused("--resume", "three", "--epochs", 5)
    assert victim.read_text() == "mine" if kind == "link" else not victim.exists()


def test_a_best_checkpoint_of_another_network_is_named_before_anything_is_trained(three, run, refused):
    run("--hidden", 7, "--epochs", 1, "--run_dir", "other")
    shutil.copy("other/best.ckpt", "three/best.ckpt")
    line = refused("--resume", "three", "--epochs", 5)
    assert f"--hidden is [7] in {Path('three/best.ckpt')}, not [20]" in line
    assert read_checkpoint("three/last.ckpt").epochs == 3


def test_a_last_checkpoint_that_is_a_folder_is_refused_before_anything_is_trained(three, refused):
    Path("three/last.ckpt").unlink()
    Path("three/last.ckpt").mkdir()
    assert f"{Path('three/last.ckpt')} is no file" in refused("--resume", "three", "--epochs", 5)


def test_a_training_with_an_optimizer_of_its_own_does_not_go_on(data_dir, home):
    class Other(DigitClassifier):
        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), self.lr, momentum=0.9)

    settings = Settings(hidden=[20], epochs=1, data_dir=data_dir, run_dir=Path("other"))
    train(settings, kind=Other)
    with pytest.raises(UserError, match="an optimizer of its own cannot go on"):
        train(replace(settings, epochs=2), resume=True, kind=Other)


def test_a_checkpoint_of_ones_own_beside_ours_is_left_alone(data_dir, home):
    Path("mine").mkdir()
    Path("mine/best.ckpt").write_text("mine")
    settings = Settings(hidden=[20], epochs=1, data_dir=data_dir, run_dir=Path("run"))
    train(settings)
    own = ModelCheckpoint("mine", "mine-{epoch}", monitor="accuracy/validation", mode="max", every_n_epochs=2)
    train(replace(settings, epochs=2, trainer={"callbacks": [own]}), resume=True)
    assert Path("mine/best.ckpt").read_text() == "mine"


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda x: x.half(), "last.ckpt was rounded; no training can go on from it"),
        (lambda x: x.double() if x.ndim == 1 else x, "weights are of several precisions"),
    ],
)
def test_weights_of_another_precision_do_not_go_on(change, said, three, refused):
    with edited("three/last.ckpt") as content:
        content["state_dict"] = {name: change(tensor) for name, tensor in content["state_dict"].items()}
    assert said in refused("--resume", "three", "--epochs", 5)


def test_checkpoints_that_cannot_be_read_are_not_lost(three, data_dir, verb):
    for path in Path("three").glob("*.ckpt"):
        with edited(path) as content:
            content["digits_version"] = 2
    *_, line = verb("train", "--resume", "three", "--epochs", 5, "--data_dir", data_dir)[2]
    assert "no checkpoint in three can be read" in line
    assert torch.load("three/last.ckpt", weights_only=True)["digits_version"] == 2
