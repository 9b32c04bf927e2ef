"""The verbs: `python -m digits VERB` calls the function of that name in the module of that name."""

import gc
import sys
from importlib import import_module

from digits.cli import Parser, one_line_errors, quiet

VERBS = {
    "train": "train a network to read handwritten digits",
    "predict": "read digits in pictures",
    "export": "carry a network into a web page or an app",
    "figures": "draw what the chapter would show",
    "sweep": "find good hyperparameters",
}


def main(args: list[str] | None = None) -> None:
    """Call a verb with the command line made from its signature; only its own module is imported."""
    words = sys.argv[1:] if args is None else args
    if not words or words[0] not in VERBS:
        print("usage: python -m digits VERB ...; VERB --help says more\n")
        print("\n".join(f"  {verb:10} {purpose}" for verb, purpose in VERBS.items()))
        sys.exit(0 if words in (["-h"], ["--help"]) else 2)
    verb = words[0]
    if verb == "train":
        import_module("digits.train").main(words[1:])
        return
    with one_line_errors(f"digits {verb}"):
        gc.disable()  # while it imports, as in train.py
        function = getattr(import_module(f"digits.{verb}"), verb)
        gc.enable()
        gc.freeze()
        quiet()
        parser = Parser(prog=f"digits {verb}", description=function.__doc__.split("\n")[0])
        parser.add_function_arguments(function, as_positional=True)
        function(**parser.instantiate(parser.parse_args(words[1:])).as_dict())


if __name__ == "__main__":
    main()
