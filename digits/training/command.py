"""What `train` has on its command line beside its own settings: files that hold them, and Lightning's Trainer."""

import sys
from difflib import get_close_matches
from inspect import BoundArguments, signature
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import yaml
from cyclopts import App, Parameter
from cyclopts.config import Dict
from lightning.pytorch import Trainer

from digits import UserError
from digits.checkpoint import CONFIG, newest_run
from digits.cli import parse

Words = Annotated[str, Parameter(show=False, allow_leading_hyphen=True)]


def understand(app: App, words: list[str]) -> BoundArguments:
    """The arguments that the words stand for, over those of a file, over the defaults of `train`.

    Raises UserError for a mistake in the words or in the file.
    """
    own: list[str] = []
    trainers: list[str] = []
    taking = own
    for word in words:  # an option of Lightning's Trainer, and what follows it, is for Lightning's own kind of parser
        if word.startswith("--"):
            taking = trainers if word.startswith("--trainer.") else own
        taking.append(word)

    @app.meta.default
    def with_files(
        *rest: Words,
        config: Path | None = None,
        resume: Annotated[list[Path] | None, Parameter(consume_multiple=(0, 1))] = None,
    ) -> BoundArguments:
        """Bind `rest`, to be understood as the words of `train`, over the settings in files.

        Args:
            rest: The other words.
            config: YAML file with any of these settings; those of the command line go before it.
            resume: Go on with the run in this folder, by default with the newest in runs/; it keeps its settings.
        """
        run = None if resume is None else resume[0] if resume else newest_run()
        if run and not (run / CONFIG).is_file():
            raise UserError(f"there is no run to resume in {run}: it has no {CONFIG}")
        settings: dict[str, Any] = {}
        for path in filter(None, (run and run / CONFIG, config)):
            settings |= _read(path)
            app.config = (Dict(settings, source=str(path), use_commands_as_keys=False),)
        trainer = trainer_settings([*_plain_words(settings.pop("trainer", None) or {}), *trainers])
        bound = parse(app, list(rest))
        bound.arguments |= {"trainer": trainer} | ({"run_dir": run, "resume": True} if run else {})
        return bound

    meta = parse(app.meta, own)
    return with_files(*meta.args, **meta.kwargs)


def _read(path: Path) -> dict[str, Any]:
    """The settings in a file; those that are empty have their defaults."""
    try:
        settings = yaml.safe_load(path.read_text())
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise UserError(f"--config {path}: {reason}") from error
    if not isinstance(settings, dict):
        raise UserError(f"--config {path}: expected lines such as `lr: 3.0`")
    return {name: value for name, value in settings.items() if value is not None}


def _plain_words(settings: dict[str, Any]) -> list[str]:
    """Settings of the Trainer from a file as words of the command line, if they are plain values.

    A file may come from a stranger. The name of a class, which a word of the command line may be, would run code.
    """
    hints, words = get_type_hints(Trainer.__init__), []
    for name, value in settings.items():
        if value is None:  # the Trainer's own default
            continue
        named = isinstance(value, str) and (str not in get_args(hints.get(name)) or "." in value)
        if named or not isinstance(value, str | int | float | list):
            raise UserError(f"trainer.{name} in a file must be a plain value, not {value}; give it as --trainer.{name}")
        words.append(f"--trainer.{name}={yaml.safe_dump(value, default_flow_style=True).splitlines()[0]}")
    return words


def trainer_settings(words: list[str]) -> dict[str, Any]:
    """The settings of Lightning's Trainer that words such as `--trainer.max_epochs 3` stand for.

    Raises UserError if the Trainer has no such setting, or not with such a value.
    """
    if not words:
        return {}
    from jsonargparse import ArgumentError, ArgumentParser  # as in Lightning's own command line; half a second

    parser = ArgumentParser(prog="digits train", exit_on_error=False)
    parser.add_class_arguments(Trainer, "trainer", instantiate=False)
    if "--trainer.help" in words:
        parser.print_help()
        sys.exit(0)
    known = signature(Trainer).parameters
    for name in (word.removeprefix("--trainer.").split("=")[0] for word in words if word.startswith("--trainer.")):
        if name.split(".")[0].rstrip("+") not in known:
            [meant] = get_close_matches(name, known, n=1) or [""]
            hint = f"Did you mean --trainer.{meant}?" if meant else "--trainer.help lists the settings."
            raise UserError(f"Lightning's Trainer has no setting {name}. {hint}")
    try:
        settings = parser.parse_args(words, defaults=False)
    except ArgumentError as error:
        raise UserError(" ".join(str(error).split()) + " --trainer.help lists the settings.") from error
    return dict(parser.instantiate(settings).trainer)
