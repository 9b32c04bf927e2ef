"""A run: the folder with its settings, checkpoints and curves, and the epoch to resume after.

A resumed run ends with the same weights, bit for bit, as a run that was never stopped. Lightning's own resuming does
not do this (see docs/training.md). A run remembers only its weights, the accuracy of its best epoch, and the number of
its last epoch, which decides the order of the images.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from shlex import quote
from typing import NamedTuple

import yaml
from filelock import FileLock, Timeout

from digits.checkpoint.contents import Checkpoint, restore
from digits.checkpoint.selection import CONFIG
from digits.checkpoint.untrusted import read_checkpoint
from digits.common.errors import UserError
from digits.common.files import remove_leftovers, write_atomically
from digits.data import MNISTDataModule
from digits.model import DigitClassifier
from digits.training.settings import Settings, changes


class Run(NamedTuple):
    """The folder of best.ckpt, last.ckpt, config.yaml and TensorBoard's events, and the checkpoints to resume from."""

    folder: Path
    last: Checkpoint | None = None  # None in a new run
    best: Checkpoint | None = None  # None until an epoch is saved

    @property
    def resume_command(self) -> str:
        return f"python -m digits train --resume {quote(str(self.folder))}"


def new_run(settings: Settings, model: DigitClassifier, data: MNISTDataModule) -> Run:
    """Return a new run in `run_dir`, by default a folder in runs/ named after the layers and the changed settings."""
    name = model.shape
    for setting, value in changes(model, data).items():
        setting += "_" if setting[-1].isdigit() else ""  # an l2 of 5 makes l2_5, not l25
        name += f"_{value}" if isinstance(value, str) else f"_{setting}" if value is True else f"_{setting}{value:g}"
    now = datetime.now()
    return Run(settings.run_dir or Path("runs", f"{name}_{now:%Y%m%d-%H%M%S}.{now.microsecond // 10_000:02}"))


def resumed_run(settings: Settings, model: DigitClassifier, data: MNISTDataModule) -> Run:
    """Load the last checkpoint of the run in `run_dir` into `model`, and return the run.

    A run without a checkpoint starts over. Raises UserError if a checkpoint cannot be read or has other settings.
    """
    if not (folder := settings.run_dir):
        raise UserError("cannot resume without run_dir; set run_dir to the folder of the run")
    if type(model).configure_optimizers is not DigitClassifier.configure_optimizers:
        raise UserError("cannot resume: this run used a custom optimizer, whose state is not saved")
    paths = folder / "last.ckpt", folder / "best.ckpt"
    last, best = (read_checkpoint(path) if path.exists() else None for path in paths)
    last = last or best  # if killed in the first epoch, a run may have only best.ckpt
    if not last:
        return Run(folder, last=Checkpoint({}, {}))
    refuse_changes(last, folder, settings, model, data)
    restore(model, last, folder)
    run = Run(folder, last, best)
    if 0 <= settings.max_epochs <= last.epochs:
        option = "--trainer.max_epochs" if "max_epochs" in settings.trainer else "--epochs"
        hint = f"To continue, use {option} with more than {last.epochs}: {run.resume_command} {option} N"
        hint = "It cannot continue, because its learning rate schedule has ended" if model.schedule else hint
        print(f"{folder} is finished after epoch {last.epoch}. {hint}")
    else:
        print(f"Resuming {folder} after epoch {last.epoch}")
    return run


def refuse_changes(
    last: Checkpoint, folder: Path, settings: Settings, model: DigitClassifier, data: MNISTDataModule
) -> None:
    """Raise UserError if the last checkpoint of a run was made with other settings."""
    current, saved = {**model.hparams, **data.hparams}, last.settings | last.data
    if model.schedule:  # a schedule depends on the number of epochs
        current["epochs"], saved["epochs"] = settings.max_epochs, last.max_epochs
    conflicts = [f"--{name} is {saved[name]}, not {x}" for name, x in current.items() if saved.get(name, x) != x]
    if conflicts:
        raise UserError(
            f"a resumed run keeps its settings: in {folder}, {', '.join(conflicts)}; leave out these options"
        )


@contextmanager
def hold(run: Run, settings: Settings) -> Iterator[None]:
    """Lock the folder of a run and write its settings.

    Raises UserError if another training holds the lock, or if the folder of a new run is not empty.
    """
    config = _as_yaml(settings)
    run.folder.mkdir(parents=True, exist_ok=True)
    if not run.last and any(run.folder.iterdir()):
        raise UserError(f"{run.folder} is not empty; to keep its files, choose another --run_dir")
    try:
        with FileLock(run.folder / ".lock", timeout=0):  # released when the process dies
            remove_leftovers(run.folder)
            write_atomically(run.folder / CONFIG, config)
            yield
    except Timeout as error:
        raise UserError(f"another process is training in {run.folder}; wait for it or stop it") from error


def _as_yaml(settings: Settings) -> bytes:
    """Return the settings that resuming needs, as YAML. Objects are left out: a file holds plain values."""
    kept = {name: value for name, value in vars(settings).items() if name != "run_dir"}
    kept["data_dir"] = settings.data_dir and str(settings.data_dir)
    kept["trainer"] = {name: x for name, x in settings.trainer.items() if isinstance(x, str | int | float | None)}
    return yaml.safe_dump(kept, sort_keys=False).encode()
