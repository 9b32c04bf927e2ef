"""A run: the folder that holds its settings, its checkpoints and its curves, and the epoch from which it goes on.

A resumed run ends on the weights, bit for bit, on which it would have ended without a stop. Lightning's own resuming
does not (see docs/training.md). All that a training remembers here are its weights, the number of the epoch, from which
the order of the images follows, and the accuracy of the best epoch.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from shlex import quote
from typing import NamedTuple

import yaml
from filelock import FileLock, Timeout
from lightning.pytorch.utilities import rank_zero_only

from digits.checkpoint.contents import Checkpoint, restore
from digits.checkpoint.untrusted import read_checkpoint
from digits.common.errors import UserError
from digits.common.files import CONFIG, remove_leftovers, write_atomically
from digits.data import MNISTDataModule
from digits.model import DigitClassifier
from digits.training.settings import Settings, changes


class Run(NamedTuple):
    """Where a training keeps best.ckpt, last.ckpt, config.yaml and TensorBoard's events, and from where it goes on."""

    folder: Path
    last: Checkpoint | None = None  # None in a new run
    best: Checkpoint | None = None  # None until an epoch has been kept

    @property
    def resume_command(self) -> str:
        return f"python -m digits train --resume {quote(str(self.folder))}"


def new_run(settings: Settings, model: DigitClassifier, data: MNISTDataModule) -> Run:
    """Return a new run in `run_dir`, by default one in runs/, named after its layers and what is not the default."""
    name = model.shape
    for setting, value in changes(model, data).items():
        setting += "_" if setting[-1].isdigit() else ""  # an l2 of 5 makes l2_5, not l25
        name += f"_{value}" if isinstance(value, str) else f"_{setting}" if value is True else f"_{setting}{value:g}"
    now = datetime.now()
    return Run(settings.run_dir or Path("runs", f"{name}_{now:%Y%m%d-%H%M%S}.{now.microsecond // 10_000:02}"))


def resumed_run(settings: Settings, model: DigitClassifier, data: MNISTDataModule) -> Run:
    """Load the last checkpoint of the run in `run_dir` into `model`; return the run, to go on from there.

    Without any checkpoint it starts anew. Raises UserError if one cannot be read, or was made with other settings.
    """
    if not (folder := settings.run_dir):
        raise UserError("--run_dir: name the run that is to be resumed")
    if type(model).configure_optimizers is not DigitClassifier.configure_optimizers:
        raise UserError("cannot resume: this run used its own optimizer, whose state is not saved")
    paths = folder / "last.ckpt", folder / "best.ckpt"
    last, best = (read_checkpoint(path) if path.exists() else None for path in paths)
    last = last or best  # a kill in the first epoch can leave the best alone
    if not last:
        return Run(folder, last=Checkpoint({}, {}))
    refuse_changes(last, folder, settings, model, data)
    restore(model, last, folder)
    run = Run(folder, last, best)
    if 0 <= settings.max_epochs <= last.epochs:
        option = "--trainer.max_epochs" if "max_epochs" in settings.trainer else "--epochs"
        hint = f"Go on with: {run.resume_command} {option} N, more than {last.epochs}"
        hint = "Its schedule was made for no more" if model.schedule else hint
        rank_zero_only(print)(f"{folder} is finished after epoch {last.epoch}, its last. {hint}")
    else:
        rank_zero_only(print)(f"Going on with {folder} after epoch {last.epoch}")
    return run


def refuse_changes(
    last: Checkpoint, folder: Path, settings: Settings, model: DigitClassifier, data: MNISTDataModule
) -> None:
    """Raise UserError if the last checkpoint of a run was made with other settings."""
    now, then = {**model.hparams, **data.hparams}, last.settings | last.data
    if model.schedule:  # which is made for all epochs of a run
        now["epochs"], then["epochs"] = settings.max_epochs, last.max_epochs
    conflicts = [f"--{name} is {then[name]}, not {x}" for name, x in now.items() if then.get(name, x) != x]
    if conflicts:
        raise UserError(f"a resumed run keeps its settings: in {folder}, {', '.join(conflicts)}")


@contextmanager
def hold(run: Run, settings: Settings) -> Iterator[None]:
    """Hold the folder of a run for this process, with the settings in it; the first of several does so for all.

    Raises UserError if another process holds it, or if a new run would lose what is in it.
    """
    if getattr(rank_zero_only, "rank", 0):
        yield
        return
    config = _as_yaml(settings)
    run.folder.mkdir(parents=True, exist_ok=True)
    if not run.last and any(run.folder.iterdir()):
        raise UserError(f"{run.folder} is not empty; name another --run_dir, so that no run is lost")
    try:
        with FileLock(run.folder / ".lock", timeout=0):  # which lets go when the process dies
            remove_leftovers(run.folder)
            write_atomically(run.folder / CONFIG, config)
            yield
    except Timeout as error:
        raise UserError(f"another process trains in {run.folder}; wait for it, or stop it") from error


def _as_yaml(settings: Settings) -> bytes:
    """Return the settings from which a run can be resumed, without objects: a file holds plain values."""
    kept = {name: value for name, value in vars(settings).items() if name != "run_dir"}
    kept["data_dir"] = settings.data_dir and str(settings.data_dir)
    kept["trainer"] = {name: x for name, x in settings.trainer.items() if isinstance(x, str | int | float | None)}
    return yaml.safe_dump(kept, sort_keys=False).encode()
