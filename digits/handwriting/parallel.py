"""Call a function for many pictures, in worker processes on all cores."""

import os
import signal
from collections.abc import Callable, Generator, Iterable
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any, TypeVar

import cv2
from loky import cpu_count, get_reusable_executor

from digits.common.errors import UserError, tried

MANY = 8  # fewer pictures take less time than starting the worker processes
AHEAD = 16  # pictures per core in one batch; their results wait in memory until the caller takes them

T = TypeVar("T")


def on_all_cores(function: Callable[..., T], tasks: Iterable[tuple[Any, ...]]) -> Generator[T | UserError]:
    """Call a function for each task, and yield the results in order. A task is a tuple of arguments.

    Worker processes do the work if there are MANY tasks or more. A UserError that the function raises is yielded in
    place of the result. Close the iterator to stop early. Raises UserError if a worker process is killed.
    """
    cores, waiting = cpu_count(), iter(tasks)  # which knows of containers and affinity
    while batch := list(islice(waiting, AHEAD * cores)):
        if len(batch) < MANY:
            yield from (tried(function, *task) for task in batch)
            continue
        executor = get_reusable_executor(cores, initializer=_start_worker, initargs=(os.getcwd(),))
        futures: list[Any] = []
        try:
            futures += [executor.submit(tried, function, *task) for task in batch]
            yield from (future.result() for future in futures)
        except BrokenProcessPool as error:
            raise UserError("a worker process was killed, perhaps for lack of memory; try fewer pictures") from error
        finally:
            for future in futures:
                future.cancel()


def _start_worker(folder: str) -> None:
    os.chdir(folder)  # if the caller changes the working folder, new workers are started
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # only the main process handles Ctrl-C
    cv2.setNumThreads(1)  # the workers keep all cores busy already
