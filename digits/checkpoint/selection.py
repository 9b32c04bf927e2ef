"""Which network the user means by --network."""

import os
import sys
from pathlib import Path

from digits.checkpoint.contents import Checkpoint
from digits.checkpoint.untrusted import read
from digits.errors import UserError, printable
from digits.settings import newest_run

BEST = "best.ckpt"  # the best epoch of a run, in its folder
BUNDLED = Path(__file__).with_name("bundled.ckpt")  # made by `export --to checkpoint`
DOUBTFUL = 0.9  # a network of less validation accuracy was hardly trained


def choose(network: str | None) -> tuple[Checkpoint, Path]:
    """The checkpoint to use, and its path, which a line on standard error says.

    network: the path of a checkpoint, the folder of a run, or "bundled". Without one, the newest run in runs/ that has
    kept an epoch is used, or if there is none, the network that comes with digits; and the line says whether that run
    is no good reader.
    Raises UserError as `read` does, or if there is no such network.
    """
    path = BUNDLED if network == "bundled" else Path(network) if network else newest_run(BEST) or BUNDLED
    if os.path.isdir(path):
        path /= BEST
    if network and not os.path.exists(path):
        raise UserError(f"{network}: no such run or checkpoint; --network takes a run, a .ckpt file, or bundled")
    saved = read(path)
    said = "the bundled one" if path == BUNDLED else printable(str(path))
    if not network and path != BUNDLED:
        digit, accuracy = saved.settings.get("only_digit"), saved.accuracy
        instead = "; --network bundled takes the one that comes with digits"
        if digit is not None:
            said += f", which only detects the digit {digit}{instead}"
        elif accuracy is not None and accuracy < DOUBTFUL:
            said += f", which reads {accuracy:.1%} of the validation images{instead}"
    print(f"network: {said}", file=sys.stderr)
    return saved, path
