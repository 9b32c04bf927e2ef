"""Call a function for many pictures, on all cores."""

import os
import signal
from collections.abc import Callable, Generator, Iterable
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any, TypeVar

import cv2
from loky import get_reusable_executor

from digits.common.errors import UserError, tried

MANY = 8  # with fewer pictures, this process is done before worker processes have started
AHEAD = 16  # pictures per core in one round; their results wait in memory until the caller takes them

T = TypeVar("T")


def on_all_cores(function: Callable[..., T], tasks: Iterable[tuple[Any, ...]]) -> Generator[T | UserError]:
    """Yield what a function returns for each task, in order, or the UserError that it raises.

    A task is the function's arguments. Worker processes do the tasks, unless they are few. Close the iterator to stop
    early. Raises UserError if a worker process is killed.
    """
    cores, waiting = os.cpu_count() or 1, iter(tasks)
    while batch := list(islice(waiting, AHEAD * cores)):
        if len(batch) < MANY:
            yield from (tried(function, *task) for task in batch)
            continue
        executor = get_reusable_executor(cores, initializer=_begin)
        futures: list[Any] = []
        try:
            futures += [executor.submit(_do, os.getcwd(), function, task) for task in batch]
            yield from (future.result() for future in futures)
        except BrokenProcessPool as error:
            raise UserError("a process that looked for digits was killed; perhaps memory ran out") from error
        finally:
            for future in futures:
                future.cancel()


def _do(folder: str, function: Callable[..., T], task: tuple[Any, ...]) -> T | UserError:
    os.chdir(folder)  # a worker process is kept, and the caller may have gone elsewhere since it started
    return tried(function, *task)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this worker
    cv2.setNumThreads(1)  # all cores are busy
