"""A line is over-segmented: cut into more segments than it has digits, among which the lattice chooses.

Gaps are segmentation points, and so are thin places of what is too wide for one digit (Y. LeCun and others, 1998,
section V).
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from digits.handwriting.components import Box, Component, around, line_height, lines, stacked
from digits.handwriting.eye import Foreground
from digits.handwriting.normalize import bounds

EDGE = 0.2  # what meets the top or bottom of a picture, and stays so near it, in shorter sides, is of another line

# In heights of a line's digits; chosen on real numbers by other hands and on lines of MNIST's validation digits.
UNCUT = 0.75  # only what is wider is cut
SPACING = 0.15  # least distance of segmentation points from each other and from the ends
DEEP = 0.5  # most foreground that a path crosses, in heights of what it cuts
SLANTS = 0.0, 0.3, 0.6  # of the writing, in columns per row, that are tried
ASIDE = 0.55  # what a path's step aside costs, in pixels of foreground


@dataclass(frozen=True)
class Segment(Box):
    """A segment of a line: the pixels of one label, cut from a stack of components, of which it has the clarity.

    Its rows are those of the picture, its columns those of the picture once it is `deslanted`.

    `stack` are the labels of all segments of its stack. The path on its right crosses so much foreground, `cut`, in
    heights of the line's digits; 0 if nothing is cut there. It is `clipped` if all components of its stack are.
    """

    label: int
    clarity: float
    stack: range
    cut: float = 0.0
    clipped: bool = False


class SegmentedLine(NamedTuple):
    """A line: the height of its digits in pixels, and its segments, left to right."""

    height: float
    segments: list[Segment]

    @property
    def clarity(self) -> float:
        """That of its clearest segment."""
        return max(segment.clarity for segment in self.segments)


def segment(foreground: Foreground, single: bool = False) -> tuple[np.ndarray, list[SegmentedLine]]:
    """The lines of a picture from the top, in segments; and `labels` (H, W) int32, each pixel's segment or 0.

    Segments are numbered from 1 in their order, line after line. A picture of a `single` digit is one line, without
    what its sides clip, and nothing is cut.
    """
    rows, near = len(foreground.labels), EDGE * min(foreground.labels.shape)
    if single:
        strokes = [one for one in foreground.components if not one.clipped]
    else:  # what meets the top or the bottom, and stays near it, is of another line, unless there is nothing else
        strokes = [
            one
            for one in foreground.components
            if (one.top > 0 or one.bottom > near) and (one.bottom < rows or one.top < rows - near)
        ] or foreground.components
    moved, places, strokes = deslanted(foreground.labels, strokes, SLANTS[:1] if single else SLANTS)
    labels, found, count = np.zeros_like(moved), [], 0
    for line in [strokes] if single else lines(strokes):
        stacks, segments = stacked(line), []
        height = max(around(stack).height for stack in stacks) if single else line_height(line)
        for stack in stacks:
            box = around(stack)
            here = slice(box.top, box.bottom), slice(box.left, box.right)
            mask = np.isin(moved[here], [component.label for component in stack])
            paths = segmentation_paths(mask, height) if box.width > UNCUT * height and not single else []
            cuts = [*(mask[np.arange(len(mask)), path].sum() / height for path in paths), 0.0]
            before = sum((np.arange(box.width) >= path[:, None] for path in paths), np.zeros(mask.shape, int))
            parts = np.unique(before[mask])  # by how many paths are before each; where two meet, there is none between
            own = range(count + 1, count + 1 + len(parts))
            clarity, clipped = max(one.clarity for one in stack), all(one.clipped for one in stack)
            for label, number in zip(own, parts, strict=True):
                part = mask & (before == number)
                labels[here][part] = label
                left, top, right, bottom = np.add(bounds(part), [box.left, box.top] * 2).tolist()
                segments.append(Segment(left, top, right, bottom, label, clarity, own, cuts[number], clipped))
            count += len(own)
        found.append(SegmentedLine(height, segments))
    return labels[places], found


def deslanted(
    labels: np.ndarray, components: list[Component], slants: tuple[float, ...]
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray], list[Component]]:
    """Labels (H, W) with each row moved right until slanted writing is vertical, where each pixel is then, and the
    components there.

    Of the slants, that is taken which makes the columns most uneven, by the sum of the squares of their sums.
    """
    height, width = labels.shape
    mine = np.zeros(labels.max() + 1, bool)
    mine[[component.label for component in components]] = True
    y, x = np.nonzero(mine[labels])
    uneven = [np.square(np.bincount(x + (slant * y).astype(int))).sum() for slant in slants]
    shift = (slants[int(np.argmax(uneven))] * np.arange(height)).astype(int)
    places = np.arange(height)[:, None], np.arange(width) + shift[:, None]
    moved = np.zeros((height, width + shift[-1]), labels.dtype)
    moved[places] = labels
    boxes = [bounds(moved[one.top : one.bottom] == one.label) for one in components]
    return moved, places, [replace(one, left=box[0], right=box[2]) for one, box in zip(components, boxes, strict=True)]


def segmentation_paths(mask: np.ndarray, height: float) -> list[np.ndarray]:
    """Paths through a mask (H, W) bool where they cross little of it, left to right, for digits of this height.

    Each is the column (H,) int that it goes through in each row, by at most a column a row. Of all paths through one
    column of the middle row it is a cheapest: a path costs the foreground that it crosses, and ASIDE for each step
    aside.
    """
    rows, middle = len(mask), len(mask) // 2
    down, up = path_costs(mask[: middle + 1]), path_costs(mask[middle:][::-1])
    crossed, least = down[-1, 1:-1] + up[-1, 1:-1] - mask[middle], SPACING * height
    points: list[int] = []
    for x in np.argsort(crossed, kind="stable").tolist():
        if crossed[x] > DEEP * rows:
            break
        if least <= x < mask.shape[1] - least and all(abs(x - other) >= least for other in points):
            points.append(x)
    return [np.array([*follow(down, x)[::-1], *follow(up, x)[1:]]) for x in sorted(points)]


def path_costs(mask: np.ndarray) -> np.ndarray:
    """What the cheapest path from the first row of a mask (H, W) to each pixel costs: (H, W + 2), framed by inf."""
    costs = np.full((len(mask), mask.shape[1] + 2), np.inf)
    costs[0, 1:-1] = mask[0]
    for (before, cost), crossed in zip(pairwise(costs), mask[1:], strict=True):
        aside = np.minimum(before[:-2], before[2:]) + ASIDE
        cost[1:-1] = np.minimum(aside, before[1:-1]) + crossed
    return costs


def follow(costs: np.ndarray, column: int) -> list[int]:
    """The columns of the cheapest path to this one of the last row, from the last row to the first."""
    path = [column]
    for before in reversed(costs[:-1]):
        left, straight, right = before[column : column + 3].tolist()
        if min(left, right) + ASIDE < straight:
            column += -1 if left <= right else 1
        path.append(column)
    return path
