"""Strips: each line of a picture, level and at one height, as the network that reads along lines sees it."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from digits.handwriting.components import TALL, Box, line_height, union
from digits.handwriting.eye import Sight, half

ROWS, DIGIT = 80, 44  # height of a strip, and of most digits in it, in pixels; the network sees it in half of that
ENDS = 1.7  # a strip begins and ends so far beside its line, in heights of the digits: what the eye missed may be there
LONGEST = 40  # of a strip, in heights of the digits
TILTED = 0.15  # most rise of a line, in rows per column


class Strip(NamedTuple):
    """A line of a picture: `planes` (2, ROWS, W) float32 0..1 of darkness and of how sure the eye is.

    `matrix` (2, 3) takes a point x, y of the picture to its place in the strip. So many of its connected components
    are `tall`, as digits are.
    """

    planes: np.ndarray
    matrix: np.ndarray
    tall: int = 0

    @property
    def coarse(self) -> np.ndarray:
        """The planes (2, ROWS / 2, W / 2) as the network sees them."""
        return half(self.planes.transpose(1, 2, 0)).transpose(2, 0, 1)

    @property
    def scale(self) -> float:
        """Pixels of the strip to one of the picture."""
        return float(abs(np.linalg.det(self.matrix[:, :2])) ** 0.5)

    def box(self, left: float, top: float, right: float, bottom: float) -> tuple[float, ...]:
        """The box in the picture of a box in the strip."""
        corners = np.array([(left, top), (right, top), (left, bottom), (right, bottom)])
        x, y = np.linalg.solve(self.matrix[:, :2], (corners - self.matrix[:, 2]).T)
        return float(x.min()), float(y.min()), float(x.max()), float(y.max())

    def turned_back(self, degrees: int, shape: tuple[int, int]) -> "Strip":
        """The same strip, of a picture (H, W) that had been turned counterclockwise by so many degrees before."""
        height, width = shape
        turn = {
            0: [[1, 0, 0], [0, 1, 0]],
            90: [[0, 1, 0], [-1, 0, width]],
            180: [[-1, 0, width], [0, -1, height]],
            270: [[0, -1, height], [1, 0, 0]],
        }[degrees]
        return self._replace(matrix=self.matrix @ np.array([*turn, [0, 0, 1]]))


def strip(sight: Sight, line: Sequence[Box]) -> Strip:
    """The strip of a line, given the boxes of its components."""
    sure, darkness = sight
    height = line_height(line)
    tall = [one for one in line if one.height > TALL * max(other.height for other in line)]
    x, y = np.transpose([((one.left + one.right) / 2, (one.top + one.bottom) / 2) for one in tall])
    rise, middle, at = 0.0, float(np.median(y)), float(x.mean())
    if len(tall) > 3 and np.ptp(x) > 3 * height:
        rise = float(np.clip(np.polyfit(x, y, 1)[0], -TILTED, TILTED))
        middle = float(np.median(y - rise * (x - at)))
    around = union(line)
    left, right = max(around.left - ENDS * height, -height), min(around.right + ENDS * height, sure.shape[1] + height)
    scale = DIGIT / height
    matrix = np.array([[scale, 0, -left * scale], [-rise * scale, scale, ROWS / 2 - (middle - rise * at) * scale]])
    size = int(np.clip((right - left) * scale, ROWS // 2, LONGEST * DIGIT)) // 2 * 2, ROWS
    planes = np.stack([np.clip(darkness / full(sight, around), 0, 1), sure]).astype(np.float32)
    if scale < 1:
        planes = np.stack([cv2.GaussianBlur(plane, (0, 0), 0.4 / scale) for plane in planes])
    return Strip(np.stack([cv2.warpAffine(plane, matrix, size) for plane in planes]), matrix, len(tall))


def full(sight: Sight, box: Box) -> float:
    """Return the usual darkness of the strokes in a box."""
    here = slice(box.top, box.bottom), slice(box.left, box.right)
    strokes = sight.darkness[here][sight.sure[here] > 0.5]
    return float(np.median(strokes)) if len(strokes) else 0.3
