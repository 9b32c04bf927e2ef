"""Which pixels of a picture are ink, whatever the paper, its light, its shadows and its lines.

The textbook's way: the paper is what a morphological closing leaves, ink is what is darker than a threshold, and its
connected parts are strokes. The closing needs a window wider than the strokes and narrower than a shadow, which nobody
knows beforehand; so a few are tried, and the one counts whose parts have the steepest rims.
"""

from typing import NamedTuple

import cv2
import numpy as np

from digits.errors import UserError

# Chosen on real pictures by many hands (photos, scans, forms, cheques, screens) and on photos of MNIST's validation
# digits (tests/support/photos.py).
WINDOWS = 0.06, 0.12, 0.3, 1.0  # wider than the strokes, as shares of the picture's shorter side; 1: even light
EVEN = 0.3  # standard deviation of the blur that takes out the light, as a share of the picture's shorter side
DARK = 0.6  # paper is dark if so much of the border is: two of four sides may be a table's lines
STRONG = 0.4  # an edge is where the light changes at least so fast; 1 is nearly the fastest change in the picture
THRESHOLD = 0.85  # ink is at least so dark, as a share of the mean darkness at the edges
THIN = 0.6  # a thin stroke is at least so dark, as a share of that, and its paper is not
STEEP = 0.2, 0.3  # least mean steepness of the rim: of the best part, and of others
SMALL = 0.08, 0.01  # least area of a main part, and of any, as a share of the best one's
EDGE = 0.2  # a long part that stays so near the edge, in shorter sides of the picture, is a table's line
PALE = 0.03  # least contrast of ink: pencil has 0.05, the shadow on a blank page 0.02
TEXTURE = 0.25, 0.64  # least share of dark pixels and their spread: noise, dark below its mean, has 0.5 and 0.76
COARSE = 12  # resolution at which the paper under the ink is estimated: pixels across a window


class Part(NamedTuple):
    """A connected part of the ink: its label, its box in pixels, and how much its rim looks like a pen stroke's.

    `main` ones are neither small nor cut off at the left or right border of the picture, as a neighbour's ink is.
    """

    label: int
    left: int
    top: int
    right: int
    bottom: int
    score: float
    main: bool


class Ink(NamedTuple):
    """`darkness` (H, W) float32, 0 on the paper; `labels` (H, W) int32, each pixel's part; the `parts` of the ink."""

    darkness: np.ndarray
    labels: np.ndarray
    parts: list[Part]

    @property
    def best(self) -> Part:
        """The clearest part."""
        return max(self.parts, key=lambda part: part.score)


def find_ink(pixels: np.ndarray, enlarged: int = 1) -> Ink:
    """Tell the ink of a picture (H, W, 3) uint8 from its paper; one that was small is `enlarged` so many times.

    Raises UserError if there is no ink.
    """
    light = cv2.GaussianBlur(cv2.transform(pixels / np.float32(255), np.full((1, 3), 1 / 3)), (0, 0), 1)
    if on_dark_paper(light):
        light = 1 - light
    light = light + np.float32(0.05)  # no division by 0; black is not infinitely darker than dark grey
    slopes, edges = steepness(np.log(light + 0.35))
    unlined = without_lines(light)
    on_lines = unlined != light
    off_lines = edges & ~on_lines
    across = 3 + enlarged | 1  # pixels across a thin stroke and its edges
    best = clearest(unlined, slopes, off_lines if off_lines.any() else edges, across)
    if on_lines.any() and (best is None or sides(best)):
        whole = clearest(light, slopes, edges, across)
        if whole and sides(whole) == 4:  # cut to the ink, so that a level stroke runs from border to border too
            best = whole
    if not best or is_grain(best):
        raise UserError("shows no digit: nothing on it looks like ink on paper")
    return best


def clearest(light: np.ndarray, slopes: np.ndarray, edges: np.ndarray, across: int) -> Ink | None:
    """The ink of a picture by that window of WINDOWS that makes its parts clearest; None if it has no parts."""
    best, most = None, 0.0
    for window in WINDOWS:
        darkness = 1 - light / paper(light, window)
        ink = Ink(darkness, *parts(inked(darkness, THRESHOLD * darkness[edges].mean(), across), slopes))
        # All digits count, clear ones far more than bits of noise.
        score = sum(part.score**3 for part in ink.parts if part.main)
        if score > most:
            best, most = ink, score
    return best


def inked(darkness: np.ndarray, least: float, across: int) -> np.ndarray:
    """Where a picture (H, W) is at least so dark, or has a stroke so thin that it looks paler than it is.

    The middle of such a stroke is nowhere darker in so many pixels `across` it, and paper is among them. Without it,
    thin strokes break.
    """
    ink, faint = darkness > least, THIN * least
    for size in ((1, across), (across, 1)):
        window = np.ones(size, np.uint8)
        middle = darkness == cv2.dilate(darkness, window)
        ink |= middle & (darkness > faint) & (cv2.erode(darkness, window) < faint)
    return ink


def sides(ink: Ink) -> int:
    """How many sides of the picture the clearest part reaches."""
    height, width = ink.labels.shape
    return sum(one == other for one, other in zip(ink.best[1:5], (0, 0, width, height), strict=True))


def is_grain(ink: Ink) -> bool:
    """Whether the ink is hardly darker than the paper, or only the dark half of its grain or of a texture.

    Of that there is much, and neither half is even: their standard deviations are nearly as large as the contrast.
    """
    dark = sample(ink.labels) > 0
    outside = sample(ink.darkness)[~dark]
    contrast = ink.darkness[ink.labels == ink.best.label].mean() - outside.mean()
    if contrast < PALE:
        return True
    if dark.mean() < TEXTURE[0]:
        return False
    inside = ink.darkness[np.isin(ink.labels, [part.label for part in ink.parts])]
    return bool(inside.std() + outside.std() > TEXTURE[1] * (inside.mean() - outside.mean()))


