"""Which network the user means by --network."""

import sys
from pathlib import Path
from typing import Any

from torch import nn

from digits.checkpoint.contents import load_network, validation_accuracy
from digits.checkpoint.untrusted import read
from digits.errors import UserError, printable
from digits.network import sizes

CONFIG = "config.yaml"  # the settings of a run, in its folder
BEST = "best.ckpt"  # its best epoch
BUNDLED = Path(__file__).with_name("bundled.ckpt")  # made by `export --to checkpoint`
DOUBTFUL = 0.9  # a network of less validation accuracy was hardly trained


def newest_run() -> Path | None:
    """The folder of the run in runs/ that was started or resumed last, if there is one."""
    # A config is written whenever a run is started or resumed; one may be a link to nowhere.
    configs = [path for path in Path("runs").glob(f"*/{CONFIG}") if path.is_file()]
    return max(configs, key=lambda config: config.stat().st_mtime).parent if configs else None


def choose(network: str | None) -> tuple[dict[str, Any], Path]:
    """What is in the checkpoint to use, and its path, which a line on standard error says.

    It is the one that is named: by its own path, by the folder of a run, whose best it then is, or as "bundled", which
    comes with digits. Without a name it is that of the newest run in runs/, and if there is none, the bundled one.
    Raises UserError as `read` does, or if there is no such network.
    """
    path = BUNDLED if network == "bundled" else Path(network) if network else newest_run() or BUNDLED
    if path.is_dir():
        path /= BEST
    if network and not path.exists():
        raise UserError(f"{network}: no such run or checkpoint; --network takes a run, a .ckpt file, or bundled")
    saved = read(path)
    said = "the one that comes with digits" if path == BUNDLED else printable(str(path))
    if not network and path != BUNDLED and (doubt := _doubt(saved)):
        said += f", which {doubt}; --network bundled takes the one that comes with digits"
    print(f"network: {said}", file=sys.stderr)
    return saved, path


def _doubt(saved: dict[str, Any]) -> str | None:
    """Why a network may not be the one that the user means, although its run is the newest."""
    detected, accuracy = saved["hyper_parameters"].get("only_digit"), validation_accuracy(saved)
    if detected is not None:
        return f"only detects the digit {detected}"
    return f"reads {accuracy:.1%} of the validation images" if accuracy is not None and accuracy < DOUBTFUL else None


def choose_reader(network: str | None) -> tuple[nn.Sequential, int | None]:
    """The network that is to read pictures, as `choose` does, and the digit that it detects; None if it reads all ten.

    Raises UserError as `choose` does, or if it takes images of another size than MNIST's.
    """
    saved, path = choose(network)
    reader = load_network(saved, path)
    if sizes(reader)[0] != 28 * 28:
        raise UserError(f"{path} reads images of another size than 28x28")
    return reader, saved["hyper_parameters"].get("only_digit")


def refuse_networks(words: list[str]) -> None:
    """Raise UserError if one of the words, which name pictures, names a network."""
    for word in words:
        if word.endswith(".ckpt") or Path(word, BEST).exists():
            raise UserError(f"{word} is a network, not a picture: name it by --network {word}")
