"""Keep libraries from doing and saying what nobody has asked them to."""

import logging
import threading
import warnings
from contextlib import chdir, suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any


@cache
def import_unconfigured() -> None:
    """Import numba without the .numba_config.yaml of the working directory, which may be a folder of pictures."""
    with suppress(ImportError), chdir(Path(__file__).parent):
        numba: Any = import_module("numba.core.config")
        numba._config_fname = ""  # which it looks for again whenever it compiles


def quiet() -> None:
    """Silence what a user can do nothing about: what Lightning and PyTorch say of themselves."""
    logging.disable(logging.INFO)  # whatever level Lightning sets as it is imported
    warnings.filterwarnings("ignore", module=r"(lightning|torch)\b")
    # If a thread of TensorBoard's cannot write, the main thread raises that, too.
    usual = threading.__excepthook__
    threading.excepthook = lambda failed: None if issubclass(failed.exc_type, OSError) else usual(failed)
