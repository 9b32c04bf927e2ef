"""A stack of printed forms, filled in with the pens of the atlas, scanned a little tilted and shifted, as one PDF."""

import io
import re

import cv2
import numpy as np
import torch
from PIL import Image, ImageDraw

from digits.augment import pen
from digits.augment.allographs import ATLAS
from tests.support.photos import put, write

SIZE = 1240, 1754  # of an A4 page of 150 dots per inch
MARGIN = 18  # pixels by which a rectangle is larger than what is printed, since scans shift
LEFT, TALL, WIDE = 420, 64, 56  # where the boxes begin, and one of them
QUESTIONS = range(1, 7)
# Of each field: left, top, right, bottom in pixels, what the file of fields says of it, and its values.
FIELDS = {
    "student": ((LEFT, 190, LEFT + 8 * WIDE, 190 + TALL), "length: 8", range(10_000_000, 100_000_000)),
    "date": ((LEFT, 300, LEFT + 6 * WIDE, 300 + TALL), "length: 6", range(100_000, 1_000_000)),
    **{f"question {n}": ((800, 380 + 70 * n, 960, 450 + 70 * n), "length: 1-2", range(11)) for n in QUESTIONS},
    "total": ((800, 930, 1000, 990), "length: 1-2", range(61)),
}


def fields_file(sure=None):
    """What a file of these fields says."""
    lines = []
    for name, (box, expected, _) in FIELDS.items():
        sides = np.array(box) + MARGIN * np.array([-1, -1, 1, 1])
        lines += [f"{name}:", f"  box: {(sides / np.tile(SIZE, 2)).round(4).tolist()}", f"  {expected}"]
        lines += [f"  sure: {sure}"] if sure is not None else []
    return "\n".join(lines) + "\n"


def printed():
    """The empty form, white on black."""
    page = Image.new("L", SIZE)
    draw = ImageDraw.Draw(page)
    draw.text((100, 80), "Examination", 255, font_size=44)
    labels = {"Student number": 205, "Date": 315, "Points of each question, 0 to 10": 400, "Total": 940}
    for label, top in labels.items():
        draw.text((100, top), label, 255, font_size=30)
    for name in ("student", "date"):
        left, top, right, bottom = FIELDS[name][0]
        for x in range(left, right, WIDE):
            draw.rectangle((x, top, x + WIDE, bottom), outline=255, width=2)
    for n in QUESTIONS:
        left, top, right, bottom = FIELDS[f"question {n}"][0]
        draw.rectangle((left, top, right, bottom), outline=255, width=2)
        draw.text((600, top + 18), f"Question {n}", 255, font_size=26)
    left, _, right, bottom = FIELDS["total"][0]
    draw.line((left, bottom, right, bottom), 255, 3)
    return np.asarray(page, np.float32) / 255


def filled(rng):
    """A scan (H, W) uint8 of a form that is filled in, and what its fields say."""
    ink, said = np.zeros(SIZE[::-1], np.float32), {}
    slant, width = rng.normal(0, 0.08), rng.uniform(0.7, 1.1)
    for name, (box, _, values) in FIELDS.items():
        said[name] = str(rng.integers(values.start, values.stop))
        left, top, right, bottom = box
        pitch = WIDE if name in ("student", "date") else 36
        x = left + pitch / 2 + (0 if pitch == WIDE else rng.uniform(10, 60))
        for digit in said[name]:
            written = write(drawn(int(digit), rng), width, TALL * rng.uniform(0.55, 0.7), rng, slant)
            put(ink, written, np.array([x, (top + bottom) / 2]) + rng.normal(0, 2, 2))
            x += pitch
    paper = rng.uniform(215, 255)
    dark = np.maximum(printed() * rng.uniform(0.6, 0.9), ink * rng.uniform(0.55, 0.9))
    turn = cv2.getRotationMatrix2D((SIZE[0] / 2, SIZE[1] / 2), rng.uniform(-0.8, 0.8), rng.uniform(0.99, 1.01))
    turn[:, 2] += rng.uniform(-7, 7, 2)
    dark = cv2.GaussianBlur(cv2.warpAffine(dark, turn, SIZE, flags=cv2.INTER_LINEAR), (3, 3), rng.uniform(0.4, 0.9))
    grain = rng.normal(0, rng.uniform(1, 5), dark.shape)
    return (paper * (1 - dark) + grain).clip(0, 255).astype(np.uint8), said


def drawn(digit, rng):
    """An image (28, 28) uint8 of the digit, in one of the ways of the atlas."""
    figures = pen.parse(tuple(ATLAS[digit]), torch.device("cpu"))
    way = torch.tensor([rng.integers(len(ATLAS[digit]))])
    return pen.draw(figures, way, torch.Generator().manual_seed(int(rng.integers(2**31))))[0].numpy()


def stack(count, rng, damaged=()):
    """The bytes of a PDF of so many scans, and what each says; of a `damaged` one, None: its page cannot be read."""
    scans, said = zip(*(filled(rng) for _ in range(count)), strict=True)
    first, *others = map(Image.fromarray, scans)
    buffer = io.BytesIO()
    first.save(buffer, "PDF", save_all=True, append_images=others, resolution=150, quality=85)
    content = buffer.getvalue()
    pages = [found.span() for found in re.finditer(rb"/Type /Page\b(?!s)", content)]
    for number in damaged:
        start, end = pages[number]
        content = content[:start] + b"/Type /Pig!"[: end - start].ljust(end - start) + content[end:]
    return content, [None if number in damaged else one for number, one in enumerate(said)]
