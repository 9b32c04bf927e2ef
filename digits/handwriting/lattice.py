"""The lattice of a line: runs of its segments are candidates, a network scores them, and the best path chooses.

How to part a number into digits is easy to say once the digits can be read: try many ways, and keep the one of which
the network is sure everywhere (M. Nielsen, "Neural Networks and Deep Learning", chapter 1, "A simple network to
classify handwritten digits"). The candidates are the edges of a graph whose nodes are the segmentation points, and its
best paths are found by dynamic programming, the Viterbi algorithm (Y. LeCun and others, 1998, sections V and VI).
"""

import json
from collections import defaultdict
from heapq import nlargest
from itertools import chain, pairwise
from pathlib import Path as File
from typing import NamedTuple

import numpy as np

from digits.handwriting.components import around
from digits.handwriting.segmentation import SegmentedLine

SEGMENTS, BROAD = 8, 1.6  # most segments of a candidate, and most width of several, in heights of the line's digits

# Numbers that `digits.evaluate.fitting` finds. Penalties, subtracted from a candidate's log-likelihood: for each GAP in
# it; per height for its gaps' sides APART, foreground that its CUTs cross, being SHORT (lower than LOW, a 0 than
# LOW_ZERO) or LONG (wider than WIDE); for being CLIPPED; and to SKIP what is no digit, per height. No output counts as
# nearer to 0 or 1 than UNSURE. A break takes as much confidence as DOUBT heights of no digit. A vote counts as the
# confidence to the power SURE; a group up to the REJECTION_THRESHOLD is no number.
FITTED: dict[str, float] = json.loads(File(__file__).with_name("fitted.json").read_text())
ALONE = 5.0  # a cut weighs so many times as much for a network that is not shown what it is cut from
LEFT_OUT = 2.0  # for a segment that is no part of a single digit, per height or width
PATHS, DIGITS = 6, 2  # so many paths are kept, and so many digits of each candidate

Path = tuple[tuple[int, int | None], ...]  # its candidates, left to right, and the digit of each, None if it is none
Length = tuple[int, int]  # the fewest and the most digits that a number may have


class Candidate(NamedTuple):
    """Segments `first` to `last` - 1 of a line as one digit (a segmentation hypothesis), in heights of its digits.

    Inside it are so many `gaps`, whose sides are so far `apart`, and the cuts at its ends cross so much foreground,
    `cut`. It is `clipped` if all of its segments are: such a fragment is passed over without a penalty.
    """

    first: int
    last: int
    width: float
    height: float
    gaps: int = 0
    apart: float = 0.0
    cut: float = 0.0
    clipped: bool = False

    @property
    def breaks(self) -> float:
        """What its gaps and cuts say against its being one digit, in the units of its log-likelihood."""
        return FITTED["GAP"] * self.gaps + FITTED["APART"] * self.apart + FITTED["CUT"] * self.cut

    def penalty(self, digit: int | None = None) -> float:
        """What speaks against its being this digit, or any."""
        short = max(0.0, FITTED["LOW_ZERO" if digit == 0 else "LOW"] - self.height)
        long = max(0.0, self.width - FITTED["WIDE"])
        return self.breaks + FITTED["SHORT"] * short + FITTED["LONG"] * long + FITTED["CLIPPED"] * self.clipped


def candidates(line: SegmentedLine, context: bool = False) -> list[Candidate]:
    """The runs of a line's segments that may be a digit, each single one among them; by where they begin.

    In `context`, as of `find_lines`, a cut hardly speaks against a candidate: the network sees what it is cut from.
    """
    (height, segments), found = line, []
    gaps = [one.group != other.group for one, other in pairwise(segments)]
    apart = [max(0, other.left - one.right) / height for one, other in pairwise(segments)]
    cuts = [0.0, *((1 if context else ALONE) * segment.cut for segment in segments)]
    for first in range(len(segments)):
        for last in range(first + 1, min(first + SEGMENTS, len(segments)) + 1):
            run = segments[first:last]
            box = around(run)
            if box.width > BROAD * height and len(run) > 1:
                break
            wide = sum(gap * far for gap, far in zip(gaps[first : last - 1], apart[first : last - 1], strict=True))
            broken = sum(gaps[first : last - 1]), wide, cuts[first] + cuts[last]
            clipped = all(segment.clipped for segment in run)
            found.append(Candidate(first, last, box.width / height, box.height / height, *broken, clipped))
    return found


