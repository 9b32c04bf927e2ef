"""Which pixels of a picture are foreground, whatever the background, its light, its shadows and its lines.

The textbook's way: a morphological closing estimates the background, what is darker than it by a threshold is
foreground, and the connected components of that are strokes. The closing needs a window wider than the strokes and
narrower than a shadow, which nobody knows beforehand; so a few are tried, and the one counts whose components have the
highest boundary contrast.
"""

from typing import NamedTuple

import cv2
import numpy as np

from digits.errors import UserError
from digits.handwriting.components import Component, connected_components
from digits.handwriting.ruled_lines import quantile, without_ruled_lines

# Chosen on real pictures by many hands (photos, scans, forms, cheques, screens) and on photos of MNIST's validation
# digits (tests/support/photos.py).
WINDOWS = 0.06, 0.12, 0.3, 1.0  # wider than the strokes, as shares of the picture's shorter side; 1: even light
COARSE = 12  # resolution at which the background is estimated: pixels across a window
EVEN = 0.3  # standard deviation of the blur that takes out the light, as a share of the picture's shorter side
DARK = 0.6  # the background is dark if so much of the border is: two of four sides may be a table's lines
LIFT = 0.05, 0.35, 0.1  # added to the light: against division by 0; before its logarithm; before it is evened out
FASTEST = 0.995  # the contrast 1 is that which so many of the pixels do not reach
STRONG = 0.4  # an edge is where the contrast is at least so high
THRESHOLD = 0.85  # the foreground is at least so dark, as a share of the mean darkness at the edges
THIN = 0.6  # a thin stroke is at least so dark, as a share of that, and the background beside it is not
CLEAR = 3.0  # clarities to this power are summed: all digits count, clear ones far more than bits of noise
PALE = 0.03  # least contrast of the foreground: pencil has 0.05, the shadow on a blank page 0.02
SAMPLE = 7  # every such pixel is enough for a quantile, and they spread over all columns of almost any picture
TEXTURE = 0.25, 0.64  # least share of dark pixels and their spread: noise, dark below its mean, has 0.5 and 0.76


class Foreground(NamedTuple):
    """`darkness` (H, W) float32, 0 on the background; `labels` (H, W) int32 and list of the connected components."""

    darkness: np.ndarray
    labels: np.ndarray
    components: list[Component]

    @property
    def clearest(self) -> Component:
        return max(self.components, key=lambda component: component.clarity)


def find_foreground(pixels: np.ndarray, enlarged: int = 1) -> Foreground:
    """Tell the foreground of a picture (H, W, 3) uint8 from its background; a small one was `enlarged` so many times.

    Raises UserError if there is none.
    """
    light = cv2.GaussianBlur(cv2.transform(pixels / np.float32(255), np.full((1, 3), 1 / 3)), (0, 0), 1)
    if on_dark_background(light):
        light = 1 - light
    light = light + np.float32(LIFT[0])
    gradients, edges = contrasts(np.log(light + LIFT[1]))
    unruled = without_ruled_lines(light, light / estimate_background(light, WINDOWS[0]))
    on_lines = unruled != light
    off_lines = edges & ~on_lines
    across = (3 + enlarged) | 1  # odd: pixels across a thin stroke and its edges
    found = clearest_window(unruled, gradients, off_lines if off_lines.any() else edges, across)
    # A level stroke that crosses a tightly cut picture looks ruled. So the lines are left in as well, and that is kept
    # if its clearest component meets all four sides.
    if on_lines.any() and (found is None or sides_met(found)):
        whole = clearest_window(light, gradients, edges, across)
        if whole and sides_met(whole) == 4:
            found = whole
    if not found or is_texture(found):
        raise UserError("shows no digit: nothing on it looks like ink on paper")
    return found


def clearest_window(light: np.ndarray, gradients: np.ndarray, edges: np.ndarray, across: int) -> Foreground | None:
    """The foreground by that window of WINDOWS that makes its components clearest; None if it has no components."""
    best, most = None, 0.0
    for window in WINDOWS:
        darkness = 1 - light / estimate_background(light, window)
        mask = binarize(darkness, THRESHOLD * darkness[edges].mean(), across)
        found = Foreground(darkness, *connected_components(mask, gradients))
        score = sum(component.clarity**CLEAR for component in found.components if component.main)
        if score > most:
            best, most = found, score
    return best


