"""Reader(network).read(picture): the numbers in a picture, or why there are none."""

from collections.abc import Generator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from digits.common.errors import UserError
from digits.handwriting.lines import (
    ANYTHING,
    SMALL,
    Candidate,
    Digit,
    Expected,
    Found,
    Line,
    find_lines,
)
from digits.handwriting.parallel import on_all_cores
from digits.handwriting.pdf import Patience
from digits.handwriting.readings import Group, Reading, TextLine

if TYPE_CHECKING:
    from torch import nn

# The logarithm of a number's probability is that by the line network, plus WEIGHT times that by the user's network,
# which multiplies its outputs for the digits. None of them counts as less than LEAST: it has not seen such pictures.
WEIGHT, LEAST = 0.7, 0.001


class Answer(NamedTuple):
    """What is read in a picture: its lines, once the picture is turned counterclockwise by so many degrees.

    If no line holds a number, `error` says why, and what to do; else it is "". Answers are equal if their texts, errors
    and boxes are.
    """

    lines: list[TextLine]
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


class Reader:
    """Reads the digits in pictures with a network of 784 inputs and 10 outputs.

    A network of one output is a detector: it `detects` whether a single digit is the one that it has learned. `context`
    is that of `find_lines`.
    """

    def __init__(self, network: "nn.Module", context: bool = False) -> None:
        from digits.network import sizes  # here, since those who only find digits need no torch

        self.network, self.context = network, context
        self.detects = sizes(network)[-1:] == [1]

    def read(self, picture: Any, expected: Expected = ANYTHING) -> Answer:
        """What is read in a picture, which is whatever `find_lines` takes."""
        return next(self.read_all([(picture, expected)]))

    def read_all(self, asked: Sequence[tuple[Any, Expected]]) -> Generator[Answer]:
        """Read each picture, of which something is expected, in order; many are looked at on all cores.

        Close the iterator to stop early. Raises UserError if a process is killed, or if a detector is asked for numbers
        of some length or digits.
        """
        if self.detects:
            if any(expected._replace(single=False) != ANYTHING for _, expected in asked):
                raise UserError("this network only detects one digit; it reads no numbers of some length or digits")
            asked = [(picture, expected._replace(single=True)) for picture, expected in asked]
        patience = Patience()
        tasks = ((patience.offer(picture), expected, self.context) for picture, expected in asked)
        with closing(on_all_cores(find_lines, tasks)) as found:
            for (picture, expected), result in zip(asked, found, strict=True):
                yield self.answer(patience.judge(picture, result), expected)

    def answer(self, found: Found | UserError, expected: Expected = ANYTHING) -> Answer:
        """Read the lines of a picture that were found in it; or say that nothing was."""
        if isinstance(found, UserError):
            return Answer([], error=str(found))
        outputs = self.outputs([digit for line in found.lines for digit in line.digits])
        ends = np.cumsum([len(line.digits) for line in found.lines])
        parts = (outputs[end - len(line.digits) : end] for line, end in zip(found.lines, ends, strict=True))
        lines = [self.read_line(line, own) for line, own in zip(found.lines, parts, strict=True)]
        lines = [line for line in lines if line.groups]
        error = "" if any(line.text for line in lines) else why_none(found.lines, expected)
        return Answer(lines, found.degrees, error)

    def outputs(self, digits: list[Digit]) -> np.ndarray:
        """What the network says of the images of digits: (N, 10) float32; or (N, 2) of a detector, as in `Reading`."""
        import torch

        if not digits:
            return np.zeros((0, 10), np.float32)
        images = torch.from_numpy(np.stack([digit.image for digit in digits])).flatten(1)
        with torch.no_grad():
            outputs = self.network(images.to(next(self.network.parameters(), images)))
        tensor = isinstance(outputs, torch.Tensor)
        if not tensor or outputs.shape not in ((len(images), 1), (len(images), 10)):
            what = f"outputs of shape {tuple(outputs.shape[1:])}" if tensor else f"a {type(outputs).__name__}"
            raise UserError(f"a network that returns {what} reads no digits: it needs a tensor of ten, each 0..1")
        a = outputs.float().cpu().numpy()
        return a if a.shape[1] > 1 else np.concatenate([1 - a, a], 1)

    def read_line(self, line: Line, outputs: np.ndarray) -> TextLine:
        """What a line says, given the outputs (N, 10) of the network for its digits."""
        groups = [self.read_group(candidates, line, outputs) for candidates in line.groups]
        return TextLine([group for group in groups if group.readings])

    def read_group(self, candidates: list[Candidate], line: Line, outputs: np.ndarray) -> Group:
        """The likeliest number among the candidates of a group, by the line network and by the user's."""
        if self.detects:
            part = candidates[0].parts[0]
            reading = Reading(int(outputs[part].argmax()), outputs[part], *line.digits[part])
            return Group([reading], float(outputs[part].max()), True)
        scores = np.array([one.likelihood + WEIGHT * agreement(one, outputs) for one in candidates])
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        order = np.argsort(-shares, kind="stable").tolist()
        best = next((candidates[n] for n in order if candidates[n].digits), None)
        if best is None:
            return Group([], 0.0)
        readings = [Reading(int(d), outputs[n], *line.digits[n]) for d, n in zip(best.digits, best.parts, strict=True)]
        likely = tuple((candidates[n].digits, float(shares[n])) for n in order)
        activation = np.mean([reading.activation for reading in readings])
        sure = dict(likely)[best.digits] * float(np.exp(best.likelihood / len(best.digits)) + activation) / 2
        if line.seen:  # more or fewer digits than are expected
            sure *= (min(line.seen, len(best.digits)) / max(line.seen, len(best.digits))) ** 0.5
        return Group(readings, sure, line.known, likely)


def agreement(candidate: Candidate, outputs: np.ndarray) -> float:
    """The logarithm of the product of the network's outputs (N, 10) for the digits of a candidate."""
    own = [outputs[part, int(digit)] for digit, part in zip(candidate.digits, candidate.parts, strict=True)]
    return float(np.log(np.maximum(own, LEAST)).sum())


def why_none(lines: list[Line], expected: Expected) -> str:
    """Why none of the lines of a picture is read as a number, and what to do."""
    if lines and max(line.height for line in lines) < SMALL:
        return f"the digits are less than {SMALL} pixels high, too small to be read; take the picture from nearer"
    if expected.length:
        return f"no line can be read as a number of {' to '.join(map(str, sorted(set(expected.length))))} digits"
    return (
        "nothing here looks like a digit; crop the picture to the number, leaving a margin, or use --single for one"
        " digit"
    )
