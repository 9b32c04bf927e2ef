"""MNIST digits as strokes of a pen: the centre lines of their ink, as a person would draw them again."""

from typing import Any

import numpy as np

from tests.support.outlines import K, ink, skeleton

AHEAD = 5  # points over which a line's direction is taken, to go straight on where lines meet
STEP = 0.7  # distance between the points of a stroke, in MNIST pixels
SHORTEST = 1.5  # shorter strokes, in MNIST pixels, are what frays when ink is thinned

Point = tuple[int, int]


def strokes(digit: np.ndarray) -> list[np.ndarray]:
    """The strokes of a digit (28, 28) uint8, each (N, 2) float of x, y in MNIST pixels, the longest first."""
    left = {(int(x), int(y)) for y, x in np.argwhere(skeleton(ink(digit)))}
    lines = []
    while left:
        ends = [at for at in left if len(_around(at, left)) == 1]
        lines.append(_line(min(ends or left, key=lambda at: (at[1], at[0])), left))
    lines.sort(key=len, reverse=True)
    return [_spaced((line + 0.5) / K) for i, line in enumerate(lines) if i == 0 or len(line) >= SHORTEST * K]


def _line(start: Point, left: set[Point]) -> np.ndarray:
    """The line from a point on, as straight as it can, until it ends; its points are taken from those that are left."""
    line = [start]
    left.remove(start)
    while near := _around(line[-1], left):
        x, y = line[-1]
        dx, dy = x - line[-AHEAD:][0][0], y - line[-AHEAD:][0][1]
        straight = [(dx * (u - x) + dy * (v - y)) / np.hypot(u - x, v - y) for u, v in near]
        line.append(near[int(np.argmax(straight))])
        left.difference_update(near if len(near) == 2 and np.hypot(*np.subtract(*near)) == 1 else [line[-1]])
    return np.array(line, float)


def _around(at: Point, points: set[Point]) -> list[Point]:
    """Those of the eight neighbours of a point that are among the points, the nearest first."""
    offsets = (0, -1), (1, 0), (0, 1), (-1, 0), (-1, -1), (1, -1), (1, 1), (-1, 1)
    return [near for dx, dy in offsets if (near := (at[0] + dx, at[1] + dy)) in points]


def _spaced(line: np.ndarray) -> np.ndarray:
    """Points on a line (N, 2), about STEP apart, with its two ends."""
    along = np.concatenate([[0], np.hypot(*np.diff(line, axis=0).T).cumsum()])
    at = np.linspace(0, along[-1], max(2, round(along[-1] / STEP) + 1))
    return np.stack([np.interp(at, along, line[:, axis]) for axis in (0, 1)], axis=1)


def placed(digit: np.ndarray, rng: np.random.Generator) -> list[list[list[float]]]:
    """The strokes of a digit, drawn somewhere on a pad, in some size: points x, y from 0 to 1 across the pad."""
    lines = strokes(digit)
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = rng.uniform(0.45, 0.85) / (high - low).max()
    half = (high - low) * scale / 2
    middle = rng.uniform(half + 0.05, 0.95 - half)
    return [((line - (low + high) / 2) * scale + middle).tolist() for line in lines]


def row(digits: np.ndarray) -> list[list[list[float]]]:
    """The strokes of digits (N, 28, 28) uint8, side by side on a pad: points x, y from 0 to 1 across the pad."""
    lines, left = [], 0.0
    for digit in digits:
        mine = strokes(digit)
        points = np.concatenate(mine)
        lines += [line + [left - points[:, 0].min(), 0] for line in mine]
        left += np.ptp(points[:, 0]) + 6
    scale = 0.8 / max(left, 28)
    return [(0.1 + line * scale).tolist() for line in lines]


# What a pen does on the exported page, until a worker has read each stroke: events as the browser makes them, but many
# in one call, which is faster.
DRAW = """async (strokes) => {
    const paper = document.getElementById("paper"), { left, top, width, height } = paper.getBoundingClientRect();
    const send = (type, [x, y]) => paper.dispatchEvent(new PointerEvent(type, {
        pointerId: 1, isPrimary: true, bubbles: true, clientX: left + x * width, clientY: top + y * height,
    }));
    for (const stroke of strokes) {
        send("pointerdown", stroke[0]);
        stroke.slice(1).forEach((point) => send("pointermove", point));
        send("pointerup", stroke.at(-1));
        while (digits.state.reading) await new Promise((soon) => setTimeout(soon, 1));
    }
    return ["digit", "time"].map((id) => document.getElementById(id).textContent);
}"""


def draw(page: Any, lines: list[list[list[float]]]) -> tuple[str, float]:
    """Draw strokes on the exported page. Returns its answer, and the milliseconds it says this took from pen-up."""
    page.keyboard.press("Escape")
    answer, took = page.evaluate(DRAW, lines)
    return answer, float(took.split()[2])
