"""The result of reading a picture: an `Answer` has lines, a line has groups, and a group has readings of digits."""

from dataclasses import dataclass, field

import numpy as np

THRESHOLD = 0.25  # a group with less confidence is rejected


@dataclass(frozen=True, eq=False)
class Reading:
    """A digit, its image (28, 28) float32 0..1, and its box (left, top, right, bottom) in pixels of the picture.

    `outputs` (10,) float32 come from your network, and `digit` has the largest of them, except in the bundled team,
    where the line network has a say, too. For a detector with a single output a, `outputs` are (1 - a, a), and `digit`
    is 1 if the digit is detected, else 0. `share` is how much of the handwriting around it belongs to this digit.
    """

    digit: int
    outputs: np.ndarray = field(repr=False)
    image: np.ndarray = field(repr=False)
    box: tuple[int, ...]
    share: float = field(default=1.0, repr=False)

    @property
    def activation(self) -> float:
        """The network's output for this digit."""
        return self.outputs[self.digit].item()

    @property
    def runner_up(self) -> int:
        """Of all other digits, the digit with the largest output."""
        return next(n for n in np.argsort(-self.outputs, kind="stable").tolist() if n != self.digit)


@dataclass(frozen=True, eq=False)
class Group:
    """Digits that stand together in a line, from left to right.

    The `confidence` is the probability of the number among the candidates, times the mean of two scores: the line
    network's probability per digit, and the mean activation of your network for these digits. If the line network does
    not consider the number at all, the first score is 0. The confidence is also multiplied by the mean `share` of the
    digits, which is low in a word (not with `--network ocr`).

    With `--network ocr`, the `opinions` are the number that the bundled team would read, and the number that the
    recognizer would read. The confidence is then the mean of the root of the team's probability of the number and the
    recognizer's probability per digit.

    `candidates` are the likeliest numbers with their probabilities, where "" means no number. A `known` group is never
    rejected: either the caller says that it is a single digit, or the picture is an image like MNIST's.
    """

    readings: list[Reading]
    confidence: float
    known: bool = False
    candidates: tuple[tuple[str, float], ...] = ()
    opinions: tuple[str, ...] = ()

    @property
    def digits(self) -> str:
        """The digits, even if the group is rejected."""
        return "".join(str(reading.digit) for reading in self.readings)

    @property
    def text(self) -> str:
        """The digits, or "" if the group is rejected."""
        return self.digits if self.known or self.confidence > THRESHOLD else ""

    @property
    def box(self) -> tuple[int, ...]:
        """The box around all digits: left, top, right, bottom in pixels of the picture."""
        left, top, right, bottom = zip(*(reading.box for reading in self.readings), strict=True)
        return min(left), min(top), max(right), max(bottom)


@dataclass(frozen=True, eq=False)
class Line:
    """A line of a picture: its groups, from left to right."""

    groups: list[Group]

    @property
    def text(self) -> str:
        """The numbers, separated by spaces, without rejected groups."""
        return " ".join(filter(None, (group.text for group in self.groups)))

    @property
    def digits_read(self) -> list[Reading]:
        """The readings of all groups that are not rejected."""
        return [reading for group in self.groups if group.text for reading in group.readings]


@dataclass(frozen=True, eq=False)
class Answer:
    """The lines that were read in a picture, after it was turned counterclockwise by `degrees`.

    If no number was read, `error` says why and what to do. Otherwise `error` is "".
    """

    lines: list[Line]
    degrees: int = 0
    error: str = ""

    @property
    def text(self) -> str:
        """The numbers, line by line, or "" if none was read."""
        return "\n".join(filter(None, (line.text for line in self.lines)))
