"""Which pixels of a picture are foreground, whatever the background, its light, its shadows and its lines.

The textbook's way: a morphological closing estimates the background, what is darker than it by a threshold is
foreground, and the connected components of that are strokes. The closing needs a window wider than the strokes and
narrower than a shadow, and the threshold hangs on pen and paper; nobody knows them beforehand. So a few of each are
tried, on the picture as it is and blurred, and a network that reads all of these guesses decides (reader.py).
"""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np

from digits.errors import UserError
from digits.handwriting.components import Component, connected_components
from digits.handwriting.ruled_lines import SAMPLE, closing, quantile, without_ruled_lines

# Chosen on real pictures by many hands (photos, scans, forms, cheques, screens) and on photos of MNIST's validation
# digits (tests/support/photos.py).
WINDOWS = 0.06, 0.12, 0.5  # wider than the strokes, as shares of the picture's shorter side
COARSE = 12  # resolution at which the background is estimated: pixels across a window
EVEN = 0.3  # standard deviation of the blur that takes out the light, as a share of the picture's shorter side
DARK = 0.6  # the background is dark if so much of the border is: two of four sides may be a table's lines
LIFT = 0.05, 0.35, 0.1  # added to the light: against division by 0; before its logarithm; before it is evened out
FASTEST = 0.995  # the contrast 1 is that which so many of the pixels do not reach
STRONG = 0.4  # an edge is where the contrast is at least so high
HARDLY = 0.2  # ... unless all others have less than so much of its contrast
BLURS = 0, 2.8  # standard deviations in pixels: the second takes out fine patterns, such as those of cheques
LOW = 180  # ... if a side of the picture is shorter than so many pixels: on a page, digits are as fine
# The foreground is at least so dark, as shares of the mean darkness at the edges; in a LOW picture hairlines are pale.
THRESHOLDS = (0.8, 0.5, 1.1), (0.8, 0.6, 0.35)
INNER = 0.1  # an edge that is nearer to the border, in sides of the picture, may be a frame's and says nothing
PALE = 0.03  # least contrast of the foreground: pencil has 0.05, the shadow on a blank page 0.02
TEXTURE = 0.25, 0.62  # least share of dark pixels and their spread: noise, dark below its mean, has 0.5 and 0.76


class Foreground(NamedTuple):
    """`darkness` (H, W) float32, 0 on the background; `labels` (H, W) int32 and list of the connected components."""

    darkness: np.ndarray
    labels: np.ndarray
    components: list[Component]


def find_foregrounds(pixels: np.ndarray) -> Iterator[Foreground]:
    """Guesses at what is foreground in a picture (H, W, 3) uint8, one for each threshold, blur and window.

    Guesses of texture are left out. Raises UserError if none is left.
    """
    light = cv2.GaussianBlur(cv2.transform(pixels / np.float32(255), np.full((1, 3), 1 / 3)), (0, 0), 1)
    if on_dark_background(light):
        light = 1 - light
    light = light + np.float32(LIFT[0])
    unruled = without_ruled_lines(light, light / estimate_background(light, WINDOWS[0]))
    found = []
    low = min(light.shape) < LOW
    thresholds = THRESHOLDS[low]
    for blur in BLURS if low else BLURS[:1]:
        smooth, unlined = (cv2.GaussianBlur(one, (0, 0), blur) if blur else one for one in (light, unruled))
        shades = np.log(smooth + LIFT[1])
        most, edges = contrasts(shades, INNER)
        off_lines = edges & (unruled == light)
        at = off_lines if off_lines.any() else edges
        for window in WINDOWS:
            darkness = 1 - unlined / estimate_background(unlined, window)
            edge = darkness[at].mean()
            first = Foreground(darkness, *connected_components(darkness > thresholds[0] * edge, shades, most))
            if first.components and not is_texture(first):
                found.append((darkness, edge, shades, most))
                yield first
    if not found:
        raise UserError(
            "shows no digit: nothing on it stands out as strokes do; write darker, or leave a margin around them"
        )
    for threshold in thresholds[1:]:
        for darkness, edge, shades, most in found:
            yield Foreground(darkness, *connected_components(darkness > threshold * edge, shades, most))


def estimate_background(light: np.ndarray, window: float) -> np.ndarray:
    """The light of the background, at least as light as `light` (H, W): a morphological closing.

    It fills whatever is dark and narrower than the window, a share of the picture's shorter side.
    """
    height, width = light.shape
    reduction = max(1, int(window * min(height, width)) // COARSE)
    coarse = cv2.resize(light, (width // reduction, height // reduction), interpolation=cv2.INTER_AREA)
    side = max(3, round(window * min(coarse.shape))) | 1
    closed = cv2.resize(closing(coarse, side, side), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.maximum(closed, light)


def contrasts(light: np.ndarray, margin: float = 0) -> tuple[float, np.ndarray]:
    """Nearly the highest contrast of pixels next to each other in `light` (H, W); and the edges, where it is STRONG.

    Edges (H, W) bool in a margin, a share of each side, are passed over, unless there are hardly others.
    """
    right, below = np.diff(light, axis=1, append=light[:, -1:]), np.diff(light, axis=0, append=light[-1:])
    contrast = np.maximum(np.abs(right), np.abs(below))
    inside = np.zeros(light.shape, bool)
    inside[tuple(slice(round(margin * side), side - round(margin * side)) for side in light.shape)] = True
    if contrast[inside].max() < HARDLY * contrast.max():
        inside[:] = True
    most = max(quantile(contrast[inside][::SAMPLE], FASTEST), 1e-3)
    return most, inside & (contrast >= min(STRONG * most, contrast[inside].max()))


def on_dark_background(light: np.ndarray) -> bool:
    """Whether most of the border of a picture (H, W) 0..1 is darker than its edges, where strokes begin."""
    light = light + np.float32(LIFT[2])
    height, width = light.shape
    coarse = cv2.resize(light, (-(-width // 8), -(-height // 8)), interpolation=cv2.INTER_AREA)
    around = cv2.GaussianBlur(coarse, (0, 0), EVEN * min(coarse.shape))
    even = light / cv2.resize(around, (width, height), interpolation=cv2.INTER_LINEAR)
    inner = even[tuple(slice(round(INNER * side), side - round(INNER * side)) for side in even.shape)]
    border = np.concatenate([side for view in (even, inner) for side in (view[0], view[-1], view[:, 0], view[:, -1])])
    return bool(quantile(border, DARK) < even[contrasts(even)[1]].mean())


def is_texture(found: Foreground) -> bool:
    """Whether the foreground is hardly darker than the background, or only the dark half of wood, cloth or stone.

    Of such a texture much is dark, and its dark and light pixels vary as much as noise: their standard deviations are
    nearly as large as the contrast between them.
    """
    dark = found.labels.ravel()[::SAMPLE] > 0
    outside = found.darkness.ravel()[::SAMPLE][~dark]
    clearest = max(found.components, key=lambda component: component.clarity)
    contrast = found.darkness[found.labels == clearest.label].mean() - outside.mean()
    if contrast < PALE:
        return True
    if dark.mean() < TEXTURE[0]:
        return False
    inside = found.darkness[np.isin(found.labels, [component.label for component in found.components])]
    return bool(inside.std() + outside.std() > TEXTURE[1] * (inside.mean() - outside.mean()))
