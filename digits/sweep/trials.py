"""The networks of a sweep: those that train.py would train, scored on validation images alone."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from shutil import rmtree
from statistics import mean
from typing import Any, NamedTuple

import optuna
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor

from digits import UserError
from digits.data import MNISTDataModule, Whole
from digits.model import DigitClassifier
from digits.network import Init
from digits.training.trainer import quiet_trainer

HOPELESS, PATIENCE = 0.2, 3  # what reads fewer validation images after so many epochs is stopped; guessing reads 0.1


class Setting(NamedTuple):
    """What a sweep varies: neurons in the hidden layer, learning rate, images in a mini-batch, initial weights."""

    hidden: int
    lr: float
    batch_size: int
    init: Init


class Blind(MNISTDataModule):
    """The images of a data module that is loaded, in the order of another seed, and none of them from the test set."""

    def __init__(self, loaded: MNISTDataModule, batch_size: int, seed: int) -> None:
        super().__init__(loaded.data_dir, batch_size, seed)
        self.training, self.validation = loaded.training, loaded.validation
        self.prepared = True

    def setup(self, stage: str) -> None:
        """Nothing: the images are there, and shared with the trials at its side."""

    def val_dataloader(self) -> list[Whole]:
        return [Whole(self, *self.validation)]


class Best(Callback):
    """The epoch that train.py would keep: the first of those with the highest validation accuracy.

    Args:
        on_stack: Called after each stack of mini-batches; what it raises ends the training.
        on_epoch: Called with the number of an epoch and its validation accuracy; says whether to stop there.
    """

    def __init__(self, on_stack: Callable[[], None], on_epoch: Callable[[int, float], bool] = lambda *_: False) -> None:
        self.on_stack, self.on_epoch = on_stack, on_epoch
        self.accuracy, self.epoch, self.weights = -1.0, -1, dict[str, Tensor]()
        self.last, self.stopped = -1, False

    def on_train_batch_end(self, *_: Any) -> None:
        self.on_stack()

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        accuracy, epoch = module.curves["accuracy/validation"], trainer.current_epoch
        if accuracy > self.accuracy:
            self.accuracy, self.epoch, self.weights = accuracy, epoch, deepcopy(module.state_dict())
        self.last, self.stopped = epoch, self.on_epoch(epoch, accuracy)
        trainer.should_stop = self.stopped


def fit(
    setting: Setting, seed: int, epochs: int, loaded: MNISTDataModule, best: Best, log: TensorBoardLogger | None = None
) -> DigitClassifier:
    """Train as `train.py --seed` does on the CPU, bit for bit, unless `best` stops it earlier.

    Returns the network as its last epoch leaves it. Raises UserError if its weights are no longer finite.
    """
    model = DigitClassifier([setting.hidden], setting.lr, setting.init, seed)
    data = Blind(loaded, setting.batch_size, seed)
    quiet_trainer(epochs, best, logger=log or False).fit(model, data)
    return model


def networks(
    trial: optuna.Trial,
    setting: Setting,
    folder: Path,
    loaded: MNISTDataModule,
    epochs: int,
    on_stack: Callable[[], None],
) -> float:
    """Train the networks of a trial, and leave their curves and their lines in TensorBoard's HPARAMS tab.

    Returns their mean validation accuracy. Raises TrialPruned after one that is hopeless.
    """
    results: list[tuple[int, float, int, int | None]] = []
    for seed in trial.user_attrs["seeds"]:

        def hopeless(epoch: int, accuracy: float, before: int = epochs * len(results)) -> bool:
            trial.report(accuracy, before + epoch)
            return epoch + 1 >= PATIENCE and trial.should_prune()

        best, curves = Best(on_stack, hopeless), f"{folder}_seed{seed}"
        rmtree(curves, ignore_errors=True)  # of an attempt that was stopped
        log = TensorBoardLogger(curves, "", "", default_hp_metric=False)
        try:
            fit(setting, seed, epochs, loaded, best, log)
        except UserError:
            best.stopped = True  # its weights are no longer finite
        settings = setting._asdict() | {"seed": seed, "epochs": epochs}
        log.log_hyperparams(settings, {"best/validation": best.accuracy}, step=best.epoch)
        log.finalize("success")
        results.append((seed, best.accuracy, best.epoch, best.last if best.stopped else None))
        trial.set_user_attr("networks", results)
        if best.stopped:
            raise optuna.TrialPruned
    return mean(accuracy for _, accuracy, *_ in results)


def test(setting: Setting, seed: int, epochs: int, loaded: MNISTDataModule, best: Best) -> float:
    """Test accuracy of a network in its best epoch; it is trained again, since no trial keeps its weights."""
    model, (images, labels) = fit(setting, seed, epochs, loaded, best), loaded.test
    model.load_state_dict(best.weights)
    _, right = model.score(images, labels, torch.arange(len(labels)))
    return right.item() / len(labels)
