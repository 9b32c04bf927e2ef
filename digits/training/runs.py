"""A run: the folder that holds its settings, its checkpoints and its curves."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from inspect import signature
from pathlib import Path
from shlex import join
from subprocess import list2cmdline
from textwrap import shorten
from typing import Any, NamedTuple

import torch
import yaml
from filelock import FileLock, Timeout
from lightning.pytorch.utilities import rank_zero_only
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from digits.checkpoint.contents import Checkpoint, rebuilt
from digits.checkpoint.untrusted import read_checkpoint
from digits.data import MNISTDataModule
from digits.errors import UserError, printable
from digits.files import name_folder, refuse_links, refuse_no_text, remove_leftovers, write_atomically
from digits.model import DigitClassifier
from digits.settings import CONFIG, Settings
from digits.training.callbacks import Interrupted

PRECISIONS = {torch.float32: "32-true", torch.float64: "64-true"}


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
        refuse_no_text(self.folder)
        lock = FileLock(self.folder / ".lock", timeout=0)  # lets go when the process dies
        go_on, rank = resume_command(self.folder), getattr(rank_zero_only, "rank", 0)
        try:
            if not rank:
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
        except RuntimeError as error:
            if "out of memory" in str(error):  # a GPU's; of the CPU's torch says that it can't allocate
                ways = f"go on with: {go_on} --trainer.accelerator cpu"
                if not self.resumed and not any(self.folder.glob("*.ckpt")):
                    ways = "lower --batch_size, --negatives or --hidden, or name --trainer.accelerator cpu"
                    if not rank:
                        lock.release()  # or Windows keeps its file
                        shutil.rmtree(self.folder, ignore_errors=True)  # with which nobody could go on
                raise UserError(f"the GPU has too little memory; {ways}") from error
            if not isinstance(error, torch.distributed.DistError) and "gloo" not in str(error):
                raise
            raise UserError(f"another process of this training has ended; go on with: {go_on}") from error
        except OSError as error:
            name_folder(error, self.folder)
            raise
        except UserError:
            if rank:  # the first process says it, too
                sys.exit(2)
            raise
        except Interrupted as stop:
            rank_zero_only(print)(f"\nStopped in epoch {stop.epoch}. Go on with: {printable(go_on)}")
            sys.exit(128 + stop.signum)
        finally:
            lock.release()


def quoted(folder: Path) -> str:
    """A folder on a command line, as the shells of the system read it."""
    return (join if os.name == "posix" else list2cmdline)([str(folder)])


def resume_command(folder: Path) -> str:
    """What goes on with the run in `folder`, on a command line."""
    return f"python -m digits train --resume {quoted(folder)}"


def new(settings: Settings, model: DigitClassifier, data: MNISTDataModule) -> Run:
    """A new run in `run_dir`, by default one in runs/, named after its layers and what differs from the defaults."""
    if str(settings.run_dir).startswith("-"):
        raise UserError(f"--run_dir {settings.run_dir}: a name that begins with - could not be resumed")
    name = model.shape
    for setting, value in differing(model, data).items():
        setting += "_" if setting[-1].isdigit() else ""  # an l2 of 5 makes l2_5, not l25
        name += f"_{value}" if isinstance(value, str) else f"_{setting}" if value is True else f"_{setting}{value:g}"
    now = datetime.now()
    return Run(settings.run_dir or Path("runs", f"{name}_{now:%Y%m%d-%H%M%S}.{now.microsecond // 10_000:02}"))


def resumed(settings: Settings, model: DigitClassifier, data: MNISTDataModule) -> Run:
    """Load the last whole checkpoint of the run in `run_dir` into `model`, and return the run, to go on from there.

    Without any checkpoint it starts anew. Raises UserError if one was made with other settings than those of `model`
    and `data`, or if none can be read.
    """
    if not (folder := settings.run_dir):
        raise UserError("--run_dir: name the run that is to be resumed")
    refuse_links(folder)
    dtype = torch.float64 if "64" in str(settings.trainer.get("precision")) else torch.float32
    now = {**model.hparams, **data.hparams, "trainer.precision": PRECISIONS[dtype]}
    found: dict[str, Checkpoint] = {}
    for path in filter(Path.exists, (folder / "last.ckpt", folder / "best.ckpt")):
        if path.is_dir():
            raise UserError(f"{path} is no file; remove it")
        try:
            found[path.stem] = read_checkpoint(path)
        except UserError as error:
            print(f"{printable(str(error))}; it is passed over", file=sys.stderr)
            continue
        then = _trained_with(found[path.stem], path, type(model))
        for name, value in now.items():
            if then[name] != value:
                raise UserError(f"a resumed run keeps its settings: --{name} is {then[name]} in {path}, not {value}")
    best = found.get("best")
    if not (last := found.get("last", best)):
        if any(folder.glob("*.ckpt")):
            raise UserError(f"no checkpoint in {folder} can be read; train in another folder, so that none is lost")
        return Run(folder, resumed=True)
    if best and best.epochs > last.epochs + 1:
        raise UserError(f"{folder}/best.ckpt is of a later epoch than last.ckpt")
    epochs = settings.trainer.get("max_epochs", settings.epochs)
    if model.schedule and last.max_epochs != epochs:
        raise UserError(
            f"a schedule is for all epochs of a run: --epochs is {last.max_epochs} in {folder}, not {epochs}"
        )
    if 0 <= epochs < last.epochs:
        raise UserError(f"{folder} has been trained for {last.epochs} epochs already, more than {epochs}")
    if type(model).configure_optimizers is not DigitClassifier.configure_optimizers:
        raise UserError("a training with an optimizer of its own cannot go on: what it remembers is not kept")
    model.to(dtype).load_state_dict(last.weights)
    said = f"Going on with {folder} after epoch {last.epoch}"
    if last.epochs == epochs:
        longer = "--trainer.max_epochs" if "max_epochs" in settings.trainer else "--epochs"
        go_on = f"Go on with: {resume_command(folder)} {longer} N, more than {epochs}"
        go_on = "Its schedule was made for no more" if model.schedule else go_on
        said = f"{folder} is finished after epoch {last.epoch}, its last. {go_on}"
    rank_zero_only(print)(printable(said))
    return Run(folder, resumed=True, last=last, best=best)


def _trained_with(saved: Checkpoint, path: Path, kind: type[DigitClassifier]) -> dict[str, Any]:
    """The settings of a training, as a checkpoint has them; what an old file lacks has its default."""
    if not saved.epochs or not saved.data:
        raise UserError(f"{path} is not of a training that can go on")
    if len(kinds := {tensor.dtype for tensor in saved.weights.values() if tensor.is_floating_point()}) != 1:
        raise UserError(f"{path} is not of a training that can go on: its weights are of several precisions")
    if not kinds <= PRECISIONS.keys():
        raise UserError(f"{path} was rounded; no training can go on from it")
    model, data = rebuilt(kind, saved, path, {}), MNISTDataModule(**saved.data)
    return {**model.hparams, **data.hparams, "trainer.precision": PRECISIONS[kinds.pop()]}


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
