"""Train a network: `python -m digits train`. Settings on the command line override those in files."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter, Token
from cyclopts.config import Dict

import digits.train
from digits.common.errors import UserError
from digits.common.files import read_yaml
from digits.training.settings import OUTPUT, Settings


def train(
    settings: Settings = Settings(),  # noqa: B008
    *,
    config: Path | None = None,
    resume: Annotated[list[Path] | None, OUTPUT, Parameter(consume_multiple=(0, 1), json_list=False)] = None,
) -> None:
    """Train a network to read handwritten digits, keep its best epoch, and print how to use it.

    Example: python -m digits train --hidden 100

    Args:
        settings: See `Settings`.
        config: Read settings from this YAML file. The command line overrides them.
        resume: Continue the run in this folder. Without a PATH, continue the newest run in runs/.
    """
    if resume is not None:
        if settings.run_dir:
            raise UserError("a resumed run stays in its own folder; leave out --run_dir")
        settings = replace(settings, run_dir=resume[0])
    digits.train.train(settings, resume=resume is not None)


def add_files(app: App, commands: tuple[str, ...], arguments: Any) -> None:
    """Add the settings from the file after --config and, with lower priority, from the run after --resume."""
    paths = [Path(token.value) for token in arguments["--config"].tokens]
    if tokens := arguments["--resume"].tokens:
        from digits.checkpoint.selection import CONFIG, newest_run  # imports PyTorch

        run = Path(tokens[0].value) if tokens[0].value else newest_run()
        if not run:
            raise UserError("there is no run in runs/; say where your run is: --resume FOLDER")
        if not (run / CONFIG).is_file():
            raise UserError(f"{run} is not a run, because it has no {CONFIG}; name another folder after --resume")
        tokens[:] = [Token(keyword="--resume", value=str(run))]
        paths.append(run / CONFIG)
    for path in paths:
        _read(path)(app, commands, arguments)


def _read(path: Path) -> Dict:
    """Return the settings in a YAML file. An empty value or ~ stands for the default. Raises as `read_yaml` does."""
    settings = read_yaml(path)
    if misplaced := settings.keys() & {"config", "resume"}:
        raise UserError(f"{path}: {min(misplaced)} belongs on the command line, not in this file")
    filled = {name: value for name, value in settings.items() if value not in ("", "~", "null", {})}
    return Dict(filled, source=str(path), use_commands_as_keys=False)
