"""Settings: what the names of some are, in which file a run keeps them, and where the user's cache is.

The command lines are made from these names, and Python's annotations too. Without PyTorch, so that help is quick.
"""

from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path

from digits.errors import UserError

Init = Literal["scaled", "gaussian"]  # see `digits.network.sigmoid_network`
CostName = Literal["quadratic", "cross_entropy"]
KernelName = Literal["auto", "numba", "torch", "autograd"]  # see `digits.kernels`

CONFIG = "config.yaml"  # the settings of a run, in its folder


def cache_folder() -> Path:
    """Where the user's cache is. Raises UserError if there is no such user."""
    try:
        return user_cache_path("digits", appauthor=False)
    except RuntimeError as error:
        raise UserError("there is no home directory to keep files in; name one in HOME") from error


def newest_run(having: str = CONFIG) -> Path | None:
    """The folder of the run in runs/ that was started or resumed last, of those that have a file of that name."""
    # A config is written whenever a run is started or resumed; one may be a link to nowhere.
    configs = [path for path in Path("runs").glob(f"*/{CONFIG}") if path.is_file() and (path.parent / having).is_file()]
    return max(configs, key=lambda config: config.stat().st_mtime).parent if configs else None
