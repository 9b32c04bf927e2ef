"""A user's mistake, and how text that may come from a stranger is shown."""

import sys
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


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
