"""`python -m digits train`: the settings on the command line, over those in files; and those of Lightning's Trainer."""

import json
import sys
from dataclasses import replace
from inspect import BoundArguments
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.config import Dict

from digits.commands.cli import parse
from digits.common.errors import UserError
from digits.common.files import CONFIG, newest_run
from digits.train import train as train
from digits.training.settings import TrainerSettings


def understand(app: App, words: list[str]) -> BoundArguments:
    """The arguments that the words stand for, over those of a file, over the defaults of `train`.

    Raises UserError for a mistake in the words or in the file.
    """
    app.help_epilogue = app.meta.help_epilogue = (
        "Lightning's Trainer has settings of its own: --trainer.NAME VALUE. --trainer.help lists them."
    )

    @app.meta.default
    def with_files(
        *rest: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        config: Path | None = None,
        resume: Annotated[list[Path] | None, Parameter(consume_multiple=(0, 1), json_list=False)] = None,
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
        app.config = tuple(map(_read, files))
        bound = parse(app, list(rest))
        bound.apply_defaults()
        if run:
            if bound.arguments["settings"].run_dir:
                raise UserError("--run_dir: a run goes on in its own folder, the one after --resume")
            bound.arguments |= {"settings": replace(bound.arguments["settings"], run_dir=run), "resume": True}
        return bound

    meta = parse(app.meta, words)
    bound = with_files(*meta.args, **meta.kwargs)
    if bound.arguments["settings"].trainer.get("help"):
        print("\n".join(f"--trainer.{name}" for name in TrainerSettings.__annotations__ if name != "help"))
        sys.exit(0)
    return bound


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
