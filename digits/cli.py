"""From a typed function to a command line, and from a user's mistake to one line."""

import atexit
import gc
import logging
import os
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, suppress
from functools import cache
from importlib import import_module
from inspect import BoundArguments
from pathlib import Path
from typing import Any

from cyclopts import App, CycloptsError, Group, Parameter

from digits.errors import UserError, printable

NO_ROOM = "out of memory|you tried to allocate|devices are busy|no kernel image"  # what PyTorch says, also of a GPU
DASH = ".//-"  # stands for the word -, which cyclopts would take for an option; as a Path, it is -


def run(verb: str, words: list[str]) -> None:
    """Call the function of a verb with the words of the command line."""
    gc.set_threshold(1_000_000)  # imports make many objects that stay; the collector would scan them again and again
    # Skip the last collection, which takes most of a second. But Triton, of PyTorch for GPUs, would report leaks.
    atexit.register(lambda: None if "triton" in sys.modules else gc.freeze())
    module = import_module(f"digits.{verb}")
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


@cache
def import_unconfigured() -> None:
    """Import numba without the .numba_config.yaml of the working directory, which may be a folder of pictures."""
    with suppress(ImportError), chdir(Path(__file__).parent):
        numba: Any = import_module("numba.core.config")
        numba._config_fname = ""  # which it looks for again whenever it compiles


def quiet() -> None:
    """Silence what a user can do nothing about: what Lightning and PyTorch say of themselves."""
    logging.disable(logging.INFO)  # whatever level Lightning sets as it is imported
    warnings.filterwarnings("ignore", module=r"(lightning|torch)\b")
    # If a thread of TensorBoard's cannot write, the main thread raises that, too.
    usual = threading.__excepthook__
    threading.excepthook = lambda failed: None if issubclass(failed.exc_type, OSError) else usual(failed)
