"""One trial of a sweep: the network that train.py would train, scored on validation images alone."""

from collections.abc import Callable
from copy import copy, deepcopy
from pathlib import Path
from shutil import rmtree
from typing import Any, NamedTuple

import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger
from optuna import Trial, TrialPruned
from torch import Tensor

from digits import UserError
from digits.data import MNISTDataModule
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


class Best(Callback):
    """The epoch that train.py would keep: the first of those with the highest validation accuracy.

    Signals that were received end the training by Interrupted; `stop` ends it after an epoch of such an accuracy.
    """

    def __init__(self, signals: list[int], stop: Callable[[int, float], bool] = lambda *_: False) -> None:
        self.signals, self.stop = signals, stop
        self.accuracy, self.epoch, self.weights = -1.0, -1, dict[str, Tensor]()

    def on_train_batch_end(self, *_: Any) -> None:
        if self.signals:
            raise Interrupted(self.signals[0])

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        accuracy, epoch = trainer.callback_metrics["accuracy/validation"].item(), trainer.current_epoch
        if accuracy > self.accuracy:
            self.accuracy, self.epoch, self.weights = accuracy, epoch, deepcopy(module.state_dict())
        trainer.should_stop = self.stop(epoch, accuracy)


def fit(
    setting: Setting, epochs: int, loaded: MNISTDataModule, best: Best, log: TensorBoardLogger | None = None
) -> DigitClassifier:
    """The network after its last epoch, trained as train.py does on the CPU, bit for bit, unless `best` stops it."""
    model, data = DigitClassifier([setting.hidden], setting.lr, setting.init, setting.seed), copy(loaded)
    data.batch_size, data.seed = setting.batch_size, setting.seed
    data.val_dataloader = lambda: [data.whole(*data.validation)]  # type: ignore[method-assign]  # no test images
    quiet_trainer(epochs, best, EpochCurves(), logger=log or False).fit(model, data)
    return model


def validate(
    trial: Trial, setting: Setting, epochs: int, loaded: MNISTDataModule, signals: list[int], curves: Path
) -> float:
    """Validation accuracy of a network in its best epoch; TensorBoard shows its curves and compares it to others.

    Raises TrialPruned if it was stopped early, or its weights are no longer finite.
    """

    def hopeless(epoch: int, accuracy: float) -> bool:
        trial.report(accuracy, epoch)
        return trial.should_prune()

    rmtree(curves, ignore_errors=True)  # of an attempt that was stopped
    best, finite = Best(signals, hopeless), True
    log = TensorBoardLogger(curves, "", "", default_hp_metric=False)
    try:
        fit(setting, epochs, loaded, best, log)
    except UserError:
        finite = False
    log.log_hyperparams(setting._asdict() | {"epochs": epochs}, {"best/validation": best.accuracy}, step=best.epoch)
    log.finalize("success")
    if trial.should_prune() or not finite:
        raise TrialPruned
    return best.accuracy


def test(setting: Setting, epochs: int, loaded: MNISTDataModule, signals: list[int]) -> float:
    """Test accuracy of a network in its best epoch; it is trained again, since no trial keeps its weights."""
    best, (images, labels) = Best(signals), loaded.test
    model = fit(setting, epochs, loaded, best)
    model.load_state_dict(best.weights)
    _, right = model.score(images, labels, torch.arange(len(labels)))
    return right.item() / len(labels)
