"""DigitClassifier and MNISTDataModule work as Lightning's users expect, with any Trainer and any DataLoader."""

import copy
import io
import math
import os
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import LearningRateFinder, ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from digits import DigitClassifier, MNISTDataModule, UserError
from digits.checkpoint.selection import BUNDLED
from digits.kernels.stacks import StackedClassifier, StackedMNIST, order
from digits.network import one_hot
from digits.train import Settings, train
from digits.training.trainer import few_threads
from tests.support.small_mnist import TEST, TRAINING
from tests.support.training import curves, same

ROOT = Path(__file__).parents[1]
SPLITS = "accuracy/training", "accuracy/validation", "cost/training", "cost/validation"


def clothes(count=200):
    """Return images (count, 28, 28) uint8 of ten kinds of clothes, each a pattern with noise, and their labels."""
    generator = torch.Generator().manual_seed(0)
    patterns = torch.randint(0, 200, (10, 28, 28), generator=generator)
    patterns *= torch.rand((10, 28, 28), generator=generator) < 0.3  # the background is 0
    labels = torch.arange(count) % 10
    noise = torch.randint(0, 56, (count, 28, 28), generator=generator)
    return (patterns[labels] + noise * (patterns[labels] > 0)).to(torch.uint8), labels


def loader(count=200, batch_size=10, shuffle=False):
    return DataLoader(TensorDataset(*clothes(count)), batch_size, shuffle)


