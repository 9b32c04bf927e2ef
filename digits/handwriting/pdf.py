"""Draw the pages of a PDF with PDFium, which is an optional dependency because most pictures are not PDFs.

A small file can demand any amount of time and memory, and PDFium cannot be interrupted. So each page is opened in a
process of its own: `python pdf.py FILE` counts the pages, and `python pdf.py FILE NUMBER` draws a page.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from PIL import Image

from digits.common.errors import UserError, install

RESOLUTION = 200  # dots per inch; digits 4 mm high, as in the boxes of a form, become 30 pixels high
MOST_PIXELS = 16e6  # limit for a page; an A4 page has 4 million
SECONDS, MEMORY = 5, 1_500_000_000  # limits of CPU time and bytes per page; most take 0.3 s and a tenth of the bytes
MOST_PAGES = 10_000  # limit for a file
DAMAGED_PAGES, WAIT = 10, 60  # give up a file after 10 damaged pages in a row, or 60 s without a good page
REFUSED = 3  # exit code of the process if its standard error says why it refuses a page
DAMAGED = "cannot be read: it is not a PDF, or it is damaged"
SKIPPED = "this page and all after it are skipped, because the pages before it are damaged"


class Page(NamedTuple):
    """A page of a PDF file. Numbers start at 1."""

    file: str
    number: int


class PageError(UserError):
    """Why a page of a PDF cannot be read."""


class Patience:
    """Gives up a PDF with too many damaged pages in a row: there may be thousands, and each takes seconds."""

    def __init__(self) -> None:
        self.given_up = set[str]()
        self.file, self.damaged, self.since = "", 0, monotonic()

    def offer(self, picture: Any) -> Any:
        """Return the picture, or a PageError in its place if it is a page of a file that was given up."""
        return PageError(SKIPPED) if isinstance(picture, Page) and picture.file in self.given_up else picture

    def judge(self, picture: Any, result: Any) -> Any:
        """Return the result of a picture, and decide whether to give up its file. Call it for all pictures in order."""
        damaged, file = isinstance(result, PageError), picture.file if isinstance(picture, Page) else ""
        if damaged and file in self.given_up:  # a worker began this page before the file was given up
            return PageError(SKIPPED)
        if file != self.file or not damaged:
            self.file, self.damaged, self.since = file, 0, monotonic()
        self.damaged += damaged
        if self.damaged >= DAMAGED_PAGES or (damaged and monotonic() > self.since + WAIT):
            self.given_up.add(file)
        return result


def count_pages(file: str | Path) -> int:
    """Count the pages of a PDF. Raises PageError if this fails or gives too many, OSError if the file is missing."""
    return int(_run(str(file)))


def render(page: Page) -> Image.Image:
    """Draw a page as an upright RGB image, at RESOLUTION or less. Raises the same errors as `count_pages`."""
    size, _, pixels = _run(page.file, str(page.number)).partition(b"\n")
    width, height = map(int, size.split())
    return Image.frombytes("RGB", (width, height), pixels)


def _run(file: str, *number: str) -> bytes:
    """Run this module as a process, and return its standard output."""
    os.stat(file)  # raises OSError if the file is missing
    if find_spec("pypdfium2") is None:
        raise PageError(f"PDFs need pypdfium2: {install('pdf')}")
    command, paths = [sys.executable, "-P", __file__, file, *number], os.pathsep.join(filter(None, sys.path))
    try:
        done = subprocess.run(command, capture_output=True, timeout=WAIT, env=os.environ | {"PYTHONPATH": paths})
    except subprocess.TimeoutExpired as error:
        raise PageError(f"cannot be read: it takes more than {WAIT} seconds to open") from error
    if done.returncode == REFUSED:
        raise PageError(done.stderr.decode())
    if done.returncode:  # the process ran out of time or memory, or PDFium crashed
        raise PageError(f"cannot be read: it is damaged, or takes more than {SECONDS} seconds or {MEMORY / 1e9:g} GB")
    return done.stdout


def _answer(file: str, number: str | None = None) -> bytes:
    """Return the number of pages of a file, or if a page number is given, the width, height and pixels of this page."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        raise UserError("needs a password; save a copy without one" if "password" in str(error) else DAMAGED) from error
    if not 1 <= len(document) <= MOST_PAGES:
        raise UserError(f"this PDF has {len(document):,} pages; it must have 1 to {MOST_PAGES:,}")
    if number is None:
        return str(len(document)).encode()
    if not 1 <= int(number) <= len(document):  # pypdfium2 would count negative numbers from the end
        raise UserError(f"this PDF has {len(document)} pages, so it has no page {number}")
    try:
        page = document[int(number) - 1]
        width, height = page.get_size()
        scale = min(RESOLUTION / 72, (MOST_PIXELS / max(width * height, 1)) ** 0.5)
        image = page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
    except (pypdfium2.PdfiumError, ValueError) as error:
        raise UserError("this page cannot be read: it is damaged") from error
    return b"%d %d\n" % image.size + image.tobytes()


def _limit() -> None:
    """Limit the CPU time and memory of this process."""
    if sys.platform == "linux":  # elsewhere, only the parent's timeout of WAIT seconds applies
        import resource

        for kind, limit in ((resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_AS, MEMORY)):
            _, hard = resource.getrlimit(kind)
            limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(kind, (limit, limit))


if __name__ == "__main__":
    _limit()
    try:
        sys.stdout.buffer.write(_answer(*sys.argv[1:]))
    except UserError as error:
        sys.stderr.write(str(error))
        sys.exit(REFUSED)
