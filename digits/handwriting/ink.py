"""Which pixels of a photo are ink, whatever the paper, its light, its shadows and its lines."""

from typing import NamedTuple

import cv2
import numpy as np

from digits import UserError

# Tuned on photos of MNIST's validation digits (tests/support/photos.py).
WINDOWS = 0.4, 0.24, 0.12, 0.06  # widest stroke, as a share of the picture's shorter side: one guess each
FRACTIONS = 0.42, 0.65  # threshold, as a share of the darkest ink: one guess each
EDGE = 0.5  # least mean steepness of a part's edge; 1 is the steepest edge of the picture
FAT = 0.5  # a part with strokes wider than this share of its length is a blot
GRAIN = 6  # least contrast of ink, in median deviations of the paper: a blank page has 4 to 4.6
COARSE = 8  # resolution at which the paper under the ink is estimated: pixels across a window


class Ink(NamedTuple):
    """`darkness` (H, W) float32, 0 on the paper; `labels` (H, W) int32, each pixel's part; the `parts` of the ink."""

    darkness: np.ndarray
    labels: np.ndarray
    parts: list["Part"]


class Part(NamedTuple):
    """A connected part of the ink: its label, its box in pixels, and how much its edge looks like a pen stroke's."""

    label: int
    left: int
    top: int
    right: int
    bottom: int
    score: float


def find_ink(pixels: np.ndarray) -> Ink:
    """Tell the ink of a picture (H, W, 3) uint8 from its paper.

    What is ink depends on the width of the pen, on its darkness, and on whether it is darker or lighter than the paper.
    All combinations of a few guesses are tried. The right one has the part with the steepest and most even edge:
    shadows are soft, printed lines are faint, and half a stroke, or a stroke with its shadow, has gaps in its edge.

    Raises UserError if there is no ink.
    """
    light = cv2.GaussianBlur(pixels / np.float32(255), (0, 0), 0.8)
    dark_paper = np.clip((0.35 - quantile(sample(light), 0.5)) * 10, -1, 1)  # 1: the ink is lighter; -1: it is darker
    guesses = []
    if dark_paper < 1:
        guesses += _guesses(light + 0.03, np.exp(-dark_paper))
    if dark_paper > -1:
        guesses += _guesses(0.1 / (light + 0.1), np.exp(dark_paper))
    parts = [(part, ink) for ink in guesses for part in ink.parts]
    for best, ink in sorted(parts, key=lambda each: -each[0].score):
        if not is_blot(ink.labels, best):
            return ink
        ink.parts.remove(best)
    raise UserError("shows no digit: nothing on it looks like ink on paper")


def _guesses(light: np.ndarray, likelihood: float) -> list[Ink]:
    """An ink for each of WINDOWS and FRACTIONS in `light` (H, W, 3) float32 > 0, supposing that it is the darker."""
    light = without_lines(cv2.transform(without_ink(light, WINDOWS[0]), np.full((1, 3), 1 / 3)))
    logarithm = np.log(np.maximum(light, 0.05))  # a shadow shifts it, and so leaves edges as steep
    edge = cv2.magnitude(cv2.Sobel(logarithm, cv2.CV_32F, 1, 0), cv2.Sobel(logarithm, cv2.CV_32F, 0, 1))
    edge = cv2.dilate(edge, np.ones((3, 3))) / max(quantile(sample(edge), 0.995), 1e-3)
    guesses = []
    for window in WINDOWS:
        darkness = 1 - without_ink(light, window)
        some = sample(darkness)
        paper, darkest = quantile(some, 0.5), quantile(some, 0.998)
        if darkest - paper < GRAIN * quantile(np.abs(some - paper), 0.5):
            continue
        for fraction in FRACTIONS:
            guesses.append(Ink(darkness, *components(darkness > fraction * darkest, edge, likelihood)))
    return guesses


def sample(values: np.ndarray) -> np.ndarray:
    """Every seventh value: enough for a quantile, and spread over all columns of a picture of almost any width."""
    return values.ravel()[::7]


