import sys
from functools import partial
from importlib import import_module

import numpy as np
import pytest
import torch
from PIL import Image

from digits import figures
from digits.checkpoint import untrusted
from digits.figures import chapter, descent
from digits.model import DigitClassifier
from digits.plots import style
from tests.figures.conftest import EPOCHS
from tests.support.fitted import fit, load, vector
from tests.support.small_mnist import TRAINING

NAMES = ["neurons", "learning_curves", "hidden_weights", "hidden_neurons"]
NAMES += ["confusion", "mistakes", "saturation", "trial_cuts", "valley", "gradients", "training_size"]


@pytest.fixture
def draw(verb, data_dir, monkeypatch):
    """Run the verb, with a coarser valley and fewer networks; returns its exit code, output and lines of errors."""
    monkeypatch.setattr(descent, "valley", partial(descent.valley, steps=7))
    monkeypatch.setattr(chapter, "SIZES", [20, TRAINING])
    monkeypatch.setattr(chapter, "EPOCHS", 2)
    return lambda *words: verb("figures", "--data_dir", data_dir, *words)


@pytest.mark.slow
def test_every_figure_is_written(draw, fitted, tmp_path):
    out = tmp_path / "new" / "folder"
    code, printed, _ = draw("--network", fitted / "best.ckpt", "--out", out)
    assert code == 0
    assert printed.splitlines() == [f"{out}/{name}.png" for name in NAMES]
    assert sorted(path.name for path in out.iterdir()) == sorted(f"{name}.png" for name in NAMES)
    for path in out.iterdir():
        picture = Image.open(path)
        assert picture.format == "PNG"
        assert picture.width == (700 if path.stem in ("hidden_weights", "confusion", "mistakes") else 7.5 * 150)
        assert 300 < picture.height < 1300
        grey = np.array(picture.convert("L"))
        assert 2 < (grey < 250).mean() * 100 < 90  # per cent that are not paper
        frame = np.concatenate([grey[:2].ravel(), grey[-2:].ravel(), grey[:, :2].ravel(), grey[:, -2:].ravel()])
        assert (frame > 250).all(), f"{path.name} is cut"
        assert path.stat().st_size < 150_000


@pytest.mark.parametrize("named", ["a checkpoint", "its run", "nothing"])
def test_network_is_a_checkpoint_a_run_or_the_newest_run(named, draw, fitted, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(chapter, "figures", lambda model, data, epoch, curves: iter(drawn.append((model, epoch)) or ()))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "one").symlink_to(fitted)
    code, _, errors = draw(
        *{"a checkpoint": ["--network", fitted / "last.ckpt"], "its run": ["--network", fitted], "nothing": []}[named]
    )
    assert (code, errors) == (0, [])
    wanted, wanted_epoch = load(fitted, "last.ckpt" if named == "a checkpoint" else "best.ckpt")
    [(model, epoch)] = drawn
    assert epoch == wanted_epoch
    assert torch.equal(vector(model), vector(wanted))


@pytest.mark.parametrize(
    "args, missing",
    [
        (
            ["--hidden", 6, 5],
            {
                "learning_curves": "the run has no log of TensorBoard",
                "hidden_neurons": "neurons vote for outputs if there is one hidden layer; this is 784-6-5-10",
            },
        ),
        (
            ["--hidden", 6, "--only_digit", 3, "--train_size", 95],
            dict.fromkeys(
                ["confusion", "mistakes", "saturation", "trial_cuts"], "it compares ten outputs; this is 784-6-1"
            ),
        ),
    ],
)
def test_what_does_not_apply_is_skipped_with_a_line(args, missing, draw, data_dir, tmp_path, monkeypatch, capsys):
    run, out = tmp_path / "run", tmp_path / "out"
    fit(run, data_dir, *args, "--epochs", 1)
    capsys.readouterr()
    if "learning_curves" in missing:
        for log in run.glob("events*"):
            log.unlink()
    out.mkdir()
    (out / "valley.png").write_bytes(b"of an earlier call")
    monkeypatch.setattr(style, "png", lambda figure: b"drawn")
    _, printed, _ = draw("--network", run, "--out", out)
    lines = [line for line in printed.splitlines() if "not drawn" in line]
    assert lines == [f"{name} is not drawn: {reason}" for name, reason in missing.items()]
    drawn = {path.stem: path.read_bytes() for path in out.iterdir()}
    assert drawn == dict.fromkeys(set(NAMES) - set(missing), b"drawn")


def without_matplotlib(monkeypatch, package):
    """Let a package be imported anew, as if matplotlib were not installed; a new process would import torch too."""
    for name in [name for name in sys.modules if f"{name}.".startswith(("matplotlib.", f"{package}."))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)


@pytest.mark.parametrize(
    "mistake", ["missing", "words", "foreign", "large images", "out is a file", "out below a file", "matplotlib"]
)
def test_mistakes_get_one_line(mistake, verb, fitted, data_dir, tmp_path, monkeypatch):
    path, out, named = fitted / "best.ckpt", tmp_path / "out", "out"
    file = tmp_path / "file"
    file.write_text("words")
    if mistake == "missing":
        path = named = tmp_path / "nowhere.ckpt"
    elif mistake == "words":
        path = named = file
    elif mistake == "foreign":
        path = named = tmp_path / "foreign.ckpt"
        torch.save({"state_dict": {}}, path)
    elif mistake == "large images":
        path, named = tmp_path / "large.ckpt", f"{tmp_path / 'large.ckpt'} reads images of another size than 28x28"
        model = DigitClassifier([5], image_size=64)
        ours = {"digits_version": untrusted.VERSION, "hyper_parameters": dict(model.hparams)}
        torch.save(ours | {"state_dict": model.state_dict()}, path)
    elif mistake == "out is a file":
        out = named = file
    elif mistake == "out below a file":
        out = named = file / "out"
    else:
        without_matplotlib(monkeypatch, "digits.figures")
        named = "pip install -e '.[figures]'"
    code, printed, [line] = verb("figures", "--network", path, "--out", out, "--data_dir", data_dir)
    assert code == 2
    assert line.startswith("digits figures: error: ")
    assert str(named) in line
    assert mistake != "matplotlib" or "the figures need matplotlib" in line
    assert printed == ""


def test_no_part_of_a_picture_is_left(draw, fitted, tmp_path):
    (tmp_path / "neurons.png").mkdir()  # cannot be replaced by a file
    code, _, [line] = draw("--network", fitted, "--out", tmp_path)
    assert code == 2
    assert f"cannot write {tmp_path}/neurons.png" in line
    assert [path.name for path in tmp_path.iterdir()] == ["neurons.png"]


def test_logged_curves_are_those_of_the_run(fitted, data):
    curves = figures.logged_curves(fitted)
    model, epoch = load(fitted)
    answers, _ = model.predict(data.test[0])
    assert list(curves["accuracy/test"]) == list(range(EPOCHS))
    assert curves["accuracy/test"][epoch] == pytest.approx((answers == data.test[1]).float().mean().item())
    assert figures.logged_curves(fitted.parent) == {}


def test_training_needs_neither_matplotlib_nor_the_figures(monkeypatch):
    without_matplotlib(monkeypatch, "digits")
    import_module("digits.train")
    assert "digits.plots.network" in sys.modules
    assert "digits.figures" not in sys.modules
    import_module("digits.figures")  # so that it can say what it needs