@pytest.fixture
def trainer(tmp_path):
    """Make a quick Trainer on the CPU that writes to this test's folder."""

    def trainer(**settings):
        quick = {"accelerator": "cpu", "devices": 1, "default_root_dir": tmp_path, "max_epochs": 2}
        quick |= {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
        return Trainer(**quick | settings)

    return trainer


IMAGES, LABELS = clothes(20)
FORMS = [form for shaped in (IMAGES, IMAGES[:, None], IMAGES.flatten(1)) for form in (shaped, shaped / 255)]


@pytest.mark.parametrize("form", range(len(FORMS)))
def test_the_four_steps_take_images_and_labels_of_every_form(form, trainer):
    images, hot = FORMS[form], one_hot(LABELS)
    data = DataLoader(TensorDataset(images, hot if form % 2 else LABELS), 10)
    model, reference, quick = DigitClassifier([12]), DigitClassifier([12]), trainer(max_epochs=1)
    quick.fit(model, data, data)
    trainer(max_epochs=1).fit(reference, loader(20))
    for p, q in zip(model.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(p, q)
    digits, activations = model.predict(images)
    [validated], [tested] = (run(model, data, verbose=False) for run in (quick.validate, quick.test))
    right = (digits == LABELS).double().mean().item()
    assert validated["accuracy/validation"] == tested["accuracy/test"] == pytest.approx(right)
    cost = (activations - hot).square().sum(1).mean().item() / 2
    assert validated["cost/validation"] == pytest.approx(cost, rel=1e-5)
    for batches in (data, DataLoader(images, 10)):  # with and without labels
        predicted = zip(*quick.predict(model, batches), strict=True)
        assert all(map(torch.allclose, map(torch.cat, predicted), (digits, activations)))


def test_training_lowers_the_cost_and_logs_a_point_per_epoch_on_the_axis_of_epochs(trainer, tmp_path):
    quick = trainer(max_epochs=4, logger=TensorBoardLogger(tmp_path, "", ""), log_every_n_steps=1)
    quick.fit(DigitClassifier([20]), loader(), loader(100))
    logged = curves(tmp_path)
    for name in SPLITS:
        epochs, values = logged[name]
        assert epochs == (0, 1, 2, 3) and all(0 <= value <= 5 for value in values)
    assert logged["cost/training"][1][-1] < logged["cost/training"][1][0] / 2


class InOrder(MNISTDataModule):
    """Gives the training images in the order of the fast way."""

    def train_dataloader(self):
        chosen = order(self.seed, self.trainer.current_epoch, TRAINING)
        return DataLoader(TensorDataset(*self.training), self.batch_size, sampler=chosen.tolist())


@pytest.mark.parametrize("kernel", ["numba", "torch", "autograd"])
def test_every_kernel_leads_to_the_weights_and_curves_of_the_ordinary_way(kernel, trainer, data_dir):
    settings = {"hidden": [30], "cost": "cross_entropy", "lr": 0.5, "l2": 5.0, "schedule": True}
    models = DigitClassifier(**settings), StackedClassifier(**settings)
    data, metrics = (InOrder(data_dir, seed=3), StackedMNIST(data_dir, seed=3, kernel=kernel)), []
    for model, module in zip(models, data, strict=True):
        quick = trainer(max_epochs=2, reload_dataloaders_every_n_epochs=1)
        quick.fit(model, module)
        assert quick.global_step == 100
        metrics.append({name: quick.callback_metrics[name].item() for name in SPLITS})
    for p, q in zip(*(model.parameters() for model in models), strict=True):
        torch.testing.assert_close(p, q, rtol=0, atol=1e-5)
    assert metrics[0] == pytest.approx(metrics[1], rel=1e-4)


def test_ordinary_batches_have_images_and_labels_shuffled_by_the_seed(data_dir):
    orders = []
    for seed in (5, 5, 6):
        data = MNISTDataModule(data_dir, batch_size=64, seed=seed)
        data.prepare_data()
        data.setup()
        loader, (images, labels) = data.train_dataloader(), data.training
        assert len(loader) == 8
        for _ in range(2):
            batches = list(loader)
            assert (batches[0][0].shape, batches[0][0].dtype) == ((64, 28, 28), torch.uint8)
            x, y = (torch.cat(column) for column in zip(*batches, strict=True))
            orders.append(y.tolist())
            assert x.flatten(1).sum(1).sort().values.equal(images.flatten(1).sum(1).sort().values)
            assert all(images[labels == digit].sum() == x[y == digit].sum() for digit in range(10))
        for loader, split in ((data.val_dataloader(), data.validation), (data.predict_dataloader(), data.test)):
            [batch] = loader
            assert all(ours.equal(theirs) for ours, theirs in zip(batch, split, strict=True))
    assert orders[:2] == orders[2:4] and len({*map(tuple, orders)}) == 4


@pytest.mark.parametrize("precision, dtype", [("bf16-mixed", torch.float32), ("64-true", torch.float64)])
def test_costs_are_summed_in_float32_or_better(precision, dtype, trainer):
    model, dtypes = DigitClassifier([20]), set()
    value = model.cost.value
    model.cost = model.cost._replace(value=lambda a, y: dtypes.add(a.dtype) or value(a, y))
    quick = trainer(precision=precision)
    quick.fit(model, loader())
    assert dtypes == {dtype} and quick.callback_metrics["accuracy/training"] > 0.5


@pytest.mark.nightly
def test_two_spawned_processes_train_one_network(trainer):
    quick = trainer(strategy="ddp_spawn", devices=2)
    quick.fit(DigitClassifier([20]), loader())
    assert quick.callback_metrics["accuracy/training"] > 0.5


def test_the_learning_rate_finder_sets_the_learning_rate(trainer):
    model = DigitClassifier([20])
    trainer(callbacks=[LearningRateFinder(num_training_steps=30)]).fit(model, loader())
    assert model.lr != 3.0 and 1e-8 < model.lr < 1


def test_ckpt_path_continues_a_training(trainer, tmp_path):
    settings = {"hidden": [20], "schedule": True, "l2": 1.0}
    whole, first, second = (DigitClassifier(**settings) for _ in range(3))
    trainer(max_epochs=4).fit(whole, loader())

    class Stop(ModelCheckpoint):
        def on_train_epoch_end(self, trainer, module):
            super().on_train_epoch_end(trainer, module)
            trainer.should_stop = trainer.current_epoch == 1

    trainer(max_epochs=4, callbacks=[Stop(tmp_path, "here", save_on_train_epoch_end=True)]).fit(first, loader())
    quick = trainer(max_epochs=4)
    quick.fit(second, loader(), ckpt_path=tmp_path / "here.ckpt")
    assert quick.global_step == 80 and not same(first.state_dict(), whole.state_dict())
    for p, q in zip(second.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=0, atol=1e-6)


@pytest.mark.parametrize("cost", ["quadratic", "cross_entropy"])
def test_a_model_can_be_copied_and_pickled(cost):
    model, file = DigitClassifier([8], cost=cost), io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    copies = pickle.loads(pickle.dumps(model)), copy.deepcopy(model), torch.load(file, weights_only=False)
    for copied in copies:
        assert same(copied.state_dict(), model.state_dict()) and copied.cost == model.cost


def test_the_bundled_network_is_a_model_although_its_file_is_older():
    assert DigitClassifier.load_from_checkpoint(BUNDLED).shape == "784-800-200-10"


def test_l2_counts_the_images_of_the_loader(trainer):
    quick = trainer(max_epochs=1)
    quick.fit(DigitClassifier([8], l2=4.0), loader(80))
    assert quick.optimizers[0].param_groups[0]["weight_decay"] == 4.0 / 80
    with pytest.raises(UserError, match="--l2 needs the number of training images"):
        trainer(max_epochs=1).fit(DigitClassifier([8], l2=4.0), [clothes(10)])


@pytest.mark.parametrize(
    "setting, value, reason",
    [
        ("lr", math.nan, "a number from"),
        ("cost", "foo", "one of quadratic, cross_entropy, not 'foo'"),
        ("hidden", [30, 0], "a whole number from 1"),
        ("hidden", [1.5], "a whole number from 1"),
        ("seed", -1, "a whole number from 0"),
        ("schedule", "maybe", "one of False, True"),
        ("l2", "much", "a number from 0"),
    ],
)
def test_a_setting_out_of_range_is_refused_when_it_is_made(setting, value, reason):
    for make in (Settings, DigitClassifier):
        with pytest.raises(UserError, match=f"--{setting} must be {reason}"):
            make(**{"hidden": [30], setting: value})
    with pytest.raises(UserError, match="--batch_size must be a whole number from 1"):
        MNISTDataModule(batch_size=0)


class Momentum(DigitClassifier):
    """A network of one's own with its own hyperparameter."""

    def __init__(self, hidden, lr=0.1, momentum=0.9):
        super().__init__(hidden, lr)
        self.network = nn.Sequential(nn.Linear(784, hidden[0]), nn.ReLU(), nn.Linear(hidden[0], 10), nn.Sigmoid())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), self.lr, momentum=self.hparams["momentum"])


