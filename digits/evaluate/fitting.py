"""How the reader's last numbers are found: `python -m digits.evaluate.fitting [FOLDER ...]` writes fitted.json.

The reader that comes with digits reads synthetic scenes, of which it is known what they say, and the pictures in
folders, labelled as for `evaluate`. Then the numbers of `lattice.FITTED` are found together by coordinate search (R.
Hooke, T. Jeeves, "Direct search", 1961): one after another is made larger or smaller, and stays so if more pictures are
read right, until none helps.
"""

import json
import sys
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.random import Generator, default_rng
from tqdm import tqdm

from digits.augment.scenes import Glyphs, only_letters, scene
from digits.cli import one_line_errors
from digits.errors import UserError, tried
from digits.evaluate.answers import labels_in
from digits.files import write_atomically
from digits.handwriting import Line, Reader, lattice, voting
from digits.handwriting.learning import training_glyphs
from digits.handwriting.lines import find_lines
from digits.reading import choose_reader

COUNT, LETTERS = 200, 60  # scenes with digits or empty, and with letters alone
TIMES, FINEST, ROUNDS = 1.5, 1.1, 6  # by which a number is multiplied at first and at last, and rounds at most
MORE = 2  # pictures that have to be read right for a change to stay: one more may be chance
# From where they are looked for. The threshold is a little below the root of 1/2: the confidence in what is sure and in
# half of the guesses.
BEGIN = {
    **{"GAP": 0.6, "APART": 10.0, "CUT": 0.8, "SHORT": 20.0, "LONG": 2.3, "CLIPPED": 1.0, "SKIP": 3.0},
    **{"LOW": 0.7, "LOW_ZERO": 0.6, "WIDE": 0.8, "UNSURE": 0.02, "DOUBT": 0.25, "SURE": 4.0},
    "REJECTION_THRESHOLD": 0.7,
}


class Example(NamedTuple):
    """The guesses at the lines of a picture, the outputs (N, 10) for their candidates, and what it says."""

    lines: list[Line]
    outputs: np.ndarray
    says: str


def main() -> None:
    """Fit on scenes with digits of MNIST's 50,000 training images, and on the pictures in folders."""
    torch.set_num_threads(1)
    reader, _ = choose_reader("bundled")
    labelled = [known for folder in sys.argv[1:] for known in labels_in(Path(folder)).items() if "-" not in known[1]]
    examples = [*labelled, *scenes(training_glyphs(), default_rng(1))]
    found = [looked_at(reader, *one) for one in tqdm(examples, "reading", disable=None)]
    fitted = fit([one for one in found if one])
    path = Path(lattice.__file__).with_name("fitted.json")
    write_atomically(path, f"{json.dumps(fitted)}\n".encode())
    print(f"{path}: {fitted}")


def scenes(written: Glyphs, rng: Generator) -> Iterator[tuple[np.ndarray, str]]:
    """Scenes with one line, or none, or letters; and what that says."""
    drawn = (scene(rng, written) for _ in count())
    yield from islice(((one.image, one.text) for one in drawn if one.text is not None), COUNT)
    letters = only_letters(written)
    yield from ((scene(rng, letters).image, "") for _ in range(LETTERS))


def looked_at(reader: Reader, picture: Any, says: str) -> Example | None:
    """What is found in a picture that says this; None if that is nothing, whatever is fitted."""
    lines = tried(find_lines, picture, False, reader.context)
    if isinstance(lines, UserError):
        return None
    return Example(lines, reader.outputs([digit for line in lines for digit in line.digits]), says.replace(" ", ""))


def fit(examples: list[Example]) -> dict[str, float]:
    """Return the values of `lattice.FITTED` with which most examples are read right."""
    best, times = dict(BEGIN), TIMES
    right = right_with(best, examples)
    for number in range(ROUNDS):
        changed = False
        for name in tqdm(BEGIN, f"round {number + 1}: {right} of {len(examples)} right", disable=None):
            for factor in (times, 1 / times):
                changed_one = best | {name: round(best[name] * factor, 3)}
                now = right_with(changed_one, examples)
                if now >= right + MORE:
                    best, right, changed = changed_one, now, True
                    break
        if not changed:
            times **= 0.5
        if times < FINEST:
            break
    return best


def right_with(numbers: dict[str, float], examples: list[Example]) -> int:
    """How many pictures are read right with these numbers in `lattice.FITTED`."""
    lattice.FITTED.update(numbers)
    read = [voting.vote(one.lines, one.outputs) for one in examples]
    said = ["".join(line.text for line in lines).replace(" ", "") for lines in read]
    return sum(text == one.says for text, one in zip(said, examples, strict=True))


if __name__ == "__main__":
    with one_line_errors("digits.evaluate.fitting"):
        main()
