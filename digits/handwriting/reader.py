"""Read the digits that lines.py finds, by combining your network with the line network."""

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

# The score of a candidate is its log-probability from the line network, plus WEIGHT times the sum over its digits of
# log(output) of the user's network. Outputs below FLOOR count as FLOOR, so that one digit cannot rule out a number.
WEIGHT, FLOOR = 0.7, 0.001


class Reader:
    """Reads the digits in pictures with a network of 784 inputs and 10 outputs.

    If `detects`, the network has one output, and detects the single digit that it has learned. `context` is as in
    `find_lines`.
    """

    def __init__(self, network: "nn.Module", context: bool = False) -> None:
        from digits.network import sizes  # here, because worker processes import this module and need no PyTorch

        self.network, self.context = network, context
        self.detects = sizes(network)[-1:] == [1]

    def read(self, picture: Any, expected: Expected = ANYTHING) -> Answer:
        """Read a picture of any type that `find_lines` takes."""
        return next(self.read_all([(picture, expected)]))

    def read_all(self, pictures: Sequence[tuple[Any, Expected]]) -> Generator[Answer]:
        """Read pictures in order, each with what the caller expects. Use all cores if there are many.

        Close the iterator to stop early. Raises UserError if a worker process is killed, or if a detector is to
        read anything but a single digit.
        """
        if self.detects:
            if any(expected._replace(single=False) != ANYTHING for _, expected in pictures):
                raise UserError("this network only detects one digit; leave out --length and --digits")
            pictures = [(picture, expected._replace(single=True)) for picture, expected in pictures]
        patience = Patience()
        tasks = ((patience.offer(picture), expected) for picture, expected in pictures)
        with closing(on_all_cores(partial(find_lines, context=self.context), tasks)) as results:
            for (picture, expected), result in zip(pictures, results, strict=True):
                yield self.answer(patience.judge(picture, result), expected)

    def answer(self, segmentation: Segmentation | UserError, expected: Expected = ANYTHING) -> Answer:
        """Read the lines of a picture, or return the error that `find_lines` raised."""
        if isinstance(segmentation, UserError):
            return Answer([], error=str(segmentation))
        outputs, seen = self.outputs(segmentation.images), segmentation.seen or [0] * len(segmentation.lines)
        lines = []
        for line, count in zip(segmentation.lines, seen, strict=True):
            groups = [self.read_group(candidates, count, segmentation, outputs) for candidates in line]
            lines.append(Line([group for group in groups if group.readings]))
        if any(line.text for line in lines):
            error = ""
        elif expected.length:
            error = f"no line can be read as a number of {' to '.join(map(str, sorted(set(expected.length))))} digits"
        else:
            error = "nothing here looks like a digit; crop the picture to the number, leaving a margin, or use --single"
            error += " for one digit"
        return Answer([line for line in lines if line.groups], segmentation.degrees, error)

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """Return the network's outputs for images (N, 28, 28): (N, 10) float32, or (N, 2) for a detector."""
        import torch

        if not len(images):
            return np.zeros((0, 10), np.float32)
        x = torch.from_numpy(images).flatten(1)
        with torch.no_grad():
            outputs = self.network(x.to(next(self.network.parameters(), x)))
        is_tensor = isinstance(outputs, torch.Tensor)
        if not is_tensor or outputs.shape not in ((len(x), 1), (len(x), 10)):
            what = f"a tensor of shape {tuple(outputs.shape)}" if is_tensor else f"a {type(outputs).__name__}"
            raise UserError(f"the network must return a tensor (N, 10) of outputs 0..1, not {what}")
        a = outputs.float().cpu().numpy()
        return a if a.shape[1] > 1 else np.concatenate([1 - a, a], 1)

    def read_group(
        self, candidates: list[Candidate], seen: int, segmentation: Segmentation, outputs: np.ndarray
    ) -> Group:
        """Choose the likeliest candidate according to both networks, given the outputs (N, 10) of the user's network.

        `seen` is the number of digits that the line network reads without the expected length, or 0 if no length is
        expected. If the chosen number has more or fewer digits, its confidence is lower.
        """

        def reading(digit: int, n: int) -> Reading:
            return Reading(digit, outputs[n], segmentation.images[n], segmentation.boxes[n])

        if self.detects:
            _, _, (n, *_) = candidates[0]
            return Group([reading(int(outputs[n].argmax()), n)], float(outputs[n].max()), True)
        scores = np.zeros(len(candidates))
        for k, (digits, log_p, places) in enumerate(candidates):
            activations = outputs[[*places], [*map(int, digits)]]
            scores[k] = log_p + WEIGHT * float(np.log(np.maximum(activations, FLOOR)).sum())
        p = np.exp(scores - scores.max())
        p /= p.sum()
        ranked = [(*candidates[k], float(p[k])) for k in np.argsort(-p, kind="stable")]
        numbers = [candidate for candidate in ranked if candidate[0]]
        if not numbers:
            return Group([], 0.0)
        digits, log_p, places, share = numbers[0]
        readings = [reading(int(digit), n) for digit, n in zip(digits, places, strict=True)]
        activation = np.mean([reading.activation for reading in readings])
        confidence = share * float(np.exp(log_p / len(digits)) + activation) / 2
        if seen:
            confidence *= (min(seen, len(digits)) / max(seen, len(digits))) ** 0.5
        return Group(readings, confidence, segmentation.known, tuple((digits, share) for digits, *_, share in ranked))
