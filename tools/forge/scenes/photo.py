"""Take a photo of a sheet: tilt, crop and colour the sheet, and imitate the camera."""

import math
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator

from tools.forge.scenes.drawing import chance, noise, spread
from tools.forge.scenes.sheet import Sheet


def tilt(sheet: Sheet) -> None:
    """Rotate and shear a sheet a little."""
    rng, (high, wide) = sheet.rng, sheet.shape
    angle = math.radians(rng.normal(0, 2.5))
    cos, sin = math.cos(angle), math.sin(angle)
    matrix = np.array([[cos, rng.normal(0, 0.02) - sin], [sin + rng.normal(0, 0.01), cos]])
    middle = np.array([wide / 2, high / 2])
    matrix = np.column_stack([matrix, middle - matrix @ middle])
    for n, glyph in enumerate(sheet.written):
        x, y = matrix @ (glyph.x, glyph.y, 1)
        sheet.written[n] = glyph._replace(x=x, y=y)
    turn: Any = partial(cv2.warpAffine, M=matrix, dsize=(wide, high))
    sheet.ink, sheet.words = turn(sheet.ink), turn(sheet.words)
    beyond = cv2.BORDER_REPLICATE if sheet.goes_on else cv2.BORDER_CONSTANT
    sheet.printed = turn(sheet.printed, borderMode=beyond)


def crop(sheet: Sheet) -> None:
    """Crop a sheet tightly to the handwriting, perhaps cutting off a bit of it."""
    x, y, wide, high = cv2.boundingRect((sheet.ink > 0.5).astype(np.uint8))
    margins = (sheet.height * sheet.rng.uniform(-0.08, 0.1, 4)).round().astype(int)
    top, bottom = max(0, y - margins[0]), y + high + margins[1]
    left, right = max(0, x - margins[2]), x + wide + margins[3]
    ink = sheet.ink[top:bottom, left:right]
    if min(ink.shape) >= 8:
        sheet.written = [glyph._replace(x=glyph.x - left, y=glyph.y - top) for glyph in sheet.written]
        sheet.ink, sheet.shape = ink, (ink.shape[0], ink.shape[1])
        sheet.printed, sheet.words = (layer[top:bottom, left:right] for layer in (sheet.printed, sheet.words))


def wear(sheet: Sheet) -> None:
    """Wear off some of the print."""
    pattern = noise(sheet.rng, sheet.shape, 0.8, 0.3 * sheet.height)
    sheet.printed = sheet.printed * (pattern > sheet.rng.uniform(-1.5, -0.3))


def photo(sheet: Sheet, light: np.ndarray) -> np.ndarray:
    """Return the photo (H, W, 3) uint8 of a sheet, given the light (H, W) that its blank paper reflects."""
    rng = sheet.rng
    ink = spread(rng, 0.1, 0.95) if chance(rng, 0.6) else rng.uniform(0.5, 0.97)
    printed, words = spread(rng, 0.06, 0.95), spread(rng, 0.1, 0.95)
    if chance(rng, 0.3):
        printed = ink * rng.uniform(0.7, 1.2)
    tone = np.ones(sheet.shape, np.float32)
    if chance(rng, 0.4):
        tone = np.clip(1 + rng.uniform(0.1, 0.5) * noise(rng, sheet.shape, 1, 0.06 * sheet.height), 0.3, 1.4)
    image = light[:, :, None] * tint(rng, 0.6 if chance(rng, 0.12) else 0.15 if chance(rng, 0.4) else 0.0)
    for layer in (printed * sheet.printed, words * sheet.words, ink * tone * sheet.ink):
        image = image * (1 - np.clip(layer, 0, 0.97)[:, :, None] * tint(rng, 0.8 if chance(rng, 0.35) else 0.0))
    if chance(rng, 0.08):  # writing on the back shines through
        back = cv2.GaussianBlur(np.roll(sheet.ink[:, ::-1], int(rng.integers(1, sheet.shape[0])), 0), (0, 0), 1)
        image = image * (1 - rng.uniform(0.04, 0.15) * back[:, :, None])
    return camera(sheet, image.astype(np.float32), min(0.05, 0.2 * ink))


def tint(rng: Generator, most: float) -> np.ndarray:
    """Return random shares (3,) of red, green and blue. The largest is 1, and the others are up to `most` smaller."""
    parts = 1 - rng.uniform(0, most, 3)
    return (parts / parts.max()).astype(np.float32)


def camera(sheet: Sheet, image: np.ndarray, loudest: float) -> np.ndarray:
    """Imitate a camera or scanner: turn light (H, W, 3) 0..1 into uint8, with noise of deviation up to `loudest`."""
    rng, height = sheet.rng, sheet.height
    image = cv2.GaussianBlur(image, (0, 0), spread(rng, 0.25, min(2.0, max(0.5, 0.05 * height))))
    grain = rng.standard_normal((*sheet.shape, 3 if chance(rng, 0.5) else 1), np.float32)
    if sheet.noisy:
        grain, loudest = noise(rng, sheet.shape, 0.3, 0.3 * height)[:, :, None], 0.3
    image = np.clip(image + grain * spread(rng, 0.002, loudest), 0, 1)
    if chance(rng, 0.35):  # grey
        image = np.repeat(image.mean(2, keepdims=True), 3, 2)
    if chance(rng, 0.08):  # one bit
        mean = cv2.GaussianBlur(image, (0, 0), height)
        image = np.repeat((image > mean * rng.uniform(0.7, 0.92)).all(2, keepdims=True), 3, 2).astype(np.float32)
    if chance(rng, 0.08):  # light on dark
        image = 1 - image
    pixels: Any = (255 * image).astype(np.uint8)
    if chance(rng, 0.5):
        file = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 95))])[1]
        pixels = cv2.imdecode(file, cv2.IMREAD_COLOR)
    return pixels
