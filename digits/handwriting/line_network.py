"""The line network reads along a strip: at each place, it says which digit is in the middle of its window.

Its sigmoid neurons share their weights along the strip. Such a network is called a space displacement network (Y. LeCun
and others, 1998, section VII) or a time-delay network (A. Waibel and others, 1989). It has ten outputs for the digits,
and the output BLANK for "no digit here", as in connectionist temporal classification (A. Graves and others, 2006). A
digit that is seen at several places in a row is read once. `python -m tools.forge.line_learning` trains the network.
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

# For each layer: neurons per place, (rows, columns) of the kernel, and its stride in (rows, columns).
LAYERS = [(16, (5, 5), (2, 1)), (32, (5, 5), (2, 2)), (64, (3, 3), (2, 1)), (128, (5, 5), (5, 1))]
LAYERS += [(128, (1, 9), (1, 1)), (11, (1, 3), (1, 1))]
ROWS, DIGIT = 40, 22  # height of a strip and of most digits in it, in pixels
STEP = 2  # columns of a strip from one place to the next
BLANK = 10  # the output that stands for no digit
BEAM, SHOWN = 12, 6  # prefixes kept at each place, and numbers returned
UNLIKELY = 0.003  # the search ignores digits with a lower probability at a place
BUNDLED = Path(__file__).with_name("line.npz")

Length = tuple[int, int]  # the fewest and the most digits that a number may have
Candidate = tuple[str, float, tuple[int, ...]]  # a number, its log-probability, the place of each digit
# For a prefix: its probability with a blank at the current place, and with its last digit there; each digit's place.
Beam = tuple[float, float, tuple[int, ...]]
Beams = dict[str, Beam]


@cache
def bundled() -> Layers:
    """Return the line network that comes with this program."""
    return unpack(load(BUNDLED))


def outputs(planes: np.ndarray, layers: Layers) -> np.ndarray:
    """Return the log-probabilities (T, 11) of each digit, and of BLANK, at T places of a strip (2, ROWS, W)."""
    a = planes
    for (weights, biases), (_, reach, step) in zip(layers, LAYERS, strict=True):
        rows, columns = rows_around(reach, step), reach[1] // 2
        windows = sliding_window_view(np.pad(a, [(0, 0), (rows, rows), (columns, columns)]), reach, (1, 2))
        windows = windows[:, :: step[0], :: step[1]].transpose(1, 2, 0, 3, 4)
        z = windows.reshape(-1, len(weights)) @ weights + biases
        a = sigmoid(z).reshape(*windows.shape[:2], -1).transpose(2, 0, 1)
    z -= z.max(1, keepdims=True)
    return z - np.log(np.exp(z).sum(1, keepdims=True))


def rows_around(reach: tuple[int, int], step: tuple[int, int]) -> int:
    """Return the padding above and below a layer, in rows. It is 0 if the kernel covers all rows."""
    return 0 if reach[0] == step[0] else reach[0] // 2


def numbers(
    log: np.ndarray, length: Length | None = None, digits: str = "0123456789", only: str | None = None
) -> list[Candidate]:
    """Find the likeliest numbers in log-probabilities (T, 11) by prefix beam search, the likeliest first.

    With a `length`, only numbers of that many digits are returned. The search then keeps the best prefixes of every
    length. Only the given `digits` may occur. With `only`, there is one candidate, this number.
    """
    p = np.exp(log.astype(np.float64))
    allowed = [int(digit) for digit in digits]
    if only is not None:
        length = len(only), len(only)
    fewest, most = length or (0, len(log))
    beams: Beams = {"": (1.0, 0.0, ())}
    scale = 0.0
    for t, now in enumerate(p):
        likely = [digit for digit in allowed if now[digit] > UNLIKELY]
        longer: Beams = {}
        for prefix, (blank, digit, places) in beams.items():
            last = int(prefix[-1]) if prefix else -1
            is_surer = prefix and t - places[-1] < 4 and p[t, last] > p[places[-1], last]
            stay = (blank + digit) * now[BLANK], digit * now[last] if prefix else 0.0
            _add(longer, prefix, (*stay, (*places[:-1], t) if is_surer else places))
            if len(prefix) < most:
                for d in likely if only is None else [int(only[len(prefix)])]:
                    before = blank if d == last else blank + digit
                    _add(longer, prefix + str(d), (0.0, before * now[d], (*places, t)))
        kept = _kept(longer, length)
        total = sum(b + d for b, d, _ in kept.values()) or 1e-300
        scale += np.log(total)  # without scaling, the probability of a long line would underflow
        beams = {prefix: (b / total, d / total, places) for prefix, (b, d, places) in kept.items()}
    candidates = [
        (prefix, float(np.log(b + d + 1e-300) + scale), places)
        for prefix, (b, d, places) in beams.items()
        if fewest <= len(prefix) <= most
    ]
    return nlargest(SHOWN, candidates, lambda candidate: candidate[1])


def _add(beams: Beams, prefix: str, beam: Beam) -> None:
    """Add the probability of another alignment of a prefix. The prefix keeps the places of the likelier alignment."""
    blank, digit, places = beam
    b, d, earlier = beams.get(prefix, (0.0, 0.0, places))
    beams[prefix] = b + blank, d + digit, earlier if b + d >= blank + digit else places


def _kept(beams: Beams, length: Length | None) -> Beams:
    """Keep the BEAM likeliest prefixes, or the BEAM likeliest of each length if `length` is given."""
    by_length: dict[int, list[tuple[str, Beam]]] = defaultdict(list)
    for prefix, beam in beams.items():
        by_length[len(prefix) if length else 0].append((prefix, beam))
    likeliest = (nlargest(BEAM, items, lambda item: item[1][0] + item[1][1]) for items in by_length.values())
    return dict(chain.from_iterable(likeliest))
