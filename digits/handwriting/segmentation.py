"""Trial cuts: lines of ink are cut into pieces, more than there are digits, of which a network chooses.

How to part a number into digits is easy to say once the digits can be read: try many cuts, and keep those of which the
network is sure everywhere (M. Nielsen, "Neural Networks and Deep Learning", chapter 1, "A simple network to classify
handwritten digits"). Gaps and thin places are the cuts to try, every run of a few neighbouring pieces may be a digit,
and the best way through the line is found by dynamic programming: heuristic over-segmentation, of Y. LeCun, L. Bottou,
Y. Bengio and P. Haffner, "Gradient-based learning applied to document recognition", 1998, section V.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from digits.handwriting.background import Ink, Part
from digits.handwriting.normalize import bounds

# Where to cut, in heights of a line's digits; chosen on real numbers by other hands and on lines of MNIST's validation
# digits.
TALL = 0.4  # a part is a digit's, or begins a line, if it is at least so high, as a share of the highest one
NEAR = 3  # a part is compared with so many parts of a line
ONE = 0.7  # parts are one above the other if they share so much of the narrower one's width
WIDE = 0.75  # only what is wider is cut
APART = 0.25  # least distance of cuts from each other and from the ends
DEEP = 0.35  # most ink that a cut goes through, in heights of what it cuts
ASIDE = 0.55  # what a cut's step aside costs, in pixels of ink
RUN, BROAD = 4, 1.6  # most pieces of a digit, and most width of several

# What a digit must make up for, in the units of its log-likelihood: each by climbing, on the same numbers and lines.
SEAM = 1.2  # for each seam
GAP = 0.25, 8.0  # how many a gap inside it is: for being one, and per height; an end that is cut through ink is 1/2
SHORT = 0.7, 20.0  # for being lower than this share of the line's height, per height
LONG = 0.7, 3.0  # for being wider than this share of the line's height, per height
NONE = 3.0  # being no digit, per height: small marks are passed over, tall ones are not
UNSURE = 0.02  # no output counts as nearer to 0 or 1: the network is not always right when it is sure
DOUBT = 0.3  # a seam makes a line as unsure as so many heights of no digit: letters and stars can be cut into digits


class Piece(NamedTuple):
    """A piece of a line, as `Part`, its label that in `owners`; `stroke` is the same of those cut from one another.

    It is not `whole` if it is no main part's and meets the left or right border of the picture.
    """

    label: int
    left: int
    top: int
    right: int
    bottom: int
    score: float
    stroke: int
    whole: bool = True


class Row(NamedTuple):
    """A line of ink: the height of its digits in pixels, and its pieces, left to right."""

    height: float
    pieces: list[Piece]


class Trial(NamedTuple):
    """Pieces `first` to `last` - 1 of a line as one digit, and its size in heights of the line's digits.

    `seams` counts what speaks against it: ends that are cut through ink, and gaps inside it. Nothing speaks against
    passing over pieces that are not `whole`.
    """

    first: int
    last: int
    width: float
    height: float
    seams: float
    whole: bool = True


def cut(ink: Ink) -> tuple[np.ndarray, list[Row]]:
    """The pieces of each line of ink, left to right, lines from the top; and `owners` (H, W) int32, each pixel's piece.

    Pieces are numbered from 1 in this order, line after line; what is no piece's is 0.
    """
    owners, rows, count = np.zeros_like(ink.labels), [], 0
    clearest = max(part.score for part in ink.parts)
    for line in lines([part for part in ink.parts if part.score > 0.1 * clearest]):
        row = Row(line_height(line), [])
        for stroke, parts in enumerate(stacked(line)):
            left, top, right, bottom = around(parts)
            box = slice(top, bottom), slice(left, right)
            mask = np.isin(ink.labels[box], [part.label for part in parts])
            clarity, main = max(part.score for part in parts), any(part.main for part in parts)
            paths = thin_places(mask, row.height) if right - left > WIDE * row.height else []
            columns = np.arange(right - left)
            beyond = sum((columns >= path[:, None] for path in paths), np.zeros(mask.shape, int))
            for place in range(len(paths) + 1):
                piece = mask & (beyond == place)
                if not piece.any():
                    continue
                count += 1
                owners[box][piece] = count
                x, y, x_end, y_end = bounds(piece)
                sides = left + x, top + y, left + x_end, top + y_end
                whole = main or (sides[0] > 0 and sides[2] < owners.shape[1])
                row.pieces.append(Piece(count, *sides, clarity, stroke, whole))
        rows.append(row)
    return owners, rows


def lines(parts: list[Part]) -> list[list[Part]]:
    """The parts of each line, from the top: tall ones beside each other, level or rising, and small ones nearby."""
    most = max(part.bottom - part.top for part in parts)
    found: list[list[Part]] = []
    for part in sorted(parts, key=lambda part: (part.bottom - part.top <= TALL * most, part.left)):
        height, homes = part.bottom - part.top, []
        for line in found:
            for near in sorted(line, key=lambda other: abs(other.left + other.right - part.left - part.right))[:NEAR]:
                shared = min(near.bottom, part.bottom) - max(near.top, part.top)  # negative where there is a gap
                needed = 0.3 * min(height, near.bottom - near.top)
                if height <= TALL * most:
                    needed = -0.5 * (near.bottom - near.top)
                elif above(near.left, near.right, part):
                    needed = -0.2 * most
                if shared > needed:
                    homes.append((shared, line))
        if homes:
            max(homes, key=lambda home: home[0])[1].append(part)
        elif height > TALL * most:
            found.append([part])
    return sorted(found, key=lambda line: sum(part.top + part.bottom for part in line) / len(line))


def around(parts: Sequence[Part | Piece]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the box around several parts or pieces."""
    lefts, tops, rights, bottoms = zip(*(part[1:5] for part in parts), strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def line_height(line: list[Part]) -> float:
    """The median height of a line's tall parts, in pixels."""
    heights = [part.bottom - part.top for part in line]
    return float(np.median([height for height in heights if height > TALL * max(heights)]))


def stacked(line: list[Part]) -> list[list[Part]]:
    """The parts of a line, left to right; those one above the other, such as a 5 and its bar, together."""
    groups: list[list[Part]] = []
    for part in sorted(line, key=lambda part: part.left - part.right):
        for group in groups:
            left, _, right, _ = around(group)
            if above(left, right, part):
                group.append(part)
                break
        else:
            groups.append([part])
    return sorted(groups, key=lambda group: around(group)[0] + around(group)[2])


def above(left: int, right: int, part: Part) -> bool:
    """Whether a part is above or below what has these sides, or would be if it were moved up or down."""
    shared = min(right, part.right) - max(left, part.left)
    return shared > ONE * min(right - left, part.right - part.left)


def thin_places(mask: np.ndarray, height: float) -> list[np.ndarray]:
    """Cuts through a mask (H, W) bool where they meet little ink, left to right, for digits of this height.

    Each is the column (H,) int that it goes through in each row: of all paths from the top to the bottom, by at most a
    column a row, one that meets the least ink.
    """
    rows, middle = len(mask), len(mask) // 2
    down, came_down = cheapest(mask[: middle + 1])
    up, came_up = cheapest(mask[middle:][::-1])
    met, least = down + up - mask[middle], APART * height
    chosen: list[tuple[int, np.ndarray]] = []
    for x in np.argsort(met, kind="stable").tolist():
        if met[x] > DEEP * rows:
            break
        if least <= x < mask.shape[1] - least and all(abs(x - other) >= least for other, _ in chosen):
            chosen.append((x, np.concatenate([follow(came_down, x)[::-1], follow(came_up, x)[1:]])))
    return [path for _, path in sorted(chosen, key=lambda place: place[0])]


def cheapest(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the cheapest path from the first row of a mask to each column of the last costs, and each row's steps."""
    cost, steps = mask[0].astype(float), np.zeros(mask.shape, int)
    for row in range(1, len(mask)):
        around = np.pad(cost, 1, constant_values=np.inf)
        ways = np.stack([around[1:-1], around[:-2] + ASIDE, around[2:] + ASIDE])
        best = ways.argmin(0)
        cost, steps[row] = ways.min(0) + mask[row], np.array([0, -1, 1])[best]
    return cost, steps


def follow(steps: np.ndarray, column: int) -> np.ndarray:
    """The columns of a path that ends in this column of the last row, from the last row to the first."""
    path = []
    for step in steps[::-1]:
        path.append(column)
        column += step[column]
    return np.array(path)


def trials(row: Row) -> list[Trial]:
    """The runs of a line's pieces that may be a digit, each single one among them; by where they begin."""
    (height, pieces), made = row, []
    inked = [one.stroke == other.stroke for one, other in pairwise(pieces)]  # where a cut goes through ink
    gaps = [GAP[0] + GAP[1] * max(0, other.left - one.right) / height for one, other in pairwise(pieces)]
    gaps = [0 if ink else gap for gap, ink in zip(gaps, inked, strict=True)]
    for first in range(len(pieces)):
        for last in range(first + 1, min(first + RUN, len(pieces)) + 1):
            left, top, right, bottom = around(pieces[first:last])
            if right - left > BROAD * height and last > first + 1:
                break
            ends = inked[max(first - 1, 0) : first] + inked[last - 1 : last]
            seams = sum(gaps[first : last - 1]) + sum(ends) / 2
            whole = any(piece.whole for piece in pieces[first:last])
            made.append(Trial(first, last, (right - left) / height, (bottom - top) / height, seams, whole))
    return made


def best_way(tried: list[Trial], outputs: np.ndarray) -> list[tuple[int, bool]]:
    """The best way through a line: the trials on it, by their numbers, and whether each is a digit.

    outputs (N, 10) of the network for the N trials. By what the cross-entropy makes of them, the log-likelihood of
    digit d is log a_d + sum of log(1 - a_j) over the others, and that of no digit is the sum over all ten.
    """
    a = outputs.astype(np.float64).clip(UNSURE, 1 - UNSURE)
    none = np.log(1 - a).sum(1)
    digit = none + (np.log(a) - np.log(1 - a)).max(1)
    best, steps = {0: 0.0}, {}
    for number, trial in enumerate(tried):  # by where they begin, so the best way there is known
        cost = SEAM * trial.seams
        cost += SHORT[1] * max(0, SHORT[0] - trial.height) + LONG[1] * max(0, trial.width - LONG[0])
        ways = [(digit[number] - cost, True)]
        if trial.last == trial.first + 1:
            ways.append((none[number] - trial.whole * NONE * min(trial.height, 1), False))
        for score, is_digit in ways:
            if best[trial.first] + score > best.get(trial.last, -np.inf):
                best[trial.last] = best[trial.first] + score
                steps[trial.last] = number, is_digit
    end, way = max(best), []
    while end:
        way.append(steps[end])
        end = tried[steps[end][0]].first
    return way[::-1]


def sureness(tried: list[Trial], outputs: np.ndarray, way: list[tuple[int, bool]]) -> float:
    """How sure a network is of a way through a line: its mean activation across the digits, 0 if there are none.

    outputs (N, 10) for the N trials. Where something whole and as tall is no digit, and across DOUBT for each seam, the
    activation counts as 0.
    """
    sure, width = 0.0, 0.0
    for number, is_digit in way:
        trial = tried[number]
        if is_digit:
            sure += trial.width * float(outputs[number].max())
            width += trial.width + DOUBT * trial.seams
        elif trial.whole and trial.height > SHORT[0]:
            width += trial.width
    return sure / max(width, 1e-9)
