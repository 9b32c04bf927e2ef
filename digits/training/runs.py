"""The folders of runs: a new one, the newest, and what in one to resume from."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from digits import UserError, checkpoint

CONFIG = "config.yaml"  # the settings of a run, in its folder


def differing(settings: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """The settings that are not the defaults, as they stand in the name of a folder: `_lr0.5_seed3_gaussian`."""
    name = ""
    for setting, value in settings.items():
        if value != defaults[setting]:
            name += f"_{value}" if isinstance(value, str) else f"_{setting}{value:g}"
    return name


def last_good(folder: Path) -> tuple[Path | None, dict[str, Any]]:
    """The checkpoint to resume from and what it holds: the last if it is whole, else the best.

    None and nothing if no epoch was finished.
    """
    for path in (folder / "last.ckpt", folder / "best.ckpt"):
        if path.exists():
            try:
                return path, checkpoint.read(path)
            except UserError as error:
                print(f"{error}; it is passed over", file=sys.stderr)
    return None, {}


def newest_run() -> Path:
    """The run in runs/ that was started or went on last."""
    runs = [path.parent for path in Path("runs").glob(f"*/{CONFIG}")]
    if not runs:
        raise UserError("there is no run in runs/; name the folder of one")
    return max(runs, key=lambda run: max(path.stat().st_mtime for path in run.iterdir()))


def checkpoint_of(path: Path | None) -> Path:
    """The best checkpoint of a run, by default of the newest in runs/; or the checkpoint itself, if `path` is one."""
    path = path or newest_run()
    return path / "best.ckpt" if path.is_dir() else path


def make_new(folder: Path) -> None:
    """Make the folder of a run, never one that holds something already."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UserError(f"{folder} is not empty; name another --run_dir, so that no run is lost")
    except OSError as error:
        raise UserError(f"cannot make the folder of this run, {folder}: {error.strerror}") from error
