"""Connected components of the foreground: which of them look like strokes of a pen, and how they group into lines."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

CONTRAST = 0.2  # least boundary contrast of a stroke: soft shadows have less
LENGTH = 0.3  # the clarity of a component grows with its boundary's length to this power
MOST = 800  # components of a picture at most, the clearest: a page of writing has some hundreds of digits
AREA = 0.01  # least area of a component, as a share of the clearest one's
EDGE = 0.2  # near the edge, in shorter sides: what stays so near is a table's line if long, another line's if clipped
TIGHT = 0.01  # how much of its clarity such a one keeps that reaches all four sides: perhaps a 0 cut out tightly
TALL = 0.5  # a component is a digit's, or begins a line, if it is at least so high, as a share of the usual height
NEAR = 3  # a component is compared with so many components of a line
HIGH = 1.6  # one that is higher, in usual heights, may be digits of two lines
LEVEL = 0.3  # components are side by side if they share so much of the lower one's height
LOW = 0.5  # a small component belongs to a line if it is no further above or below, in heights of its neighbour
STACKED = 0.7  # components are one above the other if they share so much of the narrower one's width
UNDER, FLAT = 0.7, 0.4  # a line under a digit begins so far down it, in its heights, and is at most so high, in widths


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels; right and bottom are outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


@dataclass(frozen=True)
class Component(Box):
    """A connected component, the pixels of one label; its `clarity` is higher the more it looks like a pen stroke.

    It is `clipped` if it meets the left or right border of the picture, as a neighbour's stroke does, and another one
    is clearer.
    """

    label: int
    clarity: float
    clipped: bool


def connected_components(mask: np.ndarray, light: np.ndarray, most: float) -> tuple[np.ndarray, list[Component]]:
    """Label the connected components of a mask (H, W) bool: labels (H, W) int32, and those that may be strokes.

    Clarity comes from the boundary contrast: how much lighter adjacent background is in the mean, as a share of `most`,
    1 at most. It is 0 where the picture ends, so what reaches over the border is seldom clear.
    """
    height, width = mask.shape
    framed, shades = np.pad(mask, 1).astype(np.uint8), np.pad(light, 1, "edge").ravel()
    count, labels, stats, _ = cv2.connectedComponentsWithStats(framed, connectivity=8)
    left, top, across, down, area = (stats - [1, 1, 0, 0, 0]).T  # in the frame, all is a pixel further right and down
    right, bottom = left + across, top + down
    boundary = np.flatnonzero(framed > cv2.erode(framed, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))))
    length, change = np.zeros(count), np.zeros(count)
    for step in (1, -1, width + 2, -width - 2):
        inner = boundary[framed.ravel()[boundary + step] == 0]
        owner, lighter = labels.ravel()[inner], (shades[inner + step] - shades[inner]) / most
        length += np.bincount(owner, minlength=count)
        change += np.bincount(owner, lighter.clip(-1, 1), count)
    contrast = change / np.maximum(length, 1)

    near = int(EDGE * min(height, width))
    middle = labels[1 + near : height + 1 - near, 1 + near : width + 1 - near]
    inside = np.bincount(middle.ravel(), minlength=count)
    at_edge = ((across > width / 2) | (down > height / 2)) & (inside == 0)
    for side in (labels[1, 1:-1], labels[-2, 1:-1], labels[1:-1, 1], labels[1:-1, -2]):
        at_edge[side[0]] |= (side == side[0]).all()  # what covers a whole side of the picture is a table or a shadow
    tight = (across == width) & (down == height)
    clarity = np.where(contrast > CONTRAST, length**LENGTH * contrast, -1)
    clarity[at_edge] = np.where(tight, TIGHT * clarity, -1)[at_edge]
    clarity[0] = -1  # the background
    best = int(clarity.argmax())
    clipped = (left == 0) | (right == width)
    clipped[best] = False
    kept = np.flatnonzero((clarity > 0) & (area > AREA * area[best]))
    kept = np.sort(kept[np.argsort(-clarity[kept], kind="stable")[:MOST]])
    facts = (each[kept].tolist() for each in (left, top, right, bottom, np.arange(count), clarity, clipped))
    return labels[1:-1, 1:-1], [Component(*one) for one in zip(*facts, strict=True)]


def lines(components: list[Component]) -> list[list[Component]]:
    """The components of each line, from the top: tall ones side by side, level or rising, and small ones nearby."""
    heights = np.sort([component.height for component in components])
    usual = heights[np.searchsorted(heights.cumsum(), heights.sum() / 2)]
    found: list[list[Component]] = []
    reach: list[tuple[float, float]] = []  # of each line: what is further up or down is beside none of its components
    for component in sorted(components, key=lambda one: (not TALL * usual < one.height < HIGH * usual, one.left)):
        is_small, home, most = component.height <= TALL * usual, None, -np.inf
        for n, line in enumerate(found):
            if component.bottom <= reach[n][0] or component.top >= reach[n][1]:
                continue
            for near in sorted(line, key=lambda one: abs(one.middle - component.middle))[:NEAR]:
                shared = min(near.bottom, component.bottom) - max(near.top, component.top)  # negative where a gap is
                needed = -LOW * near.height if is_small else LEVEL * min(component.height, near.height)
                if shared > max(needed, most):
                    home, most = n, shared
        top, bottom = component.top - LOW * component.height, component.bottom + LOW * component.height
        if home is not None:
            found[home].append(component)
            reach[home] = min(reach[home][0], top), max(reach[home][1], bottom)
        elif not is_small:
            found.append([component])
            reach.append((top, bottom))
    return sorted(found, key=lambda line: np.mean([one.top + one.bottom for one in line]))


def line_height(line: list[Component]) -> float:
    """The median height of a line's tall components, in pixels."""
    heights = [component.height for component in line]
    return float(np.median([height for height in heights if height > TALL * max(heights)]))


def stacked(line: list[Component]) -> list[list[Component]]:
    """The components of a line, left to right; those one above the other, such as a 5 and its bar, together."""
    groups: list[tuple[Box, list[Component]]] = []
    for component in sorted(line, key=lambda one: -one.width):
        for n, (box, group) in enumerate(groups):
            if above(box, component):
                groups[n] = around([box, component]), [*group, component]
                break
        else:
            groups.append((component, [component]))
    return [group for _, group in sorted(groups, key=lambda one: one[0].middle)]


def around(boxes: Sequence[Box]) -> Box:
    """The box around several."""
    left, top, right, bottom = zip(*((box.left, box.top, box.right, box.bottom) for box in boxes), strict=True)
    return Box(min(left), min(top), max(right), max(bottom))


def above(one: Box, other: Box) -> bool:
    """Whether one of the two is above the other, or would be if it were moved up or down; but no line under it."""
    shared = min(one.right, other.right) - max(one.left, other.left)
    upper, lower = sorted((one, other), key=lambda box: box.top)
    underlined = lower.top > upper.top + UNDER * upper.height and lower.height < FLAT * lower.width
    return shared > STACKED * min(one.width, other.width) and not underlined
