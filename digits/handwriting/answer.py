"""What is read in a picture: its lines, their groups of digits, and the candidates for what a group says."""

from dataclasses import dataclass, field

import numpy as np

THRESHOLD = 0.25  # a group with less confidence is rejected


@dataclass(frozen=True, eq=False)
class Reading:
    """A digit that was read, with its image (28, 28) float32 0..1 and its box (left, top, right, bottom) in pixels.

    outputs (10,) float32 are those of the network. A detector has one output a: then they are (2,), 1 - a and a, and
    `digit` is 1 if the detector's digit is there, else 0. The digit need not be the one with the largest output.
    """

    digit: int
    outputs: np.ndarray = field(repr=False)
    image: np.ndarray = field(repr=False)
    box: tuple[int, ...]

    @property
    def activation(self) -> float:
        """The output for the digit that is read."""
        return self.outputs[self.digit].item()

    @property
    def runner_up(self) -> int:
        """Of the other digits, the one with the largest output."""
        return next(n for n in np.argsort(-self.outputs, kind="stable").tolist() if n != self.digit)


@dataclass(frozen=True, eq=False)
class Group:
    """Digits that stand together in a line, left to right.

    The `confidence` in them is the share of their number among the candidates, times the mean of two opinions on its
    digits: the line network's probability of a digit, and the activation for it.

    `candidates` are the likeliest numbers, each with its probability; "" stands for no number. A `known` group is the
    only digit of a picture: the caller says so, or the picture is drawn as MNIST's are. It is never rejected.
    """

    readings: list[Reading]
    confidence: float
    known: bool = False
    candidates: tuple[tuple[str, float], ...] = ()

    @property
    def digits(self) -> str:
        """Its digits, even if it is rejected."""
        return "".join(str(reading.digit) for reading in self.readings)

    @property
    def text(self) -> str:
        """Its digits; "" if it is rejected."""
        return self.digits if self.known or self.confidence > THRESHOLD else ""

    @property
    def box(self) -> tuple[int, ...]:
        """The box around its readings: left, top, right, bottom in pixels of the picture."""
        left, top, right, bottom = zip(*(reading.box for reading in self.readings), strict=True)
        return min(left), min(top), max(right), max(bottom)


@dataclass(frozen=True, eq=False)
class Line:
    """A line of a picture: its groups, left to right."""

    groups: list[Group]

    @property
    def text(self) -> str:
        """Its numbers, with a space between them; "" if there is none."""
        return " ".join(filter(None, (group.text for group in self.groups)))

    @property
    def digits_read(self) -> list[Reading]:
        """The digits of its groups that are not rejected."""
        return [reading for group in self.groups if group.text for reading in group.readings]


@dataclass(frozen=True, eq=False)
class Answer:
    """What is read in a picture: its lines, after the picture was turned counterclockwise by `degrees`.

    If no line holds a number, `error` says why, and what to do; else it is "".
    """

    lines: list[Line]
    degrees: int = 0
    error: str = ""

    @property
    def text(self) -> str:
        """Its numbers, line by line; "" if there is none."""
        return "\n".join(filter(None, (line.text for line in self.lines)))
