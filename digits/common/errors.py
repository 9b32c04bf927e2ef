"""A user's mistake, and how text that may come from a stranger is shown."""

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


def tried(function: Callable[..., T], *arguments: Any) -> T | UserError:
    """What a function gives for its arguments, or the UserError that it raises."""
    try:
        return function(*arguments)
    except UserError as error:
        return error


def install(extra: str) -> str:
    """The command that installs an extra of this package: by name where it is installed, else from its folder.

    In double quotes, which every shell takes away.
    """
    from importlib.metadata import PackageNotFoundError, distribution  # here, since help need not wait for it

    try:
        distribution("digits")
    except PackageNotFoundError:
        return f'pip install -e ".[{extra}]"'
    return f'pip install "digits[{extra}]"'


def printable(text: str) -> str:
    """Text without what a terminal would obey or cannot show: control characters, line breaks, bytes of no text."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return shown.encode(encoding, "backslashreplace").decode(encoding)


@contextmanager
def one_line_errors(prog: str) -> Iterator[None]:
    """Print what a user can mend as one line on standard error, and exit with status 2; a bug keeps its traceback.

    What the machine refuses, such as a file on a full disk, is no bug.
    """
    line, status = "", 2
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except UserError as error:
        line = f"{prog}: error: {printable(str(error))}"
    except KeyboardInterrupt:
        line, status = f"\n{prog}: stopped", 130
    except BrokenPipeError:  # whoever reads the output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        file = "" if error.filename is None else f"{error.filename}: "
        line = f"{prog}: error: {printable(file + (error.strerror or str(error)))}"
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not re.search(NO_ROOM, str(error)):
            raise
        line = f"{prog}: error: out of memory"
        if "CUDA" in str(error):
            line = f"{prog}: error: the GPU is full, in use, or too old; try a smaller --batch_size"
            line += ", or train with --trainer.accelerator cpu"
    else:
        return
    if line:
        print(line, file=sys.stderr)
    sys.exit(status)
