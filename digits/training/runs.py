"""A run: the folder that holds its settings, its checkpoints and its curves."""

import errno
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from inspect import signature
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from lightning.pytorch.utilities import rank_zero_only
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from digits import UserError
from digits.checkpoint import CONFIG, read, rebuild
from digits.data import MNISTDataModule
from digits.files import write_whole
from digits.model import DigitClassifier
from digits.training.callbacks import Interrupted

PLAIN = (str, int, float, bool, type(None))


class Run(NamedTuple):
    """Where a training keeps best.ckpt, last.ckpt, config.yaml and TensorBoard's events, and from where it goes on."""

    folder: Path
    resumed: bool = False
    checkpoint: Path | None = None
    first_epoch: int = 0

    @rank_zero_only
    def write_settings(self, settings: Mapping[str, Any]) -> None:
        """Make the folder and write the settings, as YAML, from which the run can be resumed.

        Objects, such as callbacks among the settings of the Trainer, are left out: a file shall hold plain values.
        Raises UserError if the run is new and there is something in its folder.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.resumed and any(self.folder.iterdir()):
            raise UserError(f"{self.folder} is not empty; name another --run_dir, so that no run is lost")
        plain = {name: _plain(value) for name, value in settings.items() if name not in ("run_dir", "resume")}
        write_whole(self.folder / CONFIG, yaml.safe_dump(plain, sort_keys=False).encode())

    @contextmanager
    def one_line_ends(self) -> Iterator[None]:
        """Say in a line what a user can mend, and after a signal how to go on."""
        try:
            yield
        except MisconfigurationException as error:
            raise UserError("Lightning's Trainer: " + " ".join(str(error).split())) from error
        except OSError as error:
            ours = Path(error.filename or "/").resolve().is_relative_to(self.folder.resolve())
            if not ours and error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise UserError(f"cannot write to {self.folder}: {error.strerror}") from error
        except Interrupted as stop:
            go_on = f"Go on with: python -m digits train --resume {self.folder}"
            rank_zero_only(print)(f"\nStopped in epoch {stop.epoch}. {go_on}")
            sys.exit(128 + stop.signum)


def new(folder: Path | None, model: DigitClassifier, data: MNISTDataModule) -> Run:
    """A new run in `folder`, by default one in runs/, named after its layers and what differs from the defaults."""
    name = model.shape
    for setting, value in differing(model, data).items():
        name += f"_{value}" if isinstance(value, str) else f"_{setting}{value:g}"
    return Run(folder or Path("runs", f"{name}_{datetime.now():%Y%m%d-%H%M%S.%f}"[:-4]))


def resumed(folder: Path, model: DigitClassifier, data: MNISTDataModule) -> Run:
    """The run in `folder`, to go on from its last whole checkpoint, or anew if it finished no epoch.

    Raises UserError if the checkpoint was made with other settings than those of `model` and `data`.
    """
    path, saved = _last_whole_checkpoint(folder)
    if path is None:
        return Run(folder, resumed=True)
    kept = rebuild(DigitClassifier, saved, path), MNISTDataModule(**saved["datamodule_hyper_parameters"])
    before = hyperparameters(*kept)  # what an old file lacks has its default
    for name, value in hyperparameters(model, data).items():
        if before[name] != value:
            raise UserError(f"a resumed run keeps its settings: --{name} is {before[name]} in {folder}, not {value}")
    rank_zero_only(print)(f"Going on with {folder} after epoch {saved['epoch']}")
    return Run(folder, True, path, saved["epoch"] + 1)


def hyperparameters(model: DigitClassifier, data: MNISTDataModule) -> dict[str, Any]:
    """What decides the weights of a trained network."""
    return {**model.hparams, **data.hparams}


def differing(model: DigitClassifier, data: MNISTDataModule) -> dict[str, Any]:
    """Those hyperparameters, apart from the sizes of the layers, that are not the defaults and change the weights."""
    defaults = {**signature(DigitClassifier).parameters, **signature(MNISTDataModule).parameters}
    settings = hyperparameters(model, data).items()
    return {name: x for name, x in settings if name not in ("hidden", "kernel") and x != defaults[name].default}


def _last_whole_checkpoint(folder: Path) -> tuple[Path | None, dict[str, Any]]:
    for path in (folder / "last.ckpt", folder / "best.ckpt"):
        if path.exists():
            try:
                return path, read(path)
            except UserError as error:
                print(f"{error}; it is passed over", file=sys.stderr)
    return None, {}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: each for name, each in value.items() if isinstance(each, PLAIN)}
    return str(value) if isinstance(value, Path) else value
