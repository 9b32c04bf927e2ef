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


def stack(count, rng):
    """Return a PDF of forms that are filled in."""
    pages = []
    for _ in range(count):
        digits = []
        for left, top, *_ in FIELDS.values():  # some digits touch
            number = rng.choice([*STROKES], rng.integers(1, 3))
            digits += [(STROKES[digit], left + 30 + 34 * n, top + 12, 54) for n, digit in enumerate(number)]
        pages.append(Image.fromarray(on_paper(cover(SIZE, *digits))))
        for box in FIELDS.values():
            ImageDraw.Draw(pages[-1]).rectangle(box.tolist(), outline="black")
    buffer = io.BytesIO()
    pages[0].save(buffer, "PDF", save_all=True, append_images=pages[1:])
    return buffer.getvalue()
