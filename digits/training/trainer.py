"""Build Lightning's Trainer with this project's settings and callbacks."""

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
from digits.training.callbacks import AtomicFiles, EarlyStopping, EpochCurves, EpochLines, StopOnSignal, parameter_count
from digits.training.runs import Run
from digits.training.settings import Settings

DEFAULTS: dict[str, Any] = {
    "devices": 1,
    "num_sanity_val_steps": 0,
    "enable_model_summary": False,
    "enable_progress_bar": False,  # EpochLines draws one
    "log_every_n_steps": 1,  # avoids a warning: nothing is logged per step
}


class Curves(TensorBoardLogger):
    """Lightning's logger, but it raises the original error if a file cannot be written, not a ValueError."""

    def log_metrics(self, metrics: Any, step: int | None = None) -> None:
        try:
            super().log_metrics(metrics, step)
        except ValueError as error:
            raise error.__cause__ or error from None


# A small step on a GPU takes 5 us per kernel launch, with five launches for each array of weights or biases. On one CPU
# core, a step takes 32 ps for each weight and image. This is an estimate: see `python -m tests.benchmarks.gpu`.
LARGE_STEP = 5 * 5e-6 / 32e-12  # weights times images, per array: above this, a step is faster on a GPU


def fastest_device(model: DigitClassifier, batch_size: int) -> str:
    """Return "cuda" if there is a GPU, the model's steps are large and its kernel is not numba; else "cpu"."""
    small = parameter_count(model) * batch_size < LARGE_STEP * len(list(model.parameters()))
    return "cpu" if small or model.kernel == "numba" or not torch.cuda.is_available() else "cuda"


def build_trainer(run: Run, settings: Settings, model: DigitClassifier, data: MNISTDataModule) -> Trainer:
    """Return the Trainer of a run, ready to start after its last finished epoch. The user's settings override ours.

    Raises UserError if Lightning refuses a setting.
    """
    if settings.early_stop and not data.validates:
        raise UserError("--early_stop needs validation images, but --train_size leaves none; choose a smaller size")
    options: dict[str, Any] = {**DEFAULTS, **settings.trainer, "max_epochs": settings.max_epochs}
    callbacks = [*options.pop("callbacks", []), EpochLines(), *best_epoch_callbacks(run, settings, data, options)]
    options["accelerator"] = options.get("accelerator") or fastest_device(model, settings.batch_size)
    if options.get("logger") in (None, True):  # Lightning's default logger would write elsewhere
        # Purging hides epochs that are logged twice. A new run has no such epochs, and purging could hide its pictures.
        # They are in a second file, which TensorBoard reads first if the name of the file sorts first.
        purge_step = run.last.epochs if run.last else None
        options["logger"] = Curves(run.folder, name="", version="", default_hp_metric=False, purge_step=purge_step)
    callbacks.append(StopOnSignal(run.resume_command))
    try:
        trainer = Trainer(callbacks=callbacks, plugins=[AtomicFiles()], **options)
    except (ValueError, TypeError, OverflowError, RuntimeError, ImportError, MisconfigurationException) as error:
        raise UserError("--trainer: " + shorten(str(error), 200)) from error
    if run.last:
        loop: Any = trainer.fit_loop
        loop.epoch_progress.current.processed = loop.epoch_progress.current.completed = run.last.epochs
        loop.epoch_loop.manual_optimization.optim_step_progress.total.completed = run.last.steps
    return trainer


def best_epoch_callbacks(
    run: Run, settings: Settings, data: MNISTDataModule, options: dict[str, Any]
) -> list[Callback]:
    """Return the callbacks that follow the best epoch: curves, early stopping, checkpoints.

    In a resumed run, they start with the best epoch so far. Without validation images, the last epoch is the best.
    """
    keep: Any = {"save_on_train_epoch_end": True, "enable_version_counter": False}
    best = ModelCheckpoint(run.folder, "best", monitor=VALIDATION if data.validates else None, mode="max", **keep)
    last = ModelCheckpoint(run.folder, "last", **keep)  # `save_last` would skip epochs that are not the best
    curves, early_stop = EpochCurves(), EarlyStopping(VALIDATION, mode="max", patience=settings.early_stop or 1)
    if run.last and run.best and run.best.accuracy is not None and run.best.best_test is not None:
        path, score = f"{best.dirpath}/best.ckpt", torch.tensor(run.best.accuracy, dtype=torch.float64)  # exact
        best.best_model_path = best.kth_best_model_path = path
        best.best_k_models = {path: score}
        curves.best = {"best/validation": run.best.accuracy, "best/test": run.best.best_test}
        every = options.get("check_val_every_n_epoch") or 1
        early_stop.best_score, early_stop.wait_count = score, run.last.epochs // every - run.best.epochs // every
    checkpoints = [best, last] if options.get("enable_checkpointing", True) else []
    return [curves, *[early_stop] * bool(settings.early_stop), *checkpoints]


def quiet_trainer(epochs: int, *callbacks: Callback, **settings: Any) -> Trainer:
    """Return a Trainer for one process on the CPU, which prints, logs and saves nothing."""
    quiet = DEFAULTS | {"accelerator": "cpu", "logger": False, "enable_checkpointing": False}
    return Trainer(max_epochs=epochs, callbacks=[*callbacks], **quiet | settings)