def alone(line: SegmentedLine) -> Candidate:
    """The candidate that is taken for a line's only digit, without asking a network.

    Of those with the clearest segment it has the least penalty, LEFT_OUT for the segments beside it included.
    """
    clearest = int(np.argmax([segment.clarity for segment in line.segments]))
    costs = [LEFT_OUT * min(max(segment.width, segment.height) / line.height, 1) for segment in line.segments]
    around_it = [one for one in candidates(line) if one.first <= clearest < one.last]
    return min(around_it, key=lambda one: one.penalty() + sum(costs[: one.first]) + sum(costs[one.last :]))


def best_paths(edges: list[Candidate], outputs: np.ndarray, length: Length | None = None) -> list[tuple[Path, float]]:
    """The best PATHS through a line, each of other digits, the best one first, and the log-likelihood of each.

    outputs (N, 10) of the network for the N candidates. By what the cross-entropy makes of them, the log-likelihood of
    digit d is log a_d + sum of log(1 - a_j) over the others, and that of no digit is the sum over all ten. A path's is
    the sum of its candidates', less their penalties.

    With a `length`, only paths of so many digits are followed, and to each node the best PATHS of each number of
    digits; there may be none.
    """
    a = outputs.astype(np.float64).clip(FITTED["UNSURE"], 1 - FITTED["UNSURE"])
    none = np.log(1 - a).sum(1)
    gain = np.log(a) - np.log(1 - a)
    likely = np.argsort(-gain, 1, kind="stable")[:, :DIGITS].tolist()
    fewest, most = length or (0, len(edges))
    # To each node, by how many digits they have if that matters, and by these digits.
    paths: dict[int, dict[int, dict[str, tuple[Path, float]]]] = defaultdict(lambda: defaultdict(dict))
    paths[0][0][""] = (), 0.0
    for index, candidate in enumerate(edges):  # by where they begin, so all paths to there are known
        steps = [(none[index] + gain[index, digit] - candidate.penalty(digit), digit) for digit in likely[index]]
        if candidate.last == candidate.first + 1:
            steps.append((none[index] - (0 if candidate.clipped else FITTED["SKIP"] * min(candidate.height, 1)), None))
        for digits, (path, score) in chain.from_iterable(map(_likeliest, paths[candidate.first].values())):
            for more, digit in steps:
                longer = digits if digit is None else f"{digits}{digit}"
                if len(longer) > most:
                    continue
                there = paths[candidate.last][len(longer) if length else 0]
                if longer not in there or score + more > there[longer][1]:
                    there[longer] = (*path, (index, digit)), score + more
    ends = {digits: end for found in paths[edges[-1].last].values() for digits, end in found.items()}
    return [end for digits, end in _likeliest({digits: ends[digits] for digits in ends if len(digits) >= fewest})]


def _likeliest(paths: dict[str, tuple[Path, float]]) -> list[tuple[str, tuple[Path, float]]]:
    return nlargest(PATHS, paths.items(), key=lambda item: item[1][1])


def confidence(edges: list[Candidate], outputs: np.ndarray, path: Path) -> float:
    """How sure a network is of a path: its mean activation across the width of the digits, 0 if there are none.

    outputs (N, 10) for the N candidates. The activation counts as 0 across what is as tall as a digit and none, unless
    clipped, and across DOUBT of its breaks.
    """
    sure, width = 0.0, 0.0
    for index, digit in path:
        candidate = edges[index]
        if digit is not None:
            sure += candidate.width * float(outputs[index, digit])
            width += candidate.width + FITTED["DOUBT"] * candidate.breaks
        elif not candidate.clipped and candidate.height > FITTED["LOW"]:
            width += candidate.width
    return sure / max(width, 1e-9)
