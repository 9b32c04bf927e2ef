"""The pages of a PDF as images, by PDFium; an extra, since most pictures are none.

A small file can be made to ask for any time and memory, in places where PDFium cannot be stopped. So a process of its
own opens each page: `python pdf.py FILE` says how many pages there are, `python pdf.py FILE NUMBER` draws one.
"""

import subprocess
import sys
from importlib.util import find_spec
from json import dumps
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from digits.errors import UserError, install

RESOLUTION = 200  # dots per inch: digits of 4 mm, as in a form's boxes, are 30 pixels high
MOST_PIXELS = 16e6  # of a page; an A4 page has 4 million
SECONDS, MEMORY = 20, 1_500_000_000  # that a page may take; most take 0.3 s, and a tenth of the bytes
LARGEST, MOST_PAGES = 2_000_000_000, 10_000  # bytes of a file, which is not read as a whole, and its pages
REFUSED = 3  # the exit code of the process if it says why a page is refused
# What the process does first, so that it imports from where this one does, which is not always where it would look.
START = "import json, runpy, sys; sys.path[:] = json.loads(sys.argv[1]); del sys.argv[:2]"
START += "; runpy.run_path(sys.argv[0], run_name='__main__')"
DAMAGED = "cannot be read: it is no PDF, or damaged"


class Page(NamedTuple):
    """A page of a PDF file, by its number, from 1."""

    file: str
    number: int


def count_pages(file: str | Path) -> int:
    """How many pages a PDF has. Raises UserError if it cannot be opened or has too many, OSError if it is not there."""
    return int(_asked(str(file)))


def render(page: Page) -> Image.Image:
    """A page as an RGB image, upright, of RESOLUTION or fewer dots per inch. Raises as `count_pages` does."""
    size, _, pixels = _asked(page.file, str(page.number)).partition(b"\n")
    width, height = map(int, size.split())
    return Image.frombytes("RGB", (width, height), pixels)


def _asked(*words: str) -> bytes:
    """What the process that opens a file says."""
    if find_spec("pypdfium2") is None:
        raise UserError(f"PDFs need pypdfium2: {install('pdf')}")
    command = [sys.executable, "-P", "-c", START, dumps(list(filter(None, sys.path))), __file__, *words]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise UserError(f"cannot be read: it takes more than {SECONDS} seconds to open") from error
    if done.returncode == REFUSED:
        raise UserError(done.stderr.decode())
    if done.returncode:  # such as a process that has no more memory, or time
        raise UserError(f"cannot be read: it is damaged, or takes more than {SECONDS} seconds or {MEMORY:,} bytes")
    return done.stdout


def _answer(file: str, number: str | None = None) -> bytes:
    """How many pages a file has; or the width and height of one of them, and its pixels."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        raise UserError("needs a password" if "password" in str(error).lower() else DAMAGED) from error
    if not 1 <= len(document) <= MOST_PAGES:
        raise UserError(f"has {len(document):,} pages; 1 to {MOST_PAGES:,} are read")
    if number is None:
        return str(len(document)).encode()
    if not 1 <= int(number) <= len(document):  # of which pypdfium2 counts those below from the end
        raise UserError(f"has {len(document)} pages, and no page {number}")
    try:
        page = document[int(number) - 1]
        width, height = page.get_size()
        scale = min(RESOLUTION / 72, (MOST_PIXELS / max(width * height, 1)) ** 0.5)
        image = page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
    except (pypdfium2.PdfiumError, ValueError) as error:
        raise UserError("this page cannot be read: it is damaged") from error
    return b"%d %d\n" % image.size + image.tobytes()


def _limit() -> None:
    """See to it that this process ends, even if the one that started it does not stop it."""
    if sys.platform == "linux":  # elsewhere that one alone looks at the clock, and nobody at memory
        import resource

        for limit, wanted in ((resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_AS, MEMORY)):
            _, hard = resource.getrlimit(limit)
            least = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(limit, (least, least))


if __name__ == "__main__":
    _limit()
    try:
        sys.stdout.buffer.write(_answer(*sys.argv[1:]))
    except UserError as error:
        sys.stderr.write(str(error))
        sys.exit(REFUSED)
