"""Twelve pages as a new user would photograph them, each with the numbers that a person reads on it."""

import textwrap
from collections.abc import Iterator

import cv2
import numpy as np
from PIL import Image, ImageDraw

from tests.support.camera import BLUE, PAPERS, Look, shoot
from tests.support.photos import place, write

SIZE = 900, 1200  # width and height in pixels
PEN, GREY, BLACK = 8, (120, 125, 135), (50, 50, 50)
SIGNS = {  # as in the atlas of allographs: points x,y of pen strokes, in hundredths of a digit's height
    "M": "0,100 6,0 40,70 74,0 82,100",
    "a": "42,48 26,40 8,50 2,74 12,96 28,98 42,80 44,42 42,78 50,100",
    "i": "4,40 4,100 | 3,18 4,21",
    "k": "4,0 2,100 | 38,40 4,72 40,100",
    "l": "4,0 2,86 10,100 22,94",
    "+": "30,25 30,85 | 0,55 60,55",
    "=": "0,42 60,40 | 0,68 60,66",
}
HOUSE = "0,50 0,100 66,100 66,50 0,50 33,20 66,50 | 25,100 25,72 42,72 42,100 | -13,100 106,100"
FIGURE = "83,70 83,90 75,106 | 83,90 92,106 | 73,77 93,78 | 83,54 90,57 92,62 89,68 83,70 76,68 73,62 76,56 83,54"
TEXT = """Dear neighbours, on Saturday afternoon we want to sweep the yard together and plant the beds by the gate
anew. Please bring gloves, and a spade if you have one. There will be coffee and cake for everybody who helps. If it
rains, we meet in the cellar and sort the old bicycles. Many thanks and warm greetings from the house opposite"""


