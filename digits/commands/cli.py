"""Make a command line from a typed function: its parameters become options, and its docstring their help."""

import atexit
import gc
import re
import sys
from collections.abc import Callable
from importlib import import_module
from inspect import BoundArguments, getdoc
from typing import Any

from cyclopts import App, CycloptsError, Group, Parameter

from digits.common.errors import UserError
from digits.common.libraries import quiet

PLAIN = {  # what cyclopts writes in its errors, and what we write instead
    r"Unused Tokens: \[(.*)\]\.": r"unexpected \1; write only options such as --NAME, and no value after a switch.",
    r"Parameter ([A-Z]+) requires an argument": r"name the \1",
    r"Parameter (\S+) requires (?:an argument|at least 1 element. Got 0)": r"write a value after \1",
    r"Parameter (\S+) accepts at most 1 element": r"write only one value after \1",
    r"Parameter (\S+) specified multiple times": r"write all values after one \1, as in \1 A B",
    r"unable to convert (.*) into int": r"\1 is not a whole number",
    r"unable to convert (.*) into float": r"\1 is not a number",
    r"unable to convert (.*) into bool": r"\1 is not true or false",
    r'Invalid value "(.*)" for --trainer\. .*': r"write which setting of the Trainer is \1, as in --trainer.NAME \1.",
    r"mean --trainer\?": "mean --trainer.NAME?",
    r"\]\[": ".",  # a setting of a file: [trainer][max_time]
    r"\[([a-z][\w.]*)\]": r"\1",
}
DASH = ".//-"  # replaces the word -, which cyclopts would take for an option; Path(DASH) is Path("-")


def run(name: str, words: list[str]) -> None:
    """Call the function of a subcommand with the words of a command line."""
    gc.set_threshold(1_000_000)  # imports create many lasting objects: do not scan them repeatedly
    # Skip the garbage collection at exit, which takes most of a second, except for PyTorch's Triton: it reports leaks.
    atexit.register(lambda: None if "triton" in sys.modules else gc.freeze())
    module = import_module(f"digits.commands.{name}")
    function = getattr(module, name)
    app = command_line(function, f"digits {name}")
    app.config = getattr(module, "add_files", ())  # `train` also takes settings from files
    bound = parse(app, words)
    with quiet():
        function(*bound.args, **bound.kwargs)


def command_line(function: Callable[..., Any], program: str) -> App:
    """Return the command line of a function.

    A list is written `--hidden 100 30`, and a switch has no value. If an option is repeated, its last value counts.
    """
    options, description = Group("Options"), (getdoc(function) or "").partition("\nArgs:")[0]
    style = Parameter(
        consume_multiple=(1, None), negative=(), allow_repeating=True, name_transform=str, show_default=shown_default
    )
    app = App(
        program,
        default_command=function,
        default_parameter=style,
        group_parameters=options,
        help=re.sub(r"(?<!\n)\n(?!\n)", " ", description),  # join the lines of a paragraph: the terminal wraps them
        help_format="plaintext",
        version_flags=(),
    )
    app["--help"].group = options
    return app


def shown_default(default: Any) -> str | None:
    """Return a default as a user would type it, or None to hide it."""
    if default is None or default is False:
        return None
    return " ".join(map(str, default)) if isinstance(default, list) else str(default)


def parse(app: App, words: list[str]) -> BoundArguments:
    """Parse the words of a command line, and return the arguments. If the words ask for help, print it and exit.

    Raises UserError for a mistake in the words.
    """
    try:
        words = [DASH if word == "-" else word for word in words]
        command, bound, _ = app.parse_args(words, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        message = " ".join(str(error).replace(DASH, "-").split())
        for pattern, plain in PLAIN.items():
            message = re.sub(pattern, plain, message)
        raise UserError(f"{message} For help, add --help.") from error
    if command != app.default_command:
        command(*bound.args, **bound.kwargs)
        sys.exit(0)
    for value in bound.arguments.values():
        if isinstance(value, list):
            value[:] = ["-" if word == DASH else word for word in value]
    return bound
