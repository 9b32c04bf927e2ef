"""The lattice of a line: runs of its segments are candidates, a network scores them, and the best path chooses.

How to part a number into digits is easy to say once digits can be read: try many ways, and keep the one in which the
network is sure of each digit (M. Nielsen, "Neural Networks and Deep Learning", chapter 1, "A simple network to classify
handwritten digits"). The candidates are the edges of a graph, whose nodes are the segmentation points. The best paths
through it are found by dynamic programming, the Viterbi algorithm (Y. LeCun and others, 1998, sections V and VI).
"""

import json
from collections import defaultdict
from heapq import nlargest
from itertools import chain, pairwise, product
from pathlib import Path as File
from typing import NamedTuple

import numpy as np

from digits.handwriting.components import around
from digits.handwriting.segmentation import SegmentedLine

SEGMENTS, BROAD = 8, 1.6  # most segments of a candidate, and most width of several, in heights of the line's digits

# Numbers that `digits.evaluate.fitting` finds. Subtracted from a candidate's log-likelihood are
#   GAP for each gap in it, APART for the distance of a gap's sides, CUT for the foreground that its cuts cross,
#   SHORT for what it lacks of the height LOW, or a 0 of LOW_ZERO, LONG for what it is wider than WIDE,
#   CLIPPED if the border of the picture clips it; if it is taken for no digit, SKIP for its height in place of these.
# UNSURE: no output counts as nearer to 0 or 1. DOUBT: a break lowers the confidence as so many heights of no digit do.
# SURE: a vote weighs the confidence to that power. REJECTION_THRESHOLD: a group with no more confidence is no number.
FITTED: dict[str, float] = json.loads(File(__file__).with_name("fitted.json").read_text())
UNSEEN = 5.0  # a cut weighs so many times as much for a network that is not shown what a candidate is cut from
LEFT_OUT = 2.0  # the penalty for a segment that `alone` leaves out, per height or width
PATHS, DIGITS = 6, 2  # so many paths are kept, and so many digits of each candidate

Path = tuple[tuple[int, int | None], ...]  # its candidates, left to right, and the digit of each, None if it is none
Length = tuple[int, int]  # the fewest and the most digits that a number may have


class Candidate(NamedTuple):
    """Segments `first` to `last` - 1 of a line as one digit (a segmentation hypothesis), in heights of its digits.

    Inside it are so many `gaps`, whose sides are so far `apart`. The cuts at its ends cross so much foreground, `cut`.
    It is `clipped` if all of its segments are: such a fragment is passed over without a penalty.
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
    """The runs of a line's segments that may be a digit, each single segment among them; by where they begin.

    In `context`, as in `find_lines`, a cut hardly speaks against a candidate: the network sees what it is cut from.
    """
    (height, segments), found = line, []
    pairs = list(pairwise(segments))
    gaps = [one.stack != other.stack for one, other in pairs]
    apart = [max(0, other.left - one.right) / height * gap for gap, (one, other) in zip(gaps, pairs, strict=True)]
    cuts = [0.0, *((1 if context else UNSEEN) * segment.cut for segment in segments)]
    for first in range(len(segments)):
        for last in range(first + 1, min(first + SEGMENTS, len(segments)) + 1):
            run, inside = segments[first:last], slice(first, last - 1)
            box = around(run)
            if box.width > BROAD * height and len(run) > 1:
                break
            broken = sum(gaps[inside]), sum(apart[inside]), cuts[first] + cuts[last]
            clipped = all(segment.clipped for segment in run)
            found.append(Candidate(first, last, box.width / height, box.height / height, *broken, clipped))
    return found


def alone(line: SegmentedLine) -> Candidate:
    """The candidate that is taken for a line's only digit, without asking a network.

    Of those with the clearest segment it has the least penalty, that for the segments which it leaves out included.
    """
    clearest = int(np.argmax([segment.clarity for segment in line.segments]))
    costs = [LEFT_OUT * min(max(segment.width, segment.height) / line.height, 1) for segment in line.segments]
    with_it = [one for one in candidates(line) if one.first <= clearest < one.last]
    return min(with_it, key=lambda one: one.penalty() + sum(costs[: one.first]) + sum(costs[one.last :]))


def best_paths(edges: list[Candidate], outputs: np.ndarray, length: Length | None = None) -> list[tuple[Path, float]]:
    """The best PATHS through a line, each of other digits, the best one first, and the log-likelihood of each.

    outputs (N, 10) are those of the network for the N candidates. As the cross-entropy has it, the log-likelihood of
    digit d is log a_d plus the sum of log(1 - a_j) over the other digits, and that of no digit is this sum over all
    ten. The log-likelihood of a path is the sum of its candidates', less their penalties.

    With a `length`, only paths of so many digits are returned, and there may be none; to each node, the best PATHS of
    each number of digits are kept.
    """
    a = outputs.astype(np.float64).clip(FITTED["UNSURE"], 1 - FITTED["UNSURE"])
    none = np.log(1 - a).sum(1)
    gain = np.log(a) - np.log(1 - a)
    likely = np.argsort(-gain, 1, kind="stable")[:, :DIGITS].tolist()
    fewest, most = length or (0, len(edges))
    # To each node: by how many digits the paths have, if that matters, then by these digits.
    paths: dict[int, dict[int, dict[str, tuple[Path, float]]]] = defaultdict(lambda: defaultdict(dict))
    paths[0][0][""] = (), 0.0
    for index, candidate in enumerate(edges):  # in the order of where they begin, so all paths to there are known
        steps = [(none[index] + gain[index, digit] - candidate.penalty(digit), digit) for digit in likely[index]]
        if candidate.last == candidate.first + 1:
            steps.append((none[index] - (0 if candidate.clipped else FITTED["SKIP"] * min(candidate.height, 1)), None))
        begun = chain.from_iterable(map(_likeliest, paths[candidate.first].values()))
        for (digits, (path, score)), (gained, digit) in product(begun, steps):
            longer = digits if digit is None else f"{digits}{digit}"
            there = paths[candidate.last][len(longer) if length else 0]
            if len(longer) <= most and (longer not in there or score + gained > there[longer][1]):
                there[longer] = (*path, (index, digit)), score + gained
    ends = chain.from_iterable(found.items() for found in paths[edges[-1].last].values())
    return [end for _, end in _likeliest({digits: end for digits, end in ends if len(digits) >= fewest})]


def _likeliest(paths: dict[str, tuple[Path, float]]) -> list[tuple[str, tuple[Path, float]]]:
    return nlargest(PATHS, paths.items(), key=lambda item: item[1][1])


def confidence(edges: list[Candidate], outputs: np.ndarray, path: Path) -> float:
    """How sure a network is of a path: its mean activation across the width of the digits, 0 if there are none.

    outputs (N, 10) are those for the N candidates. The activation counts as 0 across what is as tall as a digit, but
    none, unless that is clipped; and across DOUBT times the breaks of a digit.
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
