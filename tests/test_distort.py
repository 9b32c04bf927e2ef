import math
import re
from threading import Event, current_thread, main_thread

import numpy as np
import pytest
import torch

from digits import UserError, data, distort
from digits.cli import quiet
from digits.data import MNISTDataModule
from digits.model import DigitClassifier
from tests.support.small_mnist import TRAINING
from tests.support.training import Runs, quick_trainer, same, weights

LIMITS = {"ROTATION": 7.5, "SCALE": 0.09, "SHEAR": 0.11, "SHIFT": 0.75, "ELASTIC": 1.0}


def noise(images=20, height=28, width=28):
    return torch.randint(256, (images, height, width), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_a_function_of_seed_and_epoch():
    images = noise()
    first = distort.distort(images, 1.0, 3, 4)
    torch.manual_seed(9)
    np.random.seed(9)
    assert distort.distort(images, 1.0, 3, 4).equal(first)
    assert images.equal(noise())


def test_every_image_is_another_by_epoch_and_by_seed():
    same_digit = noise(1).expand(30, -1, -1)
    copies = torch.cat([distort.distort(same_digit, 1.0, seed, epoch) for seed in range(3) for epoch in range(3)])
    assert len(copies.unique(dim=0)) == len(copies)


@pytest.mark.parametrize("images", [1, 499, 500, 501])
def test_no_strength_changes_nothing(images):
    assert distort.distort(noise(images), 0.0, 1, 2).equal(noise(images))


def test_images_of_another_shape():
    copies = distort.distort(noise(3, 20, 31), 1.0, 0, 0)
    assert (copies.shape, copies.dtype) == ((3, 20, 31), torch.uint8)
    assert not copies.equal(noise(3, 20, 31))


def test_full_images_stay_full_inside_and_what_comes_in_is_black():
    copies = distort.distort(torch.full((2000, 28, 28), 255, dtype=torch.uint8), 1.0, 0, 0)
    assert (copies[:, 10:18, 10:18] == 255).all()
    assert (copies == 0).any()


def displacements(monkeypatch, strength=1.0, **limits):
    """How far each inner pixel of 2,000 copies moved, in pixels, as (N, 16, 16, 2), x and y; limits not given are 0.

    Read off two ramps, of which the value of a pixel is 9 times its x, or its y.
    """
    for name in LIMITS:
        monkeypatch.setattr(distort, name, limits.get(name, 0.0))
    along = torch.arange(28).expand(28, 28)
    found = []
    for ramp in (along, along.T):
        images = (9 * ramp).to(torch.uint8).expand(2000, 28, 28)
        found.append(distort.distort(images, strength, 0, 0)[:, 6:22, 6:22] / 9 - ramp[6:22, 6:22])
    return torch.stack(found, -1)


def maps(moved):
    """The affine map (N, 2, 3) behind the displacements of pixels, by least squares: weights of x, y and 1."""
    y, x = (grid.flatten() for grid in torch.meshgrid(torch.arange(16) - 7.5, torch.arange(16) - 7.5, indexing="ij"))
    positions = torch.stack([x, y, torch.ones_like(x)], 1)
    places = moved.flatten(1, 2) + positions[:, :2]
    return torch.linalg.lstsq(positions.expand(len(moved), -1, -1), places).solution.mT


def uniform(values, limit):
    """Whether the values fill -limit to limit evenly: their reach, their mean, their standard deviation."""
    assert limit * 0.95 < values.abs().max() < limit * 1.1  # the ramps are of whole numbers
    assert abs(values.mean()) < 0.06 * limit
    assert values.std().item() == pytest.approx(limit / 3**0.5, rel=0.06)


def test_the_limits_are_those_in_the_docstring():
    assert {name: getattr(distort, name) for name in LIMITS} == LIMITS
    assert distort.SIGMA == 4.0


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_rotation_in_degrees(strength, monkeypatch):
    turns = maps(displacements(monkeypatch, strength, ROTATION=10.0))
    uniform(torch.rad2deg(torch.atan2(turns[:, 1, 0], turns[:, 0, 0])), 10 * strength)
    assert turns[:, :, :2].det().sub(1).abs().max() < 0.02


def test_scale_of_each_axis(monkeypatch):
    scales = maps(displacements(monkeypatch, SCALE=0.12))
    wide, high = scales[:, 0, 0].log(), scales[:, 1, 1].log()
    uniform(wide, 0.12)
    uniform(high, 0.12)
    assert abs(np.corrcoef(wide, high)[0, 1]) < 0.1
    assert scales[:, [0, 1], [1, 0]].abs().max() < 0.01


def test_shear_is_sideways(monkeypatch):
    shears = maps(displacements(monkeypatch, SHEAR=0.15))
    uniform(shears[:, 0, 1], 0.15)
    assert shears[:, 1, 0].abs().max() < 0.01


def test_shift_in_pixels(monkeypatch):
    moved = displacements(monkeypatch, SHIFT=1.0)
    assert moved.std(dim=(1, 2)).max() < 0.05
    for axis in moved.mean(dim=(1, 2)).T:
        uniform(axis, 1.0)


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_elastic_displacement_in_pixels(strength, monkeypatch):
    """Its size, the same everywhere, and how alike neighbours move: noise smoothed by a Gaussian of 4 pixels."""
    moved = displacements(monkeypatch, strength, ELASTIC=1.3)
    assert moved.mean().abs() < 0.05
    rms = moved.square().mean(0).sqrt() / (1.3 * strength)
    assert rms.min() > 0.9 and rms.max() < 1.1
    for apart in (2, 4, 8):
        for one, other in ((moved[:, :, apart:], moved[:, :, :-apart]), (moved[:, apart:], moved[:, :-apart])):
            alike = (one * other).mean() / moved.square().mean()
            assert alike.item() == pytest.approx(math.exp(-(apart**2) / (4 * 4.0**2)), abs=0.05)
    x, y = moved.unbind(-1)
    assert (x * y).mean().abs() < 0.05 * x.square().mean()


class Watch:
    """Stands in for a network: remembers what each epoch is trained on."""

    def __init__(self, monkeypatch):
        self.epochs, step = {}, DigitClassifier.training_step

        def watched(model, stack, index):
            images, labels, chosen = stack
            assert images.is_contiguous()
            self.epochs.setdefault(model.trainer.current_epoch, []).append((images, labels))
            return step(model, stack, index)

        monkeypatch.setattr(DigitClassifier, "training_step", watched)


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
        for seen, seen_labels in watch.epochs[epoch]:
            assert seen.equal(distort.distort(images, 0.7, 5, epoch))
            assert seen_labels is labels
    assert images.equal(before)  # which validation and pictures see


def test_the_next_epoch_is_made_while_this_one_trains_and_none_after_the_last(module, monkeypatch):
    made = [Event() for _ in range(3)]

    def watched(images, strength, seed, epoch):
        assert current_thread() is not main_thread()
        assert torch.get_num_threads() == 1
        made[epoch].set()
        return distort.distort(images, strength, seed, epoch)

    def step(model, stack, index):
        epoch = model.trainer.current_epoch
        assert epoch == 2 or made[epoch + 1].wait(timeout=20)

    monkeypatch.setattr(data, "distort", watched)
    monkeypatch.setattr(DigitClassifier, "training_step", step)
    threads = torch.get_num_threads()
    quick_trainer(max_epochs=3).fit(DigitClassifier([5]), module)
    assert torch.get_num_threads() == threads


def test_nothing_is_distorted_unless_asked_for(module, monkeypatch):
    watch, plain = Watch(monkeypatch), MNISTDataModule(module.data_dir, batch_size=64)
    quick_trainer(max_epochs=1).fit(DigitClassifier([5]), plain)
    assert all(images is plain.training[0] and len(images) == TRAINING for images, _ in watch.epochs[0])


def test_a_mistake_in_the_background_ends_the_training(module, monkeypatch):
    def fail(*_):
        raise UserError("no copies today")

    monkeypatch.setattr(data, "distort", fail)
    with pytest.raises(UserError, match="no copies today"):
        quick_trainer(max_epochs=3).fit(DigitClassifier([5]), module)


def rates(schedule, epochs, lr=2.0):
    """The learning rate of each epoch."""

    class Seen(DigitClassifier):
        def training_step(self, stack, index):
            seen[self.trainer.current_epoch] = self.optimizers(use_pl_optimizer=False).param_groups[0]["lr"]

    seen = {}
    images = torch.zeros(2, 28, 28, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64), torch.zeros(1, 2).long()
    model = Seen([2], lr, schedule=schedule)
    quiet()
    quick_trainer(max_epochs=epochs, limit_val_batches=0).fit(model, [images], [images])
    assert list(seen) == list(range(epochs))
    return list(seen.values())


def test_schedule_rises_from_a_tenth_and_falls_like_a_cosine():
    wanted = [0.2, 1.1] + [1 + math.cos(math.pi * n / 38) for n in range(38)]
    assert rates(40, 40) == pytest.approx(wanted, abs=1e-6)
    assert rates(40, 5) == pytest.approx(wanted[:5], abs=1e-6)
    assert rates(None, 4) == [2.0] * 4


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_short_schedules(epochs):
    seen = rates(epochs, epochs)
    assert seen[0] == pytest.approx(0.2)
    assert seen[1:2] in ([], [pytest.approx(2.0)])
    assert min(seen) > 0


ARGS = ["--hidden", 20, "--distort", 0.5, "--schedule", 5]


def test_resumed_run_goes_on_with_its_copies_and_its_schedule(run, home):
    run(*ARGS, "--epochs", 5, "--run_dir", "five")
    run(*ARGS, "--epochs", 3, "--run_dir", "three")
    assert re.findall(r"^Epoch (\d+)", run("--resume", "three", "--epochs", 5), re.M) == ["3", "4"]
    assert same(weights("three/last.ckpt"), weights("five/last.ckpt"))
    kept = torch.load("three/last.ckpt", weights_only=True)
    assert kept["hyper_parameters"]["schedule"] == 5
    assert kept["datamodule_hyper_parameters"]["distort"] == 0.5


def test_killed_run_goes_on(run, home):
    runs = Runs(home)
    args = ["--distort", "1", "--schedule", "30", "--epochs", "30", "--batch_size", "5"]
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
    assert "lr3_batch10_seed0_schedule5_distort0.5_" in run(*ARGS, "--epochs", 1)


@pytest.mark.parametrize(
    "args, reason",
    [
        (["--distort", "-1"], "--distort: -1 must be >=0"),
        (["--distort", "inf"], "--distort: .*inf"),
        (["--distort", "nan"], "--distort: "),
        (["--schedule", "0"], "--schedule: .*cannot be 0"),
        (["--schedule", "4", "--epochs", "5"], "--schedule 4 goes with up to 4 epochs, not with 5"),
        (["--schedule", "4", "--trainer.max_epochs", "-1"], "--schedule 4 goes with up to 4 epochs, not with -1"),
    ],
)
def test_mistakes_get_one_line(args, reason, run, home, capsys):
    with pytest.raises(SystemExit) as stop:
        run(*args)
    [line] = capsys.readouterr().err.splitlines()
    assert stop.value.code == 2
    assert re.search(reason, line)


@pytest.mark.parametrize("args", [["--distort", "1"], ["--schedule", "7"], ["--schedule", "null"]])
def test_a_resumed_run_keeps_them(args, run, home, capsys):
    run(*ARGS, "--epochs", 1, "--run_dir", "one")
    with pytest.raises(SystemExit):
        run("--resume", "one", "--epochs", 2, *args)
    [line] = capsys.readouterr().err.splitlines()
    assert f"a resumed run keeps its settings: {args[0]} is " in line