def quantile(values: np.ndarray, share: float) -> float:
    """The value that this share of the values (N,) lies below."""
    place = int(share * len(values))
    return float(np.partition(values, place)[place])


def without_ink(light: np.ndarray, window: float) -> np.ndarray:
    """Light (H, W) or (H, W, 3) divided by that of the paper around it, a morphological closing.

    It fills whatever is dark and narrower than the window, a share of the picture's shorter side.
    """
    height, width = light.shape[:2]
    reduction = max(1, int(window * min(height, width)) // COARSE)
    coarse = cv2.resize(light, (max(1, width // reduction), max(1, height // reduction)), interpolation=cv2.INTER_AREA)
    side = max(3, round(window * min(coarse.shape[:2])))
    framed = cv2.copyMakeBorder(coarse, side, side, side, side, cv2.BORDER_REFLECT)
    paper = cv2.morphologyEx(framed, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))[side:-side, side:-side]
    return light / cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)


def without_lines(light: np.ndarray) -> np.ndarray:
    """Light (H, W) with printed lines divided out: dark, level or upright, running from border to border."""
    share = without_ink(light, WINDOWS[-1])
    some = sample(share)
    paper = quantile(some, 0.5)
    noise = quantile(np.abs(some - paper), 0.5)
    below = (share < paper - max(0.03, 4 * noise)).astype(np.uint8)
    light = light.copy()
    for dark, flat, out in ((below, share, light), (np.ascontiguousarray(below.T), share.T, light.T)):
        height, width = dark.shape
        level, tilt = np.pi / 2, np.pi / 18
        found = cv2.HoughLines(dark, 1, np.pi / 360, int(0.64 * width), min_theta=level - tilt, max_theta=level + tilt)
        near = cv2.dilate(dark, np.ones((3, 1)))
        columns = np.arange(width)
        taken: list[int] = []
        for distance, angle in found.reshape(-1, 2)[:400] if found is not None else ():
            rows = np.round((distance - columns * np.cos(angle)) / np.sin(angle)).astype(int)
            inside = (rows >= 0) & (rows < height)
            if inside.mean() < 0.5 or any(abs(rows[width // 2] - row) < 5 for row in taken):
                continue
            if near[rows[inside], columns[inside]].mean() > 0.9:
                taken.append(rows[width // 2])
                for offset in range(-3, 4):  # a line has a width and soft edges
                    along = (rows + offset).clip(0, height - 1), columns
                    out[along] /= min(1.0, quantile(flat[along], 0.5))
    return light


def components(mask: np.ndarray, edge: np.ndarray, likelihood: float) -> tuple[np.ndarray, list[Part]]:
    """Label the parts of a mask (H, W) bool; list those off the border with a steep `edge`, (H, W) float32."""
    mask = mask.astype(np.uint8)
    count, labels = cv2.connectedComponents(mask, connectivity=8)
    rim = np.flatnonzero(mask > cv2.erode(mask, np.ones((3, 3)), borderValue=0))
    label, steepness = labels.ravel()[rim], edge.ravel()[rim]
    n = np.bincount(label, minlength=count)
    total, squares = np.bincount(label, steepness, count), np.bincount(label, steepness**2, count)
    height, width = mask.shape
    parts = []
    for i in np.flatnonzero(total > EDGE * n):
        rows, columns = np.divmod(rim[label == i], width)
        left, top, right, bottom = int(columns.min()), int(rows[0]), int(columns.max()) + 1, int(rows[-1]) + 1
        if left > 0 and top > 0 and right < width and bottom < height:
            even = total[i] ** 2 / (n[i] * squares[i])  # 1 if the edge is equally steep everywhere
            score = likelihood * n[i] ** 0.5 * (total[i] / n[i] - EDGE) * even**3
            parts.append(Part(int(i), left, top, right, bottom, float(score)))
    return labels, parts


def is_blot(labels: np.ndarray, part: Part) -> bool:
    """Whether a part is too fat to be made of strokes."""
    here = labels[part.top - 1 : part.bottom + 1, part.left - 1 : part.right + 1] == part.label
    depth = cv2.distanceTransform(here.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return 2 * depth.max() >= FAT * max(here.shape)
