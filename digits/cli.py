"""From a typed function to a command line, and from a user's mistake to one line."""

import atexit
import errno
import gc
import logging
import os
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, suppress
from dataclasses import is_dataclass
from functools import cache
from importlib import import_module
from inspect import BoundArguments
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from cyclopts import App, CycloptsError, Group, Parameter, UnusedCliTokensError

from digits.errors import UserError, printable, why

STANDARD_INPUT = "\0-"  # no file is named so
LONGEST = 1_000  # bytes of a path
UNREAD = errno.EINVAL if os.name == "nt" else errno.EPIPE  # what the system says of output that nobody reads any more
OUTPUT_ERRORS = UNREAD, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF
IMPORTING = threading.Lock()  # held by the thread that imports elsewhere


def run(verb: str, words: list[str]) -> None:
    """Call the function of a verb with the words of the command line."""
    for name in ("MPLBACKEND", "NUMBA_NUM_THREADS"):  # of windows and threads that no verb has: nonsense is no matter
        os.environ.pop(name, None)
    try:
        os.getcwd()
    except OSError as error:
        raise UserError(f"the working directory cannot be used: {error.strerror}; cd to another") from error
    gc.set_threshold(1_000_000)  # imports make many objects that stay, and the collector would look through them
    atexit.register(_forgo_collection)
    module = import_module(f"digits.{verb}")
    function = getattr(module, verb)
    understand = getattr(module, "understand", parse)  # of a subcommand with more than its own options
    bound = understand(command_line(function, f"digits {verb}"), words)
    quiet()
    function(*bound.args, **bound.kwargs)


def _forgo_collection() -> None:
    """Collect nothing at the end, for most of a second. But Triton, of PyTorch for GPUs, would say that it leaks."""
    if "triton" not in sys.modules:
        gc.freeze()


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
    words = [STANDARD_INPUT if word == "-" else word for word in words]  # cyclopts would take it for an option
    try:
        command, bound, _ = app.parse_args(words, exit_on_error=False, print_error=False)
    except (CycloptsError, RecursionError) as error:  # of lists within lists
        unused = " ".join(error.unused_tokens or []) if isinstance(error, UnusedCliTokensError) else ""
        said = f"Unexpected: {unused}." if unused else str(error)
        said = re.sub(r"(\S{99})\S+", r"\1...", " ".join(said.split()))
        raise UserError(f"{said} --help says more.") from error
    if command != app.default_command:
        console = bound.arguments["console"]
        if not 20 <= console.width <= 1_000:  # as of COLUMNS=0, in which Rich would never end
            console.width = 80
        command(*bound.args, **bound.kwargs)
        sys.exit(0)
    for value in bound.arguments.values():
        if isinstance(value, list):
            value[:] = ["-" if each == STANDARD_INPUT else each for each in value]
        several = value if isinstance(value, list) else vars(value).values() if is_dataclass(value) else [value]
        for each in several:
            if isinstance(each, Path) or each is value and isinstance(each, str):  # of many pictures, each has its line
                _refuse_impossible(each)
    return bound


def _refuse_impossible(path: str | Path) -> None:
    """Raise UserError for what no file can be named. Not only for paths: a text may name one, and all are short."""
    if isinstance(path, Path) and re.match(r"\w\w+:/", path.as_posix()):  # C:/ is a drive
        raise UserError(f"{path}: expected a path, not an address")
    try:
        encoded = os.fsencode(path).replace(os.sep.encode(), b"/")
    except UnicodeEncodeError:  # half of a surrogate pair, which a file of settings can hold
        encoded = b"\0"
    if b"\0" in encoded or len(encoded) > LONGEST or max(map(len, encoded.split(b"/"))) > 255:
        raise UserError(f"{str(path)[:50]!r}... is too long, or no text, to name a file")


@contextmanager
def one_line_errors(prog: str) -> Iterator[None]:
    """Say in a line on standard error what a user can mend, and exit with status 2; a bug keeps its traceback.

    What the machine refuses, such as a file on a full disk, is no bug.
    """
    _open_streams()
    said, status = "", 2
    try:
        try:
            yield
        except SystemExit as end:  # after the help, for example
            status = end.code if isinstance(end.code, int) and end.code else status
            sys.stdout.flush()
            raise
        sys.stdout.flush()
    except UserError as error:
        said = f"error: {printable(str(error))}"
    except KeyboardInterrupt:
        said, status = "stopped", 130
    except OSError as error:
        said = f"error: {printable(why(error))}"
        if error.filename is None and error.errno in OUTPUT_ERRORS:
            said = f"error: cannot write the output: {error.strerror}"
            if error.errno == UNREAD:  # whoever reads it, such as `head`, has seen enough
                said = ""
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "you tried to allocate" not in str(error):
            raise
        said = "error: this takes more memory than there is"
    else:
        return
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):  # of a stream that is no file
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what Python still wants to write
    if said:
        with suppress(OSError):
            print(f"\n{prog}: {said}" if status == 130 else f"{prog}: {said}", file=sys.stderr)
    sys.exit(status)


def _open_streams() -> None:
    """See to it that standard output and error take all that is written: closed ones, and what they cannot show."""
    while (place := os.open(os.devnull, os.O_RDWR)) < 3:  # or the next file that is opened would take their place
        os.set_inheritable(place, True)
    os.close(place)
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def import_unconfigured() -> None:
    """Import what would be configured by files in the working directory, which a stranger may have made, elsewhere.

    To be called before Lightning is imported, which imports matplotlib. All threads have one working directory, so the
    first one imports, and others wait for it.
    """
    with IMPORTING:
        _import_elsewhere()


@cache
def _import_elsewhere() -> None:
    with chdir(Path(__file__).parent):
        with suppress(ImportError):  # an extra
            import_module("matplotlib")
        with suppress(ImportError):
            numba: Any = import_module("numba.core.config")
            numba._config_fname = ""  # which it looks for again whenever it compiles


def quiet() -> None:
    """Silence what a user can do nothing about: tips, lists of devices, warnings that do not apply."""
    logging.disable(logging.INFO)  # whatever level Lightning sets as it is imported
    # A thread of TensorBoard's that cannot write has the main thread raise that, too.
    usual = threading.__excepthook__
    threading.excepthook = lambda failed: None if issubclass(failed.exc_type, OSError) else usual(failed)
    warnings.filterwarnings("ignore", "Checkpoint directory ")  # exists; its name may have several lines
    warnings.filterwarnings("ignore", "GPU available but not used")  # we chose the CPU, and the first line says so
    warnings.filterwarnings("ignore", ".*treespec, LeafSpec")
    warnings.filterwarnings("ignore", "Total length of .WholeSplit. across ranks is zero")  # no image validates
    warnings.filterwarnings("ignore", ".ModelCheckpoint.* could not find the monitored key")  # not validated
    warnings.filterwarnings("ignore", "The epoch parameter in .scheduler.step")
    warnings.filterwarnings("ignore", "Detected call of .lr_scheduler.step... before .optimizer.step")
