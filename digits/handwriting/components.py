"""Connected components of the foreground: which of them look like strokes of a pen, and how they group into lines.

A box is left, top, right and bottom in pixels; right and bottom are outside.
"""

import cv2
import numpy as np

LENGTH = 0.3  # the clarity of a component grows with its longer side to this power: a dot beside a digit is no digit
COMPONENTS = 800  # components of a picture at most, the clearest: a page of writing has some hundreds of digits
TALL = 0.5  # a component is a digit's, or begins a line, if it is at least so high, as a share of the usual height
NEAREST = 3  # components of a line with which another one is compared
HIGH = 1.6  # a component that is higher, in usual heights, may be digits of two lines
LEVEL = 0.3  # components are side by side if they share so much of the lower one's height
AWAY = 0.5  # a small component belongs to a line if it is no further above or below, in heights of its neighbour


def stroke_boxes(mask: np.ndarray, sure: np.ndarray, certain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the boxes (N, 4) of the connected components of a mask (H, W) bool that may be strokes, and whether each
    is clipped (N,): it meets the left or right border of the picture, as a neighbour's stroke does.

    They have a pixel that is `certain` (H, W) bool to be handwriting (hysteresis, as in J. Canny's edges, 1986). The
    clearest are kept: those with the largest mean output of the eye, `sure` (H, W) float32 0..1, times a power of their
    length. The clearest of all is never clipped.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    left, top, width, height, area = stats.T
    means = np.bincount(labels.ravel().astype(np.intp), sure.ravel(), count) / area
    clarity = means * np.maximum(width, height) ** LENGTH
    strokes = np.bincount(labels[certain], minlength=count)[1:].nonzero()[0] + 1  # 0 is the background
    clearest = strokes[np.argsort(-clarity[strokes], kind="stable")[:COMPONENTS]]
    clipped = (left == 0) | (left + width == mask.shape[1])
    clipped[clearest[:1]] = False
    kept = np.sort(clearest)
    return np.stack([left, top, left + width, top + height], 1)[kept], clipped[kept]


def weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    """Return the value (of N) up to which half of all weight (N,) is."""
    order = np.argsort(values, kind="stable")
    return float(values[order][np.searchsorted(weights[order].cumsum(), weights.sum() / 2)])


def lines(boxes: np.ndarray) -> list[np.ndarray]:
    """Return the boxes of each line, from the top: tall ones side by side, level or rising, and small ones nearby."""
    heights = boxes[:, 3] - boxes[:, 1]
    usual = weighted_median(heights, heights)
    is_unusual = (heights <= TALL * usual) | (heights >= HIGH * usual)
    grouped: list[list[list[int]]] = []
    for box in boxes[np.lexsort((boxes[:, 0], is_unusual))].tolist():  # those of the usual height first
        left, top, right, bottom = box
        is_small, home, most = bottom - top <= TALL * usual, None, -np.inf
        for line in grouped:
            for near in sorted(line, key=lambda near: abs(near[0] + near[2] - left - right))[:NEAREST]:
                height = near[3] - near[1]
                shared = min(near[3], bottom) - max(near[1], top)  # negative where a gap is
                needed = -AWAY * height if is_small else LEVEL * min(bottom - top, height)
                if shared > max(needed, most):
                    home, most = line, shared
        if home is not None:
            home.append(box)
        elif not is_small:
            grouped.append([box])
    return sorted(map(np.array, grouped), key=lambda line: (line[:, 1] + line[:, 3]).mean())


def union(boxes: np.ndarray) -> np.ndarray:
    """Return the box (4,) around others (N, 4)."""
    return np.concatenate([boxes[:, :2].min(0), boxes[:, 2:].max(0)])


def tall(line: np.ndarray) -> np.ndarray:
    """Return the tall ones among the boxes (N, 4) of a line."""
    heights = line[:, 3] - line[:, 1]
    return line[heights > TALL * heights.max()]
