"""Keep libraries from printing what users cannot act on."""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


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
