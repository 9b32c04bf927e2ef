"""What the guesses at a picture's lines say, scored by a network, and the vote among them."""

from collections import defaultdict
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np

from digits.handwriting import lattice
from digits.handwriting.lattice import FITTED
from digits.handwriting.lines import Line

WORD = 1.0  # a gap between digits that is wider, in their heights, parts two groups
SIGN = 0.5  # ... as does what is no digit, such as a plus, if it is longer, in their heights
# A row of three or more of a digit is printed, such as the ticks of a ruler, if neighbours' images differ by less, as a
# share of their strokes: those of a hand differ by 0.12 at least.
PRINTED = 0.08


class Reading(NamedTuple):
    """A digit that was read, with the box and image of `Digit`; `digit` is None where none is: in a comma, say.

    outputs (10,) float32 of the network; of a detector, which has one output a, (2,): 1 - a and a. Then `digit` is 1
    if its digit is detected, else 0. The digit that is read need not be that with the largest output.
    """

    digit: int | None
    outputs: np.ndarray
    image: np.ndarray
    box: tuple[int, ...]

    @property
    def activation(self) -> float | None:
        """The output for the digit that is read."""
        return None if self.digit is None else self.outputs[self.digit].item()

    @property
    def runner_up(self) -> int:
        """The digit that is not read with the largest output."""
        return next(n for n in np.argsort(-self.outputs, kind="stable").tolist() if n != self.digit)


class Hypothesis(NamedTuple):
    """What a line may say: a path through its candidates, their outputs (N, 10), and how much a vote for it weighs."""

    line: Line
    outputs: np.ndarray
    path: lattice.Path
    weight: float

    @property
    def digits(self) -> str:
        return "".join(str(digit) for _, digit in self.path if digit is not None)

    @property
    def readings(self) -> list[Reading]:
        return [Reading(digit, self.outputs[n], *self.line.digits[n]) for n, digit in self.path]

    def confidence(self, left: float = -np.inf, right: float = np.inf) -> float:
        """How sure the network is, 0..1, of what has its middle between these columns of the picture."""
        boxes = [self.line.digits[n].box for n, _ in self.path]
        path = (step for step, box in zip(self.path, boxes, strict=True) if left <= (box[0] + box[2]) / 2 < right)
        return lattice.confidence(self.line.candidates, self.outputs, tuple(path))


class Group(NamedTuple):
    """What stands together in a line: its readings, left to right, and the network's confidence in them, 0..1.

    A `known` one is the only digit of a picture, since the caller says so or it is drawn as MNIST's are.
    """

    readings: list[Reading]
    confidence: float
    known: bool = False

    @property
    def text(self) -> str:
        """Its digits; "" if it is rejected."""
        if not self.known and self.confidence <= FITTED["REJECTION_THRESHOLD"]:
            return ""
        return "".join(str(reading.digit) for reading in self.readings if reading.digit is not None)


def text(line: list[Group]) -> str:
    """The numbers of a line, with a space between them; "" if there is none."""
    return " ".join(filter(None, (group.text for group in line)))


