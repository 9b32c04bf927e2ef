"""Find the run or the network that the user means."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from digits.checkpoint.contents import Checkpoint
from digits.checkpoint.untrusted import read_checkpoint
from digits.common.errors import UserError, install, printable

CONFIG = "config.yaml"  # the settings of a run, in its folder
BEST = "best.ckpt"  # the best epoch of a run, in its folder
BUNDLED = Path(__file__).with_name("bundled.ckpt")  # made by `export --to checkpoint`
TEAM = "the bundled team"  # the bundled networks, which read together
WITH_OCR = f"{TEAM} and PP-OCRv6"  # with --network ocr
DOUBTFUL = 0.9  # below this validation accuracy, a network was hardly trained


def newest_run(having: str = CONFIG) -> Path | None:
    """Return the run in runs/ that was started or resumed last, among those with a file named `having`."""
    # Starting or resuming a run writes its config.
    configs = [path for path in Path("runs").glob(f"*/{CONFIG}") if (path.parent / having).is_file()]
    return max(configs, key=lambda config: config.stat().st_mtime).parent if configs else None


def find_network(network: str | None) -> Path:
    """Return the path of a checkpoint, given a file, the folder of a run, "bundled" or "ocr".

    For None, return the best checkpoint of the newest run in runs/, or the bundled network if there is no run.
    Raises UserError if the network does not exist, or if the recognizer of "ocr" is not installed.
    """
    if network == "ocr" and not all(map(find_spec, ("rapidocr", "onnxruntime"))):
        raise UserError(f"--network ocr needs rapidocr and onnxruntime: {install('ocr')}")
    bundled = network in ("bundled", "ocr")
    path = BUNDLED if bundled else Path(network) if network is not None else newest_run(BEST) or BUNDLED
    if os.path.isdir(path):
        path /= BEST
    if network is not None and not os.path.exists(path):
        raise UserError(f"{network}: no such run or checkpoint; --network takes a run folder, a .ckpt file, or bundled")
    return path


def title(network: str | None, path: Path) -> str:
    """Return the name of a network, such as runs/NAME, given the argument of `find_network` and its result."""
    if network == "ocr":
        return WITH_OCR
    if network == "bundled" or (network is None and path == BUNDLED):
        return TEAM
    return printable(str(path.parent if path.name == BEST else path))


def find_checkpoint(network: str | None, *, reads: bool = False) -> tuple[Checkpoint, Path]:
    """Return the checkpoint that `find_network` finds, and its path. Print on standard error which network it holds.

    The line warns if the user did not name the network and it reads poorly. It says by whom pictures are read if the
    network `reads` pictures. Raises as `find_network` and `read_checkpoint` do.
    """
    if network == "ocr" and not reads:
        raise UserError("--network ocr only reads pictures; use --network bundled")
    path = find_network(network)
    saved = read_checkpoint(path)
    line = "bundled" if path == BUNDLED else printable(str(path))
    line = f"read by {title(network, path)}" if reads else f"network: {line}"
    if not network and path != BUNDLED:
        digit, accuracy = saved.settings.get("only_digit"), saved.accuracy
        instead = "; for the network that comes with the program, use --network bundled"
        if digit is not None:
            line += f", which only detects the digit {digit}{instead}"
        elif accuracy is not None and accuracy < DOUBTFUL:
            line += f", which reads only {accuracy:.1%} of the validation images{instead}"
    print(line, file=sys.stderr)
    return saved, path
