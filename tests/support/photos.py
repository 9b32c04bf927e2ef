"""MNIST digits as a person would photograph or scan them: ink on paper, in some light, through a camera."""

import math
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageFilter

K = 6  # pixels of an outline for one pixel of MNIST
STROKE = 1.15  # half the usual width of an MNIST stroke, in MNIST pixels
REACH = 3.5  # as far as distances are measured, in MNIST pixels
SMALLEST = 18  # height of the ink in pixels, below which a digit is hard to read for a person too

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


def photo(digit: np.ndarray, rng: np.random.Generator, hard: bool = False) -> Image.Image:
    """A photo of one digit, anywhere in the picture; with `hard`, on ruled or squared paper and under a shadow.

    digit (28, 28) uint8, white on black.
    """
    short = rng.uniform(28, 60) if rng.random() < 0.1 else 60 * 15 ** rng.random()
    size = np.array([short, min(short * rng.choice([1, 4 / 3, 1.5, rng.uniform(1, 1.8)]), 1200)]).astype(int)
    size = size[:: rng.choice([-1, 1])]  # width, height
    height = min(max(rng.uniform(0.15, 0.8) * short, SMALLEST + rng.uniform(0, 4)), 0.8 * short)
    look = Look.draw(rng)
    look.width = max(look.width, 0.8 * 20 / height / STROKE)  # at least 1.6 pixels
    field, points, matrix = _write(digit, look.width, height, rng)
    shrink = min(1, 0.8 * size[0] / np.ptp(points[:, 0]))
    points, matrix = shrink * points, shrink * matrix
    corner = rng.uniform(0.04 * size, 0.96 * size - np.ptp(points, axis=0)) - points.min(axis=0)
    return _shoot(_place(field, matrix, corner, size), shrink * height, look, rng, hard)


def line(
    digits: list[np.ndarray], rng: np.random.Generator, hard: bool = False
) -> tuple[Image.Image, list[tuple[int, int, int, int]]]:
    """A photo of a handwritten line of separate digits, (28, 28) uint8 each.

    Returns it and the box of each digit's ink: left, top, right, bottom in pixels, right and bottom outside the ink.
    """
    look, written, x, rise, slant = Look.draw(rng), [], 0.0, rng.normal(0, 0.02), rng.normal(0, 0.12)
    look.width = min(max(look.width, 0.55), 1.25)  # so that a small loop seldom asks for a thinner pen
    for digit in digits:  # laid out in units of a digit's height
        shape, points, matrix = _write(digit, look.width, rng.uniform(0.85, 1.15), rng, slant)
        place = np.array([x, rise * x + rng.normal(0, 0.03)]) - [points[:, 0].min(), points[:, 1].max()]
        written.append((shape, matrix, place, points + place))
        x += np.ptp(points[:, 0]) + rng.uniform(0.13, 0.5)
    points = np.concatenate([points for *_, points in written])
    extent = np.ptp(points, axis=0)
    width = 200 * 8 ** rng.random()
    height = max(width * rng.uniform(0.6, 0.92) / extent[0], SMALLEST)
    width = max(width, height * extent[0] / 0.92)
    size = np.array([width, height * (extent[1] + rng.uniform(0.3, 3))]).astype(int)
    corner = rng.uniform(0.03 * size, 0.97 * size - height * extent) - height * points.min(axis=0)
    covers = [_place(shape, height * matrix, height * place + corner, size) for shape, matrix, place, _ in written]
    boxes = [Image.fromarray(cover > 0.2).getbbox() for cover in covers]
    return _shoot(np.max(covers, axis=0), height, look, rng, hard), boxes


