"""Divide out the light and the shadows on the background, so that the darkness of the strokes remains."""

from functools import partial

import cv2
import numpy as np

# Lengths are shares of the picture's shorter side, unless they are in pixels. A blur has its standard deviation.
LIFT = 0.05, 0.1  # added to the light (0..1) before a division, in `missing_light` and in `on_dark_background`
WINDOW = 0.5  # side of the closing's window, wider than any stroke
COARSE = 12  # the closing works at a resolution with this many pixels across its window
AROUND = 0.1  # blur that estimates shadows
BLURRED = 6  # the AROUND blur works at a resolution with this many pixels per standard deviation
BRIGHTEST = 1.05  # brightness is clipped at this many times the median
EVEN = 0.3  # blur that estimates the light, to find out whether the background is dark
SOFT = 0.7  # blur in pixels that removes camera noise


def missing_light(pixels: np.ndarray) -> np.ndarray:
    """Return the share of the background's light that each pixel of a picture (H, W, 3) uint8 lacks: float32, below 1.

    Light writing on a dark background is inverted first. Then the light is divided by a blurred copy, which removes
    shadows and lamps, and by a closing, which removes everything else that is wider than a stroke.
    """
    light = cv2.GaussianBlur(pixels / np.float32(255), (0, 0), SOFT)
    light = (1 - light if on_dark_background(light.mean(2)) else light) + np.float32(LIFT[0])
    light = light / light_around(light.mean(2))[:, :, None]
    light = np.minimum(light, BRIGHTEST * np.median(light, (0, 1)))
    return np.dstack([1 - colour / estimate_background(colour) for colour in cv2.split(light)])


def light_around(light: np.ndarray) -> np.ndarray:
    """Return the mean light (H, W) around each pixel. Only pixels above the mean count, so strokes are left out."""
    height, width = light.shape
    deviation = AROUND * min(height, width)
    reduction = max(1, int(deviation) // BLURRED)
    coarse = cv2.resize(light, (-(-width // reduction), -(-height // reduction)), interpolation=cv2.INTER_AREA)
    blur = partial(cv2.GaussianBlur, ksize=(0, 0), sigmaX=deviation / reduction)
    lighter = (coarse >= blur(coarse)).astype(np.float32)
    mean = blur(coarse * lighter) / np.maximum(blur(lighter), np.float32(1e-3))
    return cv2.resize(np.maximum(mean, LIFT[0]), (width, height), interpolation=cv2.INTER_LINEAR)


def estimate_background(light: np.ndarray) -> np.ndarray:
    """Return `light` (H, W) without the strokes: a morphological closing fills whatever is dark and narrow."""
    height, width = light.shape
    reduction = max(1, int(WINDOW * min(height, width)) // COARSE)
    coarse = cv2.resize(light, (width // reduction, height // reduction), interpolation=cv2.INTER_AREA)
    window = np.ones([max(3, round(WINDOW * min(coarse.shape))) | 1] * 2, np.uint8)
    closed = cv2.morphologyEx(coarse, cv2.MORPH_CLOSE, window, borderType=cv2.BORDER_CONSTANT, borderValue=2)
    return np.maximum(cv2.resize(closed, (width, height), interpolation=cv2.INTER_LINEAR), light)


def on_dark_background(light: np.ndarray) -> bool:
    """Return whether strokes are light on dark: the few pixels of strokes then skew the light (H, W) 0..1 upwards."""
    light = light + np.float32(LIFT[1])
    height, width = light.shape
    coarse = cv2.resize(light, (-(-width // 8), -(-height // 8)), interpolation=cv2.INTER_AREA)
    around = cv2.GaussianBlur(coarse, (0, 0), EVEN * min(coarse.shape))
    even = light / cv2.resize(around, (width, height), interpolation=cv2.INTER_LINEAR)
    return bool(((even - even.mean()) ** 3).mean() > 0)
