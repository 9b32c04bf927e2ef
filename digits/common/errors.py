"""Report an error in one line, and escape text that a terminal must not obey."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
NO_ROOM = "out of memory|you tried to allocate|devices are busy|no kernel image"  # in PyTorch's errors, on GPUs, too


class UserError(Exception):
    """An error that the user can fix. It is shown as one line, without a traceback."""


def tried(function: Callable[..., T], *arguments: Any, **options: Any) -> T | UserError:
    """Call a function, and return its result or the UserError that it raises."""
    try:
        return function(*arguments, **options)
    except UserError as error:
        return error


@contextmanager
def one_line_errors(program: str) -> Iterator[None]:
    """Turn an error that the user can fix into one line on standard error and exit status 2; Ctrl-C into status 130.

    A bug keeps its traceback.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        print(f"\n{program}: stopped", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # the program that reads the output, such as `head`, has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(2)
    except (UserError, OSError, MemoryError, RuntimeError) as error:
        message = explain(error)
        if not message:
            raise
        print(f"{program}: error: {printable(message)}", file=sys.stderr)
        sys.exit(2)


def explain(error: Exception) -> str:
    """Explain an error of the user or the machine in one line; return "" if the error is a bug."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError):  # such as a full disk
        file = "" if error.filename is None else f"{error.filename}: "
        remedy = "; name a folder" if isinstance(error, FileExistsError | NotADirectoryError) else ""
        return file + (error.strerror or str(error)) + remedy
    if not isinstance(error, MemoryError) and not re.search(NO_ROOM, str(error)):
        return ""
    if "CUDA" in str(error):
        remedy = "try a smaller --batch_size, or train with --trainer.accelerator cpu"
        return f"the GPU is full, in use, or too old; {remedy}"
    return "out of memory"


def printable(text: str) -> str:
    """Escape what a terminal would obey or cannot show: control characters, line breaks, undecodable bytes."""
    escaped = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return escaped.encode(encoding, "backslashreplace").decode(encoding)


def install(extra: str) -> str:
    """Return the command that installs an extra: by name if this package is installed, else from its folder."""
    from importlib.metadata import PackageNotFoundError, distribution  # slow to import, so not for --help

    try:
        distribution("digits")
    except PackageNotFoundError:
        return f'pip install -e ".[{extra}]"'  # double quotes work in every shell
    return f'pip install "digits[{extra}]"'
