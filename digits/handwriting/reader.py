"""From a picture to its digits: candidates are normalized, a network scores them, and the best path is read."""

from collections import defaultdict
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np

from digits.handwriting import lattice
from digits.handwriting.background import find_foregrounds
from digits.handwriting.components import around
from digits.handwriting.lattice import Candidate
from digits.handwriting.normalize import BOX, NEAR, bounds, is_normalized, normalize
from digits.handwriting.picture import open_picture
from digits.handwriting.ruled_lines import quantile
from digits.handwriting.segmentation import Segment, segment

if TYPE_CHECKING:
    from torch import nn

SMALLEST = 150  # a picture of a smaller area than 150 x 150 pixels is enlarged to at least that
SURE = 4  # a vote counts as the confidence to this power, times the clarity
CLEAR = 3  # ... but one for a digit that is known to be the only one, as its activation times the clarity to this power
REJECTION_THRESHOLD = 0.66  # least confidence of a group: a higher one rejects more of what is none, and more digits
WORD = 1.0  # a gap between digits that is wider, in their heights, parts two groups
SIGN = 0.5  # ... as does what is no digit, such as a plus, if it is longer, in their heights


class Digit(NamedTuple):
    """A candidate as a digit: `image` (28, 28) float32 0..1, light on dark; `box` (left, top, right, bottom)."""

    image: np.ndarray
    box: tuple[int, ...]


class Line(NamedTuple):
    """A line of a picture in one of several `guesses`: its `candidates`, each one as a digit, and its clarity.

    A `plain` guess is one as of `background.Foreground`. A `known` line is one digit, since the caller says so or it is
    drawn as MNIST's are: it is never rejected. It was found in `context` or not, as of `find_lines`.
    """

    candidates: list[Candidate]
    digits: list[Digit]
    clarity: float = 1.0
    guesses: int = 1
    plain: bool = True
    known: bool = False
    context: bool = False


class Reading(NamedTuple):
    """A digit that was read, with the box and image of `Digit`; `digit` is None where none is: in a comma, say.

    outputs (10,) float32 of the network; of a detector, which has one output a, (2,): 1 - a and a. Then `digit` is 1
    if its digit is detected, else 0.
    """

    digit: int | None
    outputs: np.ndarray
    image: np.ndarray
    box: tuple[int, ...]


def find_digit(picture: Any) -> Digit:
    """The digit in a picture of one; of several, the clearest.

    A picture is a path, the bytes of a file, a PIL image, or an array (H, W) or (H, W, 3 or 4), uint8, uint16, bool or
    float 0..1: dark strokes on light or light on dark. One of 28x28 that is drawn as MNIST's are is not changed.

    Raises UserError if it cannot be read or shows no strokes.
    """
    return clearest(find_lines(picture, single=True)).digits[0]


def clearest(lines: list[Line]) -> Line:
    """The line with the clearest segment, of the `plain` guesses if there are any."""
    return max(lines, key=lambda line: (line.plain, line.clarity))


