"""Which checkpoint the user means."""

import sys
from pathlib import Path
from typing import Any

from digits.checkpoint.untrusted import read
from digits.errors import printable

CONFIG = "config.yaml"  # the settings of a run, in its folder
BUNDLED = Path(__file__).with_name("bundled.ckpt")  # made by `export --to checkpoint`


def newest_run() -> Path | None:
    """The folder of the run in runs/ that was started or resumed last, if there is one."""
    # A config is written whenever a run is started or resumed; one may be a link to nowhere.
    configs = [path for path in Path("runs").glob(f"*/{CONFIG}") if path.is_file()]
    return max(configs, key=lambda config: config.stat().st_mtime).parent if configs else None


def choose(named: Path | None) -> tuple[dict[str, Any], Path]:
    """What is in the checkpoint to use, and its path, which is said on standard error.

    It is the one that is named, by its own path or by the folder of a run, whose best it then is; else that of the
    newest run in runs/; else the one that comes with digits. Raises UserError as `read` does.
    """
    path = named or newest_run() or BUNDLED
    if path.is_dir():
        path /= "best.ckpt"
    saved = read(path)
    print(f"network: {'the one that comes with digits' if path == BUNDLED else printable(str(path))}", file=sys.stderr)
    return saved, path
