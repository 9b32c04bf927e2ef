"""From a typed function to a command line, and from a user's mistake to one line."""

import logging
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import Parameter, signature
from json import dumps
from typing import Any, NoReturn, get_origin

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import NonNegativeInt, PositiveInt, restricted_number_type  # noqa: F401

from digits import UserError

Rate = restricted_number_type("Rate", float, [(">", 0), ("<", float("inf"))])  # so neither nan nor inf
Strength = restricted_number_type("Strength", float, [(">=", 0), ("<", float("inf"))])


class Parser(ArgumentParser):
    """An ArgumentParser that takes lists as `--hidden 100 30` or as the words of no option, switches such as `--json`
    without a value, a verb's first argument without its name, and answers a mistake with one line, not its usage.
    """

    def add_function_arguments(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> list[str]:
        skipped = kwargs.get("skip", ())
        parameters = [each for each in signature(function).parameters.values() if each.name not in skipped]
        self.lists = {f"--{parameter.name}" for parameter in parameters if get_origin(parameter.annotation) is list}
        self.switches = {f"--{parameter.name}" for parameter in parameters if parameter.annotation is bool}
        self.many = any(
            parameter.annotation == list[str] and parameter.default is Parameter.empty for parameter in parameters
        )
        optional = kwargs.get("as_positional") and parameters[0].default is not Parameter.empty
        self.first = f"--{parameters[0].name}" if optional else ""
        return super().add_function_arguments(function, *args, **kwargs)

    def parse_args(self, args: list[str] | None = None, *rest: Any, **kwargs: Any) -> Namespace:  # type: ignore[override]
        words: list[Any] = []
        loose: list[str] = []  # the words of no option
        takes_one = False
        for word in sys.argv[1:] if args is None else args:
            if word.startswith("--"):
                words += [word, []] if word in self.lists else [f"{word}=true"] if word in self.switches else [word]
                takes_one = word not in self.lists | self.switches | {"--help"} and "=" not in word
            elif words and isinstance(words[-1], list) and not word.startswith("["):
                words[-1].append(word)
            elif self.first and not takes_one and self.first not in words and not word.startswith("-"):
                words += [self.first, word]
            elif takes_one or not self.many:
                words.append(word)
                takes_one = False
            else:
                loose.append(word)
        joined = [f"[{','.join(word)}]" if isinstance(word, list) else word for word in words if word != []]
        return super().parse_args(joined + ([dumps(loose)] if loose else []), *rest, **kwargs)

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        message = re.sub(r'^Parser key "([^"]+)"( element \d+)?:', r"--\1:", message)
        message = re.sub(r"^(Problems parsing|Unexpected) config:", r"--config: \1:", message)
        message = re.sub(r"Not of type \w+: ", "", " ".join(message.split()))
        message = re.sub(r"Does not validate against any .*Given value: (.*)", r"cannot be \1", message)
        message = re.sub(r"does not conform to restriction v(.*)", r"must be \1", message).replace(" and v", " and ")
        message = re.sub(r"<class '([\w.]+)'>|typing\.", r"\1", message)
        print(f"{self.prog}: error: {message}; see {self.prog} --help", file=sys.stderr)
        sys.exit(2)


@contextmanager
def one_line_errors(prog: str) -> Iterator[None]:
    """Turn a UserError into a line on standard error and exit status 2; a bug keeps its traceback."""
    try:
        yield
    except UserError as error:
        print(f"{prog}: error: {error}", file=sys.stderr)
        sys.exit(2)


def quiet() -> None:
    """Silence what a user can do nothing about: tips, lists of devices, warnings that do not apply."""
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", "Checkpoint directory .* exists and is not empty")
    warnings.filterwarnings("ignore", ".*treespec, LeafSpec")
    warnings.filterwarnings("ignore", "Detected call of .lr_scheduler.step... before .optimizer.step")
    warnings.filterwarnings("ignore", "It is recommended to use .*sync_dist=True")
    warnings.filterwarnings("ignore", "You're resuming from a checkpoint that ended before the epoch ended")
