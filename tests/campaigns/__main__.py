"""Fuzz and crash tests: `python -m tests.campaigns NAME [--count N] [--seed S]`.

hostile     what strangers made: checkpoints, runs, configs and pictures, with a watch on files, programs and memory
kills       training that is killed at random instants, resumed, and compared with a run that was never interrupted
machine     a disk that is full, read-only or broken, a folder that goes away, output that nobody takes
mutations   MNIST's files and checkpoints, damaged at random
pictures    files and arrays that no camera wrote

Each is a module with COUNT, how many attacks it makes; LIMIT, the seconds that one may take; and `attacks(folder,
seed)`, which yields None when all is ready, and then what came of each attack, in words that begin with WRONG where
something is; or it raises AssertionError. The exit status is 0 if nothing is wrong, none hangs, and they take less than
a gigabyte of memory.
"""

import argparse
import faulthandler
import sys
import tempfile
import time
from collections import Counter
from importlib import import_module
from itertools import islice
from pathlib import Path

from tqdm import tqdm

from tests.support.damage import peak_memory

MOST_MEMORY = 1_000_000_000  # bytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=["hostile", "kills", "machine", "mutations", "pictures"])
    parser.add_argument("--count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    module = import_module(f"tests.campaigns.{options.name}")
    outcomes, slowest = Counter(), 0.0
    with tempfile.TemporaryDirectory() as folder:
        attacks = module.attacks(Path(folder), options.seed)
        next(attacks)
        before = peak_memory()  # most of it is a GPU's libraries, if torch has them
        start = since = time.perf_counter()
        for outcome in tqdm(islice(guarded(attacks, module.LIMIT), options.count or module.COUNT), disable=None):
            outcomes[outcome] += 1
            slowest, since = max(slowest, time.perf_counter() - since), time.perf_counter()
        attacks.close()
    for outcome, times in sorted(outcomes.items()):
        print(f"{times:6} {outcome}")
    wrong = sum(times for outcome, times in outcomes.items() if outcome.startswith("WRONG"))
    taken = peak_memory() - before
    print(
        f"{outcomes.total() - wrong} of {outcomes.total()} as they should be, in {since - start:.0f} s, the slowest in"
        f" {slowest:.1f} s; at most {taken / 1e6:.0f} MB of memory"
    )
    sys.exit(wrong > 0 or taken > MOST_MEMORY)


def guarded(attacks, limit):
    """The outcomes of attacks; the process ends, with a traceback, if one hangs, also in compiled code."""
    while True:
        faulthandler.dump_traceback_later(limit, exit=True, file=sys.__stderr__)
        outcome = next(attacks)
        faulthandler.cancel_dump_traceback_later()
        yield outcome


if __name__ == "__main__":
    main()
