import contextlib
import os
import random
import re
import shutil
import signal
import termios

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from digits import UserError
from digits.model import DigitClassifier
from tests.campaigns.kills import kill_and_resume
from tests.campaigns.mutations import damage_checkpoints, damage_data
from tests.support.training import Runs, quick_trainer


def weights(path):
    return torch.load(path, weights_only=True)["state_dict"]


def same(one, other):
    return all(one[key].equal(other[key]) for key in other)


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


def test_weights_that_are_not_finite_end_the_run(data_dir):
    from digits.data import MNISTDataModule

    model = DigitClassifier([5], lr=0.5)
    with torch.no_grad():
        model.network[0].bias.fill_(float("inf"))
    with pytest.raises(UserError, match="no longer finite numbers after epoch 0.*learning rate, 0.5"):
        quick_trainer(max_epochs=3).fit(model, MNISTDataModule(data_dir))


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_ends_cleanly_and_says_how_to_go_on(number, code, tmp_path):
    runs = Runs(tmp_path)
    process = runs.new("stopped", "--epochs", "100000")
    for line in process.stdout:
        if line.startswith("Epoch 3:"):
            break
    process.send_signal(number)
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (code, "")
    assert "Go on with: python train.py --resume stopped" in output
    epoch = torch.load(tmp_path / "stopped" / "last.ckpt", weights_only=True)["epoch"]
    assert f"Stopped in epoch {epoch + 1}" in output
    runs.finish(runs.start("--resume", "stopped", "--epochs", str(epoch + 2)))
    runs.finish(runs.new("whole", "--epochs", str(epoch + 2)))
    assert same(runs.weights("stopped"), runs.weights("whole"))


def test_killed_runs(tmp_path):
    assert kill_and_resume(tmp_path, count=2, seed=random.randrange(1000)) == 2


def test_damaged_files(capfd):
    for damage in (damage_data, damage_checkpoints):
        outcomes = damage(100, seed=1)
        assert outcomes["clear error"] > 20 and outcomes.total() == 100


@pytest.mark.parametrize("last", [[], ["--trainer.max_steps", "33"]])
def test_two_processes_follow_one(last, tmp_path):
    """Mini-batches of 5 in each of two, against mini-batches of 10 in one; float64, so that rounding cannot hide."""
    runs = Runs(tmp_path)
    exact = ["--trainer.precision", "64-true", "--kernel", "torch", "--epochs", "4", *last]
    two = runs.new("two", *exact, "--batch_size", "5", "--trainer.devices", "2", "--trainer.strategy", "ddp")
    one, two = runs.finish(runs.new("one", *exact)), runs.finish(two)
    assert re.findall("^Epoch .*", one, re.M) == re.findall("^Epoch .*", two, re.M) != []
    for key, value in runs.weights("one").items():
        torch.testing.assert_close(runs.weights("two")[key], value, rtol=0, atol=1e-9)


def test_processes_that_do_not_divide_the_images(tmp_path):
    """500 images in mini-batches of 2 x 7: the last one has 10, five for each."""
    runs = Runs(tmp_path)
    two = runs.new("two", "--batch_size", "7", "--epochs", "2", "--trainer.devices", "2")
    one = runs.finish(runs.new("one", "--batch_size", "14", "--epochs", "2", "--kernel", "torch"))
    assert re.findall("^Epoch .*", one, re.M) == re.findall("^Epoch .*", runs.finish(two), re.M) != []
    shutil.rmtree(tmp_path)


def test_terminal_shows_a_progress_bar(tmp_path):
    runs = Runs(tmp_path)
    screen, terminal = os.openpty()
    termios.tcsetwinsize(terminal, (30, 100))
    process = runs.new("run", "--epochs", "30", stderr=terminal)
    os.close(terminal)
    drawn = b""
    with contextlib.suppress(OSError):  # raised when the process has closed its end
        while part := os.read(screen, 4096):
            drawn += part
    runs.finish(process)
    assert re.search(r"\d+% \|█+.* left, .*mini-batches/s", drawn.decode())
