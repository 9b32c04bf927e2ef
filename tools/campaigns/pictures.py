"""Read damaged and odd pictures: files and arrays that no camera wrote.

The outcome must be digits or a clear error.
"""

import random
import re
from contextlib import contextmanager

import numpy as np
from PIL import Image

from digits.handwriting import find_lines
from digits.handwriting.pdf import Page
from digits.handwriting.picture import FORMATS
from tests.support.damage import mutate, outcome
from tests.support.finding import digits_of, encoded, find_digit
from tests.support.pens import STROKES, cover, on_paper

COUNT, LIMIT = 1000, 300
KINDS = [*FORMATS, "ICO"]  # ICO is refused
MODES = {"PNG": ["L", "RGB", "RGBA", "LA", "P", "1", "I;16"], "TIFF": ["L", "RGB", "RGBA", "CMYK", "I", "F", "1"]}


def drawing(rng: random.Random) -> Image.Image:
    """Draw a digit on paper, up to 500 pixels wide and high."""
    size = [rng.randrange(20, 500) for _ in range(2)]
    strokes = rng.choice(list(STROKES.values()))
    return Image.fromarray(on_paper(cover(size, (strokes, size[0] * 0.2, size[1] * 0.2, 0.5 * min(size)))))


def good_file(rng: random.Random) -> bytes:
    """Return a file of a random kind, in a random mode of this kind."""
    kind, image = rng.choice(KINDS), drawing(rng)
    mode = rng.choice(MODES.get(kind, ["L", "RGB"]))
    image = image.convert("I").convert("I;16") if mode == "I;16" else image.convert(mode)
    options = {"progressive": rng.random() < 0.5} if kind == "JPEG" else {}
    if kind == "TIFF" and mode not in ("I", "F"):
        options = {"compression": rng.choice(["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])}
    return encoded(image, kind, **options)


def damaged(rng: random.Random) -> bytes:
    """Return a file with one fault, often in its header."""
    content = good_file(rng)
    at = rng.choice([200, len(content)])
    return mutate(content[:at], rng) + content[at:]


def random_bytes(rng: random.Random) -> bytes:
    """Return random bytes, often after the first bytes of a kind of picture."""
    magic = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"BM", b"II*\0", b"RIFF", b"P5 ", b"%!PS"]
    return rng.choice(magic) + rng.randbytes(rng.choice([0, 1, 10, 1000, 20_000]))


def noise(rng: random.Random) -> np.ndarray | Image.Image:
    """Return random pixels, of a random dtype and number of channels."""
    shape = [rng.choice([1, 2, 3, 10, 28, 60, 300, 1000]) for _ in range(2)] + rng.choice([[], [3], [4]])
    pixels = np.random.default_rng(rng.getrandbits(32)).random(shape)
    if rng.random() < 0.3:
        pixels = np.round(pixels)
    integers = (pixels * 255).astype(np.uint8)
    kinds = pixels * rng.choice([1, 1e30, -1, np.nan, 1e-30]), pixels > rng.choice([0.001, 0.5, 0.999]), integers
    return rng.choice([*kinds, integers.astype("u2") * 257, Image.fromarray(integers)])


def pdf(rng: random.Random) -> bytes:
    """Return a PDF with one fault, with an impossible page size, or with a picture that claims to be huge."""
    content, digits = encoded(drawing(rng), "PDF"), rng.choice([b"1", b"99999999"])
    box = b"/MediaBox [ 0 0 %s %s ]" % (digits, rng.choice([b"1", digits]))
    sides = re.sub(rb"/(Width|Height) \d+", rb"/\1 " + digits, content)
    return rng.choice([mutate(content, rng), re.sub(rb"/MediaBox \[[^\]]*\]", box, content), sides])


TABLE = [damaged] * 16 + [random_bytes] * 2 + [noise] * 4 + [pdf] * 4


@contextmanager
def ready(folder):
    def attack(make, rng):
        picture = make(rng)
        if make is pdf:
            (folder / "page.pdf").write_bytes(picture)
            picture = Page(str(folder / "page.pdf"), 1)
        return f"{make.__name__.replace('_', ' ')}: {outcome(read, picture)}"

    yield attack


def read(picture) -> str:
    """Find the digits in a picture."""
    lines = [line for context in (False, True) for line in digits_of(find_lines(picture, context=context))]
    for digit in [find_digit(picture), *(digit for line in lines for group in line for digit in group)]:
        assert digit.image.shape == (28, 28) and digit.image.dtype == np.float32
        assert digit.image.min() >= 0 and digit.image.max() <= 1 and digit.image.any()
        left, top, right, bottom = digit.box
        assert 0 <= left <= right and 0 <= top <= bottom, digit.box
    return "digits"
