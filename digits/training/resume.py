"""Going on with a run, so that it ends on the weights, bit for bit, on which it would have ended without a stop.

Lightning's own resuming does not (see docs/training.md). All that a training remembers here are its weights, the number
of the epoch, from which the order of the images follows, and the accuracy of the best epoch.
"""

import os
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.utilities import rank_zero_only

from digits.checkpoint.contents import Checkpoint, restore
from digits.checkpoint.untrusted import read_checkpoint
from digits.common.errors import UserError
from digits.data import MNISTDataModule
from digits.model import DigitClassifier
from digits.training.callbacks import EarlyStopping, EpochCurves
from digits.training.runs import Run, resume_command
from digits.training.settings import Settings


def resumed(settings: Settings, model: DigitClassifier, data: MNISTDataModule) -> Run:
    """Load the last checkpoint of the run in `run_dir` into `model`; returns the run, to go on from there.

    Without any checkpoint it starts anew. Raises UserError if one cannot be read, or was made with other settings.
    """
    if not (folder := settings.run_dir):
        raise UserError("--run_dir: name the run that is to be resumed")
    if type(model).configure_optimizers is not DigitClassifier.configure_optimizers:
        raise UserError("cannot resume: this run used its own optimizer, whose state is not saved")
    saved = {path.stem: read_checkpoint(path) for path in (folder / "last.ckpt", folder / "best.ckpt") if path.exists()}
    best = saved.get("best")
    if not (last := saved.get("last", best)):
        return Run(folder, resumed=True)
    epochs = settings.trainer.get("max_epochs", settings.epochs)
    now, then = {**model.hparams, **data.hparams}, last.settings | last.data
    if model.schedule:  # which is made for all epochs of a run
        now["epochs"], then["epochs"] = epochs, last.max_epochs
    conflicts = [f"--{name} is {then[name]}, not {x}" for name, x in now.items() if then.get(name, x) != x]
    if conflicts:
        raise UserError(f"a resumed run keeps its settings: in {folder}, {', '.join(conflicts)}")
    restore(model, last, folder)
    line = f"Going on with {folder} after epoch {last.epoch}"
    if 0 <= epochs <= last.epochs:
        longer = "--trainer.max_epochs" if "max_epochs" in settings.trainer else "--epochs"
        hint = f"Go on with: {resume_command(folder)} {longer} N, more than {last.epochs}"
        hint = "Its schedule was made for no more" if model.schedule else hint
        line = f"{folder} is finished after epoch {last.epoch}, its last. {hint}"
    rank_zero_only(print)(line)
    return Run(folder, resumed=True, last=last, best=best)


def go_on(trainer: Trainer, folder: Path, last: Checkpoint, best: Checkpoint | None) -> None:
    """Set a Trainer's counts to the end of the epoch of `last`, and what callbacks know of the `best` epoch so far."""
    loop: Any = trainer.fit_loop
    loop.epoch_progress.current.processed = loop.epoch_progress.current.completed = last.epochs
    loop.epoch_loop.manual_optimization.optim_step_progress.total.completed = last.steps
    if best is None or best.accuracy is None:
        return
    score = torch.tensor(best.accuracy, dtype=torch.float64)  # exactly
    every, path = trainer.check_val_every_n_epoch or 1, Path(os.path.realpath(folder / "best.ckpt"))
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, EpochCurves) and best.best_test is not None:
            callback.best = {"best/validation": best.accuracy, "best/test": best.best_test}
        elif isinstance(callback, EarlyStopping):
            callback.best_score, callback.wait_count = score, last.epochs // every - best.epochs // every
        elif isinstance(callback, ModelCheckpoint) and Path(str(callback.dirpath), f"{callback.filename}.ckpt") == path:
            callback.best_model_path = callback.kth_best_model_path = str(path)
            callback.best_k_models = {str(path): score}
