"""What is read in a picture: its lines, their groups of digits, and the candidates for what a group says."""

from typing import Any, NamedTuple

import numpy as np

THRESHOLD = 0.25  # a group with less confidence is rejected


class Reading(NamedTuple):
    """A digit that was read, with its image (28, 28) float32 0..1 and its box (left, top, right, bottom) in pixels.

    outputs (10,) float32 are those of the network. A detector has one output a: then they are (2,), 1 - a and a, and
    `digit` is 1 if the detector's digit is there, else 0. The digit need not be the one with the largest output.
    """

    digit: int
    outputs: np.ndarray
    image: np.ndarray
    box: tuple[int, ...]

    def __repr__(self) -> str:  # without its image
        return f"Reading(digit={self.digit}, activation={self.activation}, box={self.box})"

    @property
    def activation(self) -> float:
        """The output for the digit that is read."""
        return self.outputs[self.digit].item()

    @property
    def runner_up(self) -> int:
        """Of the other digits, the one with the largest output."""
        return next(n for n in np.argsort(-self.outputs, kind="stable").tolist() if n != self.digit)


class Group(NamedTuple):
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


class Line(NamedTuple):
    """A line of a picture as it is read: its groups, left to right."""

    groups: list[Group]

    @property
    def text(self) -> str:
        """Its numbers, with a space between them; "" if there is none."""
        return " ".join(filter(None, (group.text for group in self.groups)))

    @property
    def readings(self) -> list[Reading]:
        """The digits of its groups, also of rejected ones."""
        return [reading for group in self.groups for reading in group.readings]

    @property
    def digits_read(self) -> list[Reading]:
        """The digits of its groups that are not rejected."""
        return [reading for group in self.groups if group.text for reading in group.readings]


class Answer(NamedTuple):
    """What is read in a picture: its lines, once the picture is turned counterclockwise by so many degrees.

    If no line holds a number, `error` says why, and what to do; else it is "". Answers are equal if their texts, errors
    and boxes are.
    """

    lines: list[Line]
    degrees: int = 0
    error: str = ""

    @property
    def text(self) -> str:
        """Its numbers, line by line; "" if there is none."""
        return "\n".join(filter(None, (line.text for line in self.lines)))

    @property
    def _content(self) -> tuple[Any, ...]:
        return self.text, self.error, tuple(reading.box for line in self.lines for reading in line.readings)

    def __eq__(self, other: object) -> bool:  # a tuple's would compare arrays
        return isinstance(other, Answer) and self._content == other._content

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._content)
