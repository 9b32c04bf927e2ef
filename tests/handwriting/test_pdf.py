"""The pages of PDFs: drawn at a resolution and within bounds, or refused in a line."""

import sys
from pathlib import Path

import numpy as np
import pytest

from digits.errors import UserError
from digits.handwriting import pdf
from digits.handwriting.pdf import Page, count_pages, render
from digits.handwriting.picture import open_picture
from tests.support.pens import line


@pytest.fixture
def two_pages(tmp_path):
    """Of one digit and of three, 120 x 120 and 360 x 120 pixels of 72 dots per inch."""
    line(1).save(tmp_path / "two.pdf", save_all=True, append_images=[line(3)], resolution=72)
    return str(tmp_path / "two.pdf")


def test_pages_are_drawn_at_the_resolution(two_pages):
    assert count_pages(two_pages) == 2
    image = render(Page(two_pages, 2))
    assert (image.mode, image.size) == ("RGB", (1000, 333))  # 360 x 120 points of 1/72 inch
    shrunk = np.asarray(image.convert("L").resize((360, 120)), int)
    assert np.abs(shrunk - np.asarray(line(3).convert("L"), int)).mean() < 3
    assert open_picture(Page(two_pages, 1))[0].size == (333, 333)


def test_a_large_page_has_fewer_pixels(two_pages, monkeypatch):
    monkeypatch.setattr(pdf, "MOST_PIXELS", 120_000)
    width, height = render(Page(two_pages, 2)).size
    assert 110_000 < width * height < 130_000 and width / height == pytest.approx(3, 0.02)


def refused(call):
    with pytest.raises(UserError) as error:
        call()
    return str(error.value)


def test_what_cannot_be_read_is_refused(two_pages, tmp_path, monkeypatch):
    content = Path(two_pages).read_bytes()
    for number, damaged in enumerate((b"", b"%PDF-1.4", content[: len(content) // 3], content[100:])):
        (tmp_path / f"{number}.pdf").write_bytes(damaged)
        assert refused(lambda: count_pages(tmp_path / f"{number}.pdf")) == "cannot be read: it is no PDF, or damaged"  # noqa: B023
    assert refused(lambda: render(Page(two_pages, 3))) == "has 2 pages, and no page 3"
    monkeypatch.setattr(pdf, "MOST_PAGES", 1)
    assert refused(lambda: count_pages(two_pages)) == "has 2 pages; 1 to 1 are read"
    monkeypatch.setattr(pdf, "LONGEST", -1)
    assert "takes more than" in refused(lambda: render(Page(two_pages, 1)))
    assert "cannot be read: it is larger than 10 bytes" in refused(large(two_pages, monkeypatch))
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    assert refused(lambda: count_pages(two_pages)).startswith("PDFs need pypdfium2: pip install ")


def large(path, monkeypatch):
    monkeypatch.setattr(pdf, "LARGEST", 10)
    return lambda: open_picture(Page(path, 1))