def test_a_network_of_ones_own_has_its_own_settings(data_dir, home):
    settings = Settings(hidden=[12], lr=0.1, epochs=1, data_dir=data_dir, net={"momentum": 0.5})
    run = train(settings, kind=Momentum)
    model = Momentum.load_from_checkpoint(run / "best.ckpt")
    assert model.hparams["momentum"] == 0.5 and "net:\n  momentum: 0.5\n" in (run / "config.yaml").read_text()
    with pytest.raises(UserError, match="DigitClassifier has no setting 'momentum'; leave it out"):
        train(settings)
    with pytest.raises(UserError, match="Momentum has no setting 'l2'; leave it out"):
        train(Settings(l2=5.0, data_dir=data_dir), kind=Momentum)


@pytest.mark.parametrize("asked", [False, True])
def test_small_steps_take_one_thread_unless_the_user_wants_more(asked, data_dir, home, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    if not asked:
        monkeypatch.delenv("OMP_NUM_THREADS")
    before, seen = torch.get_num_threads(), []
    methods = {"on_train_epoch_start": lambda self: seen.append(torch.get_num_threads())}
    torch.set_num_threads(2)
    try:
        train(Settings(hidden=[8], epochs=1, data_dir=data_dir), kind=type("Kind", (DigitClassifier,), methods))
        assert seen == [2 if asked else 1] and torch.get_num_threads() == 2
        with few_threads(DigitClassifier([3_000]), StackedMNIST(batch_size=100)):
            assert torch.get_num_threads() == 2  # large steps
    finally:
        torch.set_num_threads(before)


def test_train_refuses_what_needs_ordinary_batches(data_dir, home):
    kind = type("Kind", (DigitClassifier,), {"training_step": lambda self, batch, _: self._step("training", batch)})
    for reason, options, trained in (
        ("a training_step of its own", {}, kind),
        ("--trainer.gradient_clip_val", {"trainer": {"gradient_clip_val": 1.0}}, DigitClassifier),
        ("--trainer.devices", {"trainer": {"devices": 2}}, DigitClassifier),
    ):
        with pytest.raises(UserError, match=f"`train` does not support {reason}; use Lightning's Trainer"):
            train(Settings(data_dir=data_dir, **options), kind=trained)


def test_train_from_python_is_as_quiet_as_the_command(data_dir, home):
    """No warning, no tip, no progress of Lightning, and the process's own settings stay. Numba reads no settings."""
    (home / ".numba_config.yaml").write_text("{")  # numba would stop here; a valid file could name a cache to unpickle
    code = f"""
import logging, warnings, threading
from digits import mnist
from digits.train import Settings, train
mnist.SHA256, mnist.TRAINING, mnist.VALIDATION = {{}}, 500, 100
before = warnings.filters[:], logging.root.manager.disable, threading.excepthook
train(Settings(epochs=1, data_dir={str(data_dir)!r}))
assert (warnings.filters[:], logging.root.manager.disable, threading.excepthook) == before
import numba
numba.njit(lambda x: x)(1)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], text=True, capture_output=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].startswith("784-30-10, 23,860 weights and biases; kernel numba on cpu")


def test_the_twelve_lines_in_the_documentation_run(data_dir, home, capsys):
    shutil.copytree(data_dir, home / "data")
    text = (ROOT / "docs" / "training.md").read_text("utf-8").partition("## From Python")[2]
    code, printed = re.search(r"```python\n(.*?)```\n(.*?)All options", text, re.S).groups()
    assert len([line for line in code.splitlines() if line]) <= 12
    exec(code, names := {})
    output = capsys.readouterr().out
    assert all(line.split("│")[1] in output for line in printed.splitlines() if "│" in line)
    assert f"{names['digits'][:10]}\n" in output and len(names["digits"]) == TEST
