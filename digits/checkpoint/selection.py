"""Which network the user means by --network."""

import os
import sys
from pathlib import Path

from digits.checkpoint.contents import Checkpoint
from digits.checkpoint.untrusted import read_checkpoint
from digits.common.errors import UserError, printable
from digits.common.files import newest_run

BEST = "best.ckpt"  # the best epoch of a run, in its folder
BUNDLED = Path(__file__).with_name("bundled.ckpt")  # made by `export --to checkpoint`
DOUBTFUL = 0.9  # a network of less validation accuracy was hardly trained


def find(network: str | None) -> Path:
    """The path of a checkpoint: of this one, of the run in this folder, or the "bundled" one.

    Without one, it is that of the newest run in runs/ that has kept an epoch, or if there is none, the bundled one.
    Raises UserError if there is no such network.
    """
    path = BUNDLED if network == "bundled" else Path(network) if network is not None else newest_run(BEST) or BUNDLED
    if os.path.isdir(path):
        path /= BEST
    if network is not None and not os.path.exists(path):
        raise UserError(f"{network}: no such run or checkpoint; --network takes a run, a .ckpt file, or bundled")
    return path


def choose(network: str | None) -> tuple[Checkpoint, Path]:
    """The checkpoint that `find` finds, and its path, which a line on standard error says.

    If nobody named it and it is no good reader, the line says that, too. Raises as `find` and `read_checkpoint` do.
    """
    path = find(network)
    saved = read_checkpoint(path)
    line = "the bundled one" if path == BUNDLED else printable(str(path))
    if not network and path != BUNDLED:
        digit, accuracy = saved.settings.get("only_digit"), saved.accuracy
        instead = "; --network bundled takes the one that comes with digits"
        if digit is not None:
            line += f", which only detects the digit {digit}{instead}"
        elif accuracy is not None and accuracy < DOUBTFUL:
            line += f", which reads {accuracy:.1%} of the validation images{instead}"
    print(f"network: {line}", file=sys.stderr)
    return saved, path