def read(lines: list[Line], outputs: np.ndarray) -> list[list[Group]]:
    """What the lines of `find_lines` say, from above; outputs (N, 10), or of a detector (N, 2), for their N candidates.

    The guesses at a line, those at one place, vote for what it says. It falls into groups at its wide gaps; a group's
    confidence is the geometric mean of two: in the path that is read, and, on average, of all guesses, 0 of those
    without it; it is 0 of what is `printed`. Also lines without a digit are returned, but none that is in too few
    guesses not to be rejected, unless all are.
    """
    ends = np.cumsum([len(line.digits) for line in lines])
    guessed = sorted(map(hypotheses, lines, np.split(outputs, ends[:-1])), key=lambda guess: -guess[0].weight)
    known, guesses = lines[0].known, lines[0].guesses
    found, everywhere = [], places(guessed, known)
    often = [place for place in everywhere if len(place) > FITTED["REJECTION_THRESHOLD"] ** 2 * guesses]
    for place in often or everywhere:
        votes: dict[str, float] = defaultdict(float)
        for one in chain.from_iterable(place):
            votes[one.digits] += one.weight
        best = max(chain.from_iterable(place), key=lambda one: (votes[one.digits], one.weight))
        parts = groups(best.readings)
        edges = [-np.inf, *((one[-1].box[2] + other[0].box[0]) / 2 for one, other in pairwise(parts)), np.inf]
        count = max(guesses, len(place))  # one guess may have two lines here
        means = [sum(guess[0].confidence(*sides) for guess in place) / count for sides in pairwise(edges)]
        sure = [(best.confidence(*sides) * mean) ** 0.5 for sides, mean in zip(pairwise(edges), means, strict=True)]
        found.append([Group(one, 0 if printed(one) else sure, known) for one, sure in zip(parts, sure, strict=True)])
    return sorted(found, key=lambda line: extent([reading for group in line for reading in group.readings]))


def hypotheses(line: Line, outputs: np.ndarray) -> list[Hypothesis]:
    """What a guess at a line may say, the best first, by the outputs (N, 10) of a network for its N candidates."""
    if line.known:
        order = np.argsort(-outputs[0], kind="stable").tolist()
        return [Hypothesis(line, outputs, ((0, n),), outputs[0, n]) for n in order]
    paths = lattice.best_paths(line.candidates, outputs)
    likelihoods = np.exp([score - paths[0][1] for _, score in paths])
    sure = [lattice.confidence(line.candidates, outputs, path) for path, _ in paths]
    weights = likelihoods / likelihoods.sum() * np.power(sure, FITTED["SURE"]) * line.clarity
    return [Hypothesis(line, outputs, path, weight) for (path, _), weight in zip(paths, weights, strict=True)]


def printed(readings: list[Reading]) -> bool:
    """Whether what is read is one and the same drawing again and again, as no hand draws."""
    digits = [one for one in readings if one.digit is not None]
    if len(digits) < 3 or len({one.digit for one in digits}) > 1:
        return False
    images = [one.image for one in digits]
    return bool(np.median([np.abs(a - b).sum() / (a + b).sum() for a, b in pairwise(images)]) < PRINTED)


def extent(readings: list[Reading]) -> tuple[float, float]:
    """From which row of the picture to which the digits of a line are, in the median; if it has none, its segments."""
    boxes = [reading.box for reading in readings if reading.digit is not None] or [reading.box for reading in readings]
    _, top, _, bottom = np.median(boxes, axis=0).tolist()
    return top, bottom


def places(guesses: list[list[Hypothesis]], known: bool) -> list[list[list[Hypothesis]]]:
    """The guesses at each line of a picture: their middles are inside the first one's top and bottom.

    What is `known` is all of the same digit.
    """
    found: list[tuple[float, float, list[list[Hypothesis]]]] = []
    for guess in guesses:
        top, bottom = extent(guess[0].readings)
        middle = (top + bottom) / 2
        home = next((there for first, last, there in found if known or first <= middle < last), None)
        if home:
            home.append(guess)
        else:
            found.append((top, bottom, [guess]))
    return [place for *_, place in found]


def groups(readings: list[Reading]) -> list[list[Reading]]:
    """The readings of a line, parted where the gap from a digit to the next one is wide or holds a sign.

    What is no digit, and stands between two groups, is of the first.
    """
    top, bottom = extent(readings)
    found: list[list[Reading]] = [[]]
    end = np.inf
    for reading in readings:
        left, over, right, under = reading.box
        if reading.digit is not None:
            if left - end > WORD * (bottom - top):
                found.append([])
            end = right
        elif end < np.inf and max(right - left, under - over) > SIGN * (bottom - top):
            end = -np.inf  # whatever is next, is apart
        found[-1].append(reading)
    return found
