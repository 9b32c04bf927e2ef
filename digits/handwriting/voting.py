"""What the guesses at a picture's lines say, scored by a network, and the vote among them."""

from collections import defaultdict
from heapq import nlargest
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np

from digits.handwriting import lattice
from digits.handwriting.lattice import FITTED, Length, Path
from digits.handwriting.lines import Line

WORD = 1.0  # a gap between digits that is wider, in their heights, parts two groups
SIGN = 0.5  # so does what is no digit, such as a plus, if it is longer, in their heights
# A row of three or more of a digit is printed, such as the ticks of a ruler, if neighbours' images differ by less than
# this share of their strokes. Those that a hand draws differ by 0.12 at least.
PRINTED = 0.08
SHOWN = 5  # candidates of a group


class Reading(NamedTuple):
    """A digit that was read, with the image and box of `Digit`. `digit` is None for what is none, such as a comma.

    outputs (10,) float32 are those of the network. A detector has one output a: then they are (2,), 1 - a and a, and
    `digit` is 1 if the detector's digit is there, else 0. What is read need not be what has the largest output.
    """

    digit: int | None
    outputs: np.ndarray
    image: np.ndarray
    box: tuple[int, ...]

    def __repr__(self) -> str:  # without its image
        return f"Reading(digit={self.digit}, activation={self.activation}, box={self.box})"

    @property
    def activation(self) -> float | None:
        """The output for the digit that is read."""
        return None if self.digit is None else self.outputs[self.digit].item()

    @property
    def runner_up(self) -> int:
        """Of the digits that are not read, the one with the largest output."""
        return next(n for n in np.argsort(-self.outputs, kind="stable").tolist() if n != self.digit)


class Hypothesis(NamedTuple):
    """What a line may say: a path through its candidates, their outputs (N, 10), and how much a vote for it weighs."""

    line: Line
    outputs: np.ndarray
    path: Path
    weight: float

    @property
    def readings(self) -> list[Reading]:
        return [Reading(digit, self.outputs[n], *self.line.digits[n]) for n, digit in self.path]

    def digits(self, left: float = -np.inf, right: float = np.inf) -> str:
        """What it says between two columns of the picture."""
        return "".join(str(digit) for _, digit in self._between(left, right) if digit is not None)

    def confidence(self, left: float = -np.inf, right: float = np.inf) -> float:
        """How sure the network is, 0..1, of what is between two columns of the picture."""
        return lattice.confidence(self.line.candidates, self.outputs, self._between(left, right))

    def _between(self, left: float, right: float) -> Path:
        boxes = [self.line.digits[n].box for n, _ in self.path]
        steps = zip(self.path, boxes, strict=True)
        return tuple(step for step, box in steps if left <= (box[0] + box[2]) / 2 < right)


class Group(NamedTuple):
    """What stands together in a line: its readings, left to right, and the network's confidence in them, 0..1.

    `candidates` are the likeliest numbers that it may say, each with its probability, which is its share of the vote.
    A `known` group is the only digit of a picture: the caller says so, or the picture is drawn as MNIST's are.
    """

    readings: list[Reading]
    confidence: float
    known: bool = False
    candidates: tuple[tuple[str, float], ...] = ()

    @property
    def digits(self) -> str:
        """Its digits, also if it is rejected."""
        return "".join(str(reading.digit) for reading in self.readings if reading.digit is not None)

    @property
    def text(self) -> str:
        """Its digits; "" if it is rejected."""
        return self.digits if self.known or self.confidence > FITTED["REJECTION_THRESHOLD"] else ""

    @property
    def box(self) -> tuple[int, ...]:
        """The box around its readings: left, top, right, bottom in pixels of the picture."""
        left, top, right, bottom = zip(*(reading.box for reading in self.readings), strict=True)
        return min(left), min(top), max(right), max(bottom)


class TextLine(NamedTuple):
    """A line of a picture as it is read: its groups, left to right."""

    groups: list[Group]

    @property
    def text(self) -> str:
        """Its numbers, with a space between them; "" if there is none."""
        return " ".join(filter(None, (group.text for group in self.groups)))

    @property
    def readings(self) -> list[Reading]:
        return [reading for group in self.groups for reading in group.readings]

    @property
    def digits_read(self) -> list[Reading]:
        """The digits of its groups that are not rejected."""
        return [one for group in self.groups if group.text for one in group.readings if one.digit is not None]


