"""What `train` has on its command line beside its own settings: files that hold them, and Lightning's Trainer."""

import sys
from collections.abc import Sequence
from functools import partial
from inspect import BoundArguments, signature
from os import cpu_count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict, get_args, get_origin, get_type_hints

import yaml
from cyclopts import App, Parameter, Token
from cyclopts.config import Dict
from lightning.pytorch import Trainer

from digits.checkpoint.selection import CONFIG, newest_run
from digits.checkpoint.untrusted import RENAMED
from digits.cli import LARGE, LONGEST, parse
from digits.errors import UserError
from digits.files import read_regular, refuse_links
from digits.kernels import KERNELS

WAYS = "; ".join(f"{kernel.name}: {kernel.help}" for kernel in KERNELS.values())
KernelName = Annotated[str, Parameter(choices=("auto", *KERNELS), help=f"How to train. auto: the fastest; {WAYS}.")]
ELSEWHERE = {"return", "default_root_dir", "model_registry"}  # would put files where --run_dir does not say
SETTINGS = {name: hint for name, hint in get_type_hints(Trainer.__init__).items() if name not in ELSEWHERE}
# Beyond these, Lightning fails in the midst of a run, or starts more processes than a machine should have.
MANY = max(8, cpu_count() or 1)
RANGES = {"check_val_every_n_epoch": (1, LARGE), "val_check_interval": (0.01, 1), "devices": (-1, MANY)}
Words = Annotated[str, Parameter(show=False, allow_leading_hyphen=True)]


def _setting(name: str, hint: Any, kind: Any, tokens: Sequence[Token]) -> Any:
    """The value of one of the Trainer's settings, whose type hint says which plain types it takes: no objects."""
    try:
        [value] = [yaml.safe_load(token.value) for token in tokens]
    except (ValueError, RecursionError, yaml.YAMLError):  # more than one value, or brackets that are not closed
        value = None
    literals = [literal for literal in get_args(hint) if get_origin(literal) is Literal]
    plain = {bool, int, float, str} & {hint, *get_args(hint)} | {str, int} & {type(value) for _ in literals}
    if type(value) not in plain:
        said = " ".join(token.value for token in tokens)
        raise ValueError(f"{said} is no plain value that Lightning's Trainer takes.")
    if name == "strategy" and value not in ("auto", "ddp"):
        raise ValueError("Must be auto or ddp; processes are started in no other way.")
    low, high = RANGES.get(name, (-LARGE, LARGE))
    try:
        number = value if isinstance(value, int) else float(value)
    except ValueError:  # a word, such as auto
        return value
    if not low <= number <= high:
        raise ValueError(f"Must be {low} to {high}.")
    return value


if TYPE_CHECKING:
    TrainerSettings = dict[str, Any]
else:
    each = {name: Annotated[Any, Parameter(converter=partial(_setting, name, hint))] for name, hint in SETTINGS.items()}
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
        if run:
            refuse_links(run)
        files = [path for path in (config, run and run / CONFIG) if path]
        app.config = tuple(Dict(_read(path), source=str(path), use_commands_as_keys=False) for path in files)
        bound = parse(app, list(rest))
        if run:
            bound.arguments |= {"run_dir": run, "resume": True}
        return bound

    meta = parse(app.meta, words)
    bound = with_files(*meta.args, **meta.kwargs)
    if "help" in (bound.arguments.get("trainer") or {}):
        print("\n".join(f"--trainer.{x}" for x in signature(Trainer).parameters.values() if x.name in SETTINGS))
        sys.exit(0)
    return bound


def _read(path: Path) -> dict[str, Any]:
    """The settings in a file, as texts that are understood as on the command line; those without one are left out."""
    depth = 0
    try:
        text = read_regular(path, 100_000).decode()
        for count, event in enumerate(yaml.parse(text)):  # before anything is made of it
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            long = isinstance(event, yaml.ScalarEvent) and len(event.value) > LONGEST
            if long or depth > 10 or count > 1_000 or isinstance(event, yaml.AliasEvent):
                raise ValueError("expected no aliases, and at most 1,000 values of 1,000 characters, ten lists deep")
        settings = yaml.load(text, yaml.BaseLoader)
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise UserError(f"--config {path}: {reason}") from error
    if not isinstance(settings, dict):
        raise UserError(f"--config {path}: expected lines such as `lr: 3.0`")
    if str(settings.get("schedule")).isdigit():
        settings["schedule"] = "true"  # version 0.1 had the number of epochs here
    if isinstance(settings.get("trainer"), dict):
        settings["trainer"] = _given(settings["trainer"])
    return {RENAMED.get(name, name): value for name, value in _given(settings).items()}


def _given(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value not in ("", "~", "null", "Null", "NULL")}
