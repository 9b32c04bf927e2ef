"""`train` from its first line to its last, and the files that it writes."""

import io
import re
from contextlib import redirect_stdout
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from digits import mnist
from digits.__main__ import main
from digits.model import DigitClassifier
from digits.training.plots import confusion, first_mistakes, first_weights
from tests.support.fitted import load
from tests.support.mnist_files import failing, use_sources
from tests.support.small_mnist import TEST, use, write_mnist
from tests.support.systems import LOCK
from tests.support.training import curves, hyperparameters, same, weights

EPOCH = re.compile(r"Epoch (\d+): (\d+) / (\d+)   validation (\d+\.\d\d)%")


@pytest.fixture(scope="module")
def finished_run(small, tmp_path_factory):
    """A finished run of four epochs: its folder and its output."""
    home, words = tmp_path_factory.mktemp("done"), "train --hidden 12 8 --epochs 4 --lr 2.5 --seed 1 --data_dir"
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as output:
        use(patch, small[1])
        patch.chdir(home)
        main([*words.split(), str(small[0])])
    [run] = home.glob("runs/*")
    return run, output.getvalue()


def test_a_run_prints_its_epochs_and_how_to_use_the_result(finished_run):
    folder, output = finished_run
    lines = output.splitlines()
    assert lines[0].startswith("784-12-8-10, 9,614 weights and biases; kernel ")
    assert [int(EPOCH.fullmatch(line)[1]) for line in lines[1:-5]] == [0, 1, 2, 3]
    assert re.fullmatch(r"Test accuracy [\d.]+% \(epoch [0-3], chosen by validation accuracy [\d.]+%\)", lines[-4])
    best = str(Path("runs", folder.name, "best.ckpt"))
    assert all(part in line for part, line in zip((best, "--logdir runs", repr(best)), lines[-3:], strict=True))


def test_a_run_folder_holds_checkpoints_settings_and_curves(finished_run):
    folder, _ = finished_run
    kinds = {re.sub(r"^events\..*", "events", path.name) for path in folder.iterdir()}
    assert kinds == {*LOCK, "best.ckpt", "last.ckpt", "config.yaml", "events", "hparams.yaml"}
    assert sorted(path.name for path in folder.parent.parent.iterdir()) == ["runs"]


def test_curves_have_a_point_per_epoch_and_match_the_printed_lines(finished_run):
    folder, output = finished_run
    lines, logged = EPOCH.findall(output), curves(folder)
    of_splits = {f"{kind}/{split}" for kind in ("accuracy", "cost") for split in ("training", "validation", "test")}
    assert logged.keys() == of_splits | {"best/test", "best/validation"}
    for tag in of_splits:
        steps, values = logged[tag]
        assert steps == (0, 1, 2, 3) and all(0 <= value <= 1 for value in values)
    assert [int(line[1]) for line in lines] == [round(TEST * accuracy) for accuracy in logged["accuracy/test"][1]]
    assert {int(line[2]) for line in lines} == {TEST}
    assert [float(line[3]) for line in lines] == [round(100 * a, 2) for a in logged["accuracy/validation"][1]]


def test_tensorboard_shows_the_hyperparameters(finished_run):
    folder, _ = finished_run
    assert hyperparameters(folder) == {"hidden": "784-12-8-10", "lr": 2.5, "seed": 1, "batch_size": 10, "epochs": 4}
    [text] = EventAccumulator(str(folder)).Reload().Tensors("settings/text_summary")
    [content] = text.tensor_proto.string_val
    assert yaml.safe_load(dedent(content.decode())) == yaml.safe_load((folder / "config.yaml").read_text())
    assert text.step == 3


def test_tensorboard_shows_the_figures_of_the_best_epoch(finished_run, data_dir):
    folder, _ = finished_run
    (model, epoch), (images, labels) = load(folder), mnist.load(data_dir, train=False)
    digits, activations = model.predict(images)
    drawn = {"weights of the first layer": first_weights(model.network), "confusion": confusion(labels, digits)}
    drawn["mistakes"] = first_mistakes(images, labels, activations)
    events = EventAccumulator(str(folder)).Reload()
    assert {*events.Tags()["images"]} == drawn.keys()
    for tag, figure in drawn.items():
        [event] = events.Images(tag)
        shown = np.array(Image.open(io.BytesIO(event.encoded_image_string)))
        assert event.step == epoch and np.array_equal(shown, figure)


