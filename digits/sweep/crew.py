"""Threads that work side by side until their work is done, one of them fails, or a signal asks them to end."""

import signal
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, TypeVar

from digits.training.callbacks import Interrupted

T = TypeVar("T")


class Crew:
    """Threads side by side, which SIGINT and SIGTERM end: networks train at the same time in one process, since the
    compiled kernel lets go of Python's global lock.
    """

    def __init__(self, size: int) -> None:
        self.size, self.stop, self.signum = size, Event(), 0

    def map(self, function: Callable[[int], T], arguments: Iterable[int]) -> list[T]:
        """The results of a function. Raises Interrupted after a signal, once every thread has come to its `go_on`."""

        def call(argument: int) -> T:
            try:
                self.go_on()
                return function(argument)
            except BaseException:
                self.stop.set()  # the others end too
                raise

        before = {number: signal.signal(number, self._remember) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            with ThreadPoolExecutor(self.size) as pool:
                futures = [pool.submit(call, argument) for argument in arguments]
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        errors = [error for future in futures if (error := future.exception())]
        for error in sorted(errors, key=lambda error: isinstance(error, Interrupted)):
            raise error
        return [future.result() for future in futures]

    def go_on(self) -> None:
        """Raise Interrupted if the crew is to end."""
        if self.stop.is_set():
            raise Interrupted(self.signum)

    def _remember(self, signum: int, _: Any) -> None:
        self.signum = signum
        self.stop.set()
