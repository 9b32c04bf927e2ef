"""Connected components of the foreground: which of them look like strokes of a pen, and how they group into lines."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

LENGTH = 0.3  # the clarity of a component grows with its longer side to this power: a dot beside a digit is no digit
COMPONENTS = 800  # components of a picture at most, the clearest: a page of writing has some hundreds of digits
TALL = 0.5  # a component is a digit's, or begins a line, if it is at least so high, as a share of the usual height
NEAREST = 3  # components of a line with which another one is compared
HIGH = 1.6  # a component that is higher, in usual heights, may be digits of two lines
LEVEL = 0.3  # components are side by side if they share so much of the lower one's height
AWAY = 0.5  # a small component belongs to a line if it is no further above or below, in heights of its neighbour


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
    """A connected component: the pixels of one label. The more it looks like pen strokes, the higher its `clarity`.

    It is `clipped` if it meets the left or right border of the picture, as a neighbour's stroke does, and is not the
    clearest component.
    """

    label: int
    clarity: float
    clipped: bool


def connected_components(mask: np.ndarray, sure: np.ndarray, certain: np.ndarray) -> tuple[np.ndarray, list[Component]]:
    """The connected components of a mask (H, W) bool: their labels (H, W) int32, and those that may be strokes.

    These have a pixel that is `certain` (H, W) bool to be handwriting (hysteresis, as in J. Canny's edges, 1986). Their
    clarity is the mean output of the eye in them, `sure` (H, W) float32 0..1; of a longer one, it is more.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    left, top, across, down, area = stats.T
    right, bottom = left + across, top + down
    means = np.bincount(labels.ravel().astype(np.intp), sure.ravel(), count) / area
    clarity = means * np.maximum(across, down) ** LENGTH
    strokes = np.bincount(labels[certain], minlength=count)[1:].nonzero()[0] + 1  # 0 is the background
    clearest = strokes[np.argsort(-clarity[strokes], kind="stable")[:COMPONENTS]]
    clipped = (left == 0) | (right == mask.shape[1])
    clipped[clearest[:1]] = False
    kept = np.sort(clearest)
    facts = (each[kept].tolist() for each in (left, top, right, bottom, np.arange(count), clarity, clipped))
    return labels, [Component(*one) for one in zip(*facts, strict=True)]


def weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    """The value (of N) up to which half of all weight (N,) is."""
    order = np.argsort(values, kind="stable")
    return float(values[order][np.searchsorted(weights[order].cumsum(), weights.sum() / 2)])


def lines(components: list[Component]) -> list[list[Component]]:
    """The components of each line, from the top: tall ones side by side, level or rising, and small ones nearby."""
    heights = np.array([component.height for component in components])
    usual = weighted_median(heights, heights)
    found: list[list[Component]] = []
    for component in sorted(components, key=lambda one: (not TALL * usual < one.height < HIGH * usual, one.left)):
        is_small, home, most = component.height <= TALL * usual, None, -np.inf
        for n, line in enumerate(found):
            for near in sorted(line, key=lambda one: abs(one.middle - component.middle))[:NEAREST]:
                shared = min(near.bottom, component.bottom) - max(near.top, component.top)  # negative where a gap is
                needed = -AWAY * near.height if is_small else LEVEL * min(component.height, near.height)
                if shared > max(needed, most):
                    home, most = n, shared
        if home is not None:
            found[home].append(component)
        elif not is_small:
            found.append([component])
    return sorted(found, key=lambda line: np.mean([one.top + one.bottom for one in line]))


def union(boxes: Sequence[Box]) -> Box:
    """The box around some others."""
    left, top, right, bottom = zip(*((one.left, one.top, one.right, one.bottom) for one in boxes), strict=True)
    return Box(min(left), min(top), max(right), max(bottom))


def line_height(line: Sequence[Box]) -> float:
    """The median height of a line's tall components, in pixels."""
    heights = [component.height for component in line]
    return float(np.median([height for height in heights if height > TALL * max(heights)]))