class Page:
    """Paper with print (H, W, 3) uint8 on it, and ink (H, W) uint8: 255 where it covers the paper."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> None:
        self.images, self.labels, self.rng = images, labels, rng
        self.ink, self.print = np.zeros(SIZE[::-1], np.uint8), np.full((*SIZE[::-1], 3), 255, np.uint8)

    def numbers(self, *lengths):
        return [str(self.rng.integers(10 ** (length - 1), 10**length)) for length in lengths]

    def write(self, text, left, base, tall=80):
        """Write digits and signs by hand on a line at `base`; all in pixels."""
        for sign in text:
            if sign in SIGNS:
                left += self.draw(SIGNS[sign], left, base - tall, tall)
            elif sign.isdigit():
                digit = self.images[self.rng.choice(np.flatnonzero(self.labels == int(sign)))]
                shape, points, matrix = write(digit, 0.8, tall * self.rng.uniform(0.9, 1.1), self.rng, 0)
                width, height = (np.ptp(points, axis=0) + 8).astype(int)
                x, y = int(left) - 4, int(base) + 4 - height
                here = self.ink[y : y + height, x : x + width]
                cover = place(shape, matrix, 4 - points.min(axis=0), np.array([width, height]))
                np.maximum(here, (255 * cover).astype(np.uint8), out=here)
                left += width - 8
            left += tall * (0.5 if sign == " " else self.rng.uniform(0.15, 0.25))

    def draw(self, strokes, left, top, tall):
        """Draw such strokes as those of SIGNS. Returns their width."""
        lines = [np.array([point.split(",") for point in line.split()], float) for line in strokes.split("|")]
        points = [line * tall / 100 + (left, top) + self.rng.normal(0, 1, line.shape) for line in lines]
        cv2.polylines(self.ink, [line.astype(np.int32) for line in points], False, 255, PEN, cv2.LINE_AA)
        return max(line[:, 0].max() for line in lines) * tall / 100

    def grid(self, rows, top, width, height, pen=2):
        """Print a grid of cells and write a text in each."""
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                x, y = 54 + width * column, top + height * row
                cv2.rectangle(self.print, (x, y), (x + width, y + height), GREY, pen)
                self.write(text, x + 0.2 * height, y + 0.76 * height, 0.52 * height)
        return [" ".join(filter(None, texts)) for texts in rows if any(texts)]

    def type(self, text, top):
        image = Image.fromarray(self.print)
        ImageDraw.Draw(image).text((60, top), text, BLACK, font_size=40, spacing=24)
        self.print = np.array(image)

    def photo(self, turn: float) -> Image.Image:
        """A photo of all of the page, turned by so many degrees clockwise and seen a little from aside."""
        sine, cosine = np.sin(np.radians(turn)), np.cos(np.radians(turn))
        corners = np.float32([(0, 0), (1, 0), (1, 1), (0, 1)]) * np.float32(SIZE)
        turned = (corners - corners[2] / 2) @ [[cosine, sine], [-sine, cosine]] / (cosine + 4 / 3 * sine)
        seen = turned + corners[2] / 2 + self.rng.uniform(-16, 16, (4, 2))
        warp, mode = cv2.getPerspectiveTransform(corners, np.float32(seen)), cv2.BORDER_REPLICATE
        ink, paper = (cv2.warpPerspective(layer, warp, SIZE, borderMode=mode) for layer in (self.ink, self.print))
        printed = 1 - paper.transpose(2, 0, 1) / np.float32(255)
        look = Look(False, np.float32(PAPERS[0]) / 255, np.float32(BLUE) / 255, 0.8, 0.1)
        shadow = bool(self.rng.random() < 0.4)
        return shoot(ink / np.float32(255), 80, look, self.rng, shadow, (printed, np.float32(0)))


def form_with_boxes(page):
    numbers = page.numbers(8, 5, 6)
    for number, name, top in zip(numbers, ("Customer", "Postcode", "Amount"), (250, 550, 850), strict=True):
        page.type(name, top - 60)
        page.grid([number], top, 98, 125)
    return numbers


def list_of_amounts(page):
    numbers = page.numbers(2, 3, 2, 4, 3, 1, 3)
    for n, number in enumerate(numbers):
        page.write(number, 150 + page.rng.uniform(-15, 15), 180 + 145 * n)
    return numbers


def addition(page):
    one, other = page.rng.integers(10, 50, 2)
    page.write(f"{one}+{other}={one + other}", 80, 500)
    return [f"{one} {other} {one + other}"]


def words_and_numbers(page):
    numbers = page.numbers(3, 2)
    for word, number, base in zip(("Milk", "Mail"), numbers, (400, 620), strict=True):
        page.write(f"{word} {number}", 120, base)
    return numbers


def table(page):
    return page.grid([page.numbers(*page.rng.integers(1, 4, 3)) for _ in range(5)], 180, 260, 125)


def sudoku(page):
    (row, column), digits = np.mgrid[:9, :9], page.rng.permutation(9) + 1
    cells = digits[(3 * (row % 3) + row // 3 + column) % 9].astype(str)
    cells.flat[page.rng.permutation(81)[30:]] = ""
    page.grid([[""] * 3] * 3, 200, 264, 264, pen=6)
    return page.grid(cells.tolist(), 200, 88, 88)


def blank_page(page):
    pass


def house(page):
    page.draw(f"{HOUSE} | {FIGURE}", 160, 250, 600)


def page_of_text(page):
    page.type(textwrap.fill(TEXT, 36), 100)


def desk(page):
    streaks = cv2.resize(page.rng.normal(0, 6, (150, 4)), SIZE, interpolation=cv2.INTER_CUBIC)
    wood = np.float32((176, 130, 88)) + streaks[:, :, None]
    boxes = [((330, 420), (520, 640), 14), ((690, 300), (190, 380), -9), ((300, 900), (26, 460), 63)]
    things = [cv2.boxPoints(box).astype(np.int32) for box in boxes]  # a sheet of paper, a phone, a pen
    things += [cv2.ellipse2Poly((700, 880), (radius, radius), 0, 0, 360, 5) for radius in (120, 98)]  # a mug
    colours = (236, 234, 228), (36, 38, 44), (40, 70, 150), (180, 60, 50), (60, 38, 26)
    for outline, colour in zip(things, colours, strict=True):
        mask = cv2.fillPoly(np.zeros(SIZE[::-1], np.float32), [outline], 1)
        wood *= 1 - 0.4 * cv2.GaussianBlur(np.roll(mask, (14, 18), (0, 1)), (0, 0), 14)[:, :, None]  # its shadow
        wood[mask > 0] = colour
    page.print = wood.clip(0, 255).astype(np.uint8)


KINDS = [form_with_boxes, list_of_amounts, addition, words_and_numbers, table, list_of_amounts, list_of_amounts]
KINDS += [sudoku, blank_page, house, page_of_text, desk]
TURNS = {5: 90, 6: 8}


def pages(images: np.ndarray, labels: np.ndarray, seed: int) -> Iterator[tuple[str, Image.Image, list[str]]]:
    """The name of each page, its photo, and its lines of numbers from the top, with digits (N, 28, 28) uint8."""
    for n, kind in enumerate(KINDS):
        page, turn = Page(images, labels, np.random.default_rng([seed, n])), TURNS.get(n, 0)
        wanted = kind(page) or []
        yield kind.__name__.replace("_", " ") + f", turned by {turn}°" * (turn > 0), page.photo(turn), wanted
