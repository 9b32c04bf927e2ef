"""Strips: the lines of a picture, level and at a fixed height, as the line network sees them."""

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from digits.handwriting import line_network
from digits.handwriting.components import lines, stroke_boxes, tall, union
from digits.handwriting.eye import CERTAIN, half

ZOOM = 2  # a strip has this many times the resolution that the line network sees
ROWS, DIGIT = ZOOM * line_network.ROWS, ZOOM * line_network.DIGIT  # height of a strip, and of most digits in it
SURE = 0.5  # pixels with a higher score from the eye make up the lines
ENDS = 1.7  # margin of a strip to the left and right, in heights of a digit: the eye may have missed a digit there
LONGEST = 40  # length of the longest strip, in heights of a digit
TILTED = 0.15  # largest slope of a line, in rows per column


@dataclass(frozen=True)
class Strip:
    """A line of a picture. Its `planes` (2, ROWS, W) float32 0..1 are the darkness and the eye's scores.

    The affine map `matrix` (2, 3) takes a point x, y of the picture to the strip. `tall` is the number of connected
    components that are tall enough to be digits.
    """

    planes: np.ndarray
    matrix: np.ndarray
    tall: int = 0

    @property
    def coarse(self) -> np.ndarray:
        """The planes (2, ROWS / ZOOM, W / ZOOM) at the resolution of the line network."""
        return half(self.planes.transpose(1, 2, 0)).transpose(2, 0, 1)

    @cached_property
    def log(self) -> np.ndarray:
        """The line network's outputs (T, 11) along the strip."""
        return line_network.outputs(self.coarse, line_network.bundled())

    @property
    def scale(self) -> float:
        """Pixels of the strip per pixel of the picture."""
        return float(abs(np.linalg.det(self.matrix[:, :2])) ** 0.5)

    def box(self, left: float, top: float, right: float, bottom: float) -> tuple[float, ...]:
        """Map a box in the strip to the box around it in the picture."""
        corners = np.array([(left, top), (right, top), (left, bottom), (right, bottom)])
        x, y = np.linalg.solve(self.matrix[:, :2], (corners - self.matrix[:, 2]).T)
        return float(x.min()), float(y.min()), float(x.max()), float(y.max())

    def turned_back(self, degrees: int, shape: tuple[int, int]) -> "Strip":
        """Map this strip to the picture as it was, of `shape` (H, W), before a counterclockwise turn by `degrees`."""
        height, width = shape
        turn = {
            0: [[1, 0, 0], [0, 1, 0]],
            90: [[0, 1, 0], [-1, 0, width]],
            180: [[-1, 0, width], [0, -1, height]],
            270: [[0, -1, height], [1, 0, 0]],
        }[degrees]
        return replace(self, matrix=self.matrix @ np.array([*turn, [0, 0, 1]]))


def strips_of(planes: np.ndarray) -> list[Strip]:
    """Return the strip of each line in the planes (2, H, W) from `see`."""
    _, scores = planes
    boxes, _ = stroke_boxes(scores > SURE, scores, scores > CERTAIN)
    return [strip(planes, line) for line in lines(boxes)] if len(boxes) else []


def strip(planes: np.ndarray, line: np.ndarray) -> Strip:
    """Return the strip of a line, given the planes (2, H, W) from `see` and the boxes (N, 4) of its components."""
    digits = tall(line)
    height = float(np.median(digits[:, 3] - digits[:, 1]))
    x, y = (digits[:, :2] + digits[:, 2:]).T / 2
    slope, middle, centre = 0.0, float(np.median(y)), float(x.mean())
    if len(digits) > 3 and np.ptp(x) > 3 * height:
        slope = float(np.clip(np.polyfit(x, y, 1)[0], -TILTED, TILTED))
        middle = float(np.median(y - slope * (x - centre)))
    left, top, right, bottom = union(line)
    darkness, scores = planes
    strokes = darkness[top:bottom, left:right][scores[top:bottom, left:right] > SURE]
    full = float(np.median(strokes)) if len(strokes) else 0.3  # the usual darkness of strokes
    start, end = max(left - ENDS * height, -height), min(right + ENDS * height, scores.shape[1] + height)
    scale = DIGIT / height
    offset = ROWS / 2 - (middle - slope * centre) * scale
    matrix = np.array([[scale, 0, -start * scale], [-slope * scale, scale, offset]])
    size = int(np.clip((end - start) * scale, ROWS // 2, LONGEST * DIGIT)) // ZOOM * ZOOM, ROWS
    layers = np.stack([np.clip(darkness / full, 0, 1), scores]).astype(np.float32)
    if scale < 1:  # blur first, so that shrinking does not alias
        layers = np.stack([cv2.GaussianBlur(layer, (0, 0), 0.4 / scale) for layer in layers])
    return Strip(np.stack([cv2.warpAffine(layer, matrix, size) for layer in layers]), matrix, len(digits))
