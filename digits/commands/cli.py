"""From a typed function to a command line."""

import atexit
import gc
import sys
from collections.abc import Callable
from importlib import import_module
from inspect import BoundArguments
from typing import Any

from cyclopts import App, CycloptsError, Group, Parameter

from digits.common.errors import UserError
from digits.common.libraries import quiet

DASH = ".//-"  # stands for the word -, which cyclopts would take for an option; as a Path, it is -


def run(verb: str, words: list[str]) -> None:
    """Call the function of a verb with the words of the command line."""
    gc.set_threshold(1_000_000)  # imports make many objects that stay; the collector would scan them again and again
    # Skip the last collection, which takes most of a second. But Triton, of PyTorch for GPUs, would report leaks.
    atexit.register(lambda: None if "triton" in sys.modules else gc.freeze())
    module = import_module(f"digits.commands.{verb}")
    function = getattr(module, verb)
    understand = getattr(module, "understand", parse)  # of a subcommand with more than its own options
    bound = understand(command_line(function, f"digits {verb}"), words)
    quiet()
    function(*bound.args, **bound.kwargs)


def command_line(function: Callable[..., Any], prog: str) -> App:
    """The command line of a function: its options are named as its parameters, and helped by their docstring."""
    # Lists as `--hidden 100 30`, switches without a value; of an option given twice, the last counts.
    plain = Parameter(
        consume_multiple=(1, None), negative=(), allow_repeating=True, name_transform=str, show_default=_shown
    )
    options = Group("Options")
    app = App(
        prog,
        default_command=function,
        default_parameter=plain,
        group_parameters=options,
        help_format="plaintext",
        version_flags=(),
        result_action="return_value",
    )
    app["--help"].group = options
    return app


def _shown(default: Any) -> str | None:
    """A default as one would type it; a switch that is off, or nothing, is not shown."""
    if default is None or default is False:
        return None
    return " ".join(map(str, default)) if isinstance(default, list) else str(default)


def parse(app: App, words: list[str]) -> BoundArguments:
    """The arguments that the words stand for. Prints the help that they ask for, and exits.

    Raises UserError for a mistake in them.
    """
    try:
        words = [DASH if word == "-" else word for word in words]
        command, bound, _ = app.parse_args(words, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        message = " ".join(str(error).replace(DASH, "-").split())
        raise UserError(f"{message} --help says more.") from error
    if command != app.default_command:
        command(*bound.args, **bound.kwargs)
        sys.exit(0)
    for name, value in bound.arguments.items():
        if isinstance(value, list):
            value[:] = ["-" if word == DASH else word for word in value]
        elif value == DASH:
            bound.arguments[name] = "-"
    return bound
