"""Ink on paper, in some light, through a camera."""

import math
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageFilter

from tests.support.outlines import STROKE, clouds

PAPERS = [(250, 250, 248)] * 4 + [(246, 238, 214), (243, 243, 238), (205, 205, 203), (251, 241, 160), (246, 205, 210)]
PAPERS += [(196, 219, 242), (205, 231, 195)]
BOARDS = [(58, 62, 61), (46, 84, 68), (34, 34, 36), (30, 42, 96), (18, 18, 20)]
CHALKS = [(240, 240, 236), (252, 252, 252), (245, 232, 150), (240, 190, 200), (180, 215, 245)]
BLACK, BLUE, RED, GREEN = (28, 28, 32), (32, 52, 150), (188, 28, 40), (24, 112, 62)
# Pens: colours of the ink, width in MNIST strokes, share of the ink that the grain of the paper takes.
PENS = [
    ([BLACK, BLUE, BLUE, RED, GREEN], (0.45, 0.75), 0.15),  # ballpoint
    ([BLACK, BLACK, BLUE, RED, GREEN], (0.45, 1.0), 0.05),  # fineliner, gel pen
    ([BLACK, BLUE, RED, GREEN], (1.0, 1.6), 0.08),  # felt pen
    ([(72, 72, 76), (95, 95, 98), (115, 115, 118)], (0.55, 1.0), 0.3),  # pencil
]


@dataclass
class Look:
    """What the digits of one picture share; colours (3,) float32 from 0 to 1."""

    light_on_dark: bool
    paper: np.ndarray
    ink: np.ndarray
    width: float  # in MNIST strokes
    grain: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Look":
        dark = bool(rng.random() < 0.2)
        inks, widths, grain = (CHALKS, (0.6, 1.6), rng.uniform(0, 0.4)) if dark else PENS[rng.integers(len(PENS))]
        papers = BOARDS if dark else PAPERS
        paper, ink = (np.float32(some[rng.integers(len(some))]) / 255 for some in (papers, inks))
        return cls(dark, paper, ink, rng.uniform(*widths), grain)


def shoot(cover, height, look, rng, hard, printed=None):
    """A photo of ink that covers `cover` (H, W) of the paper; `height` of a digit in pixels.

    `printed` is what print takes of the paper (H, W), and its colour (3, 1, 1); with `hard`, there is a shadow, and if
    nothing is printed, ruled or squared paper.
    """
    shape, paper, colour = cover.shape, look.paper[:, None, None], look.ink[:, None, None]
    tooth = rng.random(shape, np.float32)  # of the paper
    pressure = 0.93 + 0.07 * clouds(rng, shape, max(4, int(4 * max(shape) / height)))
    ink = cover * pressure.clip(0, 1) * (1 - look.grain * tooth)
    light = (1 + 0.012 * (tooth - 0.5) + rng.uniform(0, 0.015) * clouds(rng, shape, 3)) * _light(shape, rng)
    pixels = np.broadcast_to(paper, (3, *shape))
    if hard:
        light *= _shadow(shape, rng)
        printed = printed or _rule(shape, height, look, rng)
    if printed:
        lines, tint = printed
        pixels = pixels + lines * (tint if look.light_on_dark else pixels * (tint - 1))
    pixels = light * (pixels + (colour - pixels) * ink if look.light_on_dark else pixels * (1 - (1 - colour) * ink))
    warm = rng.normal(0, 0.025)
    cast = rng.uniform(0.82, 1.02) * np.float32([1 + warm, 1, 1 - warm])  # exposure and white balance
    half = 0.05 * STROKE * look.width * height  # of a stroke
    image = _camera(pixels * cast[:, None, None], min(0.6 * half, 0.5 + 0.008 * height), rng)
    return image.convert(rng.choice(["RGB", "L", "P"], p=[0.86, 0.1, 0.04]))


def _across(shape):
    """The coordinates x (1, W) and y (H, 1) of a picture from its middle; its longer side is 1."""
    y, x = ((np.arange(side, dtype=np.float32) - side / 2) / max(shape) for side in shape)
    return x[None], y[:, None]


def _light(shape, rng):
    """A gradient; the darkest place has at least 0.6 of the light."""
    (x, y), angle = _across(shape), rng.uniform(0, 2 * math.pi)
    along = math.cos(angle) * x + math.sin(angle) * y
    return 1 - rng.uniform(0, 0.4) * (along - along.min()) / np.ptp(along)


def _shadow(shape, rng):
    """The shadow of a hand (with a curved edge), a phone (a corner) or a window frame (a band)."""
    (x, y), angle, kind = _across(shape), rng.uniform(0, 2 * math.pi), rng.integers(3)
    reach_y, reach_x = 0.35 * np.array(shape) / max(shape)
    x, y = x - rng.uniform(-reach_x, reach_x), y - rng.uniform(-reach_y, reach_y)
    u, v = math.cos(angle) * x + math.sin(angle) * y, math.cos(angle) * y - math.sin(angle) * x
    depth = [u + 0.08 * np.sin(rng.uniform(3, 9) * v), np.minimum(u, v), rng.uniform(0.05, 0.2) - np.abs(u)][kind]
    t = (depth / (0.02 * 10 ** rng.random()) + 0.5).clip(0, 1)
    return 1 - rng.uniform(0.25, 0.5) * t * t * (3 - 2 * t)


def _rule(shape, height, look, rng):
    """Printed lines, or squares: how much they take of the paper (H, W), and their colour (3, 1, 1)."""
    tilt, squared, height = rng.normal(0, 0.03), rng.random() < 0.45, float(height)
    y, x = (np.arange(side, dtype=np.float32) for side in shape)
    u, v = x - tilt * y[:, None], y[:, None] + tilt * x
    spacing, start = height * (rng.uniform(0.3, 1) if squared else rng.uniform(0.5, 2)), rng.random(2)
    half = max(height * rng.uniform(0.012, 0.035), 0.8) / 2

    def lines(along, first):
        return (half + 0.5 - np.abs((along / spacing + float(first)) % 1 - 0.5) * spacing).clip(0, min(1, 2 * half))

    contrast = float(np.abs(look.paper - look.ink * (1 if look.light_on_dark else look.paper)).mean())
    colour = np.float32([(0.15, 0.45, 1), (0.4, 0.4, 0.4), (0.5, 0.3, 0.9)][rng.integers(3)])[:, None, None]
    strength = rng.uniform(0.12, max(0.13, min(0.35, contrast / 2))) / (1 - float(colour.mean()))
    cover = np.maximum(lines(u, start[0]), lines(v, start[1])) if squared else lines(v, start[1])
    return strength * cover, colour


def _camera(pixels, blur, rng):
    """Pixels (3, H, W) from 0 to 1 after defocus, the noise of the sensor and JPEG, as an image."""
    image = Image.fromarray(np.stack((255 * pixels.clip(0, 1)).astype(np.uint8), axis=2))
    pixels = np.float32(image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 1) * blur))))
    pixels += rng.standard_normal((*pixels.shape[:2], 1), np.float32) * rng.uniform(0.5, 5)
    file = BytesIO()
    Image.fromarray(pixels.clip(0, 255).round().astype(np.uint8)).save(file, "JPEG", quality=int(rng.integers(50, 96)))
    return Image.open(file).convert("RGB")
