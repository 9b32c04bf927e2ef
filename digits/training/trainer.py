"""Lightning's Trainer as this project sets it."""

from textwrap import shorten
from typing import Any

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from digits.checkpoint.contents import VALIDATION
from digits.common.errors import UserError
from digits.data import MNISTDataModule
from digits.model import DigitClassifier
from digits.training.callbacks import EarlyStopping, EpochCurves, EpochLines, StopOnSignal, WholeFiles, parameter_count
from digits.training.resume import go_on
from digits.training.runs import Run
from digits.training.settings import Settings

DEFAULTS: dict[str, Any] = {
    "devices": 1,
    "num_sanity_val_steps": 0,
    "enable_model_summary": False,
    "enable_progress_bar": False,  # EpochLines draws one
    "log_every_n_steps": 1,  # nothing is logged by the step; this only keeps Lightning from warning about it
}


class Curves(TensorBoardLogger):
    """Lightning's, which would make a ValueError of whatever error a file of it raises."""

    def log_metrics(self, metrics: Any, step: int | None = None) -> None:
        try:
            super().log_metrics(metrics, step)
        except ValueError as error:
            raise error.__cause__ or error from None


# A step on a GPU takes as long as its launches, however small: 5 us each, five for each array of weights or biases. On
# one CPU core it takes 32 ps for each weight and image. Reckoned: see `python -m tests.benchmarks.gpu`.
LARGE_STEP = 5 * 5e-6 / 32e-12  # weights times images, for each array: steps with more are faster on a GPU


def fastest_device(model: DigitClassifier, batch_size: int) -> str:
    """Where a model trains fastest: "cuda" if a GPU can be used, steps are large and its kernel is not the CPU's."""
    small = parameter_count(model) * batch_size < LARGE_STEP * len(list(model.parameters()))
    return "cpu" if small or model.kernel == "numba" or not torch.cuda.is_available() else "cuda"


def build_trainer(run: Run, settings: Settings, model: DigitClassifier, data: MNISTDataModule) -> Trainer:
    """The Trainer of a run, which keeps its best and its last epoch; what the user sets of it goes before ours.

    If no image validates, the last epoch counts as the best. Raises UserError if Lightning refuses a setting.
    """
    how: dict[str, Any] = {**DEFAULTS, "max_epochs": settings.epochs, **settings.trainer}
    how["accelerator"] = how.get("accelerator") or fastest_device(model, settings.batch_size)
    if how.get("logger") in (None, True):  # Lightning's own would write elsewhere
        how["logger"] = Curves(
            run.folder,
            name="",
            version="",
            default_hp_metric=False,
            # That hides the epochs which are repeated. In a new run there are none, and it could hide pictures: these
            # are in a second file, which TensorBoard reads first if its name sorts first.
            purge_step=(run.last.epochs if run.last else 0) if run.resumed else None,
        )
    if settings.early_stop and not data.validates:
        raise UserError("--early_stop: all images train, so none validate; name a smaller --train_size")
    callbacks = [*how.pop("callbacks", []), EpochLines(), EpochCurves(), StopOnSignal()]
    if settings.early_stop:
        callbacks.append(EarlyStopping(VALIDATION, mode="max", patience=settings.early_stop))
    if how.get("enable_checkpointing", True):
        keep: Any = {"save_on_train_epoch_end": True, "enable_version_counter": False}
        chooses = VALIDATION if data.validates else None
        callbacks.append(ModelCheckpoint(run.folder, "best", monitor=chooses, mode="max", **keep))
        # Not `save_last` of the best's, which saves nothing after an epoch that is not the best.
        callbacks.append(ModelCheckpoint(run.folder, "last", **keep))
    try:
        trainer = Trainer(callbacks=callbacks, plugins=[WholeFiles()], **how)
    except (ValueError, TypeError, OverflowError, RuntimeError, ImportError, MisconfigurationException) as error:
        raise UserError("--trainer: " + shorten(str(error), 200)) from error
    if run.last:
        go_on(trainer, run.folder, run.last, run.best)
    return trainer


def quiet_trainer(epochs: int, *callbacks: Callback, **settings: Any) -> Trainer:
    """A Trainer on the CPU, in one process, that prints, logs and keeps nothing."""
    quiet = DEFAULTS | {"accelerator": "cpu", "logger": False, "enable_checkpointing": False}
    return Trainer(max_epochs=epochs, callbacks=[*callbacks], **quiet | settings)
