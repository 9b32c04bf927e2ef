"""Find the connected components that may be strokes of a pen, and group them into lines.

A box is (left, top, right, bottom) in pixels. Its right column and bottom row are just outside.
"""

import cv2
import numpy as np

LENGTH = 0.3  # clarity grows with the longer side to this power, so that a digit is clearer than a dot beside it
COMPONENTS = 800  # only this many of the clearest components are kept; a page of writing has a few hundred digits
TALL = 0.5  # least height of a digit, and of a component that starts a line, as a share of the usual height
NEAREST = 3  # a component is compared with this many of the nearest components in a line
HIGH = 1.6  # a component with this many times the usual height may be two touching digits, one below the other
LEVEL = 0.3  # components side by side share at least this part of the smaller component's height
AWAY = 0.5  # a small component joins a line at most this far above or below it, in heights of its neighbour there


def stroke_boxes(mask: np.ndarray, scores: np.ndarray, certain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the boxes (N, 4) of the components of a mask (H, W) bool that may be strokes, and if each is clipped (N,).

    A stroke has at least one pixel where `certain` (H, W) bool is True. This is hysteresis, as in J. Canny's edge
    detector (1986). The clearest components are kept. Clarity is the mean of the eye's `scores` (H, W) float32 0..1,
    times a power of the length. A component is clipped if it touches the left or right border, because it may belong
    to a digit outside the picture. The clearest component never counts as clipped.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    left, top, width, height, area = stats.T
    means = np.bincount(labels.ravel().astype(np.intp), scores.ravel(), count) / area
    clarity = means * np.maximum(width, height) ** LENGTH
    strokes = np.bincount(labels[certain], minlength=count)[1:].nonzero()[0] + 1  # 0 is the background
    clearest = strokes[np.argsort(-clarity[strokes], kind="stable")[:COMPONENTS]]
    clipped = (left == 0) | (left + width == mask.shape[1])
    clipped[clearest[:1]] = False
    kept = np.sort(clearest)
    return np.stack([left, top, left + width, top + height], 1)[kept], clipped[kept]


def weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    """Return the weighted median of `values` (N,)."""
    order = np.argsort(values, kind="stable")
    return float(values[order][np.searchsorted(weights[order].cumsum(), weights.sum() / 2)])


def lines(boxes: np.ndarray) -> list[np.ndarray]:
    """Group boxes (N, 4) into lines, from top to bottom. Lines may slope. A small box joins a line nearby, if any."""
    heights = boxes[:, 3] - boxes[:, 1]
    usual = weighted_median(heights, heights)
    is_unusual = (heights <= TALL * usual) | (heights >= HIGH * usual)
    grouped: list[list[list[int]]] = []
    for box in boxes[np.lexsort((boxes[:, 0], is_unusual))].tolist():  # usual heights first, each from left to right
        left, top, right, bottom = box
        is_small, best_line, best = bottom - top <= TALL * usual, None, -np.inf
        for line in grouped:
            for near in sorted(line, key=lambda near: abs(near[0] + near[2] - left - right))[:NEAREST]:
                height = near[3] - near[1]
                shared = min(near[3], bottom) - max(near[1], top)  # negative for a gap
                needed = -AWAY * height if is_small else LEVEL * min(bottom - top, height)
                if shared > max(needed, best):
                    best_line, best = line, shared
        if best_line is not None:
            best_line.append(box)
        elif not is_small:
            grouped.append([box])
    return sorted(map(np.array, grouped), key=lambda line: (line[:, 1] + line[:, 3]).mean())


def union(boxes: np.ndarray) -> np.ndarray:
    """Return the smallest box (4,) around boxes (N, 4)."""
    return np.concatenate([boxes[:, :2].min(0), boxes[:, 2:].max(0)])


def tall(line: np.ndarray) -> np.ndarray:
    """Return the boxes (N, 4) of a line that are tall enough to be digits."""
    heights = line[:, 3] - line[:, 1]
    return line[heights > TALL * heights.max()]
