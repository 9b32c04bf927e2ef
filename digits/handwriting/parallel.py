"""What is found in many pictures, on all cores."""

import os
import pickle
import signal
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import chain, islice
from multiprocessing import current_process, get_context, parent_process
from threading import Lock, Thread, current_thread, main_thread
from types import ModuleType
from typing import Any, TypeVar

import cv2

from digits.errors import UserError, tried

MANY = 8  # fewer pictures are looked at before other processes have started
AHEAD = 4  # tasks for each core that are begun before the first result is taken: the results stay in memory

STARTING = Lock()  # held by the thread that starts processes

T = TypeVar("T")


def on_all_cores(function: Callable[..., T], tasks: Iterable[tuple[Any, ...]]) -> Generator[T | UserError]:
    """What a module's function returns for each of the tasks, in order, or the UserError that it raises.

    A task is the function's arguments, and is taken from an iterator shortly before it begins. Other processes do the
    tasks, unless they are few, or cannot be pickled. Close the iterator to stop early. Raises UserError if a process is
    killed.
    """
    waiting = iter(tasks)
    first = list(islice(waiting, MANY))
    waiting = chain(first, waiting)
    if len(first) < MANY or current_process().daemon:  # a daemon may start no processes
        yield from (tried(function, *task) for task in waiting)
        return
    # Torch, which the caller may have imported, is not safe to fork; spawned processes do not import it.
    executor = ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=_begin)

    def begin(task: tuple[Any, ...]) -> tuple[tuple[Any, ...], Future[T | UserError | None] | None]:
        try:
            packed = pickle.dumps((function, *task))
        except Exception:  # anything, such as a lock in place of a picture; the executor would hang
            return task, None
        return task, executor.submit(_do, packed)

    with STARTING, _as_they_start():  # all processes start at the first task
        # Not executor.map: once a process is killed, it cancels futures while the executor fails them; one may stay.
        begun = deque(map(begin, islice(waiting, AHEAD * (os.cpu_count() or 1))))
    try:
        while begun:
            task, future = begun.popleft()
            result = future.result() if future else None
            yield tried(function, *task) if result is None else result
            begun.extend(map(begin, islice(waiting, 1)))
    except BrokenProcessPool as error:
        raise UserError("a process that looked for digits was killed; perhaps memory ran out") from error
    finally:
        executor.shutdown(cancel_futures=True)


def _do(packed: bytes) -> Any:
    """What a task's function gives; None if this process lacks what the task needs, such as a class of a script."""
    try:
        function, *task = pickle.loads(packed)
    except Exception:
        return None
    return tried(function, *task)


@contextmanager
def _as_they_start() -> Iterator[None]:
    """Processes that start meanwhile ignore Ctrl-C, which is for this one alone, and do not run the caller's script."""
    signals = current_thread() is main_thread()
    heeded = signal.signal(signal.SIGINT, signal.SIG_IGN) if signals else None
    script, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script
        if signals:
            signal.signal(signal.SIGINT, heeded)


def _begin() -> None:
    """What a process does first. It ends when its parent ends, however that happens."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Windows, this is not inherited
    cv2.setNumThreads(1)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)
