"""Build a run's model, data and Trainer: in the fast way of `digits.kernels.stacks` where it applies."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import shorten
from typing import Any

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from digits.checkpoint.contents import VALIDATION
from digits.common.checks import arguments
from digits.common.errors import UserError
from digits.data import MNISTDataModule
from digits.kernels.stacks import StackedMNIST, stacked
from digits.model import DigitClassifier
from digits.training.callbacks import AtomicFiles, BestCurves, EarlyStopping, EpochLines, StopOnSignal, parameter_count
from digits.training.runs import Run
from digits.training.settings import Settings, TrainerSettings

DEFAULTS: dict[str, Any] = {
    "devices": 1,
    "num_sanity_val_steps": 0,
    "enable_model_summary": False,
    "enable_progress_bar": False,  # EpochLines draws one
    "log_every_n_steps": 1,  # avoids a warning: nothing is logged per step
}


class Curves(TensorBoardLogger):
    """Lightning's logger without its curve of the epoch. If a file cannot be written, it raises the original error."""

    def log_metrics(self, metrics: Any, step: int | None = None) -> None:
        try:
            super().log_metrics({name: x for name, x in metrics.items() if name != "epoch"}, step)
        except ValueError as error:
            raise error.__cause__ or error from None


class DataWithTest(MNISTDataModule):
    """The ordinary data, of which the test images are also evaluated after each epoch, for its printed line."""

    def val_dataloader(self) -> list[Any]:
        return [super().val_dataloader(), self.test_dataloader()]


def build_model_and_data(settings: Settings, kind: type[DigitClassifier] | None) -> tuple[DigitClassifier, Any]:
    """Return the model and the data of a run.

    The fast way applies to one process with Trainer settings that the command line has. It does not apply to a `kind`
    with its own training, validation or test step, which expects ordinary batches.
    """
    kind = kind or DigitClassifier
    if foreign := settings.net.keys() - arguments(kind):
        raise UserError(f"{kind.__name__} has no setting {min(foreign)!r}; leave out --net.{min(foreign)}")
    steps = ("training_step", "validation_step", "test_step")
    ordinary_steps = any(getattr(kind, step) is not getattr(DigitClassifier, step) for step in steps)
    several = settings.trainer.get("devices", 1) not in (1, "1", "auto")
    if several and not settings.run_dir:
        raise UserError("several processes need a folder in common: add --run_dir FOLDER")
    if not (ordinary_steps or several or settings.trainer.keys() - {*TrainerSettings.__annotations__, "callbacks"}):
        return settings.build(stacked(kind)), settings.build(StackedMNIST)
    if settings.handwriting or settings.distort:
        raise UserError("--handwriting and --distort need one process, and only settings that --trainer.help lists")
    return settings.build(kind), settings.build(DataWithTest)


# A small step on a GPU takes 5 us per kernel launch, with five launches for each array of weights or biases. On one CPU
# core, a step takes 32 ps for each weight and image. This is an estimate: see `python -m tests.benchmarks.gpu`.
LARGE_STEP = 5 * 5e-6 / 32e-12  # weights times images, per array: above this, a step is faster on a GPU


def has_small_steps(model: DigitClassifier, batch_size: int) -> bool:
    """Whether a step takes so little time that a GPU, or a second thread, would make it slower."""
    return parameter_count(model) * batch_size < LARGE_STEP * len(list(model.parameters()))


def fastest_device(model: DigitClassifier, batch_size: int, kernel: str) -> str:
    """Return "cuda" if there is a GPU, the model's steps are large and its kernel is not numba; else "cpu"."""
    small = has_small_steps(model, batch_size) or kernel == "numba"
    return "cpu" if small or not torch.cuda.is_available() else "cuda"


@contextmanager
def few_threads(model: DigitClassifier, data: MNISTDataModule) -> Iterator[None]:
    """Let PyTorch use one thread for small steps, unless the user has set OMP_NUM_THREADS."""
    threads = torch.get_num_threads()
    if "OMP_NUM_THREADS" not in os.environ and has_small_steps(model, data.batch_size):
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def build_trainer(run: Run, settings: Settings, model: DigitClassifier, data: MNISTDataModule) -> Trainer:
    """Return the Trainer of a run, ready to start after its last finished epoch. The user's settings override ours.

    Raises UserError if Lightning refuses a setting.
    """
    if settings.early_stop and not data.validates:
        raise UserError("--early_stop needs validation images, but --train_size leaves none; choose a smaller size")
    options: dict[str, Any] = {**DEFAULTS, **settings.trainer, "max_epochs": settings.max_epochs}
    callbacks = [*options.pop("callbacks", []), EpochLines(), *best_epoch_callbacks(run, settings, data, options)]
    if not options.get("accelerator"):
        options["accelerator"] = fastest_device(model, settings.batch_size, settings.kernel)
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
        progress, loop = trainer.fit_loop.epoch_progress.current, trainer.fit_loop.epoch_loop
        progress.processed = progress.completed = run.last.epochs
        loop.manual_optimization.optim_step_progress.total.completed = run.last.steps
        loop.automatic_optimization.optim_progress.optimizer.step.total.completed = run.last.steps
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
    curves, early_stop = BestCurves(), EarlyStopping(VALIDATION, mode="max", patience=settings.early_stop or 1)
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
