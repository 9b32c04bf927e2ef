"""A stack of forms as one PDF: nine printed boxes on each page, which are filled in with a pen."""

import io

import numpy as np
from PIL import Image, ImageDraw

from tests.support.pens import STROKES, cover, on_paper

SIZE = 620, 500
FIELDS = {f"field {n}": np.array([40, 40, 190, 120]) + np.tile([n % 3 * 195, n // 3 * 150], 2) for n in range(9)}


def fields_file(sure):
    """Return a file of these fields, which are doubtful below a confidence."""
    shares = {name: (box / np.tile(SIZE, 2)).tolist() for name, box in FIELDS.items()}
    return "".join(f"{name}:\n  box: {box}\n  length: 1-2\n  sure: {sure}\n" for name, box in shares.items())


def stack(count, rng, damaged=()):
    """Return a PDF of forms that are filled in, and the numbers of each; the pages `damaged` cannot be read."""
    pages, numbers = [], []
    for _ in range(count):
        page, digits = {name: "".join(map(str, rng.choice([*STROKES], rng.integers(1, 3)))) for name in FIELDS}, []
        for name, (left, top, *_) in FIELDS.items():  # some digits touch
            digits += [(STROKES[int(digit)], left + 30 + 34 * n, top + 12, 54) for n, digit in enumerate(page[name])]
        pages.append(Image.fromarray(on_paper(cover(SIZE, *digits))))
        for box in FIELDS.values():
            ImageDraw.Draw(pages[-1]).rectangle(box.tolist(), outline="black")
        numbers.append(page)
    buffer = io.BytesIO()
    pages[0].save(buffer, "PDF", save_all=True, append_images=pages[1:])
    start, *others = buffer.getvalue().split(b"/Type /Page\n")
    kinds = [b"/Type /Pig!\n" if number in damaged else b"/Type /Page\n" for number in range(count)]
    return b"".join([start, *map(bytes.__add__, kinds, others)]), numbers
