"""The verbs: `python -m digits VERB` calls the function of that name in the module of that name.

The module declares the options of its verb, no more. What the work needs, such as PyTorch, takes seconds to import, so
the function imports it as it begins: `--help` and mistakes are answered at once.
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
IN_PLACE = sys.path[0] == ROOT  # in a clone, which need not be installed
if __name__ == "__main__" and not sys.flags.safe_path:
    sys.path[:] = [*sys.path[1:], ROOT]  # without the working directory, which a stranger may have made

import signal
import threading

in_main_thread = threading.current_thread() is threading.main_thread()  # others may set no handler
usual = in_main_thread and signal.getsignal(signal.SIGINT) is signal.default_int_handler
if usual:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C during the imports ends without a traceback

from difflib import get_close_matches

from digits.cli import one_line_errors, run
from digits.errors import UserError

if usual:
    signal.signal(signal.SIGINT, signal.default_int_handler)

VERBS = {
    "train": "train a network to read handwritten digits",
    "predict": "read digits in pictures",
    "evaluate": "say how well pictures are read",
    "export": "carry a network into a web page or an app",
    "figures": "draw what the chapter would show",
    "sweep": "find good hyperparameters",
}


def main(words: list[str] | None = None) -> None:
    """Call a verb with the command line made from its signature; only its own module is imported."""
    verb, *rest = (sys.argv[1:] if words is None else words) or [""]
    os.environ["PYTHONSAFEPATH"] = "1"  # nor do processes that are started look in the working directory
    known = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    if IN_PLACE and ROOT not in known:
        os.environ["PYTHONPATH"] = os.pathsep.join([*known, ROOT])
    with one_line_errors(f"digits {verb}" if verb in VERBS else "digits"):
        if verb in VERBS:
            run(verb, rest)
        elif verb in ("", "-h", "--help"):
            print("usage: digits VERB ...; digits VERB --help says more\n")
            print("\n".join(f"  {verb:10} {purpose}" for verb, purpose in VERBS.items()))
        else:
            meant = get_close_matches(verb, VERBS, n=1)
            hint = f"did you mean {meant[0]}?" if meant else f"name one of {', '.join(VERBS)}"
            raise UserError(f"there is no verb {verb!r}; {hint}")


if __name__ == "__main__":
    main()
