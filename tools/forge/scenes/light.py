"""The light that blank paper reflects: uneven, with shadows, textures and patterns."""

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator

from tools.forge.scenes.drawing import CHARACTERS, chance, noise, spread

Shape = tuple[int, int]
Effect = Callable[[Generator, np.ndarray, float], None]  # changes the light (H, W) in place, given the digits' height


def light_of_paper(rng: Generator, shape: Shape, height: float, plain: bool) -> np.ndarray:
    """Return the light (H, W) float32 that paper with digits of this height reflects. `plain` paper has no TEXTURE."""
    x, y = (place / size for place, size in zip(places(shape), shape[::-1], strict=True))
    most = 0.8 if chance(rng, 0.2) else 0.3
    light = 1 + rng.uniform(-most, most) * (x - 0.5) + rng.uniform(-most, most) * (y - 0.5)
    light *= rng.uniform(0.45, 1)
    for effect, probability in (SHADE if plain else SHADE | TEXTURE).items():
        if chance(rng, probability):
            effect(rng, light, height)
    return light


def places(shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """Return the x and y of each pixel, both (H, W) float32."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return x, y


def across(rng: Generator, shape: Shape) -> np.ndarray:
    """Return the coordinate (H, W) float32 of each pixel along a random direction."""
    (x, y), angle = places(shape), rng.uniform(0, 2 * math.pi)
    return math.cos(angle) * x + math.sin(angle) * y


def lamp(rng: Generator, light: np.ndarray, height: float) -> None:
    """Darken the paper away from a lamp, or darken the corners as a camera does."""
    (x, y), (high, wide) = places(light.shape), light.shape
    away = np.hypot(x / wide - rng.uniform(0.2, 0.8), y / high - rng.uniform(0.2, 0.8))
    light *= 1 - rng.uniform(0.1, 0.7) * np.minimum(away, 1.2) ** 2 / 1.2**2


def edge_of_shadow(rng: Generator, light: np.ndarray, height: float) -> None:
    """Darken everything beyond a straight edge."""
    edge = across(rng, light.shape)
    edge = (edge - rng.uniform(edge.min(), edge.max())) / spread(rng, 0.4, 0.8 * height)
    light *= 1 - rng.uniform(0.1, 0.5) / (1 + np.exp(-np.clip(edge, -20, 20)))


def waves(rng: Generator, light: np.ndarray, height: float) -> None:
    """Make the light rise and fall in one direction."""
    strength, x = rng.uniform(0.01, 0.1), across(rng, light.shape)
    light *= 1 + strength * np.sin(2 * math.pi * x / spread(rng, 3, 0.6 * height))


def fibres(rng: Generator, light: np.ndarray, height: float) -> None:
    """Make the paper rough."""
    light *= 1 + noise(rng, light.shape, 0.6, 0.3 * height) * rng.uniform(0.005, 0.06)


def soft_shadow(rng: Generator, light: np.ndarray, height: float) -> None:
    """Draw the soft shadow of a hand or a fold."""
    shadow, radii = np.zeros(light.shape, np.float32), height * rng.uniform(0.3, 2, 2)
    middle = int(rng.uniform(0, 1) * light.shape[1]), int(rng.uniform(0, 1) * light.shape[0])
    axes = int(radii[0]) + 1, int(radii[1]) + 1
    cv2.ellipse(shadow, middle, axes, rng.uniform(0, 180), 0, 360, 1, -1)
    soft = cv2.GaussianBlur(shadow, (0, 0), max(1.0, radii.min() * rng.uniform(0.1, 0.8)))
    light *= 1 - rng.uniform(0.05, 0.5) * soft


def hatching(rng: Generator, light: np.ndarray, height: float) -> None:
    """Draw parallel lines, straight or wavy, in one or two directions."""
    period = spread(rng, 3, 0.35 * height)
    bend = height * 0.1 * np.sin(across(rng, light.shape) / (height * rng.uniform(0.2, 1.5))) * chance(rng, 0.6)
    for _ in range(1 + chance(rng, 0.3)):
        distance = np.abs(((across(rng, light.shape) + bend) / period) % 1 - 0.5) * 2 * period  # from the nearest line
        light *= 1 - rng.uniform(0.03, 0.4) * np.clip(1 - distance / spread(rng, 0.8, 2.2), 0, 1)


def stamp(rng: Generator, light: np.ndarray, height: float) -> None:
    """Print letters and ellipses, like a stamp or a watermark."""
    mark, (high, wide) = np.zeros(light.shape, np.uint8), light.shape
    for _ in range(rng.integers(1, 4)):
        place = int(rng.uniform(-0.3, 1) * wide), int(rng.uniform(0.1, 1.2) * high)
        width = max(1, int(height * rng.uniform(0.05, 0.4)))
        if chance(rng, 0.5):
            word, size = "".join(rng.choice(CHARACTERS, 3)), height / 25 * rng.uniform(1, 3)
            cv2.putText(mark, word, place, 2, size, 255, width, cv2.LINE_AA)
        else:
            radii = height * rng.uniform(0.3, 2, 2)
            axes = int(radii[0]), int(radii[1])
            cv2.ellipse(mark, place, axes, 0, 0, 360, 255, -1 if chance(rng, 0.4) else width, cv2.LINE_AA)
    light *= 1 - mark / np.float32(255) * rng.uniform(0.03, 0.3)


def dark_bar(rng: Generator, light: np.ndarray, height: float) -> None:
    """Darken a bar along one side, where the paper ends."""
    width, (high, wide) = int(height * rng.uniform(0.05, 0.5)), light.shape
    side = [light[:, :width], light[:, wide - width :], light[:width], light[high - width :]][rng.integers(4)]
    side *= rng.uniform(0.02, 0.5)


SHADE: dict[Effect, float] = {lamp: 0.2, edge_of_shadow: 0.3}  # the probability of each
TEXTURE: dict[Effect, float] = {waves: 0.3, fibres: 0.4, soft_shadow: 0.15, hatching: 0.35, stamp: 0.3, dark_bar: 0.15}
