"""A network that reads along a line: it says at each place of a strip which digit is in the middle of what it sees.

Its neurons are sigmoids and share their weights along the strip: a space displacement network (Y. LeCun and others,
1998, section VII), or a time-delay network (A. Waibel and others, 1989). Ten outputs are the digits, the last one is
BLANK, as in connectionist temporal classification (A. Graves and others, 2006): a digit may be seen at several places
next to each other, and is read once. `python -m digits.augment.line_learning` trains it.
"""

from collections import defaultdict
from functools import cache
from heapq import nlargest
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from digits.checkpoint.packed import Layers, load, unpack
from digits.handwriting.eye import sigmoid

# Of each layer: neurons at a place, rows and columns of what they see, and the rows and columns to the next place.
LAYERS = [(16, (5, 5), (2, 1)), (32, (5, 5), (2, 2)), (64, (3, 3), (2, 1)), (128, (5, 5), (5, 1))]
LAYERS += [(128, (1, 9), (1, 1)), (11, (1, 3), (1, 1))]
ROWS, DIGIT = 40, 22  # height of a strip and of its digits, in pixels, as the network sees it
STEP = 2  # columns of a strip from one place to the next
ROWS, DIGIT = 40, 22  # height of a strip and of most digits in it, in pixels
BLANK = 10
BEAM, SHOWN = 12, 6  # numbers that are kept at each place, and at the end
UNLIKELY = 0.003  # a digit that is less likely at a place is not looked at there
BUNDLED = Path(__file__).with_name("line.npz")

Length = tuple[int, int]  # the fewest and the most digits that a number may have
Candidate = tuple[str, float, tuple[int, ...]]  # a number, its log-probability, the place of each digit
# Of a prefix: its probability with a blank at its end, and with its last digit there; the place of each digit.
Beam = tuple[float, float, tuple[int, ...]]
Beams = dict[str, Beam]


@cache
def bundled() -> Layers:
    """Return the network that comes with digits."""
    return unpack(load(BUNDLED))


def outputs(planes: np.ndarray, layers: Layers) -> np.ndarray:
    """Return the log-probabilities (T, 11) of each digit, and of none, at T places of a strip (2, ROWS, W)."""
    a = planes
    for (weights, biases), (_, reach, step) in zip(layers, LAYERS, strict=True):
        rows, columns = rows_around(reach, step), reach[1] // 2
        seen = sliding_window_view(np.pad(a, [(0, 0), (rows, rows), (columns, columns)]), reach, (1, 2))
        seen = seen[:, :: step[0], :: step[1]].transpose(1, 2, 0, 3, 4)
        z = seen.reshape(-1, len(weights)) @ weights + biases
        a = sigmoid(z).reshape(*seen.shape[:2], -1).transpose(2, 0, 1)
    z -= z.max(1, keepdims=True)
    return z - np.log(np.exp(z).sum(1, keepdims=True))


def rows_around(reach: tuple[int, int], step: tuple[int, int]) -> int:
    """Return how many empty rows are above and below what a layer sees: none if it sees all rows at once."""
    return 0 if reach[0] == step[0] else reach[0] // 2


def numbers(log: np.ndarray, length: Length | None = None, digits: str = "0123456789") -> list[Candidate]:
    """Return the likeliest numbers in log-probabilities (T, 11), the best first, by prefix beam search.

    A `length` (fewest, most) allows only numbers of that many digits. The search then keeps the best of each length.
    """
    p = np.exp(log.astype(np.float64))
    allowed = [int(digit) for digit in digits]
    fewest, most = length or (0, len(log))
    beams: Beams = {"": (1.0, 0.0, ())}
    scale = 0.0
    for t, here in enumerate(p):
        likely = [digit for digit in allowed if here[digit] > UNLIKELY]
        longer: Beams = {}
        for prefix, (blank, digit, places) in beams.items():
            last = int(prefix[-1]) if prefix else -1
            is_surer = prefix and t - places[-1] < 4 and p[t, last] > p[places[-1], last]
            stay = (blank + digit) * here[BLANK], digit * here[last] if prefix else 0.0
            _add(longer, prefix, (*stay, (*places[:-1], t) if is_surer else places))
            if len(prefix) < most:
                for d in likely:
                    before = blank if d == last else blank + digit
                    _add(longer, prefix + str(d), (0.0, before * here[d], (*places, t)))
        kept = _kept(longer, length)
        total = sum(b + d for b, d, _ in kept.values()) or 1e-300
        scale += np.log(total)
        beams = {prefix: (b / total, d / total, places) for prefix, (b, d, places) in kept.items()}
    numbers = [
        (prefix, float(np.log(b + d + 1e-300) + scale), places)
        for prefix, (b, d, places) in beams.items()
        if fewest <= len(prefix) <= most
    ]
    return nlargest(SHOWN, numbers, lambda number: number[1])


def _add(beams: Beams, prefix: str, beam: Beam) -> None:
    """Add the probability of one more way to come to a prefix; the likelier way says where its digits are."""
    blank, digit, places = beam
    b, d, earlier = beams.get(prefix, (0.0, 0.0, places))
    beams[prefix] = b + blank, d + digit, earlier if b + d >= blank + digit else places


def _kept(beams: Beams, length: Length | None) -> Beams:
    """Return the likeliest prefixes; of each length, if the length matters."""
    by_length: dict[int, list[tuple[str, Beam]]] = defaultdict(list)
    for prefix, beam in beams.items():
        by_length[len(prefix) if length else 0].append((prefix, beam))
    likeliest = (nlargest(BEAM, items, lambda item: item[1][0] + item[1][1]) for items in by_length.values())
    return dict(chain.from_iterable(likeliest))
