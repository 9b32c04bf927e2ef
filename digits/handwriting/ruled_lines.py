"""Printed lines of ruled or squared paper, tables and boxes are taken out before the foreground is found.

Such a line is thin and dark, and a black top-hat transform keeps what is. So are strokes and fine patterns, but they
only cross it, and a mean over some pixels of a row hardly shows them. It goes from border to border of the picture or
ends on other lines; along a border, where it may be a part of a frame, one such end is enough. It may be a little
tilted or bent: it is followed by dynamic programming, where of all dark paths that end in a pixel, the longest is known
from those that end beside.
"""

from typing import NamedTuple

import cv2
import numpy as np

DARKER = 0.03, 4.0  # a line is so much darker than usual: as a share of the light beside it, and in median deviations
ALONG = 17  # ... as it is, and in the mean over so many pixels along it
STEP = 4  # a path goes on by so many pixels, at most one up or down; it ends where none is dark
DARK = 0.95  # least share of a line that is dark
ASIDE, CENTRE = 0.02, 0.25  # in steps: what one up or down costs; what the middle of a line gains
LEAST, THICK = 0.25, 0.05  # least length and most width of a line, as shares of the shorter side of the picture
BENT = 0.03  # most that it leaves the straight line between its ends by, as a share of its length
DISTANT = 3  # least distance of two lines in pixels
HELD, BORDER = 5, 0.12  # a line meets what is so near its end, in pixels; is near the border, in shorter sides
HEAVY = 2  # ... unless it is so many times as heavy, as a stroke between two lines is
SHADE = 0.3  # a line's shades are those that so much of it is darker than
SAMPLE = 7  # every such pixel is enough for a quantile, and they spread over all columns of almost any picture


class RuledLine(NamedTuple):
    """A level line: its row in each column from `left` on, and how far it reaches above and below that, in pixels.

    Its `weight` is its width times its darkness.
    """

    left: int
    rows: np.ndarray
    above: int
    below: int
    weight: float

    @property
    def columns(self) -> np.ndarray:
        return np.arange(self.left, self.left + len(self.rows))