def estimate_background(light: np.ndarray, window: float) -> np.ndarray:
    """The light of the background, at least as light as `light` (H, W): a morphological closing.

    It fills whatever is dark and narrower than the window, a share of the picture's shorter side. Beyond the border it
    is white, or strokes that meet the border would be too wide for the window.
    """
    height, width = light.shape
    if window >= 1:
        return np.full_like(light, light.max())
    reduction = max(1, int(window * min(height, width)) // COARSE)
    coarse = cv2.resize(light, (max(1, width // reduction), max(1, height // reduction)), interpolation=cv2.INTER_AREA)
    side = max(3, round(window * min(coarse.shape))) | 1
    square, white = np.ones((side, side), np.uint8), 2
    closed = cv2.morphologyEx(coarse, cv2.MORPH_CLOSE, square, borderType=cv2.BORDER_CONSTANT, borderValue=white)
    return np.maximum(cv2.resize(closed, (width, height), interpolation=cv2.INTER_LINEAR), light)


def binarize(darkness: np.ndarray, least: float, across: int) -> np.ndarray:
    """Where a picture (H, W) is at least so dark, or has a stroke so thin that it looks paler than it is.

    The middle of such a stroke is the darkest of the `across` pixels around it in its row or column, and one of those
    is background. Without it, thin strokes break.
    """
    mask, faint = darkness > least, THIN * least
    for size in ((1, across), (across, 1)):
        window = np.ones(size, np.uint8)
        middle = darkness == cv2.dilate(darkness, window)
        mask |= middle & (darkness > faint) & (cv2.erode(darkness, window) < faint)
    return mask


def contrasts(light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradients of `light` (H, W): how much darker a pixel is than its neighbour to the right, left, below, above.

    Returns (4, H, W) float32, -1 to 1, where 1 is nearly the highest contrast in the picture, and 0 beyond its border;
    and the edges, where the contrast is STRONG, (H, W) bool.
    """
    right, below = np.diff(light, axis=1), np.diff(light, axis=0)
    gradients = np.zeros((4, *light.shape), np.float32)
    gradients[0, :, :-1], gradients[1, :, 1:], gradients[2, :-1], gradients[3, 1:] = right, -right, below, -below
    contrast = np.maximum(np.abs(gradients[0]), np.abs(gradients[2]))
    most = max(quantile(contrast.ravel()[::SAMPLE], FASTEST), 1e-3)
    gradients /= most
    return np.clip(gradients, -1, 1, out=gradients), contrast >= min(STRONG * most, contrast.max())


def on_dark_background(light: np.ndarray) -> bool:
    """Whether most of the border of a picture (H, W) 0..1 is darker than its edges, where strokes begin."""
    light = light + np.float32(LIFT[2])
    height, width = light.shape
    coarse = cv2.resize(light, (-(-width // 8), -(-height // 8)), interpolation=cv2.INTER_AREA)
    around = cv2.GaussianBlur(coarse, (0, 0), EVEN * min(coarse.shape))
    even = light / cv2.resize(around, (width, height), interpolation=cv2.INTER_LINEAR)
    _, edges = contrasts(even)
    border = np.concatenate([even[0], even[-1], even[:, 0], even[:, -1]])
    return bool(quantile(border, DARK) < even[edges].mean())


def is_texture(found: Foreground) -> bool:
    """Whether the foreground is hardly darker than the background, or only the dark half of wood, cloth or stone.

    Of such a texture much is dark, and its dark and light pixels vary as much as noise: their standard deviations are
    nearly as large as the contrast between them.
    """
    dark = found.labels.ravel()[::SAMPLE] > 0
    outside = found.darkness.ravel()[::SAMPLE][~dark]
    contrast = found.darkness[found.labels == found.clearest.label].mean() - outside.mean()
    if contrast < PALE:
        return True
    if dark.mean() < TEXTURE[0]:
        return False
    inside = found.darkness[np.isin(found.labels, [component.label for component in found.components])]
    return bool(inside.std() + outside.std() > TEXTURE[1] * (inside.mean() - outside.mean()))


def sides_met(found: Foreground) -> int:
    """How many sides of the picture the clearest component meets."""
    (height, width), box = found.labels.shape, found.clearest
    return [box.left == 0, box.top == 0, box.right == width, box.bottom == height].count(True)
