"""Strips: each line of a picture, level and at one height, as the network that reads along lines sees it."""

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from digits.handwriting import line_network
from digits.handwriting.components import lines, stroke_boxes, tall, union
from digits.handwriting.eye import CERTAIN, half

ZOOM = 2  # pixels of a strip to one that the line network sees
ROWS, DIGIT = ZOOM * line_network.ROWS, ZOOM * line_network.DIGIT  # height of a strip, and of most digits in it
SURE = 0.5  # the eye is surer of what lines are made of
ENDS = 1.7  # a strip begins and ends so far beside its line, in heights of the digits: what the eye missed may be there
LONGEST = 40  # of a strip, in heights of the digits
TILTED = 0.15  # most rise of a line, in rows per column


@dataclass(frozen=True)
class Strip:
    """A line of a picture: `planes` (2, ROWS, W) float32 0..1 of darkness and of how sure the eye is.

    `matrix` (2, 3) takes a point x, y of the picture to its place in the strip. So many of its connected components
    are `tall`, as digits are.
    """

    planes: np.ndarray
    matrix: np.ndarray
    tall: int = 0

    @property
    def coarse(self) -> np.ndarray:
        """The planes (2, ROWS / ZOOM, W / ZOOM) as the line network sees them."""
        return half(self.planes.transpose(1, 2, 0)).transpose(2, 0, 1)

    @cached_property
    def log(self) -> np.ndarray:
        """The line network's outputs (T, 11) along the strip."""
        return line_network.outputs(self.coarse, line_network.bundled())

    @property
    def scale(self) -> float:
        """Pixels of the strip to one of the picture."""
        return float(abs(np.linalg.det(self.matrix[:, :2])) ** 0.5)

    def box(self, left: float, top: float, right: float, bottom: float) -> tuple[float, ...]:
        """Return the box in the picture of a box in the strip."""
        corners = np.array([(left, top), (right, top), (left, bottom), (right, bottom)])
        x, y = np.linalg.solve(self.matrix[:, :2], (corners - self.matrix[:, 2]).T)
        return float(x.min()), float(y.min()), float(x.max()), float(y.max())

    def turned_back(self, degrees: int, shape: tuple[int, int]) -> "Strip":
        """Return this strip in the picture (H, W) as it was before a turn counterclockwise by `degrees`."""
        height, width = shape
        turn = {
            0: [[1, 0, 0], [0, 1, 0]],
            90: [[0, 1, 0], [-1, 0, width]],
            180: [[-1, 0, width], [0, -1, height]],
            270: [[0, -1, height], [1, 0, 0]],
        }[degrees]
        return replace(self, matrix=self.matrix @ np.array([*turn, [0, 0, 1]]))


def strips_of(planes: np.ndarray, single: bool = False) -> list[Strip]:
    """Return the strip of each line in what the eye sees (2, H, W), from the top; of a `single` digit, that of all
    strokes together.
    """
    _, sure = planes
    boxes, clipped = stroke_boxes(sure > SURE, sure, sure > CERTAIN)
    if single:
        boxes = boxes[~clipped]
    if not len(boxes):
        return []
    return [strip(planes, line) for line in ([union(boxes)[None]] if single else lines(boxes))]


def strip(planes: np.ndarray, line: np.ndarray) -> Strip:
    """Return the strip of a line in what the eye sees (2, H, W), given the boxes (N, 4) of its components."""
    digits = tall(line)
    height = float(np.median(digits[:, 3] - digits[:, 1]))
    x, y = (digits[:, :2] + digits[:, 2:]).T / 2
    rise, middle, at = 0.0, float(np.median(y)), float(x.mean())
    if len(digits) > 3 and np.ptp(x) > 3 * height:
        rise = float(np.clip(np.polyfit(x, y, 1)[0], -TILTED, TILTED))
        middle = float(np.median(y - rise * (x - at)))
    left, top, right, bottom = union(line)
    darkness, sure = planes
    strokes = darkness[top:bottom, left:right][sure[top:bottom, left:right] > SURE]
    full = float(np.median(strokes)) if len(strokes) else 0.3  # the usual darkness of strokes
    start, end = max(left - ENDS * height, -height), min(right + ENDS * height, sure.shape[1] + height)
    scale = DIGIT / height
    matrix = np.array([[scale, 0, -start * scale], [-rise * scale, scale, ROWS / 2 - (middle - rise * at) * scale]])
    size = int(np.clip((end - start) * scale, ROWS // 2, LONGEST * DIGIT)) // ZOOM * ZOOM, ROWS
    layers = np.stack([np.clip(darkness / full, 0, 1), sure]).astype(np.float32)
    if scale < 1:
        layers = np.stack([cv2.GaussianBlur(layer, (0, 0), 0.4 / scale) for layer in layers])
    return Strip(np.stack([cv2.warpAffine(layer, matrix, size) for layer in layers]), matrix, len(digits))
