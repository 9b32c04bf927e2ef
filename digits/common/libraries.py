"""Keep libraries from reading stray settings, and from printing what users cannot act on."""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import chdir, contextmanager, suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any


@cache
def import_unconfigured() -> None:
    """Import numba without the .numba_config.yaml of the working directory, which may be a folder of pictures."""
    with suppress(ImportError), chdir(Path(__file__).parent):
        numba: Any = import_module("numba.core.config")
        numba._config_fname = ""  # numba would look for this file again at each compilation


@contextmanager
def quiet() -> Iterator[None]:
    """Silence what users cannot act on: the messages and warnings of Lightning and PyTorch."""
    disabled, default = logging.root.manager.disable, threading.excepthook
    logging.disable(logging.INFO)  # also if Lightning sets another level when it is imported
    # If TensorBoard's thread cannot write, the main thread raises the same error.
    threading.excepthook = lambda failure: None if issubclass(failure.exc_type, OSError) else default(failure)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(lightning|torch)\b")
        try:
            yield
        finally:
            logging.disable(disabled)
            threading.excepthook = default
