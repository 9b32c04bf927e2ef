"""Reader(network).read(picture): the numbers in a picture, also if it lies on its side, or why there are none."""

from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from digits.errors import UserError
from digits.handwriting.eye import see
from digits.handwriting.lattice import FITTED, Length
from digits.handwriting.lines import Digit, Line, lines_in, opened_lines
from digits.handwriting.parallel import on_all_cores
from digits.handwriting.pdf import Patience
from digits.handwriting.voting import TextLine, vote

if TYPE_CHECKING:
    from torch import nn

SMALL = 8  # digits that are less high, in pixels of the picture, are too small
UPRIGHT = 0.8  # a picture that is read with less confidence is also tried the other ways up
TURNED = 0.9  # a turned picture is taken only if it is read with more confidence
TURNING = 300  # candidates that are looked at in each turned picture
ALIKE = 0, 1  # digits that do not tell which way up a picture is: a lying 0 is a 0, and any stroke is like a 1


class Answer(NamedTuple):
    """What is read in a picture: its lines, once the picture is turned counterclockwise by so many degrees.

    If no line holds a number, `error` says why, and what to do; else it is "". In a `crowded` picture there is more
    than was looked at. Answers are equal if their texts, errors and boxes are.
    """

    lines: list[TextLine]
    degrees: int = 0
    error: str = ""
    crowded: bool = False

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


class Expected(NamedTuple):
    """What is known of pictures: a `single` digit each; numbers of some `length`; of these `digits` alone."""

    single: bool = False
    length: Length | None = None
    digits: str = "0123456789"


ANYTHING = Expected()


class Reader:
    """Reads the digits in pictures with a network of 784 inputs and 10 outputs.

    A network of one output is a detector: it `detects` whether a single digit is the one that it has learned. `context`
    is that of `find_lines`.
    """

    def __init__(self, network: "nn.Module", context: bool = False) -> None:
        from digits.network import sizes  # here, since the processes that only find digits need no torch

        self.network, self.context = network, context
        self.detects = sizes(network)[-1:] == [1]

    def read(self, picture: Any, expected: Expected = ANYTHING) -> Answer:
        """What is read in a picture, which is whatever `find_lines` takes."""
        return next(self.read_all([(picture, expected)]))

    def read_all(self, asked: Sequence[tuple[Any, Expected]]) -> Generator[Answer]:
        """What is read in each picture, of which something is expected, in order; many are looked at on all cores.

        Close the iterator to stop early. Raises UserError if a process is killed, or if a detector is asked for numbers
        of some length or digits.
        """
        if self.detects and any(expected._replace(single=False) != ANYTHING for _, expected in asked):
            raise UserError("this network only detects one digit; it reads no numbers of some length or digits")
        patience = Patience()
        tasks = ((patience.offer(one), expected.single or self.detects, self.context) for one, expected in asked)
        with closing(on_all_cores(opened_lines, tasks)) as found:
            for (picture, expected), result in zip(asked, found, strict=True):
                one = patience.judge(picture, result)
                if isinstance(one, UserError):
                    yield self.answer(one)
                    continue
                lines, pixels, scale = one
                answer = self.answer(lines, expected)
                yield answer if answer.crowded else self._turned(pixels, scale, answer, expected)

    def answer(self, found: list[Line] | UserError, expected: Expected = ANYTHING) -> Answer:
        """What is read in the lines of `find_lines`, as they lie; or the error, if nothing was found."""
        if isinstance(found, UserError):
            return Answer([], error=str(found))
        lines = self.read_lines(found, expected)
        error = "" if any(line.text for line in lines) else why_none(lines, expected.length)
        return Answer(lines, 0, error, found[0].crowded)

    def read_lines(self, lines: list[Line], expected: Expected = ANYTHING) -> list[TextLine]:
        """What the lines of `find_lines` say, from above, as `voting.vote` has it."""
        return vote(lines, self.outputs([digit for line in lines for digit in line.digits], expected), expected.length)

    def outputs(self, digits: list[Digit], expected: Expected = ANYTHING) -> np.ndarray:
        """What the network says of the images of digits: (N, 10) float32; or (N, 2) of a detector, as in `Reading`."""
        import torch

        images = torch.from_numpy(np.stack([digit.image for digit in digits])).flatten(1)
        with torch.no_grad():
            outputs = self.network(images.to(next(self.network.parameters(), images)))
        tensor = isinstance(outputs, torch.Tensor)
        if not tensor or outputs.shape not in ((len(images), 1), (len(images), 10)):
            what = f"outputs of shape {tuple(outputs.shape[1:])}" if tensor else f"a {type(outputs).__name__}"
            raise UserError(f"a network that returns {what} reads no digits: it needs a tensor of ten, each 0..1")
        a = outputs.float().cpu().numpy()
        return among(a, expected.digits) if a.shape[1] > 1 else np.concatenate([1 - a, a], 1)

    def _turned(self, pixels: np.ndarray, scale: float, answer: Answer, expected: Expected) -> Answer:
        """What is read in a picture, `opened`, once it is turned so that it is read most surely.

        This is the `answer` that it has without, unless that is read badly, and a turned picture more surely.
        """
        lines = answer.lines
        sure, area = sure_area(lines)
        if (lines and lines[0].groups[0].known) or (area and sure >= UPRIGHT * area):
            return answer
        sight = see(pixels)
        most = sure_area(lines, but=ALIKE)[0] / scale**2  # as `pixels` are counted, in which turned pictures are read
        for degrees in (90, 180, 270):
            with suppress(UserError):
                turned = self.read_lines(lines_in(sight.turned(degrees), 1, False, self.context, TURNING), expected)
                sure, area = sure_area(turned, but=ALIKE)
                if sure > max(most, TURNED * area):
                    most = sure
                    answer = Answer([turned_back(line, degrees, pixels.shape, scale) for line in turned], degrees)
        return answer


