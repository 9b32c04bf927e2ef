"""The pages of a PDF as images, by PDFium, which runs no script of it; an extra, since most pictures are none."""

from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from PIL import Image

from digits.errors import UserError, install
from digits.files import check_regular

RESOLUTION = 200  # dots per inch: digits of 4 mm, a box's, are 30 pixels high
MOST_PIXELS = 16e6  # of a page; an A4 page has 4 million
LONGEST = 20.0  # seconds that a page may take; most take 0.1
LARGEST, MOST_PAGES = 2_000_000_000, 10_000  # bytes of a file, which is not read as a whole, and its pages


class Page(NamedTuple):
    """A page of a PDF file, by its number, from 1."""

    file: str
    number: int


def count_pages(file: str | Path) -> int:
    """How many pages a PDF file has. Raises UserError if it cannot be opened, or has too many."""
    with closing(_opened(str(file))) as document:
        count = len(document)
    if not 1 <= count <= MOST_PAGES:
        raise UserError(f"has {count:,} pages; 1 to {MOST_PAGES:,} are read")
    return count


def render(page: Page) -> Image.Image:
    """A page as an RGB image, upright, of RESOLUTION or fewer dots per inch. Raises UserError if it cannot be drawn."""
    import pypdfium2

    with closing(_opened(page.file)) as document:
        try:
            if page.number > len(document):
                raise UserError(f"has {len(document)} pages, and no page {page.number}")
            sheet = document[page.number - 1]
            width, height = sheet.get_size()
            scale = min(RESOLUTION / 72, (MOST_PIXELS / max(width * height, 1)) ** 0.5)
            size = max(1, round(width * scale)), max(1, round(height * scale))
            return _drawn(sheet, *size)
        except pypdfium2.PdfiumError as error:
            raise UserError("this page cannot be read: it is damaged") from error


def _drawn(sheet: Any, width: int, height: int) -> Image.Image:
    from pypdfium2 import PdfBitmap, raw

    bitmap = PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGR)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
    end = monotonic() + LONGEST
    pause = raw.IFSDK_PAUSE(version=1)
    pause.NeedToPauseNow = type(pause.NeedToPauseNow)(lambda _: monotonic() > end)
    status = raw.FPDF_RenderPageBitmap_Start(bitmap, sheet, 0, 0, width, height, 0, raw.FPDF_ANNOT, pause)
    raw.FPDF_RenderPage_Close(sheet)
    if status != raw.FPDF_RENDER_DONE:
        late = status == raw.FPDF_RENDER_TOBECONTINUED
        raise UserError(f"this page takes more than {LONGEST:.0f} seconds to draw" if late else "it is damaged")
    return bitmap.to_pil().convert("RGB")


def _opened(file: str) -> Any:
    try:
        import pypdfium2
    except ImportError as error:
        raise UserError(f"PDFs need pypdfium2: {install('pdf')}") from error
    check_regular(file, LARGEST)
    try:
        return pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        locked = "password" in str(error).lower()
        raise UserError("needs a password" if locked else "cannot be read: it is no PDF, or damaged") from error
