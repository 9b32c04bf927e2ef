"""How the reader's last numbers are found: `python -m digits.evaluate.fitting [FOLDER ...]` writes fitted.json.

The reader that comes with digits reads synthetic scenes, of which it is known what they say, and the pictures in
folders, labelled as for `evaluate`. The lattice's penalties are the weights of an averaged structured perceptron
(M. Collins, "Discriminative training methods for hidden Markov models", 2002); the rejection threshold is the
confidence at which, by a logistic regression, a group is as likely right as wrong.
"""

import json
import sys
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.random import Generator, default_rng
from tqdm import tqdm

from digits.augment.scenes import Glyphs, scene
from digits.cli import one_line_errors
from digits.errors import UserError
from digits.evaluate.answers import labels_in
from digits.files import write_atomically
from digits.handwriting import Line, Reader, lattice, voting
from digits.handwriting.lattice import FITTED, Candidate, best_paths, said
from digits.handwriting.lattice import Path as Steps
from digits.handwriting.learning import training_glyphs
from digits.handwriting.lines import find_lines
from digits.handwriting.reader import choose_reader

COUNT = 200  # scenes, in a minute
EPOCHS, STEPS = 5, 2000  # of the perceptron; of the logistic regression
RATES = 0.001, 10.0  # ... and their learning rates: a low one, as the guesses at a line are alike
# The penalties from which they are learned.
BEGIN = {"GAP": 0.3, "APART": 10.0, "CUT": 0.7, "SHORT": 20.0, "LONG": 2.0, "CLIPPED": 1.0}


class Example(NamedTuple):
    """A line in one guess, the outputs (N, 10) for its candidates, and what it says."""

    line: Line
    outputs: np.ndarray
    says: str


def main() -> None:
    """Fit on scenes with digits of MNIST's 50,000 training images, and on the pictures in folders."""
    torch.set_num_threads(1)
    voting.REJECTION_THRESHOLD = 0.0  # nothing is passed over
    written = training_glyphs()
    reader, _ = choose_reader("bundled")
    labelled = [known for folder in sys.argv[1:] for known in labels_in(Path(folder)).items() if "-" not in known[1]]
    known = chain(labelled, islice(scenes(written, default_rng(1)), COUNT))
    total = len(labelled) + COUNT
    pictures = [looked_at(reader, *one) for one in tqdm(known, "reading", total, disable=None)]
    FITTED.update(penalties([example for picture in pictures for example in picture]))
    FITTED["REJECTION_THRESHOLD"] = rejection_threshold(reader, pictures)
    path = Path(lattice.__file__).with_name("fitted.json")
    write_atomically(path, f"{json.dumps(FITTED)}\n".encode())
    print(f"{path}: {FITTED}")


def scenes(written: Glyphs, rng: Generator) -> Iterator[tuple[np.ndarray, str]]:
    """Scenes with one line, or none, without end; and what that says."""
    while True:
        drawn = scene(rng, written)
        if drawn.text is not None:
            yield drawn.image, drawn.text


def looked_at(reader: Reader, picture: Any, says: str) -> list[Example]:
    """The guesses at the lines of a picture that says this."""
    try:
        lines = find_lines(picture, context=reader.context)
    except UserError:
        return []
    return [Example(line, reader.outputs(line.digits), says.replace(" ", "")) for line in lines]


def penalties(examples: list[Example], epochs: int = EPOCHS) -> dict[str, float]:
    """The weights of the averaged perceptron. FITTED is afterwards as it was.

    Raises UserError if there are no examples.
    """
    if not examples:
        raise UserError("nothing is found in these pictures from which anything could be fitted")
    before, total, rng = dict(FITTED), dict.fromkeys(BEGIN, 0.0), default_rng(0)
    FITTED.update(BEGIN)
    for number in tqdm([n for _ in range(epochs) for n in rng.permutation(len(examples))], "perceptron", disable=None):
        (candidates, *_), outputs, says = examples[number]
        wanted, [(best, _), *_] = best_paths(candidates, outputs, says), best_paths(candidates, outputs)
        if wanted and said(best) != says:
            more, less = features(candidates, best), features(candidates, wanted[0][0])
            for name in BEGIN:
                FITTED[name] = max(0.0, FITTED[name] + RATES[0] * (more[name] - less[name]))
        for name in BEGIN:
            total[name] += FITTED[name]
    FITTED.update(before)
    return {name: round(float(sum_) / (epochs * len(examples)), 3) for name, sum_ in total.items()}


def features(candidates: list[Candidate], path: Steps) -> dict[str, float]:
    """What each penalty is multiplied by in a path."""
    found = dict.fromkeys(BEGIN, 0.0)
    for number, digit in path:
        if digit is not None:
            for name, value in candidates[number].features(digit).items():
                found[name] += value
    return found


def rejection_threshold(reader: Reader, pictures: list[list[Example]]) -> float:
    """The confidence at which a group is as likely the number of its picture as beside it.

    What is found in a picture without a number is beside it, and so is what stands with a group that says the number.
    Of a number that is misread, neither is known. Raises UserError if there is not something of both.
    """
    sure, right = [], []
    for examples in filter(None, pictures):
        groups = [group for line in reader.read_lines([example.line for example in examples]) for group in line]
        is_it = [group.digits == examples[0].says != "" for group in groups]
        if any(is_it) or not examples[0].says:
            sure += [group.confidence for group in groups]
            right += is_it
    if len(set(right)) < 2:
        raise UserError("the rejection threshold needs numbers that are read, and something beside numbers")
    x, y = torch.tensor(sure, dtype=torch.float64), torch.tensor(right, dtype=torch.float64)
    weight, bias = torch.zeros(2, dtype=torch.float64)
    for _ in range(STEPS):
        error = torch.sigmoid(weight * x + bias) - y
        weight, bias = weight - RATES[1] * (error * x).mean(), bias - RATES[1] * error.mean()
    return round(float(-bias / weight), 3)


if __name__ == "__main__":
    with one_line_errors("digits.evaluate.fitting"):
        main()
