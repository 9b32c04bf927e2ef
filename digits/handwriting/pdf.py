"""The pages of a PDF as images, by PDFium; an extra, since most pictures are none.

A small file can ask for any time and memory, in places where PDFium cannot be stopped. So a process of its own opens
each page: `python pdf.py FILE` says how many pages there are, `python pdf.py FILE NUMBER` draws one.
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

RESOLUTION = 200  # dots per inch: digits of 4 mm, as in a form's boxes, are 30 pixels high
MOST_PIXELS = 16e6  # of a page; an A4 page has 4 million
SECONDS, MEMORY = 5, 1_500_000_000  # of a processor, and bytes, that a page may take; most take 0.3 s, and a tenth
MOST_PAGES = 10_000  # of a file
DAMAGED_PAGES, WAIT = 10, 60  # give up a file after 10 damaged pages in a row, or 60 s without a good page
REFUSED = 3  # the exit code of the process if it says why a page is refused
DAMAGED = "cannot be read: it is no PDF, or damaged"
SKIPPED = "is skipped, as are all pages after it: those before it are damaged"


class Page(NamedTuple):
    """A page of a PDF file, by its number, from 1."""

    file: str
    number: int


class PageError(UserError):
    """Why a page of a PDF cannot be read."""


class Patience:
    """Gives up a PDF that has page after page that cannot be read: it may claim thousands, and each takes seconds."""

    def __init__(self) -> None:
        self.given_up = set[str]()
        self.file, self.damaged, self.since = "", 0, monotonic()

    def offer(self, picture: Any) -> Any:
        """The picture; or, of a page of a PDF that is given up, the error that says so."""
        return PageError(SKIPPED) if isinstance(picture, Page) and picture.file in self.given_up else picture

    def judge(self, picture: Any, result: Any) -> Any:
        """The result of a picture; or that of `offer`, for a damaged page that had begun before its file was given up.

        Call it for each picture, in order.
        """
        damaged, file = isinstance(result, PageError), picture.file if isinstance(picture, Page) else ""
        if damaged and file in self.given_up:
            return PageError(SKIPPED)
        if file != self.file or not damaged:
            self.file, self.damaged, self.since = file, 0, monotonic()
        self.damaged += damaged
        if self.damaged >= DAMAGED_PAGES or (damaged and monotonic() > self.since + WAIT):
            self.given_up.add(file)
        return result


def count_pages(file: str | Path) -> int:
    """How many pages a PDF has. Raises PageError if it cannot be opened or has too many, OSError if it is not there."""
    return int(_asked(str(file)))


def render(page: Page) -> Image.Image:
    """A page as an RGB image, upright, of RESOLUTION or fewer dots per inch. Raises as `count_pages` does."""
    size, _, pixels = _asked(page.file, str(page.number)).partition(b"\n")
    width, height = map(int, size.split())
    return Image.frombytes("RGB", (width, height), pixels)


def _asked(*words: str) -> bytes:
    """What the process that opens a file says."""
    os.stat(words[0])  # raises OSError if there is no such file
    if find_spec("pypdfium2") is None:
        raise PageError(f"PDFs need pypdfium2: {install('pdf')}")
    paths = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}  # it imports from where we do
    try:
        done = subprocess.run([sys.executable, "-P", __file__, *words], capture_output=True, timeout=WAIT, env=paths)
    except subprocess.TimeoutExpired as error:
        raise PageError(f"cannot be read: it takes more than {WAIT} seconds to open") from error
    if done.returncode == REFUSED:
        raise PageError(done.stderr.decode())
    if done.returncode:  # such as a process that has no more memory, or time
        raise PageError(f"cannot be read: it is damaged, or takes more than {SECONDS} seconds or {MEMORY:,} bytes")
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
