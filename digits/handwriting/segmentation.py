"""A line is over-segmented: cut into more segments than it has digits, of which the lattice chooses.

Gaps are segmentation points, and so are thin places of what is too wide for one digit (Y. LeCun and others, 1998,
section V).
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from digits.handwriting.components import EDGE, Box, Component, around, line_height, lines, stacked
from digits.handwriting.eye import Foreground
from digits.handwriting.normalize import bounds

# In heights of a line's digits; chosen on real numbers by other hands and on lines of MNIST's validation digits.
WIDE = 0.75  # only what is wider is cut
APART = 0.15  # least distance of segmentation points from each other and from the ends
DEEP = 0.5  # most foreground that a path crosses, in heights of what it cuts
SLANTS = 0.0, 0.3, 0.6  # of the writing, in columns per row, that are tried
ASIDE = 0.55  # what a path's step aside costs, in pixels of foreground


@dataclass(frozen=True)
class Segment(Box):
    """A segment of a line: its label, its clarity as of a component, and the labels of all the segments that the
    stacked components it is from are cut into.

    The path on its right crosses so much foreground, `cut`, in heights of the line's digits; 0 if there is none. It is
    `clipped` if all these components are.
    """

    label: int
    clarity: float
    group: range
    cut: float = 0.0
    clipped: bool = False


class SegmentedLine(NamedTuple):
    """A line: the height of its digits in pixels, and its segments, left to right."""

    height: float
    segments: list[Segment]


def segment(foreground: Foreground, single: bool = False) -> tuple[np.ndarray, list[SegmentedLine]]:
    """The lines of a picture from the top, in segments; and `labels` (H, W) int32, each pixel's segment or 0.

    Segments are numbered from 1 in their order, line after line. A picture of a `single` digit is one line, without
    what its sides clip, and nothing is cut.
    """
    if not foreground.components:
        return foreground.labels, []
    rows, near = len(foreground.labels), EDGE * min(foreground.labels.shape)
    if single:
        strokes = [one for one in foreground.components if not one.clipped]
    else:  # what stays near the top or the bottom, and meets it, is of another line if there is one
        strokes = [
            one
            for one in foreground.components
            if (one.top > 0 or one.bottom > near) and (one.bottom < rows or one.top < rows - near)
        ] or foreground.components
    moved, places, strokes = upright(foreground.labels, strokes, SLANTS[:1] if single else SLANTS)
    labels, found, count = np.zeros_like(moved), [], 0
    for line in [strokes] if single else lines(strokes):
        groups, segments = stacked(line), []
        height = max(around(group).height for group in groups) if single else line_height(line)
        for components in groups:
            box = around(components)
            here = slice(box.top, box.bottom), slice(box.left, box.right)
            own = [component.label for component in components]
            mask = np.isin(moved[here], own)
            clarity, clipped = max(one.clarity for one in components), all(one.clipped for one in components)
            paths = segmentation_paths(mask, height) if box.width > WIDE * height and not single else []
            cuts = [*(mask[np.arange(len(mask)), path].sum() / height for path in paths), 0.0]
            beyond = sum((np.arange(box.width) >= path[:, None] for path in paths), np.zeros(mask.shape, int))
            between = np.unique(beyond[mask])
            group = range(count + 1, count + 1 + len(between))
            for count, place in zip(group, between, strict=True):
                part = mask & (beyond == place)
                labels[here][part] = count
                left, top, right, bottom = np.add(bounds(part), [box.left, box.top] * 2).tolist()
                segments.append(Segment(left, top, right, bottom, count, clarity, group, cuts[place], clipped))
        found.append(SegmentedLine(height, segments))
    return labels[places], found


def upright(
    labels: np.ndarray, components: list[Component], slants: tuple[float, ...]
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray], list[Component]]:
    """Labels (H, W) with each row moved right until slanted writing is upright, where each pixel is in them, and the
    components there.

    That of the slants is taken that makes the columns most uneven: the sum of the squares of their sums.
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

    Each is the column (H,) int that it goes through in each row: of all paths through one column of the middle row, by
    at most a column a row, a cheapest: the foreground that it crosses, plus ASIDE for each step aside.
    """
    rows, middle = len(mask), len(mask) // 2
    down, up = path_costs(mask[: middle + 1]), path_costs(mask[middle:][::-1])
    crossed, least = down[-1, 1:-1] + up[-1, 1:-1] - mask[middle], APART * height
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
    for before, cost, crossed in zip(costs, costs[1:], mask[1:], strict=False):
        aside = np.minimum(before[:-2], before[2:]) + ASIDE
        np.minimum(aside, before[1:-1], out=aside)
        np.add(aside, crossed, out=cost[1:-1])
    return costs


def follow(costs: np.ndarray, column: int) -> list[int]:
    """The columns of the cheapest path to this one of the last row, from the last row to the first."""
    path = [column]
    for before in costs[-2::-1]:
        left, straight, right = before[column : column + 3].tolist()
        if min(left, right) + ASIDE < straight:
            column += -1 if left <= right else 1
        path.append(column)
    return path
