"""Read the digits that lines.py finds: your network names each of them."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import numpy as np

from digits.common.errors import UserError
from digits.handwriting.answer import Answer, Group, Line, Reading
from digits.handwriting.line_network import Candidate
from digits.handwriting.lines import ANYTHING, Expected, Opinion, Segmentation, find_lines
from digits.handwriting.parallel import on_all_cores
from digits.handwriting.pdf import Patience

if TYPE_CHECKING:
    from torch import nn

# The score of a candidate is its log-probability from the line network, plus WEIGHT times the sum over its digits of
# log(output) of your network. Outputs below FLOOR count as FLOOR, so that one digit cannot rule out a number.
WEIGHT, FLOOR = 0.7, 0.001
# Your network sees each cut in five positions, and the mean of its outputs counts: (row, column) in pixels.
SHIFTS = [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)]


class Reader:
    """Reads the digits in pictures with a network of 784 inputs and 10 outputs.

    The line network only says where digits are. In a `team`, which the bundled networks are, it also has a say in which
    digits they are. With `ocr`, the recognizer of ocr.py has a say, too. If `detects`, the network has one output, and
    detects the single digit that it has learned. `context` is as in `find_lines`.
    """

    def __init__(self, network: "nn.Module", context: bool = False, *, team: bool = False, ocr: bool = False) -> None:
        from digits.network import sizes  # here, because worker processes import this module and need no PyTorch

        self.network, self.context, self.team = network, context, team
        self.find_lines = partial(find_lines, context=context, ocr=ocr)
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
        with closing(on_all_cores(self.find_lines, tasks)) as results:
            for (picture, expected), result in zip(pictures, results, strict=True):
                yield self.answer(patience.judge(picture, result), expected)

    def answer(self, segmentation: Segmentation | UserError, expected: Expected = ANYTHING) -> Answer:
        """Read the lines of a picture, or return the error that `find_lines` raised."""
        if isinstance(segmentation, UserError):
            return Answer([], error=str(segmentation))
        readings = self.readings(segmentation, expected.digits)
        counts = segmentation.counts or [0] * len(segmentation.lines)
        lines = []
        opinions = segmentation.opinions or [[{}] * len(line) for line in segmentation.lines]
        for line, count, each in zip(segmentation.lines, counts, opinions, strict=True):
            pairs = zip(line, each, strict=True)
            groups = [self.read_group(one, readings, count, segmentation.known, opinion) for one, opinion in pairs]
            lines.append(Line([group for group in groups if group.readings]))
        if any(line.text for line in lines):
            error = ""
        elif expected.length:
            error = f"no line can be read as a number of {' to '.join(map(str, sorted(set(expected.length))))} digits"
        else:
            error = "nothing here looks like a digit; crop the picture to the number, leaving a margin, or use --single"
            error += " for one digit"
        return Answer([line for line in lines if line.groups], segmentation.degrees, error)

    def readings(self, segmentation: Segmentation, digits: str = ANYTHING.digits) -> list[Reading]:
        """Return what the network reads in each digit of a picture: the largest of its outputs for the given `digits`.

        Of the images of a digit, it reads the one with the largest output.
        """
        outputs = self.outputs(segmentation.images)
        shares = segmentation.shares or [1.0] * len(outputs)
        chosen = [0, 1] if self.detects else sorted(map(int, digits))
        readings = []
        for images, boxes, a, share in zip(segmentation.images, segmentation.boxes, outputs, shares, strict=True):
            cut, best = np.unravel_index(a[:, chosen].argmax(), (len(a), len(chosen)))
            readings.append(Reading(chosen[best], a[cut], images[cut], boxes[cut], share))
        return readings

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """Return the network's outputs for images (N, K, 28, 28): (N, K, 10) float32, or (N, K, 2) for a detector.

        If a digit was cut in several ways, the outputs are the means over SHIFTS.
        """
        import torch

        if not images.size:
            return np.zeros((*images.shape[:2], 10), np.float32)
        shifts = SHIFTS if images.shape[1] > 1 else SHIFTS[:1]
        margins = torch.nn.functional.pad(torch.from_numpy(images), (1, 1, 1, 1))
        x = torch.stack([margins[..., 1 - down :, 1 - right :][..., :28, :28] for down, right in shifts]).flatten(-2)
        try:
            with torch.no_grad():
                outputs = self.network(x.flatten(0, 2).to(next(self.network.parameters(), x)))
            outputs = outputs.cpu() if isinstance(outputs, torch.Tensor) else outputs
        except RuntimeError as error:  # such as other sizes, or weights on the meta device
            reason = shorten(str(error), 100)
            raise UserError(f"the network must take images (N, 784) on a CPU or GPU: {reason}") from error
        count, is_tensor = x[..., 0].numel(), isinstance(outputs, torch.Tensor)
        if not is_tensor or outputs.shape not in ((count, 1), (count, 10)):
            what = f"a tensor of shape {tuple(outputs.shape)}" if is_tensor else f"a {type(outputs).__name__}"
            raise UserError(f"the network must return a tensor (N, 10) of outputs 0..1, not {what}")
        a = outputs.float().unflatten(0, x.shape[:3]).mean(0).numpy()
        return a if a.shape[2] > 1 else np.concatenate([1 - a, a], 2)

    def read_group(
        self, candidates: list[Candidate], readings: list[Reading], seen: int, known: bool, opinion: Opinion
    ) -> Group:
        """Choose the likeliest number, given the `readings` of all digits of the picture.

        `seen` is the number of digits that the line network reads without the expected length, or 0 if no length is
        expected. If the chosen number has more or fewer digits, its confidence is lower. The `opinion` of a
        second recognizer, or {}, is added to the logarithm of the number's share among the candidates, which has the
        same WEIGHT and FLOOR as an output of your network.
        """
        if self.detects:
            _, _, (n, *_) = candidates[0]
            return Group([readings[n]], readings[n].activation, True)
        likely = {digits: np.exp(p / max(len(digits), 1)) for digits, p, _ in candidates}
        if not self.team:
            candidates = renamed(candidates, readings)
        scores = np.zeros(len(candidates))
        for k, (digits, log_p, places) in enumerate(candidates):
            activations = [readings[n].outputs[int(digit)] for n, digit in zip(places, digits, strict=True)]
            scores[k] = log_p + WEIGHT * float(np.log(np.maximum(activations, FLOOR)).sum())
        p = softmax(scores)
        if opinion:
            first, second = p, np.array([opinion[digits] for digits, *_ in candidates])
            p = softmax(second + WEIGHT * np.log(first + FLOOR))
        ranked = [(*candidates[k], float(p[k])) for k in np.argsort(-p, kind="stable")]
        numbers = [candidate for candidate in ranked if candidate[0]]
        if not numbers:
            return Group([], 0.0)
        digits, _, places, share = numbers[0]
        chosen = [replace(readings[n], digit=int(digit)) for digit, n in zip(digits, places, strict=True)]
        activation = np.mean([reading.activation for reading in chosen])
        if opinion:
            team = float(first[[one for one, *_ in candidates].index(digits)])
            opinions = tuple(candidates[k][0] for k in (first.argmax(), second.argmax()))
            confidence = (team**0.5 + float(np.exp(opinion[digits] / len(digits)))) / 2
        else:
            opinions = ()
            confidence = share * float(likely.get(digits, 0.0) + activation) / 2  # the line network may doubt it
            confidence *= float(np.mean([reading.share for reading in chosen]))  # a word has other strokes between
        if seen:
            confidence *= (min(seen, len(digits)) / max(seen, len(digits))) ** 0.5
        return Group(chosen, confidence, known, tuple((digits, share) for digits, *_, share in ranked), opinions)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Return the probabilities (N,) of log-probabilities that are not normalized."""
    p: np.ndarray = np.exp(scores - scores.max())
    return p / p.sum()


def renamed(candidates: list[Candidate], readings: list[Reading]) -> list[Candidate]:
    """Return a candidate for each choice of places: with the digits that your network reads there.

    Its probability is that of the places: the sum over all candidates of the line network that have them.
    """
    sums: dict[tuple[int, ...], float] = {}
    for _, log_p, places in candidates:
        sums[places] = float(np.logaddexp(sums.get(places, -np.inf), log_p))
    return [("".join(str(readings[n].digit) for n in places), log_p, places) for places, log_p in sums.items()]
