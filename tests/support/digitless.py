"""Pictures that show no digit: letters, doodles, textures and blank pages."""

import cv2
import numpy as np

from tests.support.pens import cover, on_paper


def letters(rng: np.random.Generator) -> np.ndarray:
    """One to three capital letters, side by side, upright or slanted: (H, W, 3) uint8 as all of these."""
    ink, font = np.zeros((200, 420), np.uint8), cv2.FONT_HERSHEY_SIMPLEX | rng.choice([0, cv2.FONT_ITALIC])
    text = "".join(rng.choice(list("AEFHKMNRTVWX"), rng.integers(1, 4)))
    cv2.putText(ink, text, (40, 150), font, rng.uniform(3, 4.5), 255, rng.integers(5, 14), cv2.LINE_AA)
    return on_paper(ink / 255)


def doodle(rng: np.random.Generator) -> np.ndarray:
    """A scribble: waves of a few frequencies."""
    t = np.linspace(0, 2 * np.pi, 200)
    x, y = (sum(rng.normal() * np.sin(n * t + rng.uniform(0, 6)) for n in range(1, 9)) for _ in "xy")
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
