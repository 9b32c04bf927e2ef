"""How much of the background's light each pixel of a picture lacks, whatever the background, its light and shadows."""

from functools import partial

import cv2
import numpy as np

LIFT = 0.05, 0.1  # added to light 0..1 before a division: by the background's light, and by the light all around
WINDOW = 0.5  # of the closing, as a share of the picture's shorter side: wider than strokes
COARSE = 12  # resolution at which the background is estimated: pixels across the window
AROUND = 0.1  # standard deviation of the blur that takes out shadows, as a share of the picture's shorter side
BLURRED = 6  # resolution at which it blurs: pixels to its standard deviation
BRIGHTEST = 1.05  # most light of a pixel, in medians
EVEN = 0.3  # standard deviation of the blur that takes out the light, as a share of the picture's shorter side
SOFT = 0.7  # standard deviation in pixels of the blur that takes out a camera's noise


def missing_light(pixels: np.ndarray) -> np.ndarray:
    """Return the share of the background's light that a picture (H, W, 3) uint8 lacks: (H, W, 3) float32 below 1.

    A picture of light writing on a dark background is first made its negative. Then the light is divided out at two
    scales: shadows and lamps by a blur, whatever is wider than strokes by a closing.
    """
    light = cv2.GaussianBlur(pixels / np.float32(255), (0, 0), SOFT)
    light = (1 - light if on_dark_background(light.mean(2)) else light) + np.float32(LIFT[0])
    light = light / light_around(light.mean(2))[:, :, None]
    light = np.minimum(light, BRIGHTEST * np.median(light, (0, 1)))
    return np.dstack([1 - colour / estimate_background(colour) for colour in cv2.split(light)])


def light_around(light: np.ndarray) -> np.ndarray:
    """Return the mean light (H, W) around each pixel, of pixels lighter than the mean, so that strokes count little."""
    height, width = light.shape
    deviation = AROUND * min(height, width)
    reduction = max(1, int(deviation) // BLURRED)
    coarse = cv2.resize(light, (-(-width // reduction), -(-height // reduction)), interpolation=cv2.INTER_AREA)
    blur = partial(cv2.GaussianBlur, ksize=(0, 0), sigmaX=deviation / reduction)
    lighter = (coarse >= blur(coarse)).astype(np.float32)
    mean = blur(coarse * lighter) / np.maximum(blur(lighter), np.float32(1e-3))
    return cv2.resize(np.maximum(mean, LIFT[0]), (width, height), interpolation=cv2.INTER_LINEAR)


def estimate_background(light: np.ndarray) -> np.ndarray:
    """Return the light of the background, nowhere less than `light` (H, W): the morphological closing of that.

    A closing fills whatever is dark and narrower than its window.
    """
    height, width = light.shape
    reduction = max(1, int(WINDOW * min(height, width)) // COARSE)
    coarse = cv2.resize(light, (width // reduction, height // reduction), interpolation=cv2.INTER_AREA)
    window = np.ones([max(3, round(WINDOW * min(coarse.shape))) | 1] * 2, np.uint8)
    closed = cv2.morphologyEx(coarse, cv2.MORPH_CLOSE, window, borderType=cv2.BORDER_CONSTANT, borderValue=2)
    return np.maximum(cv2.resize(closed, (width, height), interpolation=cv2.INTER_LINEAR), light)


def on_dark_background(light: np.ndarray) -> bool:
    """Return whether strokes are lighter than their background: the smaller part skews the light (H, W) 0..1."""
    light = light + np.float32(LIFT[1])
    height, width = light.shape
    coarse = cv2.resize(light, (-(-width // 8), -(-height // 8)), interpolation=cv2.INTER_AREA)
    around = cv2.GaussianBlur(coarse, (0, 0), EVEN * min(coarse.shape))
    even = light / cv2.resize(around, (width, height), interpolation=cv2.INTER_LINEAR)
    return bool(((even - even.mean()) ** 3).mean() > 0)
