from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

from digits.commands import figures
from digits.common.errors import UserError
from digits.figures import chapter
from digits.figures.style import png
from digits.model import DigitClassifier
from digits.training.plots import first_weights
from tests.figures.conftest import EPOCHS
from tests.support.checkpoints import saved
from tests.support.fitted import fit, load
from tests.support.systems import link

NAMES = ["neurons", "learning_curves", "hidden_weights", "hidden_neurons"]
NAMES += ["confusion", "mistakes", "saturation", "line", "valley", "gradients"]


@pytest.fixture
def draw(verb, data_dir):
    """Run the verb; returns its exit code, output and lines of errors."""
    return lambda *words: verb("figures", "--data_dir", data_dir, *words)


OF_TEN = "confusion, mistakes, saturation"


@pytest.mark.slow
@pytest.mark.parametrize(
    "words, missing",
    [
        ("--hidden 12 --epochs 4 --lr 1 --batch_size 30 --seed 2", {}),
        ("--hidden 6 5 --epochs 1", {"hidden_neurons": "it needs one hidden layer; this network is 784-6-5-10"}),
        (
            "--hidden 6 --only_digit 3 --train_size 95 --epochs 30 --schedule --early_stop 5",
            {OF_TEN: "they need ten outputs; this network is 784-6-1"},
        ),
    ],
)
def test_every_figure_that_applies_is_written(words, missing, draw, data_dir, tmp_path, capsys):
    run, out = tmp_path / "run", tmp_path / "new" / "folder"
    fit(run, data_dir, *words.split())
    capsys.readouterr()
    if missing:
        for log in run.glob("events*"):
            log.unlink()
        missing = {"learning_curves": "the run has no TensorBoard log"} | missing
        out.mkdir(parents=True)
        (out / "valley.png").write_bytes(b"of an earlier call")
    code, printed, _ = draw("--network", run / "last.ckpt", "--out", out)
    paths = [out / f"{name}.png" for name in NAMES if name not in ", ".join(missing).split(", ")]
    lines = [f"not drawn: {names} ({why})" for names, why in missing.items()]
    assert code == 0 and sorted(printed.splitlines()) == sorted([*map(str, paths), *lines])
    assert sorted(out.iterdir()) == sorted(paths)
    for path in paths:
        assert 2 < (np.array(Image.open(path).convert("L")) < 250).mean() * 100 < 90  # per cent that are not paper


@pytest.mark.parametrize("words, name", [(["--network", "runs/one/last.ckpt"], "last.ckpt"), ([], "best.ckpt")])
def test_the_network_is_that_of_a_checkpoint_or_of_the_newest_run(words, name, draw, fitted, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("runs").mkdir()
    link(Path("runs/one"), fitted)
    Path("figures/hidden_neurons.png").mkdir(parents=True)  # at which it ends, before what takes long
    code, _, [line] = draw(*words)
    assert code == 2 and "cannot write figures/hidden_neurons.png" in line.replace("\\", "/")
    model, epoch = load(fitted, name)
    curves = chapter.learning_curves(figures.logged_curves(fitted), epoch)
    for drawn, wanted in (("learning_curves", curves), ("hidden_weights", first_weights(model.network))):
        assert Path("figures", f"{drawn}.png").read_bytes() == png(wanted)


@pytest.mark.parametrize(
    "network, out, named",
    [
        ("large.ckpt", "out", "large.ckpt reads images of a size other than 28x28"),
        ("untrained.ckpt", "out", "untrained.ckpt does not say how long its network was trained"),
        ("good.ckpt", "full", "cannot write full/neurons.png"),
    ],
)
def test_mistakes_get_one_line(network, out, named, draw, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    saved(tmp_path / "large.ckpt", DigitClassifier([5], image_size=64))
    saved(tmp_path / "untrained.ckpt", DigitClassifier([5]))
    saved(tmp_path / "good.ckpt", DigitClassifier([5]), epoch=0)
    Path("full", "neurons.png").mkdir(parents=True)  # cannot be replaced by a file
    code, printed, [line] = draw("--network", network, "--out", out)
    assert (code, printed) == (2, "") and f"digits figures: error: {named}" in line
    assert [path.name for path in Path("full").iterdir()] == ["neurons.png"]


def test_what_figures_need_is_named(verb, fitted, without):
    without("digits.figures", "matplotlib")
    code, _, [line] = verb("figures", "--network", fitted)
    assert code == 2 and "the figures need matplotlib" in line and line.endswith('pip install "digits[figures]"')


def test_logged_curves_are_those_of_the_run(fitted, data):
    curves = figures.logged_curves(fitted)
    model, epoch = load(fitted)
    digits, _ = model.predict(data.test[0])
    assert curves.keys() == figures.CURVES and list(curves["accuracy/test"]) == list(range(EPOCHS))
    assert curves["accuracy/test"][epoch] == pytest.approx((digits == data.test[1]).float().mean().item())
    assert figures.logged_curves(fitted.parent) == {}


def claiming():
    """Return a record that claims to be very long."""
    parts = (2**63).to_bytes(8, "little"), bytes(range(255, 235, -1))
    return b"".join(part + masked_crc32c(part).to_bytes(4, "little") for part in parts)  # as TensorBoard writes it


@pytest.mark.parametrize("log, problem", [(claiming(), "are damaged"), (bytes(5_000_001), "have more than 5,000,000")])
def test_a_log_that_is_damaged_or_large_is_one_line(log, problem, tmp_path):
    (tmp_path / "events.out.tfevents.1.x").write_bytes(log)
    with pytest.raises(UserError, match=rf"the files .*[/\\]events\* {problem}"):
        figures.logged_curves(tmp_path)