def test_a_detector_reports_misses_and_false_alarms(run, data_dir):
    output = run("--only_digit", 3, "--epochs", 3)
    [folder] = Path("runs").iterdir()
    images, labels = mnist.load(data_dir, train=False)
    detected, _ = DigitClassifier.load_from_checkpoint(folder / "best.ckpt").predict(images)
    threes = labels == 3
    count, misses, alarms = (x.sum().item() for x in (threes, threes & ~detected, detected & ~threes))
    assert f"Test accuracy {1 - (misses + alarms) / TEST:.2%}" in output
    line = f"Misses      {misses} of {count} images of a 3 (recall {1 - misses / count:.2%}), "
    assert line + f"false alarms on {alarms} of {TEST - count} other images\n" in output
    assert hyperparameters(folder) | {"hidden": "784-30-1", "with only_digit": 3} == hyperparameters(folder)
    assert EventAccumulator(str(folder)).Reload().Tags()["images"] == ["weights of the first layer"]


@pytest.mark.parametrize("wrong", ["validation", "test"])
def test_validation_chooses_the_best_epoch_and_test_does_not(run, tmp_path, monkeypatch, wrong):
    """A split whose labels are all wrong has its best accuracy in the first epochs, so the two splits disagree."""
    use(monkeypatch, write_mnist(tmp_path / "wrong" / "MNIST" / "raw", wrong))
    output = run("--epochs", 8, "--lr", 0.5, "--run_dir", "here", data_dir=tmp_path / "wrong")
    logged = curves("here")
    validation, test = logged["accuracy/validation"][1], logged["accuracy/test"][1]
    best = torch.load("here/best.ckpt", weights_only=True)["epoch"]
    assert best == validation.index(max(validation))
    assert test.index(max(test)) != best
    if wrong == "test":
        assert validation.count(max(validation)) > 1  # of equal epochs, the first is kept
    else:
        assert test[best] != test[-1]
    assert f"Test accuracy {test[best]:.2%} (epoch {best}, " in output


@pytest.mark.parametrize(
    "args, advice",
    [
        (["--lr", "500"], "all output neurons are saturated and cannot learn. Start again with --lr 50\n"),
        (["--lr", "1e-6"], "because it learns slowly. Try --lr 1e-05 or more --epochs\n"),
        (["--lr", "1e-6", "--init", "gaussian"], "Try --lr 1e-05 and --init scaled or more --epochs\n"),
    ],
)
def test_a_network_that_still_guesses_after_three_epochs_prints_advice(args, advice, run):
    lines = run(*args, "--epochs", 5).splitlines(keepends=True)
    [at] = [number for number, line in enumerate(lines) if "guessing" in line]
    assert lines[at - 1].startswith("Epoch 2: ") and lines[at].endswith(advice)
    assert "guessing" not in run(*args, "--epochs", 2) and "guessing" not in run("--epochs", 3)


@pytest.mark.parametrize("kernel", ["numba", "torch", "autograd"])
def test_divergence_is_reported_in_one_line_by_every_kernel(kernel, home, data_dir, verb):
    """At this learning rate, L2 flips the sign of every weight in each step, and makes it larger."""
    words = ["--kernel", kernel, "--cost", "cross_entropy", "--lr", 100, "--l2", 1000, "--epochs", 3]
    code, _, [line] = verb("train", "--data_dir", data_dir, *words)
    assert code == 2 and "error: training diverged in epoch 0; try --lr below 100" in line


def test_unreachable_data_is_reported_before_anything_is_written(home, monkeypatch, verb):
    use_sources(monkeypatch, attic=failing)
    code, _, errors = verb("train", "--data_dir", "empty")
    assert code == 2 and any("attic failed: the cable is unplugged" in line for line in errors)
    assert not Path("runs").exists()


def test_early_stopping_ends_after_enough_epochs_without_a_better_one(run):
    output = run("--hidden", 12, "--epochs", 60, "--early_stop", 3, "--run_dir", "whole")
    validation = [float(accuracy) for *_, accuracy in EPOCH.findall(output)]
    best = validation.index(max(validation))
    assert len(validation) - 1 == best + 3 < 59
    run("--hidden", 12, "--epochs", best + 2, "--early_stop", 3, "--run_dir", "resumed")
    for finished in (False, True):  # a resumed run remembers how long it has waited, and that it has ended
        output = run("--resume", "resumed", "--epochs", 60)
        assert ("This run stopped early, after 3 epochs without a better validation" in output) is finished
        assert same(weights("whole/last.ckpt"), weights("resumed/last.ckpt"))