def on_dark_paper(light: np.ndarray) -> bool:
    """Whether most of the border of a picture (H, W) 0..1 is darker than its edges, where ink and paper meet."""
    light = light + np.float32(0.1)
    height, width = light.shape
    coarse = cv2.resize(light, (-(-width // 8), -(-height // 8)), interpolation=cv2.INTER_AREA)
    around = cv2.GaussianBlur(coarse, (0, 0), EVEN * min(coarse.shape))
    even = light / cv2.resize(around, (width, height), interpolation=cv2.INTER_LINEAR)
    _, edges = steepness(even)
    border = np.concatenate([even[0], even[-1], even[:, 0], even[:, -1]])
    return bool(quantile(border, DARK) < even[edges].mean())


def steepness(light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """By how much each pixel of `light` (H, W) is darker than its neighbours to the right, left, below and above.

    Returns (4, H, W) float32, -1 to 1, where 1 is nearly the greatest change in the picture, and 0 beyond its border;
    and where the changes are STRONG, (H, W) bool.
    """
    right, below = np.diff(light, axis=1), np.diff(light, axis=0)
    slopes = np.zeros((4, *light.shape), np.float32)
    slopes[0, :, :-1], slopes[1, :, 1:], slopes[2, :-1], slopes[3, 1:] = right, -right, below, -below
    change = np.maximum(np.abs(slopes[0]), np.abs(slopes[2]))
    most = max(quantile(sample(change), 0.995), 1e-3)
    slopes /= most
    return np.clip(slopes, -1, 1, out=slopes), change >= min(STRONG * most, change.max())


def sample(values: np.ndarray) -> np.ndarray:
    """Every seventh value: enough for a quantile, and spread over all columns of a picture of almost any width."""
    return values.ravel()[::7]


def quantile(values: np.ndarray, share: float) -> float:
    """The value that this share of the values (N,) lies below."""
    place = int(share * len(values))
    return float(np.partition(values, place)[place])


def paper(light: np.ndarray, window: float) -> np.ndarray:
    """The light of the paper, at least as light as `light` (H, W): a morphological closing.

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


def without_lines(light: np.ndarray) -> np.ndarray:
    """Light (H, W) with printed lines divided out: dark, level or upright, running from border to border."""
    share = light / paper(light, WINDOWS[0])
    some = sample(share)
    usual = quantile(some, 0.5)
    noise = quantile(np.abs(some - usual), 0.5)
    below = (share < usual - max(0.03, 4 * noise)).astype(np.uint8)
    light = light.copy()
    for dark, flat, out in ((below, share, light), (np.ascontiguousarray(below.T), share.T, light.T)):
        height, width = dark.shape
        if dark.any(0).mean() < 0.45:  # of the columns: 0.9 of 0.5, which a line needs at least
            continue
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


def parts(mask: np.ndarray, slopes: np.ndarray) -> tuple[np.ndarray, list[Part]]:
    """Label the connected parts of a mask (H, W) bool, and list the best one and others as clear.

    How steep its rim is, is the mean of the slopes from its pixels to neighbours that are not its own. Where the
    picture ends there is none: what reaches over the border is seldom ink.
    """
    height, width = mask.shape
    framed = np.pad(mask, 1).astype(np.uint8)
    count, labels = cv2.connectedComponents(framed, connectivity=8)
    area = np.bincount(labels[1:-1, 1:-1][mask], minlength=count)
    rim = np.flatnonzero(framed > cv2.erode(framed, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))))
    owner, (row, column) = labels.ravel()[rim].astype(int), np.divmod(rim, width + 2)
    length, steep = np.zeros(count), np.zeros(count)
    for slope, step in zip(slopes, (1, -1, width + 2, -width - 2), strict=True):
        out = framed.ravel()[rim + step] == 0
        length += np.bincount(owner[out], minlength=count)
        steep += np.bincount(owner[out], slope[row[out] - 1, column[out] - 1], count)
    mean = steep / np.maximum(length, 1)
    left, top, right, bottom = np.full(count, width), np.full(count, height), np.zeros(count, int), np.zeros(count, int)
    for least, most, place in ((left, right, column), (top, bottom, row)):
        np.minimum.at(least, owner, place - 1)
        np.maximum.at(most, owner, place)
    near = EDGE * min(height, width)
    middle = (np.minimum(row, height + 1 - row) > near) & (np.minimum(column, width + 1 - column) > near)
    inside = np.bincount(owner[middle], minlength=count)
    inside[labels[height // 2 + 1, width // 2 + 1]] += 1  # the rim of what covers the whole middle is not there
    long = (right - left > width / 2) | (bottom - top > height / 2)
    score = length**0.3 * (mean - STEEP[0])
    tight = (left == 0) & (top == 0) & (right == width) & (bottom == height)
    edge = long & (inside == 0)  # a table's line; or, if there is nothing else, a 0 that is cut tight
    score[edge] = np.where(tight, 0.01 * score, -1)[edge]
    score[0] = -1  # the paper
    best = int(score.argmax())
    neighbour = (left == 0) | (right == width)  # of a digit in a line, cut off
    main = ~neighbour & (area > SMALL[0] * area[best])
    chosen = (mean > STEEP[1]) & (area > SMALL[1] * area[best]) & (score > 0)
    main[best] = chosen[best] = score[best] > 0
    sides = zip(left.tolist(), top.tolist(), right.tolist(), bottom.tolist(), strict=True)
    kept = [Part(i, *box, float(score[i]), bool(main[i])) for i, box in enumerate(sides) if chosen[i]]
    return labels[1:-1, 1:-1], kept
