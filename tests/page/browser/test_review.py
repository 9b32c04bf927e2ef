"""The page on which what is doubtful in a table is looked at and corrected."""

import csv
from base64 import b64encode

import pytest

from digits.commands.tables import Doubt, write_review
from digits.handwriting.reader import ANYTHING
from tests.support.finding import encoded
from tests.support.pages import violations
from tests.support.pens import line

HEAD = ["file", "page", "student", "student confidence", "mark", "mark confidence"]
ROWS = [HEAD, ["some/a,\\b.pdf", 1, "444", 0.5, "7", 0.99], ["some/a,\\b.pdf", 2, "12", 0.3, "", 0]]


@pytest.fixture
def review(tmp_path, visit):
    """The page of three doubtful fields."""
    crop = b64encode(encoded(line(), "JPEG")).decode()
    doubts = [Doubt(1, 2, crop, ["444", "414"], (3, 3), ANYTHING.digits)]
    doubts += [Doubt(2, column, crop, [], None, ANYTHING.digits) for column in (2, 4)]
    write_review(tmp_path / "review.html", ROWS, doubts, ["a,b.pdf page 3: <b>it is damaged</b>"])
    return visit(tmp_path / "review.html")


def save(page, folder):
    with page.expect_download() as download:
        page.locator("#save").click()
    download.value.save_as(folder / "saved.csv")
    return list(csv.reader((folder / "saved.csv").read_text().splitlines()))


def test_what_is_corrected_is_saved_and_what_was_looked_at_is_sure(review, tmp_path):
    assert [field.input_value() for field in review.locator("input").all()] == ["444", "12", ""]
    assert review.locator("legend").first.inner_text() == "a,\\b.pdf page 1: student"
    assert all(review.locator("img").evaluate_all("images => images.map((image) => image.naturalWidth > 0)"))
    assert review.locator("li").all_inner_texts() == ["a,b.pdf page 3: <b>it is damaged</b>"]
    as_read = save(review, tmp_path)
    assert as_read == [[str(cell) for cell in row] for row in ROWS]
    first, hint = review.locator("input").first, review.locator("span").first
    for text, shown in (("44", True), ("4x4", True), ("445", False), ("", False)):
        first.fill(text)
        assert hint.is_visible() == shown
    first.fill("444")
    review.get_by_role("button", name="414").click()  # the next likeliest reading
    second = review.locator("input").nth(1)
    assert second.evaluate("input => input === document.activeElement")
    second.press("Enter")  # as it is
    review.locator("input").nth(2).fill("9")
    review.locator("input").nth(2).press("Enter")
    _, first, last = save(review, tmp_path)
    assert first == ["some/a,\\b.pdf", "1", "414", "1", "7", "0.99"]
    assert last == ["some/a,\\b.pdf", "2", "12", "1", "9", "1"]


def test_it_can_be_used_by_all(review):
    for scheme in ("light", "dark"):
        review.emulate_media(color_scheme=scheme)
        assert violations(review) == []
