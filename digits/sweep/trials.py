"""One trial of a sweep: the network that train.py would train, scored on validation images alone."""

from contextlib import suppress
from copy import copy, deepcopy
from pathlib import Path
from shutil import rmtree
from typing import Any, NamedTuple

import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger, TensorBoardLogger
from optuna import Trial, TrialPruned
from torch import Tensor
from tqdm import tqdm

from digits.data import MNISTDataModule
from digits.errors import UserError
from digits.model import DigitClassifier
from digits.network import Init
from digits.training.callbacks import EpochCurves, Interrupted
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


class Best(Callback):
    """The epoch that train.py would keep: the first of those with the highest validation accuracy.

    Signals that were received end the training by Interrupted, and Optuna ends that of a `trial` that is hopeless.
    """

    def __init__(self, signals: list[int], trial: Trial | None = None) -> None:
        self.signals, self.trial = signals, trial
        self.accuracy, self.epoch, self.last, self.weights = -1.0, -1, -1, dict[str, Tensor]()

    def on_train_batch_end(self, *_: Any) -> None:
        if self.signals:
            raise Interrupted(self.signals[0])

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        accuracy, self.last = trainer.callback_metrics["accuracy/validation"].item(), trainer.current_epoch
        if accuracy > self.accuracy:
            self.accuracy, self.epoch, self.weights = accuracy, self.last, deepcopy(module.state_dict())
        if self.trial:
            self.trial.report(accuracy, self.last)
            trainer.should_stop = self.trial.should_prune()


def fit(setting: Setting, epochs: int, data: MNISTDataModule, best: Best, log: Logger | None = None) -> DigitClassifier:
    """The network after its last epoch, trained as train.py does on the CPU, bit for bit, unless `best` stops it."""
    model, data = DigitClassifier([setting.hidden], setting.lr, setting.init, setting.seed), copy(data)
    data.batch_size, data.seed = setting.batch_size, setting.seed
    data.val_dataloader = lambda: [data.whole(*data.validation)]  # type: ignore[method-assign]  # no test images
    quiet_trainer(epochs, best, EpochCurves(), logger=log or False).fit(model, data)
    return model


def validate(
    trial: Trial, setting: Setting, epochs: int, loaded: MNISTDataModule, signals: list[int], curves: Path
) -> float:
    """Print and return the best validation accuracy, and write curves. Raises TrialPruned if stopped early."""
    rmtree(curves, ignore_errors=True)  # of an attempt that was stopped
    best, log = Best(signals, trial), TensorBoardLogger(curves, "", "", default_hp_metric=False)
    with suppress(UserError):  # of weights that are no longer finite
        fit(setting, epochs, loaded, best, log)
    log.log_hyperparams(setting._asdict() | {"epochs": epochs}, {"best/validation": best.accuracy}, step=best.epoch)
    log.finalize("success")
    stopped = f"  stopped after epoch {best.last}" if best.last + 1 < epochs else ""
    tqdm.write(f"{setting}  {setting.seed:4}  {best.accuracy:10.2%} of epoch {best.epoch}{stopped}")
    if stopped:
        raise TrialPruned
    return best.accuracy


def test(setting: Setting, epochs: int, loaded: MNISTDataModule, signals: list[int]) -> float:
    """Test accuracy of a network in its best epoch; it is trained again, since no trial keeps its weights."""
    best, (images, labels) = Best(signals), loaded.test
    model = fit(setting, epochs, loaded, best)
    model.load_state_dict(best.weights)
    _, right = model.score(images, labels, torch.arange(len(labels)))
    return right.item() / len(labels)
