"""Which network --network means, and what is said of it."""

import os
from pathlib import Path

import pytest

from digits.checkpoint.contents import VALIDATION
from digits.checkpoint.selection import BUNDLED, find_checkpoint, newest_run
from digits.common.errors import UserError
from digits.handwriting.api import choose_reader
from digits.model import DigitClassifier
from tests.support.checkpoints import saved, saved_sure


@pytest.fixture
def used(tmp_path, monkeypatch, capsys):
    """In an empty folder, the path of the network that is used and what is said of it."""
    monkeypatch.chdir(tmp_path)

    def used(network=None):
        path = find_checkpoint(network and str(network))[1]
        return path, capsys.readouterr().err

    return used


def new_run(name):
    Path("runs", name).mkdir(parents=True)
    Path("runs", name, "config.yaml").touch()
    return Path(saved_sure(Path("runs", name, "best.ckpt")))


def test_the_newest_run_that_has_kept_an_epoch(used):
    best = {name: new_run(name) for name in ("old", "new", "failed")}
    for time, name in enumerate(best):
        os.utime(Path("runs", name, "config.yaml"), (time, time))
    best["failed"].unlink()
    assert newest_run() == Path("runs", "failed")  # with which one may go on
    for name in ("new", "old"):
        assert used()[0] == best[name]
        best[name].unlink()
    assert used()[0] == BUNDLED


def test_the_bundled_network_a_run_or_a_file(used):
    bundled = BUNDLED, "network: bundled\n"
    assert used() == used("bundled") == bundled
    best = new_run("a")
    assert used() == used(best.parent) == used(best) == (best, f"network: {best}\n")
    assert used("bundled") == bundled
    assert used(saved_sure("other.ckpt")) == (Path("other.ckpt"), "network: other.ckpt\n")


@pytest.mark.parametrize("name", ["gone.ckpt", "runs/empty"])
def test_a_name_of_nothing_is_one_clear_line(name, used):
    Path("runs", "empty").mkdir(parents=True)
    with pytest.raises(UserError, match=f"^{name}: no such run or checkpoint; --network takes"):
        used(name)


@pytest.mark.parametrize(
    ("accuracy", "settings", "doubt"),
    [
        (0.899, {}, "reads only 89.9% of the validation images"),
        (0.9, {}, None),
        (0.99, {"only_digit": 9}, "only detects the digit 9"),
    ],
)
def test_a_newest_run_that_is_no_good_reader_is_doubted_unless_it_is_named(accuracy, settings, doubt, used):
    best = new_run("a")
    callbacks = {"ModelCheckpoint": {"monitor": VALIDATION, "current_score": accuracy}}
    saved(best, DigitClassifier([3], **settings), callbacks=callbacks)
    doubts = f", which {doubt}; for the network that comes with the program, use --network bundled" if doubt else ""
    assert used() == (best, f"network: {best}{doubts}\n")
    assert used(best) == (best, f"network: {best}\n")


@pytest.mark.parametrize(
    "data, context",
    [({}, False), ({"handwriting": True}, True)],
)
def test_a_network_reads_in_context_if_it_was_trained_on_handwriting(data, context, tmp_path):
    path = saved(tmp_path / "a.ckpt", DigitClassifier([3]), datamodule_hyper_parameters=data)
    assert choose_reader(path)[0].context == context
    assert choose_reader("bundled")[0].context
