"""What `train` has on its command line beside its own settings: files that hold them, and Lightning's Trainer."""

import sys
from collections.abc import Sequence
from functools import partial
from inspect import BoundArguments, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict, get_args, get_origin, get_type_hints

import yaml
from cyclopts import App, Parameter, Token
from cyclopts.config import Dict
from lightning.pytorch import Trainer

from digits.checkpoint.selection import CONFIG, newest_run
from digits.checkpoint.untrusted import RENAMED
from digits.cli import parse
from digits.errors import UserError
from digits.kernels import KERNELS

WAYS = "; ".join(f"{kernel.name}: {kernel.help}" for kernel in KERNELS.values())
KernelName = Annotated[str, Parameter(choices=("auto", *KERNELS), help=f"How to train. auto: the fastest; {WAYS}.")]
SETTINGS = {name: hint for name, hint in get_type_hints(Trainer.__init__).items() if name != "return"}
Words = Annotated[str, Parameter(show=False, allow_leading_hyphen=True)]


def _setting(hint: Any, kind: Any, tokens: Sequence[Token]) -> Any:
    """The value of one of the Trainer's settings, whose type hint says which plain types it takes: no objects."""
    try:
        [value] = [yaml.safe_load(token.value) for token in tokens]
    except (ValueError, yaml.YAMLError):  # more than one value, or brackets that are not closed
        value = None
    literals = [literal for literal in get_args(hint) if get_origin(literal) is Literal]
    plain = {bool, int, float, str} & {hint, *get_args(hint)} | {str, int} & {type(value) for _ in literals}
    if type(value) in plain:
        return value
    raise ValueError(f"{' '.join(token.value for token in tokens)} is no plain value that Lightning's Trainer takes.")


if TYPE_CHECKING:
    TrainerSettings = dict[str, Any]
else:
    each = {name: Annotated[Any, Parameter(converter=partial(_setting, hint))] for name, hint in SETTINGS.items()}
    TrainerSettings = TypedDict("TrainerSettings", {"help": bool} | each, total=False)


def understand(app: App, words: list[str]) -> BoundArguments:
    """The arguments that the words stand for, over those of a file, over the defaults of `train`.

    Raises UserError for a mistake in the words or in the file.
    """
    app.help_epilogue = app.meta.help_epilogue = (
        "Lightning's Trainer has settings of its own: --trainer.NAME VALUE. --trainer.help lists them."
    )

    @app.meta.default
    def with_files(
        *rest: Words,
        config: Path | None = None,
        resume: Annotated[list[Path] | None, Parameter(consume_multiple=(0, 1))] = None,
    ) -> BoundArguments:
        """Bind `rest`, to be understood as the words of `train`, over the settings in files.

        Args:
            rest: The other words.
            config: YAML file with any of these; the command line overrides it.
            resume: Go on with this run, or the newest in runs/.
        """
        run = None if resume is None else resume[0] if resume else newest_run()
        if resume == [] and not run:
            raise UserError("there is no run in runs/; name the folder of one")
        if run and not (run / CONFIG).is_file():
            raise UserError(f"there is no run to resume in {run}: it has no {CONFIG}")
        files = [path for path in (config, run and run / CONFIG) if path]
        app.config = tuple(Dict(_read(path), source=str(path), use_commands_as_keys=False) for path in files)
        bound = parse(app, list(rest))
        if run:
            bound.arguments |= {"run_dir": run, "resume": True}
        return bound

    meta = parse(app.meta, words)
    bound = with_files(*meta.args, **meta.kwargs)
    if "help" in (bound.arguments.get("trainer") or {}):
        print("\n".join(f"--trainer.{setting}" for setting in signature(Trainer).parameters.values()))
        sys.exit(0)
    return bound


def _read(path: Path) -> dict[str, Any]:
    """The settings in a file; those that are empty have their defaults."""
    try:
        text = path.read_text()
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            raise ValueError("no aliases, with which a short file can be of any size")
        settings = yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise UserError(f"--config {path}: {reason}") from error
    if not isinstance(settings, dict):
        raise UserError(f"--config {path}: expected lines such as `lr: 3.0`")
    if type(settings.get("schedule")) is int:
        settings["schedule"] = True  # version 0.1 had the number of epochs here
    return {RENAMED.get(str(name), str(name)): value for name, value in settings.items() if value is not None}
