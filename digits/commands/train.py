"""`python -m digits train`: the settings on the command line, over those in files; and those of Lightning's Trainer."""

import json
from dataclasses import replace
from inspect import BoundArguments
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from cyclopts.config import Dict

import digits.train
from digits.commands.cli import parse
from digits.common.errors import UserError
from digits.common.files import CONFIG, newest_run
from digits.training.settings import Settings, TrainerSettings


def train(
    settings: Settings = Settings(),  # noqa: B008
    *,
    config: Path | None = None,
    resume: Annotated[list[Path] | None, Parameter(consume_multiple=(0, 1), json_list=False)] = None,
) -> None:
    """Train a network, follow it in TensorBoard, keep its best epoch and say how to use it.

    Args:
        settings: See `Settings`.
        config: YAML file with any of these; the command line overrides it.
        resume: Go on with this run, or the newest in runs/.
    """
    if settings.trainer.get("help"):
        print("\n".join(f"--trainer.{name}" for name in TrainerSettings.__annotations__ if name != "help"))
        return
    if resume is not None:
        if settings.run_dir:
            raise UserError("--run_dir: a run goes on in its own folder, the one after --resume")
        settings = replace(settings, run_dir=_run_to_resume(resume))
    digits.train.train(settings, resume=resume is not None)


def understand(app: App, words: list[str]) -> BoundArguments:
    """Return the arguments that the words stand for, over those in files, over the defaults of `train`.

    Raises UserError for a mistake in the words or in a file.
    """
    app.help_epilogue = "Lightning's Trainer has settings of its own: --trainer.NAME VALUE. --trainer.help lists them."
    app.config = (_add_files,)
    return parse(app, words)


def _add_files(app: App, commands: tuple[str, ...], arguments: Any) -> None:
    """Add the settings in the file after --config and, after these, in that of the run after --resume."""
    paths = [Path(token.value) for token in arguments["--config"].tokens]
    if tokens := arguments["--resume"].tokens:
        paths.append(_run_to_resume([Path(token.value) for token in tokens if token.value]) / CONFIG)
    for path in paths:
        _read(path)(app, commands, arguments)


def _run_to_resume(resume: list[Path]) -> Path:
    """Return the run that --resume names, by default the newest in runs/. Raises UserError if there is none."""
    if not (run := resume[0] if resume else newest_run()):
        raise UserError("there is no run in runs/; name the folder of one")
    if not (run / CONFIG).is_file():
        raise UserError(f"there is no run to resume in {run}: it has no {CONFIG}")
    return run


def _read(path: Path) -> Dict:
    """Return the settings in a YAML file; those that are null have their defaults. Raises UserError if it has none."""
    import yaml  # here, since help need not wait for it

    try:
        settings = json.loads(json.dumps(yaml.safe_load(path.read_bytes()), default=str))  # a date is a text, too
    except (TypeError, ValueError, yaml.YAMLError) as error:
        raise UserError(f"--config {path}: {' '.join(str(error).split())}") from error
    if not isinstance(settings, dict):
        raise UserError(f"--config {path}: expected lines such as `epochs: 30`")
    if misplaced := settings.keys() & {"config", "resume"}:
        raise UserError(f"--config {path}: {min(misplaced)} belongs on the command line, not in a file")
    filled = {name: value for name, value in settings.items() if value is not None}
    return Dict(filled, source=str(path), use_commands_as_keys=False)
