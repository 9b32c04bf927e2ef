"""The verbs: `python -m digits VERB` calls the function of that name in the module of that name.

The module declares the options of its verb, no more. What the work needs, such as PyTorch, takes seconds to import, so
the function imports it as it begins: `--help` and mistakes are answered at once.
"""

import sys
from difflib import get_close_matches

from digits.cli import run

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
    if verb in VERBS:
        run(verb, rest)
    elif verb in ("", "-h", "--help"):
        print("usage: digits VERB ...; digits VERB --help says more\n")
        print("\n".join(f"  {verb:10} {purpose}" for verb, purpose in VERBS.items()))
    else:
        meant = get_close_matches(verb, VERBS, n=1)
        hint = f"did you mean {meant[0]}?" if meant else f"name one of {', '.join(VERBS)}"
        print(f"digits: error: there is no verb {verb!r}; {hint}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