def without_ruled_lines(light: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Light (H, W) with printed lines, level or upright, divided out. share (H, W): as a share of the background's."""
    level, upright = dark_lines(light, share), dark_lines(light.T, share.T)
    count = None
    while count != (count := len(level) + len(upright)):
        level, upright = held(level, upright, light.shape), held(upright, level, light.shape[::-1])
    light = light.copy()
    for line in level:
        divide_out(line, share, light)
    for line in upright:
        divide_out(line, share.T, light.T)  # which writes into `light`
    return light


def closing(light: np.ndarray, across: int, down: int) -> np.ndarray:
    """A morphological closing: light (H, W) without what is dark and fits no window of this size. Beyond the border is
    white, or strokes that meet it would be too wide.
    """
    window, white = np.ones((down, across), np.uint8), 2
    return cv2.morphologyEx(light, cv2.MORPH_CLOSE, window, borderType=cv2.BORDER_CONSTANT, borderValue=white)


def dark_lines(light: np.ndarray, share: np.ndarray) -> list[RuledLine]:
    """What may be level lines, longest first: nearly straight paths, from left to right, of pixels that are dark, and
    thin in the mean along their row: light is less there than its closing with a column.
    """
    width, shorter = share.shape[1], min(share.shape)
    most = int(THICK * shorter)
    mean = cv2.blur(light / closing(light, 1, (1 + most) | 1), (ALONG, 1), borderType=cv2.BORDER_REPLICATE)
    some = mean.ravel()[::SAMPLE]
    usual = quantile(some, 0.5)
    noise = quantile(np.abs(some - usual), 0.5)
    darker = usual - DARKER[0]
    dark = ((share < darker) & (mean < min(darker, usual - DARKER[1] * noise))).astype(np.uint8)
    near, framed = cv2.dilate(dark, np.ones((3, 1))), np.pad(dark, ((most, most), (0, 0)))
    length, move = path_lengths(dark, near)
    onward = np.pad(cv2.dilate(length[1:], np.ones((1, 3))), ((0, 1), (0, 0)))
    ends = np.argwhere((length > LEAST * shorter / STEP) & (length > onward))
    taken, found = np.zeros(length.shape, bool), []
    for step, row in ends[np.argsort(-length[tuple(ends.T)], kind="stable")].tolist():
        path: list[int] = []
        while step >= 0 and length[step, row] > 0 and not taken[step, row]:
            path.insert(0, row)
            row, step = row + move[step, row], step - 1
        if len(path) <= LEAST * shorter / STEP:
            continue
        for n, row in enumerate(path, step + 1):
            taken[n, max(row - DISTANT, 0) : row + DISTANT + 1] = True
        steps = np.arange(step + 1, step + 1 + len(path))
        columns = np.arange(STEP * steps[0], min(STEP * steps[-1] + STEP, width))
        rows = np.interp(columns, STEP * steps + (STEP - 1) / 2, path).round().astype(int)
        straight = np.abs(rows - np.linspace(rows[0], rows[-1], len(rows))).max() <= 1 + BENT * len(rows)
        if straight and near[rows, columns].mean() > DARK:
            above, below = (
                next((n for n in range(1, most) if framed[rows + most + way * n, columns].mean() <= 0.5), most)
                for way in (-1, 1)
            )
            weight = (1 - quantile(share[rows, columns], 0.5)) * (above + below - 1)
            if above + below - 1 <= most:
                found.append(RuledLine(int(columns[0]), rows, above, below, weight))
    return found


def path_lengths(dark: np.ndarray, near: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the best path to each row in each step, (steps, H): its length in steps, less what is not dark; and where it
    came from, -1 for the row above. `near` is the mask, a pixel higher and lower.
    """
    height, width = dark.shape
    soft, steps, beyond = cv2.GaussianBlur(dark.astype(np.float32), (0, 0), 2), -(-width // STEP), -width % STEP
    wide = (cv2.copyMakeBorder(one, 0, 0, 0, beyond, cv2.BORDER_REPLICATE) for one in (near.astype(np.float32), soft))
    shares, middle = (cv2.resize(one, (steps, height), interpolation=cv2.INTER_AREA).T for one in wide)
    gain = np.where(shares > 0, 1 - STEP * (1 - shares) + CENTRE * middle, -np.inf)
    length, move = np.zeros((steps + 1, height + 2), np.float32), np.zeros((steps, height), int)
    for step, (above, same, below) in enumerate(zip(length[:-1, :-2], length[:-1, 1:-1], length[:-1, 2:], strict=True)):
        aside = np.maximum(above, below) - ASIDE
        move[step] = np.where(aside > same, np.where(above >= below, -1, 1), 0)
        length[step + 1, 1:-1] = np.maximum(np.maximum(aside, same) + gain[step], 0)
    return length[1:, 1:-1], move


def held(lines: list[RuledLine], others: list[RuledLine], shape: tuple[int, ...]) -> list[RuledLine]:
    """The level lines that end, on both sides, on upright ones or near the border of a picture of this shape.

    Of one that is all along the upper or lower border, it is enough if one side ends on an upright one or the border.
    """
    height, width = shape
    drawn = np.zeros((width, height), np.float32)
    for line in others:
        for offset in (-line.above, 0, line.below):
            drawn[(line.rows + offset).clip(0, width - 1), line.columns] = line.weight
    weights = cv2.dilate(drawn, np.ones((2 * HELD + 1, 2 * HELD + 1)))
    weights[:HELD], weights[-HELD:] = np.inf, np.inf
    near, found = 1 + int(BORDER * min(shape)), []
    for line in lines:
        columns, rows = line.columns[[0, -1]], line.rows[[0, -1]]
        ends = weights[columns, rows]
        weight = np.where((columns < near) | (columns >= width - near), np.inf, ends).min()
        if line.rows.max() < near or line.rows.min() >= height - near:
            weight = max(weight, ends.max())
        if line.weight < HEAVY * weight:
            found.append(line)
    return found


def divide_out(line: RuledLine, share: np.ndarray, light: np.ndarray) -> None:
    """Divide light (H, W) by the shades of a level line; no column gets lighter than it is above and below the line."""
    last, columns = len(light) - 1, np.arange(line.left - STEP, line.left + len(line.rows) + STEP)
    columns = columns[(columns >= 0) & (columns < light.shape[1])]
    rows = line.rows[(columns - line.left).clip(0, len(line.rows) - 1)]
    top, bottom = rows - line.above - 1, rows + line.below + 1
    over, under = light[top.clip(0), columns], light[bottom.clip(None, last), columns]
    over, under = np.where(top < 0, under, over), np.where(bottom > last, over, under)
    for n in range(1, width := line.above + line.below + 2):
        along = (top + n).clip(0, last), columns
        most, before = over + (under - over) * np.float32(n / width), light[along]
        light[along] = np.maximum(before, np.minimum(most, before / quantile(share[along], SHADE)))


def quantile(values: np.ndarray, share: float) -> float:
    """The value that this share of the values (N,) lies below."""
    place = int(share * len(values))
    return float(np.partition(values, place)[place])
