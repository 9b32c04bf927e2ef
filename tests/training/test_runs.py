"""Runs: their names, what they go on from, and what they keep."""

import random
import re

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.campaigns.kills import kill_and_resume
from tests.support.training import same, weights


@pytest.fixture
def three(run, home):
    """A run of three epochs in home/three, and one of five in home/five that was never interrupted."""
    run("--hidden", 20, "--epochs", 3, "--run_dir", "three")
    run("--hidden", 20, "--epochs", 5, "--run_dir", "five")
    return home


def test_resumed_run_ends_on_the_bits_of_a_whole_one(three, run):
    output = run("--resume", "three", "--epochs", 5)
    assert "Going on with three after epoch 2" in output
    assert re.findall(r"^Epoch (\d+)", output, re.M) == ["3", "4"]
    assert same(weights("three/last.ckpt"), weights("five/last.ckpt"))
    assert same(weights("three/best.ckpt"), weights("five/best.ckpt"))
    curves = EventAccumulator("three").Reload()
    assert [event.step for event in curves.Scalars("accuracy/validation")] == [0, 1, 2, 3, 4]


def test_resumed_detector_keeps_its_digit_and_its_images(run, home):
    args = ["--hidden", 20, "--only_digit", 3, "--train_size", 95]
    run(*args, "--epochs", 3, "--run_dir", "three")
    run(*args, "--epochs", 5, "--run_dir", "five")
    assert "784-20-1" in run("--resume", "three", "--epochs", 5)
    assert same(weights("three/last.ckpt"), weights("five/last.ckpt"))
    assert torch.load("three/last.ckpt", weights_only=True)["global_step"] == 50


def test_a_run_from_before_detectors_and_distortions_goes_on(three, run):
    for path in (three / "three").glob("*.ckpt"):
        content = torch.load(path, weights_only=True)
        for name in ("only_digit", "image_size", "schedule"):
            del content["hyper_parameters"][name]
        for name in ("train_size", "distort"):
            del content["datamodule_hyper_parameters"][name]
        torch.save(content, path)
    config = three / "three" / "config.yaml"
    lines = config.read_text().splitlines(keepends=True)
    config.write_text(
        "".join(line for line in lines if not line.startswith(("only_digit", "train_size", "schedule", "distort")))
    )
    run("--resume", "three", "--epochs", 5)
    assert same(weights("three/last.ckpt"), weights("five/last.ckpt"))


def test_last_is_the_last_epoch_even_if_it_is_not_the_best(three):
    assert torch.load("five/last.ckpt", weights_only=True)["epoch"] == 4


def test_settings_come_from_the_run(three, run):
    assert "784-20-10" in run("--resume", "three", "--epochs", 4)


def test_a_damaged_last_checkpoint_is_passed_over(three, run, capsys):
    path = three / "three" / "last.ckpt"
    path.write_bytes(path.read_bytes()[:-1000])
    run("--resume", "three", "--epochs", 5)
    assert same(weights("three/last.ckpt"), weights("five/last.ckpt"))


def test_no_checkpoint_yet_starts_anew(three, run):
    for name in ("last.ckpt", "best.ckpt"):
        (three / "three" / name).unlink()
    run("--resume", "three", "--epochs", 5)
    assert same(weights("three/last.ckpt"), weights("five/last.ckpt"))


@pytest.mark.parametrize(
    "args, reason",
    [
        (["--resume", "nowhere"], "no run to resume in nowhere"),
        (["--resume"], "no run in runs/"),
        (["--resume", "three", "--hidden", "7"], "keeps its settings: --hidden is .20. in three"),
        (["--resume", "three", "--seed", "7"], "keeps its settings: --seed is 0 in three"),
        (["--resume", "three", "--batch_size", "7"], "keeps its settings: --batch_size is 10 in three"),
        (["--resume", "three", "--only_digit", "7"], "keeps its settings: --only_digit is None in three"),
        (["--resume", "three", "--train_size", "7"], "keeps its settings: --train_size is None in three"),
    ],
)
def test_what_cannot_be_resumed(args, reason, three, run, capsys):
    with pytest.raises(SystemExit) as stop:
        run(*args)
    [line] = capsys.readouterr().err.splitlines()
    assert stop.value.code == 2
    assert re.search(reason, line)


def test_newest_run(run, home):
    run("--hidden", 20, "--epochs", 1, "--seed", 1)
    run("--hidden", 20, "--epochs", 1, "--seed", 2)
    assert "seed2" in run("--resume", "--epochs", 2)


def test_killed_runs(tmp_path):
    assert kill_and_resume(tmp_path, count=2, seed=random.randrange(1000)) == 2