def sheet(images: list[Image.Image], columns: int, tile: int = 160) -> Image.Image:
    """The pictures side by side, each shrunk or enlarged to a tile."""
    page = Image.new("RGB", (columns * tile, -(-len(images) // columns) * tile), "white")
    for i, image in enumerate(images):
        flat = image.convert("RGBA")
        scale = (tile - 8) / max(flat.size)
        flat = flat.resize([max(1, round(side * scale)) for side in flat.size], Image.Resampling.LANCZOS)
        corner = [i % columns * tile + (tile - flat.width) // 2, i // columns * tile + (tile - flat.height) // 2]
        page.paste(flat, corner, flat)
    return page


# The outline of the ink.


def outline(digit: np.ndarray, width: float, rng: np.random.Generator) -> np.ndarray:
    """The outline of a digit's ink, smooth, by a pen of `width` MNIST strokes, or less where a loop would fill up,
    or more where the ink would break.

    digit (28, 28) uint8. Returns (28 K, 28 K) float32: how deep inside the ink a place is, in MNIST pixels; below 0,
    how far outside.
    """
    mask = ink(digit)
    if rng.random() < 0.4:
        mask = unjoin_five(mask, rng)
    lines, holes = skeleton(mask), euler(mask)
    inside, outside = _distance(~mask), _distance(mask)
    half = np.float32(np.median(inside[lines]))
    depth, core = _blur(inside - outside, 0.4 * K), _blur(_distance(lines), 0.15 * K)
    pressure = 1 + 0.06 * _clouds(rng, mask.shape, 4)
    widths = np.append(np.linspace(min(0.45, width), width, 8), width * np.array([1.2, 1.4, 1.7, 2]))
    for gap in (0.6, 0.2, 0.0):  # as wide as the narrowest gap shall be
        best = None
        for radius in STROKE * widths.astype(np.float32):
            unbroken = min(0.85 * radius, 0.6 * half) * pressure - core
            field = np.maximum(depth + radius * pressure - half, unbroken)
            whole = euler(field > 0) == euler(field > -gap / 2) == holes
            best = field if whole else best
            if best is not None and (not whole or radius > 0.999 * STROKE * width):
                break
        if best is not None:
            return best
    return inside - outside


def ink(digit: np.ndarray) -> np.ndarray:
    """Where the ink of a digit is, cut out smoothly; the threshold is in the middle of its surroundings' range.

    digit (28, 28) uint8. Returns (28 K, 28 K) bool.
    """
    image = Image.fromarray(digit)
    low, high = (np.float32(image.filter(name(5))) for name in (ImageFilter.MinFilter, ImageFilter.MaxFilter))
    above = np.float32(digit) - ((low + high) / 2).clip(50, 170)
    return _blur(_resize(above, (28 * K, 28 * K)), 0.35 * K) > 0


def unjoin_five(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cut the bar of a 5 from its body; anything that does not look like a 5 stays as it is. mask (H, W) bool."""
    if euler(mask) != 1:
        return mask
    ys, xs = np.nonzero(mask)
    top, height, width = ys.min(), np.ptp(ys), np.ptp(xs)

    def runs(y):
        """The runs of ink in a row: (n, 2) starts and ends."""
        return np.flatnonzero(np.diff(mask[y].astype(int))).reshape(-1, 2) + 1

    y = top + int(0.33 * height)
    stem, bowl = runs(y)[0], runs(top + int(0.7 * height))[-1]
    thick = stem[1] - stem[0]
    bar, hook = xs[ys < y], xs[ys > top + 0.8 * height]
    leans = bar.max() > stem[1] + 0.3 * width and bar.min() > stem[0] - 0.15 * width and hook.min() < bowl[0]
    if not leans or bowl.mean() < stem[1] or len(runs(y)) > 1:
        return mask
    while y > top and len(above := runs(y - 1)) and above[0, 1] - stem[1] < 0.5 * thick:
        y, stem = y - 1, above[0]  # up to the corner, where the run becomes as long as the bar
    cut, start = mask.copy(), stem[1] + int(0.1 * thick)
    cut[: y + thick // 2, start : start + int(rng.uniform(1.3, 2.4) * K)] = False
    return cut if euler(cut) == 2 and cut[: y + thick // 2, start:].sum() > 0.08 * mask.sum() else mask


def euler(mask: np.ndarray) -> int:
    """Euler's number of a mask (H, W) bool: its connected parts (8 neighbours) minus its holes."""
    m = np.pad(mask, 1)
    down, right = m[1:] | m[:-1], m[:, 1:] | m[:, :-1]  # edges of pixels; corners - edges + pixels
    return int((down[:, 1:] | down[:, :-1]).sum()) - int(down.sum()) - int(right.sum()) + int(m.sum())


def _peelable(step: int) -> np.ndarray:
    """By the 8 neighbours as bits, clockwise from the north: may Zhang and Suen's step peel the pixel off?"""
    around = np.arange(256)[:, None] >> np.arange(8) & 1
    n, e, s, w = around[:, ::2].T
    once = ((around == 0) & (np.roll(around, -1, axis=1) == 1)).sum(axis=1) == 1
    few = (around.sum(axis=1) >= 2) & (around.sum(axis=1) <= 6)
    return once & few & ((n * e * s + e * s * w == 0) if step == 0 else (n * e * w + n * s * w == 0))


PEELABLE = [_peelable(0), _peelable(1)]


def skeleton(mask: np.ndarray) -> np.ndarray:
    """The centre lines of a mask (H, W) bool, by Zhang and Suen's thinning."""
    m = np.pad(mask, 1).astype(np.uint8)
    height, width = mask.shape
    ys, xs = np.nonzero(m)
    at = ys * (width + 2) + xs  # the pixels that are left
    flat = m.reshape(-1)
    ring = np.array([-1, -1, 0, 1, 1, 1, 0, -1]) * (width + 2) + [0, 1, 1, 1, 0, -1, -1, -1]  # clockwise from above
    before = -1
    while before != len(at):
        before = len(at)
        for peelable in PEELABLE:
            bits = sum(flat[at + offset] << i for i, offset in enumerate(ring))
            gone = peelable[bits]
            flat[at[gone]] = 0
            at = at[~gone]
    return m[1:-1, 1:-1] == 1


def _distance(mask: np.ndarray) -> np.ndarray:
    """The distance to the nearest True of a mask (H, W) bool, at most REACH, in MNIST pixels (K of the mask)."""
    reach = int(REACH * K)
    rows = np.where(mask, 0, np.float32(reach))
    for y in range(1, len(rows)):
        np.minimum(rows[y], rows[y - 1] + 1, out=rows[y])
    for y in range(len(rows) - 2, -1, -1):
        np.minimum(rows[y], rows[y + 1] + 1, out=rows[y])
    padded = np.pad(rows**2, ((0, 0), (reach, reach)), constant_values=reach**2)
    square = np.full_like(rows, reach**2)
    for dx in range(-reach, reach + 1):
        np.minimum(square, padded[:, reach + dx :][:, : rows.shape[1]] + dx * dx, out=square)
    return np.sqrt(square) / K


def _write(digit, width, height, rng, slant=None):
    """Write a digit with an ink of `height`, a little turned and slanted.

    Returns its outline, the ink's points (N, 2) as x, y and the matrix (2, 2) that takes MNIST pixels there.
    """
    turn, slant = rng.normal(0, 3.5) * np.pi / 180, rng.normal(0, 0.1) if slant is None else slant + rng.normal(0, 0.03)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]).clip(-0.99, 1)
    matrix = matrix @ [[rng.uniform(0.88, 1.14), -np.clip(slant, -0.25, 0.25)], [0, 1]]
    field = outline(digit, width, rng)
    points = (np.argwhere(field > 0)[:, ::-1] + 0.5) / K @ matrix.T
    scale = height / np.ptp(points[:, 1])
    return field, points * scale, matrix * scale


def _place(field, matrix, offset, size):
    """How much of each pixel the ink covers: (height, width) float32 for `size` width, height."""
    inverse = np.linalg.inv(matrix) * K
    a = np.hstack([inverse, -(inverse @ offset)[:, None]]).ravel()
    data = Image.fromarray(field + np.float32(REACH))  # 0 beyond the edges
    image = data.transform(tuple(size.tolist()), Image.Transform.AFFINE, tuple(a), Image.Resampling.BICUBIC)
    return ((np.asarray(image) - REACH) * np.sqrt(np.linalg.det(matrix)) + 0.5).clip(0, 1)


# The paper, the light and the camera.


def _shoot(cover, height, look, rng, hard):
    """A photo of ink that covers `cover` (H, W) of the paper; `height` of a digit in pixels."""
    mode = rng.choice(
        ["RGB", "L", "P", "RGBA", "1"], p=[0.86, 0.1, 0.04, 0, 0] if hard else [0.76, 0.1, 0.04, 0.06, 0.04]
    )
    shape, paper, colour = cover.shape, look.paper[:, None, None], look.ink[:, None, None]
    tooth = rng.random(shape, np.float32)  # of the paper
    pressure = 0.93 + 0.07 * _clouds(rng, shape, max(4, int(4 * max(shape) / height)))
    ink = cover * pressure.clip(0, 1) * (1 - look.grain * tooth)
    if mode == "RGBA":
        return _image(np.concatenate([np.where(ink > 0, colour, 0), ink[None]]))
    light = 1 + 0.012 * (tooth - 0.5) + rng.uniform(0, 0.015) * _clouds(rng, shape, 3)
    if mode != "1":
        light *= _light(shape, rng) * _blots(cover, height, rng)
    if hard:
        light *= _shadow(shape, rng)
    pixels = np.broadcast_to(paper, (3, *shape))
    for lines, tint in _rule(shape, height, look, rng) if hard else []:
        tint = tint[:, None, None]
        pixels = pixels + lines * (tint if look.light_on_dark else pixels * (tint - 1))
    pixels = light * (pixels + (colour - pixels) * ink if look.light_on_dark else pixels * (1 - (1 - colour) * ink))
    if mode == "1":
        middle = (look.paper + look.ink * (1 if look.light_on_dark else look.paper)).mean() / 2
        return Image.fromarray(pixels.mean(axis=0) > middle)
    warm = rng.normal(0, 0.025)
    cast = rng.uniform(0.82, 1.02) * np.float32([1 + warm, 1, 1 - warm])  # exposure and white balance
    half = 0.05 * STROKE * look.width * height  # of a stroke
    image = _camera(_image(pixels * cast[:, None, None]), min(0.6 * half, 0.5 + 0.008 * height), rng)
    return image.quantize(int(rng.choice([32, 64, 256]))) if mode == "P" else image.convert(mode)


def _image(pixels):
    """(3 or 4, H, W) float32 from 0 to 1 as an image."""
    return Image.fromarray(np.stack((255 * pixels.clip(0, 1)).astype(np.uint8), axis=2))


def _across(shape):
    """The coordinates x (1, W) and y (H, 1) of a picture from its middle; its longer side is 1."""
    y, x = ((np.arange(side, dtype=np.float32) - side / 2) / max(shape) for side in shape)
    return x[None], y[:, None]


def _light(shape, rng):
    """A gradient and sometimes a vignette; the darkest place has at least 0.55 of the light."""
    (x, y), angle = _across(shape), rng.uniform(0, 2 * math.pi)
    along = math.cos(angle) * x + math.sin(angle) * y
    light = 1 - rng.uniform(0, 0.4) * (along - along.min()) / np.ptp(along)
    if rng.random() < 0.4:
        far = (x - rng.uniform(-0.2, 0.2)) ** 2 + (y - rng.uniform(-0.2, 0.2)) ** 2
        light *= 1 - rng.uniform(0, 0.3) * far / far.max()
    return np.maximum(light / light.max(), 0.55)


def _blots(cover, height, rng):
    """Sometimes a few specks of dust or a smudge, far from the ink."""
    light, (left, top, right, bottom) = np.ones_like(cover), Image.fromarray(cover > 0).getbbox()
    for _ in range(rng.integers(1, 6) if rng.random() < 0.25 else 0):
        x, y = rng.uniform(0, cover.shape[1]), rng.uniform(0, cover.shape[0])
        if max(left - x, x - right, top - y, y - bottom) > 0.4 * height:
            smudge = rng.random() < 0.2
            radius = height * (rng.uniform(0.08, 0.15) if smudge else rng.uniform(0.006, 0.02)) + 0.3
            reach = int(3 * radius) + 1
            rows = slice(max(0, int(y) - reach), int(y) + reach)
            columns = slice(max(0, int(x) - reach), int(x) + reach)
            v, u = np.ogrid[rows.start : min(rows.stop, len(cover)), columns.start : min(columns.stop, cover.shape[1])]
            square = ((u - x) ** 2 + (v - y) ** 2) / radius**2
            light[rows, columns] *= 1 - (rng.uniform(0.05, 0.15) if smudge else 0.6) * np.exp(-square)
    return light


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
    """Printed lines, or squares: pairs of how much they take of the paper (H, W) and their colour (3,)."""
    tilt, squared, height = rng.normal(0, 0.03), rng.random() < 0.45, float(height)
    y, x = (np.arange(side, dtype=np.float32) for side in shape)
    u, v = x - tilt * y[:, None], y[:, None] + tilt * x
    spacing, start = height * (rng.uniform(0.3, 1) if squared else rng.uniform(0.5, 2)), rng.random(2)
    half = max(height * rng.uniform(0.012, 0.035), 0.8) / 2

    def lines(along, first):
        return (half + 0.5 - np.abs((along / spacing + float(first)) % 1 - 0.5) * spacing).clip(0, min(1, 2 * half))

    contrast = float(np.abs(look.paper - look.ink * (1 if look.light_on_dark else look.paper)).mean())
    colour = np.float32([(0.15, 0.45, 1), (0.4, 0.4, 0.4), (0.5, 0.3, 0.9)][rng.integers(3)])
    strength = rng.uniform(0.12, max(0.13, min(0.35, contrast / 2))) / (1 - float(colour.mean()))
    cover = np.maximum(lines(u, start[0]), lines(v, start[1])) if squared else lines(v, start[1])
    rules = [(strength * cover, colour)]
    if not squared and rng.random() < 0.3:  # a margin
        edge = (half + 0.5 - np.abs(u - rng.uniform(0, shape[1]))).clip(0, 1)
        rules.append((0.5 * edge, np.float32([0.9, 0.3, 0.3])))
    return rules


def _camera(image, blur, rng):
    """Defocus or motion, the noise of the sensor, JPEG."""
    if rng.random() < 0.8:
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 1) * blur)))
    pixels = np.float32(image)
    if rng.random() < 0.2:
        step = rng.normal(0, 1.2, 2) * blur
        shifts = [np.roll(pixels, np.round(step * t).astype(int), axis=(0, 1)) for t in (-0.5, 0, 0.5)]
        pixels = sum(shifts) / 3
    pixels += rng.standard_normal((*pixels.shape[:2], 1), np.float32) * rng.uniform(0.5, 5)
    file = BytesIO()
    Image.fromarray(pixels.clip(0, 255).round().astype(np.uint8)).save(file, "JPEG", quality=int(rng.integers(50, 96)))
    return Image.open(file).convert("RGB")


def _clouds(rng, shape, cells):
    """Smooth noise (H, W) float32 of about +-1, with about `cells` clouds a side."""
    return _resize(rng.standard_normal((cells, cells), np.float32), shape[::-1])


def _resize(array, size):
    return np.asarray(Image.fromarray(array).resize(size, Image.Resampling.BICUBIC))


def _blur(array, sigma):
    """A Gaussian blur of (H, W) float32; sigma in pixels."""
    reach = int(3 * sigma)
    taps = np.exp(-(np.arange(-reach, reach + 1, dtype=np.float32) ** 2) / (2 * sigma**2))
    for _ in range(2):  # along the rows, then along the columns
        padded = np.pad(array, ((reach, reach), (0, 0)), mode="edge")
        array = sum(tap * padded[i : i + len(array)] for i, tap in enumerate(taps / taps.sum())).T
    return array
