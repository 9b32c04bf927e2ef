"""What the page's network learns there, from lessons."""

import re
import zlib

import numpy as np
import pytest

from digits import mnist
from digits.export.sample import TRAIN, sample
from tests.support.pages import answer, draw, give, outputs, photographed

pytestmark = pytest.mark.mnist


def test_the_images_in_the_page_are_those_of_mnist(page_file, visit, mnist_dir):
    page = visit(page_file)
    held = page.evaluate("async () => [...(await digits.heldImages()).bytes]")
    images, labels = mnist.load(mnist_dir, train=False)
    counts, packed = sample(mnist.load(mnist_dir, train=True), (images, labels))
    assert counts == (5_500, 1_000) and bytes(held) == zlib.decompress(packed, wbits=-15)
    image, label = page.evaluate(
        """async (i) => {
            const { image, y } = digits.backpropagation.exampleOf(await digits.heldImages(), i);
            return [[...image], digits.network.predictionOf(y)];
        }""",
        TRAIN + 7,
    )
    [at] = np.flatnonzero(((images.flatten(1).numpy() > 127) == image).all(1))
    assert label == labels[at]


def test_a_lesson(page_file, visit):
    """A drawing is taught to be another digit: it is read so, the test images still are, and undo forgets it."""
    page = visit(page_file)
    draw(page, 4)
    before = outputs(page)
    page.locator("#teach button").nth(9).click()
    page.wait_for_function("() => said.textContent.includes('→')")
    said = page.locator("#said").inner_text()
    steps, old, new = re.fullmatch(r"9 after (\d+) steps?; ([\d.]+) → ([\d.]+) % of 1,000 test images\.", said).groups()
    assert answer(page) == "9" and 1 <= int(steps) <= 300
    assert float(old) > 90 and float(new) > float(old) - 3
    assert "1 lesson" in page.locator("#about").inner_text()
    page.locator("#undo").click()
    assert outputs(page) == before and answer(page) == "4"
    page.locator("#redo").click()
    assert answer(page) == "9"


def test_a_lesson_on_a_digit_of_a_number(page_file, visit):
    page = visit(page_file)
    draw(page, 342)
    page.locator("#boxes button").nth(1).click()
    page.get_by_role("button", name="No, the 2nd is 9", exact=True).click()
    page.wait_for_function("() => said.textContent.includes('→')")
    assert re.match(r"The 2nd: 9 after \d+ steps?; ", page.locator("#said").inner_text())
    assert answer(page)[1] == "9" and page.locator("#digit .chosen").inner_text() == "9"
    assert page.locator("#boxes button").nth(1).inner_text() == "9"


def test_a_picture_that_was_taught_is_read_so(page_file, visit):
    """The lesson is on its images in all guesses, which vote."""
    page = visit(page_file)
    give(page, "drop", photographed(3))
    page.locator("#boxes button").wait_for()
    assert answer(page) == "3"
    page.locator("#teach button").nth(8).click()
    page.wait_for_function("() => said.textContent.includes('→')")
    page.keyboard.press("Escape")
    give(page, "drop", photographed(3))
    page.locator("#boxes button").wait_for()
    assert answer(page) == "8"
    assert page.evaluate("digits.state.network.lessons.map((images) => images.length > 1)") == [True]


def test_a_lesson_shows_what_it_changes(page_file, visit):
    """Red and blue on the pixels and the hidden neurons, for a moment."""
    page = visit(page_file)
    draw(page, 3)
    tones = """() => [...new Set([...document.querySelectorAll(".hidden button")].map(
        (cell) => cell.style.getPropertyValue("--shade").split("--")[1].split(")")[0]))].sort().join()"""
    assert page.evaluate(tones) == "foreground"
    page.locator("#teach button").nth(9).click()
    page.wait_for_function(f"() => ({tones})() === 'blue,red'")
    page.wait_for_function(f"() => ({tones})() === 'foreground'")


def test_a_copy_has_the_picture(page_file, visit, tmp_path):
    page = visit(page_file)
    give(page, "drop", photographed(3, 0, 7))
    page.locator("#boxes button").first.wait_for()
    with page.expect_download() as download:
        page.locator("#save").click()
    download.value.save_as(tmp_path / "copy.html")
    copy = visit(tmp_path / "copy.html")
    copy.locator("#boxes button").first.wait_for()
    assert copy.locator("#boxes button").all_inner_texts() == ["3", "0", "7"]


def test_a_copy_has_the_drawing_and_what_was_learned(page_file, visit, tmp_path):
    page = visit(page_file)
    draw(page, 4)
    page.locator("#teach button").nth(9).click()
    page.wait_for_function("() => said.textContent.includes('→')")
    learned = outputs(page)
    with page.expect_download() as download:
        page.locator("#save").click()
    download.value.save_as(tmp_path / "copy.html")
    copy = visit(tmp_path / "copy.html")
    copy.locator("#digit", has_text="9").wait_for()
    assert outputs(copy) == pytest.approx(learned, abs=0.011)
    copy.keyboard.press("Escape")
    draw(copy, 5)
    assert answer(copy) == "5"
    with copy.expect_download() as download:  # of a copy of a copy
        copy.locator("#save").click()
    assert 0.9 < (tmp_path / "copy.html").stat().st_size / len(download.value.path().read_bytes()) < 1.1
