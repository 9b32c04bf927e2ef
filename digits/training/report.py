"""Report a finished run: print its accuracy, and log its results for TensorBoard."""

from pathlib import Path
from shlex import quote
from textwrap import indent
from typing import Any

import numpy as np
from lightning.pytorch import Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from digits.checkpoint.selection import CONFIG
from digits.checkpoint.untrusted import read_checkpoint
from digits.data import MNISTDataModule
from digits.model import DigitClassifier
from digits.training.plots import confusion, first_mistakes, first_weights
from digits.training.settings import changes


def test(trainer: Trainer, model: DigitClassifier, data: MNISTDataModule, path: Path) -> DigitClassifier:
    """Test and return the network in a checkpoint, without a point on the curves, which show the epochs."""
    best = type(model).load_from_checkpoint(path)
    loggers, trainer.loggers = trainer.loggers, []
    trainer.test(best, data, verbose=False)
    trainer.loggers = loggers
    return best


def report(trainer: Trainer, model: DigitClassifier, data: MNISTDataModule, path: Path) -> None:
    """Print the test accuracy of the best network, whose checkpoint is `path`, and how to use it."""
    test, saved = trainer.callback_metrics["accuracy/test"].item(), read_checkpoint(path)
    epoch, validation = saved.epoch or 0, saved.accuracy
    logger, last = trainer.logger, trainer.current_epoch - 1
    assert isinstance(logger, TensorBoardLogger)
    best = {"best/test": test} if validation is None else {"best/validation": validation, "best/test": test}
    logger.log_hyperparams(columns(model, data, trainer.max_epochs), best, step=last)
    logger.experiment.add_text("settings", indent((path.parent / CONFIG).read_text(), "    "), last)
    show(logger.experiment, model, epoch, *data.test)
    logger.experiment.close()  # else the last points may never reach the disk

    last_epoch = "the last epoch; there was no validation"
    why = last_epoch if validation is None else f"chosen by validation accuracy {validation:.2%}"
    print(f"\nTest accuracy {test:.2%} (epoch {epoch}, {why})")
    if model.only_digit is not None:
        images, labels = (tensor.to(model.device) for tensor in data.test)  # the model may have left the GPU
        detected, positive = model.predict(images)[0], labels == model.only_digit
        count, misses, alarms = positive.sum(), (positive & ~detected).sum(), (detected & ~positive).sum()
        print(
            f"Misses      {misses} of {count} images of a {model.only_digit} (recall {1 - misses / count:.2%}), "
            f"false alarms on {alarms} of {len(labels) - count} other images"
        )
    kind = type(model).__name__
    origin = f"from digits import {kind}; " if kind == "DigitClassifier" else ""
    print(f"Checkpoint  {path}\nCurves      tensorboard --logdir {quote(str(path.parent.parent))}")
    print(f"Python      {origin}network = {kind}.load_from_checkpoint({str(path)!r})")


def columns(model: DigitClassifier, data: MNISTDataModule, epochs: int | None) -> dict[str, Any]:
    """Return the settings of a training for TensorBoard's HPARAMS tab."""
    settings = {"hidden": model.shape, "lr": model.lr, "seed": model.hparams["seed"], "batch_size": data.batch_size}
    settings["epochs"] = epochs
    # TensorBoard shows the first five names, until the user ticks more. Names with "with" sort behind these five.
    return settings | {f"with {name}": value for name, value in changes(model, data).items() if name not in settings}


def show(board: SummaryWriter, model: DigitClassifier, epoch: int, images: Tensor, labels: Tensor) -> None:
    """Draw pictures of `model` from images (N, 28, 28) and labels (N,). Add them to a SummaryWriter at `epoch`."""
    pictures = {"weights of the first layer": first_weights(model.network)}
    if model.only_digit is None:
        tensors = (images, labels, *model.predict(images))
        images, labels, digits, activations = (tensor.cpu() for tensor in tensors)
        pictures["confusion"] = confusion(labels, digits)
        pictures["mistakes"] = first_mistakes(images, labels, activations)
    for name, picture in pictures.items():
        board.add_image(name, np.asarray(picture), epoch, dataformats="HWC")
