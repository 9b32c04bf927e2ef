"""Build a run's model, data and Trainer, which train in the fast way of `digits.kernels.stacks`."""

import os
from collections.abc import Iterator, Mapping
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
from digits.kernels.stacks import StackedClassifier, StackedMNIST, continue_after, remember_best, stacked
from digits.model import DigitClassifier
from digits.training.callbacks import AtomicFiles, EarlyStopping, EpochLines, StopOnSignal, parameter_count
from digits.training.runs import Run
from digits.training.settings import Settings, TrainerSettings

DEFAULTS: dict[str, Any] = {
    "devices": 1,
    "num_sanity_val_steps": 0,
    "enable_model_summary": False,
    "enable_progress_bar": False,  # EpochLines draws one
    "log_every_n_steps": 1,  # avoids a warning: nothing is logged per step
}
OTHERS = "callbacks", "deterministic", "profiler"  # settings for Python alone


class Curves(TensorBoardLogger):
    """Lightning's logger without its curve of the epoch. If a file cannot be written, it raises the original error."""

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        try:
            super().log_metrics({name: x for name, x in metrics.items() if name != "epoch"}, step)
        except ValueError as error:
            raise error.__cause__ or error from None

    def finalize(self, status: str) -> None:
        """Leave the file open after a training, since `report` adds to it: see `build_trainer`."""
        if status == "success":
            self.experiment.flush()
            self.save()
        else:
            super().finalize(status)


def build_model_and_data(settings: Settings, kind: type[DigitClassifier]) -> tuple[StackedClassifier, StackedMNIST]:
    """Return the model and the data of a run. Raises UserError for what needs ordinary batches, or is not a setting."""
    changed = {name for name, value in vars(settings).items() if value != vars(Settings())[name]}
    wanted = arguments(DigitClassifier) & changed | settings.net.keys()
    if foreign := wanted - arguments(kind) - arguments(StackedMNIST):
        raise UserError(f"{kind.__name__} has no setting {min(foreign)!r}; leave it out, or add it to __init__")
    steps = ("training_step", "validation_step", "test_step")
    ordinary = [f"a {step} of its own" for step in steps if getattr(kind, step) is not getattr(DigitClassifier, step)]
    ordinary += [f"--trainer.{name}" for name in settings.trainer.keys() - {*TrainerSettings.__annotations__, *OTHERS}]
    if ordinary:
        raise UserError(f"`train` does not support {ordinary[0]}; use Lightning's Trainer (docs/training.md)")
    return settings.build(stacked(kind)), settings.build(StackedMNIST)


# A small step on a GPU takes 5 us per kernel launch, with five launches for each array of weights or biases. On one CPU
# core, a step takes 32 ps for each weight and image. This is an estimate: see `python -m tools.benchmarks.gpu`.
LARGE_STEP = 5 * 5e-6 / 32e-12  # weights times images, per array: above this, a step is faster on a GPU


def has_small_steps(model: DigitClassifier, batch_size: int) -> bool:
    """Whether a step takes so little time that a GPU, or a second thread, would make it slower."""
    return parameter_count(model) * batch_size < LARGE_STEP * len(list(model.parameters()))


def fastest_device(model: DigitClassifier, batch_size: int, kernel: str = "auto") -> str:
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
    device = fastest_device(model, settings.batch_size, settings.kernel)
    options: dict[str, Any] = {**DEFAULTS, "accelerator": device, "max_epochs": settings.epochs, **settings.trainer}
    callbacks = [*options.pop("callbacks", []), EpochLines(data), *best_epoch_callbacks(run, settings, data)]
    callbacks.append(StopOnSignal(run.resume_command))
    # Purging hides epochs that are logged twice. It would hide the report, too, if that were in a file of its own whose
    # name sorts first: TensorBoard reads the files of a run in the order of their names.
    purge_step = run.last.epochs if run.last else None
    logger = Curves(run.folder, name="", version="", default_hp_metric=False, purge_step=purge_step)
    try:
        trainer = Trainer(callbacks=callbacks, logger=logger, plugins=[AtomicFiles()], **options)
    except (ValueError, TypeError, OverflowError, RuntimeError, ImportError, MisconfigurationException) as error:
        raise UserError(f"--trainer: {shorten(str(error), 200)} For the possible values, add --help.") from error
    if run.last:
        continue_after(trainer, run.last)
    return trainer


def best_epoch_callbacks(run: Run, settings: Settings, data: MNISTDataModule) -> list[Callback]:
    """Return the callbacks that follow the best epoch: early stopping and checkpoints.

    In a resumed run, they start with the best epoch so far. Without validation images, the last epoch is the best.
    """
    keep: Any = {"save_on_train_epoch_end": True, "enable_version_counter": False}
    best = ModelCheckpoint(run.folder, "best", monitor=VALIDATION if data.validates else None, mode="max", **keep)
    last = ModelCheckpoint(run.folder, "last", **keep)  # `save_last` would skip epochs that are not the best
    early_stop = EarlyStopping(VALIDATION, mode="max", patience=settings.early_stop or 1)
    if run.last and run.best and run.best.accuracy is not None:
        every = settings.trainer.get("check_val_every_n_epoch", 1)
        early_stop.wait_count = run.last.epochs // every - run.best.epochs // every
        early_stop.best_score = torch.tensor(run.best.accuracy, dtype=torch.float64)  # exact
        remember_best(best, early_stop.best_score)
    return [*[early_stop] * bool(settings.early_stop), best, last]


def quiet_trainer(epochs: int, *callbacks: Callback, **settings: Any) -> Trainer:
    """Return a Trainer for one process on the CPU, which prints, logs and saves nothing."""
    quiet = DEFAULTS | {"accelerator": "cpu", "logger": False, "enable_checkpointing": False}
    return Trainer(max_epochs=epochs, callbacks=[*callbacks], **quiet | settings)
