"""Reader(network).read(picture): the numbers in a picture, also if it lies on its side, or why there are none."""

from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from digits.errors import UserError
from digits.handwriting.eye import see
from digits.handwriting.lattice import FITTED, Length
from digits.handwriting.lines import Digit, Line, lines_in, opened
from digits.handwriting.parallel import find_all
from digits.handwriting.voting import TextLine, read

if TYPE_CHECKING:
    from torch import nn

SMALL = 8  # digits that are less high, in pixels of the picture, are too small
UPRIGHT = 0.8  # other ways up are tried if a picture is read with less confidence
TURNED = 0.9  # ... and one is taken if it is read with more
TURNING = 300  # candidates of a picture that is tried the other way up
ALIKE = 0, 1  # ... and if the network is surer of the area of the other digits: a lying 0 is a 0, any stroke like a 1


class Answer(NamedTuple):
    """What is read in a picture: its lines, after it is turned counterclockwise by so many degrees.

    If none holds a number, `error` says why, and what to do; else it is "". Of a `crowded` picture more could be read.
    """

    lines: list[TextLine]
    degrees: int = 0
    error: str = ""
    crowded: bool = False

    @property
    def text(self) -> str:
        """Its numbers, line by line; "" if there is none."""
        return "\n".join(filter(None, (line.text for line in self.lines)))


class Expected(NamedTuple):
    """What is known of pictures: a `single` digit each; numbers of some `length`; of these `digits` alone."""

    single: bool = False
    length: Length | None = None
    digits: str = "0123456789"


ANYTHING = Expected()


class Reader:
    """Reads the digits in pictures with a network of 784 inputs and 10 outputs, or a detector's one: it `detects`
    whether a single digit is that which it has learned.

    In `context`, what is cut has the rest of its strokes beside it, as `normalize` draws it: for a network that was
    trained on such images, with `allographs` and `negatives`.
    """

    def __init__(self, network: "nn.Module", context: bool = False, expected: Expected = ANYTHING) -> None:
        from digits.network import sizes  # here, since the processes that only find digits need no torch

        self.network, self.context, self.expected = network, context, expected
        self.detects = sizes(network)[-1:] == [1]
        if self.detects and (expected.length or expected.digits != ANYTHING.digits):
            raise UserError("this network only detects one digit; it reads no numbers of some length or digits")

    def read(self, picture: Any) -> Answer:
        """What is read in a picture, as of `find_lines`."""
        return next(self.read_all([picture]))

    def read_all(self, pictures: Sequence[Any]) -> Generator[Answer]:
        """What is read in each picture, in order; many are looked at on all cores. Close the iterator to stop early.

        Raises UserError if a process is killed.
        """
        single = self.expected.single or self.detects
        with closing(find_all(pictures, single, self.context)) as found:
            for picture, lines in zip(pictures, found, strict=True):
                yield self._answer(picture, lines)

    def read_lines(self, lines: list[Line]) -> list[TextLine]:
        """What is read in the lines of `find_lines`, from above; as of `voting.read`."""
        return read(lines, self.outputs([digit for line in lines for digit in line.digits]), self.expected.length)

    def outputs(self, digits: list[Digit]) -> np.ndarray:
        """What the network says of the images of digits: (N, 10) float32; of a detector (N, 2), as of `Reading`."""
        import torch

        images = torch.from_numpy(np.stack([digit.image for digit in digits])).flatten(1)
        with torch.no_grad():
            a = self.network(images.to(next(self.network.parameters(), images))).float().cpu().numpy()
        if a.shape[1:] not in ((1,), (10,)):
            raise UserError(f"a network with outputs of shape {a.shape[1:]} reads no digits: it needs ten, each 0..1")
        return among(a, self.expected.digits) if a.shape[1] > 1 else np.concatenate([1 - a, a], 1)

    def _answer(self, picture: Any, found: list[Line] | UserError) -> Answer:
        if isinstance(found, UserError):
            return Answer([], error=str(found))
        degrees, lines = 0, self.read_lines(found)
        if not found[0].crowded:
            degrees, lines = self._turned(picture, lines)
        is_read = any(line.text for line in lines)
        return Answer(lines, degrees, "" if is_read else why_none(lines, self.expected.length), found[0].crowded)

    def _turned(self, picture: Any, lines: list[TextLine]) -> tuple[int, list[TextLine]]:
        """By how many degrees a picture, badly read as `lines`, has to be turned counterclockwise, and its lines then.

        They have boxes as they are before it is turned; 0 and `lines`, unless the network is surer of a turned picture.
        """
        best = 0, lines
        sure, area = sure_area(lines)
        if (lines and lines[0].groups[0].known) or (area and sure >= UPRIGHT * area):
            return best
        try:
            pixels, scale = opened(picture)
        except UserError:  # it has changed meanwhile
            return best
        sight, (height, width, _) = see(pixels), pixels.shape
        least = sure_area(lines, but=ALIKE)[0] / scale**2
        for degrees in (90, 180, 270):
            with suppress(UserError):
                turned = self.read_lines(lines_in(sight.turned(degrees), 1, False, self.context, TURNING))
                surer, area = sure_area(turned, but=ALIKE)
                if surer > max(least, TURNED * area):
                    best, least = (degrees, turned), surer
        degrees, found = best
        for group in [group for line in found for group in line.groups] if degrees else []:
            boxes = [turned_back(reading.box, degrees, (width, height), scale) for reading in group.readings]
            group.readings[:] = [one._replace(box=box) for one, box in zip(group.readings, boxes, strict=True)]
        return best


def among(outputs: np.ndarray, digits: str) -> np.ndarray:
    """Outputs (N, 10) float32 if only these digits may occur: what the others have falls to them, by their shares.

    It is Bayes' rule if the outputs are probabilities, and UNSURE that of yet another digit; none of these counts as
    nearer to 0. So of what is clearly another digit, none of these is sure.
    """
    may = np.isin(np.arange(10), [int(digit) for digit in digits])
    if may.all():
        return outputs
    likely = np.where(may, outputs.clip(FITTED["UNSURE"]), 0)
    shares = likely / (likely.sum(1, keepdims=True) + FITTED["UNSURE"]) * outputs.sum(1, keepdims=True).clip(max=1)
    return np.where(may, np.maximum(outputs, shares), 0).astype(np.float32)


def turned_back(box: tuple[int, ...], degrees: int, size: tuple[int, int], scale: float) -> tuple[int, ...]:
    """A box in an image of this width and height, turned so far, as it is in the picture, by `scale` larger."""
    (left, top, right, bottom), (width, height) = box, size
    sides = {
        90: (width - bottom, left, width - top, right),
        180: (width - right, height - bottom, width - left, height - top),
        270: (top, height - right, bottom, height - left),
    }
    return tuple(round(side * scale) for side in sides[degrees])


def sure_area(lines: list[TextLine], but: tuple[int, ...] = ()) -> tuple[float, float]:
    """The area of the boxes of lines' digits, `but` those of these values, times the confidence in their groups; and
    the area alone. Not their number: a digit that lies may be cut into two.
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
    """Why lines, of which none holds a number, are not read, and what to do."""
    if not lines and length:
        return f"no line of it can be a number of {' to '.join(map(str, sorted(set(length))))} digits"
    heights = [bottom - top for line in lines for *_, (_, top, _, bottom) in line.readings]
    if max(heights) < SMALL:
        return f"its strokes are less than {SMALL} pixels high, too small to be read; take the picture from nearer"
    return "its strokes are like no digits; crop it to them, with a margin, or read one digit with --single"
