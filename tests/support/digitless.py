"""Pictures that show no digit: letters, doodles, textures and blank pages."""

import cv2
import numpy as np

from tests.support.pens import _arc, cover, on_paper

LETTERS = {
    "A": [[(0, 1), (0.35, 0), (0.7, 1)], [(0.15, 0.6), (0.55, 0.6)]],
    "E": [[(0.6, 0), (0, 0), (0, 1), (0.6, 1)], [(0, 0.5), (0.5, 0.5)]],
    "F": [[(0.6, 0), (0, 0), (0, 1)], [(0, 0.5), (0.5, 0.5)]],
    "H": [[(0, 0), (0, 1)], [(0.6, 0), (0.6, 1)], [(0, 0.5), (0.6, 0.5)]],
    "K": [[(0, 0), (0, 1)], [(0.6, 0), (0, 0.55), (0.6, 1)]],
    "M": [[(0, 1), (0.1, 0), (0.4, 0.7), (0.7, 0), (0.8, 1)]],
    "N": [[(0, 1), (0, 0), (0.6, 1), (0.6, 0)]],
    "R": [[(0, 1), (0, 0), *_arc(0.25, 0.25, 0.6, 0.5, -90, 90), (0, 0.5), (0.6, 1)]],
    "T": [[(0, 0), (0.8, 0)], [(0.4, 0), (0.4, 1)]],
    "V": [[(0, 0), (0.35, 1), (0.7, 0)]],
    "W": [[(0, 0), (0.2, 1), (0.45, 0.3), (0.7, 1), (0.9, 0)]],
    "X": [[(0, 0), (0.7, 1)], [(0.7, 0), (0, 1)]],
}


def letters(rng: np.random.Generator) -> np.ndarray:
    """One to three capital letters, side by side: (H, W, 3) uint8 as all of these."""
    chosen = [LETTERS[name] for name in rng.choice(list(LETTERS), rng.integers(1, 4))]
    height = rng.uniform(70, 120)
    places = [(strokes, 30 + 1.15 * height * n, 40 + rng.uniform(-5, 5), height) for n, strokes in enumerate(chosen)]
    return on_paper(cover((int(60 + 1.15 * height * len(chosen)), 200), *places, pen=rng.uniform(0.06, 0.14)))


def doodle(rng: np.random.Generator) -> np.ndarray:
    """A scribble, a star or a heart."""
    t = np.linspace(0, 2 * np.pi, 200)
    kind = rng.integers(3)
    if kind == 0:  # waves of a few frequencies
        x, y = (sum(rng.normal() * np.sin(n * t + rng.uniform(0, 6)) for n in range(1, 9)) for _ in "xy")
    elif kind == 1:
        turns = np.arange(6) * 4 * np.pi / 5 + rng.uniform(0, 6)
        x, y = np.sin(turns), np.cos(turns)
    else:
        x, y = 16 * np.sin(t) ** 3, -13 * np.cos(t) + 5 * np.cos(2 * t) + 2 * np.cos(3 * t) + np.cos(4 * t)
    stroke = np.stack([x, y], 1) / np.ptp(y)
    return on_paper(cover((320, 240), ([stroke.tolist()], 60, 40, rng.uniform(90, 150)), pen=rng.uniform(0.04, 0.1)))


def texture(rng: np.random.Generator) -> np.ndarray:
    """Noise of some grain and contrast, as wood, cloth or stone have it."""
    noise = cv2.GaussianBlur(rng.normal(size=(240, 320)), (0, 0), rng.uniform(0.8, 12), sigmaY=rng.uniform(0.8, 12))
    grey = rng.uniform(90, 200) + rng.uniform(10, 40) * noise / noise.std()
    return np.repeat(grey.clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def blank(rng: np.random.Generator) -> np.ndarray:
    """Paper with a little grain, half of it under a shadow."""
    light = np.interp(np.arange(320), rng.uniform(50, 270) + np.array([-40, 40]), [rng.uniform(0.6, 1), 1])
    paper = rng.uniform(170, 240) * light + rng.normal(0, rng.uniform(0.5, 4), (240, 320))
    return np.repeat(paper.clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


KINDS = letters, doodle, texture, blank