def vote(lines: list[Line], outputs: np.ndarray, length: Length | None = None) -> list[TextLine]:
    """What the lines of `find_lines` say, from above, given outputs (N, 10), or (N, 2) of a detector, of N candidates.

    The guesses at a line are those at one place, and vote for what the line says. It falls into groups at its wide
    gaps. The confidence in a group is the geometric mean of two: that in the path which is read, and the mean over all
    guesses, where one without the line counts as 0. The confidence in what is `printed` is 0.

    Lines without a digit are returned, too. A line that is in too few guesses to be accepted is not, unless all are so.

    With a `length`, each line is one number of so many digits, whatever the gaps in it, and lines that can be none are
    left out.
    """
    ends = np.cumsum([len(line.digits) for line in lines])
    parted = np.split(outputs, ends[:-1])
    found = [hypotheses(line, own, length) for line, own in zip(lines, parted, strict=True)]
    guessed = sorted(filter(None, found), key=lambda guess: -guess[0].weight)
    known, guesses = lines[0].known, lines[0].guesses
    everywhere = places(guessed, known)
    # The confidence in a line of fewer guesses would be below the threshold, however sure the network is in these.
    often = [place for place in everywhere if len(place) > FITTED["REJECTION_THRESHOLD"] ** 2 * guesses]
    said = [outcome(place, max(guesses, len(place)), length) for place in often or everywhere]  # a guess may have two
    return sorted(said, key=lambda line: extent(line.readings))


def outcome(place: list[list[Hypothesis]], guesses: int, length: Length | None) -> TextLine:
    """The line that wins the vote at one place, given the hypotheses of each guess that has any, of so many guesses."""
    voters = list(chain.from_iterable(place))
    votes = tally(voters)
    best = max(voters, key=lambda one: (votes[one.digits()], one.weight))
    if length:
        written = [n for n, reading in enumerate(best.readings) if reading.digit is not None]
        parts = [best.readings[written[0] : written[-1] + 1]]
        top, bottom = extent(parts[0])
        near = WORD * (bottom - top)  # farther away, nothing belongs to the number
        edges = [parts[0][0].box[0] - near, parts[0][-1].box[2] + near]
    else:
        parts = groups(best.readings)
        edges = [-np.inf, *((one[-1].box[2] + other[0].box[0]) / 2 for one, other in pairwise(parts)), np.inf]
    said = []
    for part, sides in zip(parts, pairwise(edges), strict=True):
        mean = sum(guess[0].confidence(*sides) for guess in place) / guesses
        sure = 0.0 if printed(part) else float((best.confidence(*sides) * mean) ** 0.5)
        own = votes if length else tally(voters, *sides)
        total = sum(own.values()) or 1.0
        shares = ((digits, float(weight / total)) for digits, weight in own.items())
        said.append(Group(part, sure, best.line.known, tuple(nlargest(SHOWN, shares, lambda share: share[1]))))
    return TextLine(said)


def tally(voters: list[Hypothesis], left: float = -np.inf, right: float = np.inf) -> dict[str, float]:
    """How much the votes weigh for each number that may stand between two columns of the picture."""
    votes: dict[str, float] = defaultdict(float)
    for one in voters:
        votes[one.digits(left, right)] += one.weight
    return votes


def hypotheses(line: Line, outputs: np.ndarray, length: Length | None = None) -> list[Hypothesis]:
    """What a guess at a line may say, the best first, given the outputs (N, 10) of a network for its N candidates.

    With a `length`, only numbers of so many digits; there may be none.
    """
    if line.known:
        if length and length[0] > 1:
            return []
        order = np.argsort(-outputs[0], kind="stable").tolist()
        return [Hypothesis(line, outputs, ((0, n),), outputs[0, n]) for n in order]
    paths = lattice.best_paths(line.candidates, outputs, length)
    if not paths:
        return []
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
    """The median top and bottom of a line's digits, in rows of the picture; of all readings, if none is a digit."""
    digits = [reading for reading in readings if reading.digit is not None] or readings
    _, top, _, bottom = np.median([reading.box for reading in digits], axis=0).tolist()
    return top, bottom


def places(guesses: list[list[Hypothesis]], known: bool) -> list[list[list[Hypothesis]]]:
    """The guesses at each line of a picture: their middles are between the top and the bottom of the first one.

    If the picture is `known` to show a single digit, all guesses are at that.
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

    What is no digit, and stands between two groups, belongs to the first of them.
    """
    top, bottom = extent(readings)
    found: list[list[Reading]] = [[]]
    end = np.inf  # where the last digit ends; before the first one, no gap is wide
    for reading in readings:
        left, over, right, under = reading.box
        if reading.digit is not None:
            if left - end > WORD * (bottom - top):
                found.append([])
            end = right
        elif end < np.inf and max(right - left, under - over) > SIGN * (bottom - top):
            end = -np.inf  # any digit after a sign is far away
        found[-1].append(reading)
    return found
