"""What Windows lacks or says in other words. What needs it is skipped there, with the reason; on POSIX nothing is."""

import os
from functools import partial
from pathlib import Path

import pytest

POSIX = hasattr(os, "mkfifo")
posix = pytest.mark.skipif(not POSIX, reason="needs a shell, signals, names or words as of POSIX")
on_posix = partial(pytest.param, marks=posix)  # a case of a parametrized test
GONE = "No such file or directory" if POSIX else "The system cannot find the file specified"
LOCK = [".lock"] if POSIX else []  # what a lock leaves behind


def pipe(path: Path) -> None:
    """Make a pipe, or skip the test."""
    if not POSIX:
        pytest.skip("there are no pipes with names")
    os.mkfifo(path)


def link(path: Path, target: Path | str) -> None:
    """Make a link, or skip the test: on Windows that is a right which few users have."""
    try:
        path.symlink_to(target)
    except OSError:
        if POSIX:
            raise
        pytest.skip("this user may make no links")
