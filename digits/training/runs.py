"""A run: the folder that holds its settings, its checkpoints and its curves."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from inspect import signature
from pathlib import Path
from shlex import quote
from textwrap import shorten
from typing import Any, NamedTuple

import yaml
from filelock import FileLock, Timeout
from lightning.pytorch.utilities import rank_zero_only
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from digits.checkpoint.contents import Checkpoint
from digits.common.errors import UserError
from digits.common.files import CONFIG, remove_leftovers, write_atomically
from digits.data import MNISTDataModule
from digits.model import DigitClassifier
from digits.training.callbacks import Interrupted
from digits.training.settings import Settings


class Run(NamedTuple):
    """Where a training keeps best.ckpt, last.ckpt, config.yaml and TensorBoard's events, and from where it goes on."""

    folder: Path
    resumed: bool = False
    last: Checkpoint | None = None
    best: Checkpoint | None = None

    @contextmanager
    def under_way(self, settings: Settings) -> Iterator[None]:
        """Hold the folder for this process, with the settings in it; say in a line how the training ended too early.

        Raises UserError for what a user can mend, and SystemExit after a signal.
        """
        lock = FileLock(self.folder / ".lock", timeout=0)  # lets go when the process dies
        try:
            if not getattr(rank_zero_only, "rank", 0):
                self.folder.mkdir(parents=True, exist_ok=True)
                if not self.resumed and any(self.folder.iterdir()):
                    raise UserError(f"{self.folder} is not empty; name another --run_dir, so that no run is lost")
                lock.acquire()
                remove_leftovers(self.folder)
                write_atomically(self.folder / CONFIG, _as_yaml(settings))
            yield
        except Timeout as error:
            raise UserError(f"another process trains in {self.folder}; wait for it, or stop it") from error
        except (MisconfigurationException, ModuleNotFoundError) as error:
            raise UserError(f"Lightning's Trainer: {shorten(str(error), 200)}") from error
        except Interrupted as stop:
            rank_zero_only(print)(f"\nStopped in epoch {stop.epoch}. Go on with: {resume_command(self.folder)}")
            sys.exit(128 + stop.signum)
        finally:
            lock.release()


def resume_command(folder: Path) -> str:
    """What goes on with the run in `folder`, on a command line."""
    return f"python -m digits train --resume {quote(str(folder))}"


def new(settings: Settings, model: DigitClassifier, data: MNISTDataModule) -> Run:
    """A new run in `run_dir`, by default one in runs/, named after its layers and what differs from the defaults."""
    name = model.shape
    for setting, value in differing(model, data).items():
        setting += "_" if setting[-1].isdigit() else ""  # an l2 of 5 makes l2_5, not l25
        name += f"_{value}" if isinstance(value, str) else f"_{setting}" if value is True else f"_{setting}{value:g}"
    now = datetime.now()
    return Run(settings.run_dir or Path("runs", f"{name}_{now:%Y%m%d-%H%M%S}.{now.microsecond // 10_000:02}"))


def differing(model: DigitClassifier, data: MNISTDataModule) -> dict[str, Any]:
    """Those hyperparameters, apart from the sizes of the layers, that are not the defaults and change the weights."""
    defaults = {**signature(DigitClassifier).parameters, **signature(MNISTDataModule).parameters}
    settings = {**model.hparams, **data.hparams}
    changes = {name for name in settings.keys() & defaults.keys() if settings[name] != defaults[name].default}
    return {name: x for name, x in settings.items() if name in changes - {"hidden", "kernel"}}


def _as_yaml(settings: Settings) -> bytes:
    """The settings from which a run can be resumed, without objects: a file holds plain values."""
    kept = {name: x for name, x in vars(settings).items() if name != "run_dir"}
    kept["data_dir"] = settings.data_dir and str(settings.data_dir)
    kept["trainer"] = {name: x for name, x in settings.trainer.items() if isinstance(x, str | int | float | None)}
    return yaml.safe_dump(kept, sort_keys=False).encode()
