"""A user's mistake as one line, and a stranger's text as a terminal may show it."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
NO_ROOM = "out of memory|you tried to allocate|devices are busy|no kernel image"  # what PyTorch says, also of a GPU


class UserError(Exception):
    """Something that the person at the keyboard can mend: shown as one line, without a traceback."""


def tried(function: Callable[..., T], *arguments: Any, **options: Any) -> T | UserError:
    """Return what a function returns for its arguments, or the UserError that it raises."""
    try:
        return function(*arguments, **options)
    except UserError as error:
        return error


@contextmanager
def one_line_errors(program: str) -> Iterator[None]:
    """Turn an error that a user can mend into one line on standard error and exit status 2; Ctrl-C into status 130.

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
    except BrokenPipeError:  # whoever reads the output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(2)
    except (UserError, OSError, MemoryError, RuntimeError) as error:
        message = explain(error)
        if not message:
            raise
        print(f"{program}: error: {printable(message)}", file=sys.stderr)
        sys.exit(2)


def explain(error: Exception) -> str:
    """Return in one line what a user or the machine did wrong; "" if the error is a bug."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError):  # such as a full disk
        file = "" if error.filename is None else f"{error.filename}: "
        return file + (error.strerror or str(error))
    if not isinstance(error, MemoryError) and not re.search(NO_ROOM, str(error)):
        return ""
    if "CUDA" in str(error):
        remedy = "try a smaller --batch_size, or train with --trainer.accelerator cpu"
        return f"the GPU is full, in use, or too old; {remedy}"
    return "out of memory"


def printable(text: str) -> str:
    """Escape what a terminal would obey or cannot show: control characters, line breaks, bytes that are no text."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return shown.encode(encoding, "backslashreplace").decode(encoding)


def install(extra: str) -> str:
    """Return the command that installs an extra of this package: by name if it is installed, else from its folder."""
    from importlib.metadata import PackageNotFoundError, distribution  # here, since help need not wait for it

    try:
        distribution("digits")
    except PackageNotFoundError:
        return f'pip install -e ".[{extra}]"'  # double quotes work in every shell
    return f'pip install "digits[{extra}]"'