def among(outputs: np.ndarray, digits: str) -> np.ndarray:
    """Outputs (N, 10) float32 if only these digits may occur: what the others have is shared out in proportion.

    If the outputs are probabilities, this is Bayes' rule. No digit that may occur counts as less likely than UNSURE,
    nor does anything else. So where the network clearly sees another digit, it is sure of none of these.
    """
    may = np.isin(np.arange(10), [int(digit) for digit in digits])
    if may.all():
        return outputs
    likely = np.where(may, outputs.clip(FITTED["UNSURE"]), 0)
    shares = likely / (likely.sum(1, keepdims=True) + FITTED["UNSURE"]) * outputs.sum(1, keepdims=True).clip(max=1)
    return np.where(may, np.maximum(outputs, shares), 0).astype(np.float32)


def turned_back(line: TextLine, degrees: int, shape: tuple[int, ...], scale: float) -> TextLine:
    """A line of an image that was turned by so many degrees, with its boxes where they are in the picture.

    shape: of the image before it was turned, (H, W, ...); scale: pixels of the picture to one of the image's.
    """
    (height, width, *_), groups = shape, []
    for group in line.groups:
        left, top, right, bottom = np.transpose([reading.box for reading in group.readings])
        sides = {
            90: (width - bottom, left, width - top, right),
            180: (width - right, height - bottom, width - left, height - top),
            270: (top, height - right, bottom, height - left),
        }
        boxes = (np.transpose(sides[degrees]) * scale).round().astype(int).tolist()
        readings = [one._replace(box=tuple(box)) for one, box in zip(group.readings, boxes, strict=True)]
        groups.append(group._replace(readings=readings))
    return TextLine(groups)


def sure_area(lines: list[TextLine], but: tuple[int, ...] = ()) -> tuple[float, float]:
    """The area of the boxes of lines' digits times the confidence in their groups; and that area alone.

    Digits of the values `but` are left out. Areas count, and not numbers of digits, since a digit that lies on its side
    may be cut into two.
    """
    found = [
        (group.confidence, (right - left) * (bottom - top))
        for line in lines
        for group in line.groups
        for digit, _, _, (left, top, right, bottom) in group.readings
        if digit not in (None, *but)
    ]
    return sum(sure * area for sure, area in found), sum(area for _, area in found)


def why_none(lines: list[TextLine], length: Length | None) -> str:
    """Why none of the lines of a picture is read as a number, and what to do."""
    if not lines and length:
        return f"no line of it can be a number of {' to '.join(map(str, sorted(set(length))))} digits"
    if max(reading.box[3] - reading.box[1] for line in lines for reading in line.readings) < SMALL:
        return f"its strokes are less than {SMALL} pixels high, too small to be read; take the picture from nearer"
    return "its strokes are like no digits; crop it to them, with a margin, or read one digit with --single"
