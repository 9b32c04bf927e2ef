"""Pictures that take long to read: more strokes than a number has, few of them digits; and drawings that are none."""

import numpy as np
from PIL import Image, ImageDraw

from tests.support.pens import INK, PAPER, STROKES, cover, on_paper

SENTENCE = "We saw 24 herons and counted to 3,817 before the fog came in from the bay "


def _blank(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    page = Image.new("RGB", (width, height), PAPER)
    return page, ImageDraw.Draw(page)


def _print(width: int, height: int, size: int) -> Image.Image:
    """A page of printed text in letters of so many pixels."""
    page, draw = _blank(width, height)
    for n, top in enumerate(range(size, height - 2 * size, round(1.4 * size))):
        draw.text((size, top), (SENTENCE[n % 40 :] + SENTENCE)[: int(1.7 * width / size)], "black", font_size=size)
    return page


def _table() -> Image.Image:
    page, draw = _blank(1200, 900)
    for top in range(20, 880, 30):
        draw.line([(20, top), (1180, top)], "black", 2)
        for column, left in enumerate(range(20, 1180, 145)):
            draw.text((left + 8, top + 4), f"item {top * column % 977}", "black", font_size=20)
            draw.line([(left, 20), (left, 870)], "black", 2)
    return page


def _digits(rows: int, columns: int, size: int) -> np.ndarray:
    """How much of each pixel rows of digits cover, hardly a pen's width apart."""
    rng = np.random.default_rng(rows)
    places = [(1.1 * size + 0.9 * size * x, 0.5 * size + 1.3 * size * y) for y in range(rows) for x in range(columns)]
    strokes = list(STROKES.values())
    shape = round(size * (0.9 * columns + 2)), round(size * (1.3 * rows + 0.5))
    return cover(shape, *((strokes[rng.integers(len(strokes))], *place, size) for place in places))


def _boxes(rows: int, filled: bool, columns: int = 8, size: int = 60) -> Image.Image:
    """Rows of printed boxes, with a digit in each or none."""
    places = [(size * (0.5 + 1.2 * x), size * (0.5 + 1.6 * y)) for y in range(rows) for x in range(columns)]
    strokes, rng = list(STROKES.values()), np.random.default_rng(7)
    digits = [(strokes[rng.integers(8)], x + 0.35 * size, y + 0.2 * size, 0.7 * size) for x, y in places]
    ink = cover((round(size * (1.2 * columns + 1)), round(size * (1.6 * rows + 0.6))), *(digits if filled else []))
    page = Image.fromarray(on_paper(ink))
    for x, y in places:
        ImageDraw.Draw(page).rectangle((x, y, x + 1.2 * size, y + 1.1 * size), outline="black", width=5)
    return page


def _struck(rows: int) -> Image.Image:
    ink = _digits(rows, 14, 48)
    page = Image.fromarray(on_paper(ink))
    for row in range(rows):
        y = 48 * (0.9 + 1.3 * row)
        ImageDraw.Draw(page).line([(20, y - 4), (page.width - 20, y + 4)], INK, 5)
    return page


def _scattered(mark) -> Image.Image:
    """Marks at random: mark(draw, x, y) draws one."""
    page, draw = _blank(600, 600)
    for x, y in np.random.default_rng(3).integers(10, 590, (2500, 2)).tolist():
        mark(draw, x, y)
    return page


def _noise(size: int) -> Image.Image:
    grain = np.random.default_rng(4).integers(0, 256, (600 // size, 600 // size), np.uint8)
    return Image.fromarray(grain.repeat(size, 0).repeat(size, 1))


def _salt_and_pepper() -> Image.Image:
    page, chance = np.full((600, 600), 200, np.uint8), np.random.default_rng(5).random((600, 600))
    page[chance < 0.05], page[chance > 0.95] = 0, 255
    return Image.fromarray(page)


def _zigzag() -> Image.Image:
    page, draw = _blank(900, 300)
    draw.line([(20 + 6 * n, 60 + 180 * (n % 2)) for n in range(143)], INK, 2)
    return page


def _ruler(comb: bool) -> Image.Image:
    page, draw = _blank(640, 120)
    for n, x in enumerate(range(20, 621, 20)):
        draw.line([(x, 30), (x, 80 if comb or n % 5 == 0 else 60)], "black", 3)
    draw.line([(20, 80 if comb else 30), (620, 80 if comb else 30)], "black", 3)
    return page


def _rings() -> Image.Image:
    page, draw = _blank(600, 120)
    for left in range(30, 540, 90):
        draw.ellipse((left, 30, left + 60, 90), outline="black", width=4)
    return page


CROWDED = {  # an ordinary picture, or what a mistake makes of one
    "a row of eight printed boxes": lambda: _boxes(1, True),
    "a form of 20 rows of boxes": lambda: _boxes(20, True),
    "a page of print, small": lambda: _print(600, 800, 16),
    "a page of print, large": lambda: _print(2400, 3200, 44),
    "a table of print": _table,
    "a page of digits, written closely": lambda: Image.fromarray(on_paper(_digits(20, 26, 32))),
    "a line of digits, struck through": lambda: _struck(1),
    "a page of digits, struck through": lambda: _struck(14),
    "dots": lambda: _scattered(lambda draw, x, y: draw.ellipse((x, y, x + 4, y + 4), "black")),
    "sticks": lambda: _scattered(lambda draw, x, y: draw.line([(x, y), (x + x % 7 - 3, y + 12)], "black", 2)),
    "salt and pepper": _salt_and_pepper,
    "noise of one pixel": lambda: _noise(1),
    "noise of two pixels": lambda: _noise(2),
    "noise of five pixels": lambda: _noise(5),
    "a zigzag": _zigzag,
}
PRINTED = {  # no number
    "empty boxes": lambda: _boxes(1, False),
    "rows of empty boxes": lambda: _boxes(4, False),
    "a comb": lambda: _ruler(True),
    "a ruler": lambda: _ruler(False),
    "rings": _rings,
}
