"""Fuzz and crash tests: `python -m tools.campaigns NAME [--count N] [--seed S]`.

kills       kill training at random instants, resume it, and compare the weights with an uninterrupted run
mutations   damage MNIST's files and checkpoints at random, and use them
pictures    read damaged files and odd arrays

A campaign is a module. COUNT is its number of attacks, and LIMIT the most seconds per attack. TABLE has the kinds of
attack, which take turns in random order. In the context of `ready(folder)`, `attack(kind, rng)` returns the outcome of
an attack, or raises AssertionError. The exit status is 0 if no attack fails or hangs, and all of them take less than a
gigabyte of memory.
"""

import argparse
import faulthandler
import random
import sys
import tempfile
from collections import Counter
from importlib import import_module
from pathlib import Path

from tqdm import trange

from tests.support.damage import peak_memory

MOST_MEMORY = 1_000_000_000  # bytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=["kills", "mutations", "pictures"])
    parser.add_argument("--count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    module = import_module(f"tools.campaigns.{options.name}")
    kinds = random.Random(options.seed).sample(module.TABLE, len(module.TABLE))
    outcomes = Counter()
    with tempfile.TemporaryDirectory() as folder, module.ready(Path(folder)) as attack:
        before = peak_memory()
        for number in trange(options.count or module.COUNT, disable=None):
            faulthandler.dump_traceback_later(module.LIMIT, exit=True, file=sys.__stderr__)
            try:
                outcomes[attack(kinds[number % len(kinds)], random.Random(f"{options.seed}/{number}"))] += 1
            except BaseException as error:
                error.add_note(f"case {number} of seed {options.seed}")
                raise
        faulthandler.cancel_dump_traceback_later()
        taken = peak_memory() - before
    for outcome, times in sorted(outcomes.items()):
        print(f"{times:6} {outcome}")
    print(f"all {outcomes.total()} attacks ended well, in at most {taken / 1e6:.0f} MB of memory")
    sys.exit(taken > MOST_MEMORY)


if __name__ == "__main__":
    main()
