"""One trial of a sweep: the network that train.py would train, scored on validation images alone."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor

from digits.data import MNISTDataModule, WholeSplit
from digits.model import DigitClassifier
from digits.network import Init
from digits.training.trainer import quiet_trainer


class Setting(NamedTuple):
    """What a sweep varies: neurons in the hidden layer, learning rate, images in a mini-batch, initial weights."""

    hidden: int
    lr: float
    batch_size: int
    init: Init

    def __str__(self) -> str:
        return f"784-{self.hidden}-10, learning rate {self.lr:g}, mini-batches of {self.batch_size}, {self.init}"


class Blind(MNISTDataModule):
    """The images of a data module that is loaded, in the order of another seed, and none of them from the test set."""

    def __init__(self, loaded: MNISTDataModule, batch_size: int, seed: int) -> None:
        super().__init__(loaded.data_dir, batch_size, seed)
        self.training, self.validation = loaded.training, loaded.validation
        self.prepared = True

    def setup(self, stage: str) -> None:
        """Nothing: the images are there, and shared with the trials at its side."""

    def val_dataloader(self) -> list[WholeSplit]:
        return [self.whole(*self.validation)]


class Best(Callback):
    """The epoch that train.py would keep: the first of those with the highest validation accuracy.

    Args:
        on_stack: Called after each stack of mini-batches; what it raises ends the training.
        on_epoch: Called with the number of an epoch and its validation accuracy; says whether to stop there.
    """

    def __init__(
        self, on_stack: Callable[[], None] = lambda: None, on_epoch: Callable[[int, float], bool] = lambda *_: False
    ) -> None:
        self.on_stack, self.on_epoch = on_stack, on_epoch
        self.accuracy, self.epoch, self.weights = -1.0, -1, dict[str, Tensor]()

    def on_train_batch_end(self, *_: Any) -> None:
        self.on_stack()

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        accuracy, epoch = trainer.callback_metrics["accuracy/validation"].item(), trainer.current_epoch
        if accuracy > self.accuracy:
            self.accuracy, self.epoch, self.weights = accuracy, epoch, deepcopy(module.state_dict())
        trainer.should_stop = self.on_epoch(epoch, accuracy)


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


def test(setting: Setting, seed: int, epochs: int, loaded: MNISTDataModule, best: Best) -> float:
    """Test accuracy of a network in its best epoch; it is trained again, since no trial keeps its weights."""
    model, (images, labels) = fit(setting, seed, epochs, loaded, best), loaded.test
    model.load_state_dict(best.weights)
    _, right = model.score(images, labels, torch.arange(len(labels)))
    return right.item() / len(labels)
