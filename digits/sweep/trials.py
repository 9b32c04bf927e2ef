"""One trial of a sweep: the network that train.py would train, scored on validation images alone."""

from contextlib import suppress
from copy import copy, deepcopy
from pathlib import Path
from shutil import rmtree
from signal import SIGINT
from threading import Event
from typing import Any, NamedTuple

from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger
from optuna import Trial
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial
from torch import Tensor
from tqdm import tqdm

from digits.data import MNISTDataModule
from digits.errors import UserError
from digits.model import DigitClassifier
from digits.settings import Init
from digits.training.callbacks import GUESSING, EpochCurves, Interrupted
from digits.training.report import columns
from digits.training.trainer import quiet_trainer


class Setting(NamedTuple):
    """What a sweep varies; the settings of train.py, with one hidden layer."""

    hidden: int
    lr: float
    batch_size: int
    init: Init
    seed: int = 0

    def __str__(self) -> str:
        return f"{self.hidden:6}  {self.lr:9.4g}  {self.batch_size:5}  {self.init:>8}"


def propose(trial: Trial, space: dict[str, list[Any]], seeds: int) -> Setting:
    """The setting that was queued for a trial, or a new one within the range of the values given."""
    # Seeded by the trial: one worker proposes the same every time, and several never the same as each other.
    trial.study.sampler = TPESampler(seed=trial.number, constant_liar=True)
    return setting_of(trial, space, seeds)


def setting_of(trial: Trial | FrozenTrial, space: dict[str, list[Any]], seeds: int) -> Setting:
    """The setting of a trial; of one that has ended, Optuna raises ValueError, or warns, if it is not in the range."""
    hidden, lr, batch_size, init = space.values()
    return Setting(
        trial.suggest_int("hidden", hidden[0], hidden[-1], log=True),
        trial.suggest_float("lr", lr[0], lr[-1], log=True),
        trial.suggest_int("batch_size", batch_size[0], batch_size[-1], log=True),
        trial.suggest_categorical("init", init),
        trial.suggest_int("seed", 0, seeds - 1),
    )


class Best(Callback):
    """The epoch that train.py would keep: the first of those with the highest validation accuracy."""

    def __init__(self, stop: Event) -> None:
        self.stop = stop
        self.accuracy, self.epoch, self.last, self.weights = -1.0, -1, -1, dict[str, Tensor]()

    def on_train_batch_end(self, *_: Any) -> None:
        if self.stop.is_set():
            raise Interrupted(SIGINT)

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        accuracy, self.last = trainer.callback_metrics["accuracy/validation"].item(), trainer.current_epoch
        if accuracy > self.accuracy:
            self.accuracy, self.epoch, self.weights = accuracy, self.last, deepcopy(module.state_dict())
        trainer.should_stop = self.last >= 2 and accuracy < GUESSING


def fit(
    setting: Setting, epochs: int, data: MNISTDataModule, stop: Event, log: TensorBoardLogger | None = None
) -> Best:
    """The best epoch of the training that train.py would do on the CPU, bit for bit, if it is not stopped.

    Its curves and settings go to `log`.
    """
    model, data = DigitClassifier([setting.hidden], setting.lr, setting.init, setting.seed), copy(data)
    best, both = Best(stop), data.val_dataloader
    data.batch_size, data.seed = setting.batch_size, setting.seed
    data.val_dataloader = lambda: both()[:1]  # type: ignore[method-assign]  # no test images
    with suppress(UserError):  # of weights that are no longer finite
        quiet_trainer(epochs, best, EpochCurves(), logger=log or False).fit(model, data)
    if log:
        log.log_hyperparams(columns(model, data, epochs), {"best/validation": best.accuracy}, step=best.epoch)
        log.finalize("success")
    return best


def validate(setting: Setting, epochs: int, data: MNISTDataModule, stop: Event, curves: Path) -> float:
    """Print and return the best validation accuracy, and write curves."""
    rmtree(curves, ignore_errors=True)  # of an attempt that was stopped
    best = fit(setting, epochs, data, stop, TensorBoardLogger(curves, "", "", default_hp_metric=False))
    stopped = f"  stopped after epoch {best.last}" if best.last + 1 < epochs else ""
    tqdm.write(f"{setting}  {setting.seed:4}  {best.accuracy:10.2%} of epoch {best.epoch}{stopped}")
    return best.accuracy


def test(setting: Setting, epochs: int, data: MNISTDataModule, stop: Event) -> float:
    """Test accuracy of a network in its best epoch; it is trained again, since no trial keeps its weights."""
    model, (images, labels) = DigitClassifier([setting.hidden]), data.test
    model.load_state_dict(fit(setting, epochs, data, stop).weights)
    return (model.predict(images)[0] == labels).double().mean().item()
