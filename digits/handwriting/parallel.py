"""The lines of many pictures, found on all cores."""

import os
import signal
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any

import cv2

from digits.errors import UserError
from digits.handwriting.lines import Line, find_lines

MANY = 8  # fewer pictures are read before other processes have started


def find_all(pictures: Sequence[Any], single: bool = False, context: bool = False) -> Generator[list[Line] | UserError]:
    """For each picture, in order, what `find_lines` finds; or why nothing is found.

    Close the iterator to stop early. Raises UserError if a process is killed.
    """
    if len(pictures) < MANY:
        yield from (_find(picture, single, context) for picture in pictures)
        return
    if libraries := os.environ.get("LD_LIBRARY_PATH"):  # OpenCV has added ":", which means the working directory, too
        os.environ["LD_LIBRARY_PATH"] = ":".join(filter(None, libraries.split(":")))
    # Torch, which the caller may have imported, is not safe to fork; spawned processes do not import it.
    executor = ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=_begin)
    heeded = signal.signal(signal.SIGINT, signal.SIG_IGN)  # inherited: Ctrl-C reaches this process alone
    # Not executor.map: after a process is killed it cancels futures while the executor fails them, and one may stay.
    futures = deque(executor.submit(_find, picture, single, context) for picture in pictures)
    signal.signal(signal.SIGINT, heeded)
    try:
        while futures:
            yield futures.popleft().result()
    except BrokenProcessPool as error:
        raise UserError("a process that looked for digits was killed; perhaps memory ran out") from error
    finally:
        executor.shutdown(cancel_futures=True)


def _begin() -> None:
    """What a process does first. It ends with the one that started it, however that ends."""
    cv2.setNumThreads(1)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)


def _find(picture: Any, single: bool, context: bool) -> list[Line] | UserError:
    try:
        return find_lines(picture, single, context)
    except UserError as error:
        return error
