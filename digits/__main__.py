"""The subcommands: `python -m digits NAME` calls the function of that name in `digits.commands.NAME`.

That module declares the options and no more. What the work needs, such as PyTorch, takes seconds to import, so the
function imports it as it begins: `--help` and mistakes are answered at once.
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
IN_PLACE = sys.path[0] == ROOT  # in a clone, which need not be installed
if __name__ == "__main__" and not sys.flags.safe_path:
    sys.path[:] = [*sys.path[1:], ROOT]  # without the working directory: its Python modules may be a stranger's

from difflib import get_close_matches

from digits.commands.cli import run
from digits.common.errors import UserError, one_line_errors

SUBCOMMANDS = {
    "train": "train a network to read handwritten digits",
    "predict": "read digits in pictures",
    "evaluate": "say how well pictures are read",
    "export": "carry a network into a web page or an app",
    "figures": "draw what the chapter would show",
    "sweep": "find good hyperparameters",
}


def main(words: list[str] | None = None) -> None:
    """Call a subcommand with the command line made from its signature; only its own module is imported."""
    name, *rest = (sys.argv[1:] if words is None else words) or [""]
    os.environ["PYTHONSAFEPATH"] = "1"  # child processes do not import from the working directory either
    if IN_PLACE:
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), ROOT]))
    with one_line_errors(f"digits {name}" if name in SUBCOMMANDS else "digits"):
        if name in SUBCOMMANDS:
            run(name, rest)
        elif name in ("", "-h", "--help"):
            print("usage: digits SUBCOMMAND ...; digits SUBCOMMAND --help says more\n")
            print("\n".join(f"  {name:10} {purpose}" for name, purpose in SUBCOMMANDS.items()))
        else:
            meant = get_close_matches(name, SUBCOMMANDS, n=1)
            hint = f"did you mean {meant[0]}?" if meant else f"name one of {', '.join(SUBCOMMANDS)}"
            raise UserError(f"there is no subcommand {name!r}; {hint}")


if __name__ == "__main__":
    main()
