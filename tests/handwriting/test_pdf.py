"""The pages of a PDF are drawn within limits, or refused with a one-line error."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.common.errors import UserError
from digits.handwriting import pdf
from digits.handwriting.pdf import SKIPPED, Page, PageError, Patience, count_pages, render
from digits.handwriting.picture import open_picture
from tests.support.pens import line


@pytest.fixture
def two_pages(tmp_path):
    """A PDF with a page of one digit (120 x 120 points) and a page of three digits (360 x 120)."""
    line(1).save(tmp_path / "two.pdf", save_all=True, append_images=[line(3)], resolution=72)
    return str(tmp_path / "two.pdf")


def test_pages_are_drawn_at_the_resolution(two_pages):
    assert count_pages(two_pages) == 2
    image = render(Page(two_pages, 2))
    assert (image.mode, image.size) == ("RGB", (1000, 334))  # 360 x 120 points of 1/72 inch
    shrunk = np.asarray(image.convert("L").resize((360, 120)), int)
    assert np.abs(shrunk - np.asarray(line(3).convert("L"), int)).mean() < 3
    assert open_picture(Page(two_pages, 1))[0].size == (334, 334)


def refused(call, *args):
    with pytest.raises(UserError) as error:
        call(*args)
    return str(error.value)


def test_damaged_files_missing_pages_and_too_many_pages_are_refused(two_pages, tmp_path, monkeypatch):
    content, other = Path(two_pages).read_bytes(), tmp_path / "other.pdf"
    for damaged in (b"", b"%PDF-1.4", content[: len(content) // 3], content[100:]):
        other.write_bytes(damaged)
        assert refused(count_pages, other) == "cannot be read: it is not a PDF, or it is damaged"
    for number in (0, 3):
        assert refused(render, Page(two_pages, number)) == f"this PDF has 2 pages, so it has no page {number}"
    Image.new("L", (9, 9)).save(other, save_all=True, append_images=[Image.new("L", (9, 9))] * 10_000)
    for call, argument in ((count_pages, str(other)), (render, Page(str(other), 1))):
        assert refused(call, argument) == "this PDF has 10,001 pages; it must have 1 to 10,000"
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    assert refused(count_pages, two_pages).startswith("PDFs need pypdfium2: pip install ")


def nested(depth=9, fan=10):
    """Return a PDF of a kilobyte. Its page shows a form `fan` times, which shows the next `fan` times, and so on."""
    again = b"/F Do " * fan
    forms = [*[again] * (depth - 1), b"0 0 m 600 800 l S"]
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R"
    page += b" /Resources << /XObject << /F 5 0 R >> >> >>"
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page]
    objects.append(b"<< /Length %d >> stream\n%s\nendstream" % (len(again), again))
    for number, form in enumerate(forms, 6):
        inside = b"/Resources << /XObject << /F %d 0 R >> >>" % number if number < 5 + depth else b""
        head = b"<< /Type /XObject /Subtype /Form /BBox [0 0 600 800] %s /Length %d >>" % (inside, len(form))
        objects.append(head + b" stream\n%s\nendstream" % form)
    lines = [b"%d 0 obj %s endobj" % numbered for numbered in enumerate(objects, 1)]
    return b"\n".join([b"%PDF-1.4", *lines, b"trailer << /Root 1 0 R >>"])  # PDFium needs no table of the objects


def test_a_file_is_given_up_after_ten_damaged_pages_in_a_row_or_a_minute_of_them(monkeypatch):
    now, patience, other = 0.0, Patience(), Page("b.pdf", 1)
    monkeypatch.setattr(pdf, "monotonic", lambda: now)
    damaged, skipped = PageError("damaged"), lambda file: str(patience.offer(Page(file, 99))) == SKIPPED
    results = [*[damaged] * 9, UserError("nothing stands out"), *[damaged] * 9, [], *[damaged] * 9]
    for number, result in enumerate(results, 1):
        patience.judge(Page("a.pdf", number), result)
    patience.judge(other, damaged)
    patience.judge("a.png", UserError("gone"))
    for number in range(1, 11):
        assert patience.offer(other) is other and not skipped("a.pdf")
        patience.judge(Page("a.pdf", number), damaged)
    assert skipped("a.pdf") and not skipped("b.pdf")
    for seconds, result in ((50, []), (100, damaged), (111, damaged)):
        assert not skipped("b.pdf")
        now = float(seconds)
        patience.judge(other, result)
    assert skipped("b.pdf") and str(patience.judge(other, damaged)) == SKIPPED


def test_a_small_file_that_claims_many_pages_is_given_up(tmp_path, monkeypatch, verb):
    monkeypatch.chdir(tmp_path)
    pages = b"2 0 obj<</Type/Pages/Kids[]/Count 60>>endobj"
    Path("many.pdf").write_bytes(
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj " + pages + b" trailer<</Root 1 0 R>>"
    )
    Path("fields.yaml").write_text("a:\n  box: [0, 0, 1, 1]\n")
    code, out, errors = verb("predict", "many.pdf", "--csv", "--network", "bundled")
    assert code == 1 and len(out.splitlines()) == 12 and "damaged" in errors[9]
    assert [error.split(": ", 1)[0] for error in errors] == [f"many.pdf page {n}" for n in range(1, len(errors) + 1)]
    assert len(errors) == 11 and errors[-1].endswith(SKIPPED)
    assert verb("predict", "many.pdf", "--fields", "fields.yaml", "--network", "bundled")[2][:-1] == errors


@pytest.mark.slow
def test_a_page_that_takes_too_much_time_is_stopped(tmp_path):
    for depth in (3, 9):
        (tmp_path / f"{depth}.pdf").write_bytes(nested(depth))
    assert render(Page(str(tmp_path / "3.pdf"), 1)).size == (1667, 2223)
    assert "takes more than 5 seconds" in refused(render, Page(str(tmp_path / "9.pdf"), 1))