def find_lines(picture: Any, single: bool = False, context: bool = False) -> list[Line]:
    """The lines of a picture, as `find_digit` takes it, in each of several guesses; a `single` digit is a line.

    In `context`, what is cut has the rest of its strokes beside it, as `normalize` draws it: for a network that was
    trained on such images, with `allographs` and `negatives`.

    Raises UserError as `find_digit` does.
    """
    image, scale = open_picture(picture, single)
    pixels = np.asarray(image)
    if is_normalized(pixels):
        digit = Digit(pixels[:, :, 0] / np.float32(255), (0, 0, 28, 28))
        return [Line([Candidate(0, 1, 1.0, 1.0, 0.0)], [digit], known=True)]
    enlarged = -(-SMALLEST // int((image.width * image.height) ** 0.5))
    pixels = cv2.resize(pixels, None, fx=enlarged, fy=enlarged, interpolation=cv2.INTER_CUBIC)
    found = []
    foregrounds = find_foregrounds(pixels)
    for foreground in filter(lambda guess: guess.components, foregrounds):
        labels, lines = segment(foreground, single)
        for line in lines:
            candidates = [lattice.alone(line)] if single else lattice.candidates(line, context)
            runs = [line.segments[candidate.first : candidate.last] for candidate in candidates]
            digits = [_digit(foreground.darkness, labels, run, scale / enlarged, context) for run in runs]
            clarity = max(segment.clarity for run in runs for segment in run)
            found.append(Line(candidates, digits, clarity, len(foregrounds), foreground.plain, single, context))
    return found


def _digit(darkness: np.ndarray, labels: np.ndarray, run: list[Segment], scale: float, context: bool) -> Digit:
    """A run of segments as a digit: their pixels and soft edges, and, in `context`, what they are cut from.

    scale: pixels of the picture to one of these.
    """
    own, box = range(run[0].label, run[-1].label + 1), around(run)  # of upright writing: its columns are others
    top, bottom = box.top, box.bottom
    left, _, right, _ = bounds(_among(labels[top:bottom], own))
    whole = range(run[0].group[0], run[-1].group[-1] + 1) if context else own
    margin = 2 + max(right - left, bottom - top) * NEAR // BOX if whole != own else 1
    here = slice(max(top - margin, 0), bottom + margin), slice(max(left - margin, 0), right + margin)
    labels, darkness = labels[here], darkness[here]
    mask = _among(labels, own)
    near = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3))) * (mask | (labels == 0))
    strokes = np.clip(darkness / quantile(darkness[mask], 0.5), 0, 1) * near
    image = normalize(strokes, _among(labels, whole) & ~mask if whole != own else None)
    return Digit(image, tuple(round(side * scale) for side in (left, top, right, bottom)))


def _among(labels: np.ndarray, some: range) -> np.ndarray:
    """Where labels (H, W) are among some that follow each other."""
    return (labels >= some[0]) & (labels <= some[-1])


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
        if not self.known and self.confidence <= REJECTION_THRESHOLD:
            return ""
        return "".join(str(reading.digit) for reading in self.readings if reading.digit is not None)


def text(line: list[Group]) -> str:
    """The numbers of a line, with a space between them; "" if there is none."""
    return " ".join(filter(None, (group.text for group in line)))


def read(network: "nn.Module", lines: list[Line]) -> list[list[Group]]:
    """What a network of 784 inputs and 10 outputs, or a detector's one, reads in the lines of `find_lines`, from above.

    The guesses at a line, those at one place, vote for what it says. It falls into groups at its wide gaps; a group's
    confidence is the geometric mean of two: in the path that is read, and, on average, of all guesses, 0 of those
    without it. Also lines without a digit are returned, but none that is in too few guesses not to be rejected, unless
    all are.
    """
    import torch  # here, since the processes that only find digits need none

    images = np.stack([digit.image for line in lines for digit in line.digits])
    with torch.no_grad():
        activations = network(torch.from_numpy(images).flatten(1)).numpy()
    if activations.shape[1] == 1:
        activations = np.concatenate([1 - activations, activations], 1)
    ends = np.cumsum([len(line.digits) for line in lines])
    guessed = sorted(map(hypotheses, lines, np.split(activations, ends[:-1])), key=lambda guess: -guess[0].weight)
    known, guesses = lines[0].known, lines[0].guesses
    found, everywhere = [], places(guessed, known)
    often = [place for place in everywhere if len(place) > REJECTION_THRESHOLD**2 * guesses]
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
        found.append([Group(part, confidence, known) for part, confidence in zip(parts, sure, strict=True)])
    return sorted(found, key=lambda line: extent([reading for group in line for reading in group.readings]))


def hypotheses(line: Line, outputs: np.ndarray) -> list[Hypothesis]:
    """What a guess at a line may say, the best first, by the outputs (N, 10) of a network for its N candidates."""
    if line.known:
        order = np.argsort(-outputs[0], kind="stable").tolist()
        return [Hypothesis(line, outputs, ((0, n),), outputs[0, n] * line.clarity**CLEAR) for n in order]
    paths = lattice.best_paths(line.candidates, outputs)
    likelihoods = np.exp([score - paths[0][1] for _, score in paths])
    sure = [lattice.confidence(line.candidates, outputs, path) for path, _ in paths]
    weights = likelihoods / likelihoods.sum() * np.power(sure, SURE) * line.clarity
    return [Hypothesis(line, outputs, path, weight) for (path, _), weight in zip(paths, weights, strict=True)]


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
