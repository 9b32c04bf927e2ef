"""The subcommands: `python -m digits NAME` calls the function NAME in `digits.commands.NAME`.

PyTorch takes seconds to import. So each function imports what it needs when it starts, and `--help` and error messages
appear at once.
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if __name__ == "__main__" and not sys.flags.safe_path:
    sys.path[:] = [*sys.path[1:], ROOT]  # drop the working directory, which may hold a stranger's modules

from digits.commands.cli import run
from digits.common.errors import UserError, one_line_errors

SUBCOMMANDS = {
    "train": "train a network to read handwritten digits",
    "predict": "read the numbers in pictures",
    "evaluate": "measure how well labelled pictures are read",
    "export": "write a network as a web page, an ONNX model or a small checkpoint",
    "figures": "draw the figures of Nielsen's book for a trained network",
    "sweep": "search for good hyperparameters",
}


def main(words: list[str] | None = None) -> None:
    """Run a subcommand. Import only the module that defines it."""
    name, *rest = (sys.argv[1:] if words is None else words) or [""]
    os.environ["PYTHONSAFEPATH"] = "1"  # child processes ignore the working directory, too
    with one_line_errors(f"digits {name}" if name in SUBCOMMANDS else "digits"):
        if name in SUBCOMMANDS:
            run(name, rest)
        elif name in ("", "-h", "--help"):
            print("Usage: digits SUBCOMMAND [OPTIONS]. To list the options: digits SUBCOMMAND --help")
            print("Example: python -m digits train --hidden 100\n")
            print("\n".join(f"  {name:10} {purpose}" for name, purpose in SUBCOMMANDS.items()))
        else:
            raise UserError(f"there is no subcommand {name!r}; choose from {', '.join(SUBCOMMANDS)}")


if __name__ == "__main__":
    main()
