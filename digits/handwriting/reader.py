"""Reader(network).read(picture): the numbers in a picture, or why there are none."""

from collections.abc import Generator, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from digits.common.errors import UserError
from digits.handwriting.answer import Answer, Group, Line, Reading
from digits.handwriting.line_network import Candidate
from digits.handwriting.lines import ANYTHING, Expected, Segmentation, find_lines
from digits.handwriting.parallel import on_all_cores
from digits.handwriting.pdf import Patience

if TYPE_CHECKING:
    from torch import nn

# The logarithm of a number's probability is that by the line network, plus WEIGHT times that by the user's network,
# which multiplies its outputs for the digits. None of them counts as less than FLOOR: it has not seen such pictures.
WEIGHT, FLOOR = 0.7, 0.001


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
        """Read a picture, which is whatever `find_lines` takes."""
        return next(self.read_all([(picture, expected)]))

    def read_all(self, asked: Sequence[tuple[Any, Expected]]) -> Generator[Answer]:
        """Read pictures in order, given what is expected of each; if they are many, find their digits on all cores.

        Close the iterator to stop early. Raises UserError if a process is killed, or if a detector is asked for numbers
        of some length or digits.
        """
        if self.detects:
            if any(expected._replace(single=False) != ANYTHING for _, expected in asked):
                raise UserError("this network only detects one digit; it reads no numbers of some length or digits")
            asked = [(picture, expected._replace(single=True)) for picture, expected in asked]
        patience = Patience()
        tasks = ((patience.offer(picture), expected) for picture, expected in asked)
        with closing(on_all_cores(partial(find_lines, context=self.context), tasks)) as results:
            for (picture, expected), result in zip(asked, results, strict=True):
                yield self.answer(patience.judge(picture, result), expected)

    def answer(self, segmentation: Segmentation | UserError, expected: Expected = ANYTHING) -> Answer:
        """Read the lines of a picture; or say why none was found."""
        if isinstance(segmentation, UserError):
            return Answer([], error=str(segmentation))
        outputs, seen = self.outputs(segmentation.images), segmentation.seen or [0] * len(segmentation.lines)
        lines = []
        for groups, count in zip(segmentation.lines, seen, strict=True):
            read = [self.read_group(candidates, count, segmentation, outputs) for candidates in groups]
            lines.append(Line([group for group in read if group.readings]))
        if any(line.text for line in lines):
            error = ""
        elif expected.length:
            error = f"no line can be read as a number of {' to '.join(map(str, sorted(set(expected.length))))} digits"
        else:
            error = "nothing here looks like a digit; crop the picture to the number, leaving a margin, or use --single"
            error += " for one digit"
        return Answer([line for line in lines if line.groups], segmentation.degrees, error)

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """Return the network's outputs for images (N, 28, 28): (N, 10) float32; or (N, 2) of a detector."""
        import torch

        if not len(images):
            return np.zeros((0, 10), np.float32)
        x = torch.from_numpy(images).flatten(1)
        with torch.no_grad():
            outputs = self.network(x.to(next(self.network.parameters(), x)))
        is_tensor = isinstance(outputs, torch.Tensor)
        if not is_tensor or outputs.shape not in ((len(x), 1), (len(x), 10)):
            what = f"outputs of shape {tuple(outputs.shape[1:])}" if is_tensor else f"a {type(outputs).__name__}"
            raise UserError(f"a network that returns {what} reads no digits: it needs a tensor of ten, each 0..1")
        a = outputs.float().cpu().numpy()
        return a if a.shape[1] > 1 else np.concatenate([1 - a, a], 1)

    def read_group(
        self, candidates: list[Candidate], seen: int, segmentation: Segmentation, outputs: np.ndarray
    ) -> Group:
        """Return the likeliest number among candidates, by the line network and by the outputs (N, 10) of the user's.

        If the line network has `seen` more or fewer digits than it has, that lowers the confidence.
        """

        def reading(digit: int, n: int) -> Reading:
            return Reading(digit, outputs[n], segmentation.images[n], segmentation.boxes[n])

        if self.detects:
            _, _, (n, *_) = candidates[0]
            return Group([reading(int(outputs[n].argmax()), n)], float(outputs[n].max()), True)
        scores = np.zeros(len(candidates))
        for number, (digits, likelihood, places) in enumerate(candidates):
            activations = outputs[[*places], [*map(int, digits)]]
            scores[number] = likelihood + WEIGHT * float(np.log(np.maximum(activations, FLOOR)).sum())
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        order = np.argsort(-shares, kind="stable")
        ranked = [(*candidates[n], float(shares[n])) for n in order]
        numbers = [candidate for candidate in ranked if candidate[0]]
        if not numbers:
            return Group([], 0.0)
        digits, likelihood, places, share = numbers[0]
        readings = [reading(int(digit), n) for digit, n in zip(digits, places, strict=True)]
        activation = np.mean([reading.activation for reading in readings])
        confidence = share * float(np.exp(likelihood / len(digits)) + activation) / 2
        if seen:
            confidence *= (min(seen, len(digits)) / max(seen, len(digits))) ** 0.5
        return Group(readings, confidence, segmentation.known, tuple((digits, share) for digits, *_, share in ranked))
