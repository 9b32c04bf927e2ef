"""Pictures that are dropped on the page, or chosen: what is read in them, what is said of them, what is shown."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.support.finding import encoded
from tests.support.pages import (
    answer,
    boxed,
    chosen_digit,
    draw,
    drop,
    give,
    outputs,
    photographed,
    picture_is_read,
    png,
    said,
    shown_on,
)

pytestmark = pytest.mark.mnist


def test_one_goes_on_drawing_while_a_picture_is_read(page):
    """In a worker that is held up here; when it has read the picture, its digits are there, though not in view."""
    page.evaluate("() => { holdsUp = (job) => job.picture; }")
    give(page, "paste", photographed(3, 0, 7))
    page.wait_for_function("() => said.textContent.startsWith('Reading')")
    assert answer(page) == "…" and shown_on(page, "#paper").std() > 5
    draw(page, 2)
    assert answer(page) == "2"
    page.evaluate("() => heldUp.pop()()")
    page.wait_for_function("() => digits.state.past.some(({ drawing }) => drawing.picture && drawing.digits)")
    assert answer(page) == "2" and boxed(page) == ""
    page.keyboard.press("Control+z")
    assert boxed(page) == "307"


@pytest.mark.parametrize("button", ["choose", "camera"])
def test_a_phone_chooses_a_picture_or_takes_one(button, phone):
    """Every digit of it can be chosen."""
    assert phone.locator("#photo").get_attribute("capture") == "environment"
    with phone.expect_file_chooser() as chosen:
        phone.locator(f"#{button}").tap()
    chosen.value.set_files({"name": "line.png", "mimeType": "image/png", "buffer": photographed(3, 0, 7)})
    picture_is_read(phone)
    assert answer(phone) == boxed(phone) == "307"
    phone.locator("#boxes button").nth(1).click()
    assert (answer(phone), chosen_digit(phone)) == ("307", "0")


UNREADABLE = [
    (b"no picture", "cannot open this as a picture"),
    (photographed(), "Nothing stands out"),
    (png(np.zeros((7, 7, 3), np.uint8)), "Too small"),
]


def test_what_cannot_be_read_is_said_and_is_no_answer(phone):
    """On a phone, where no reason may be so long that it moves the pad."""
    draw(phone, 3)
    for content, reason in UNREADABLE:
        give(phone, "drop", content)
        phone.wait_for_function("(reason) => said.textContent.includes(reason)", arg=reason)
        assert answer(phone) == "?" and set(outputs(phone)) == {0}, reason
        phone.locator("#undo").click()
        assert answer(phone) == "3", reason


def test_what_the_eye_sees_in_a_picture_is_shown_on_a_tap_and_hidden_on_the_next(page):
    see = page.locator("#see")
    assert see.is_hidden()
    drop(page, photographed(5, 2))

    def vermilion():
        red, _, blue = np.moveaxis(shown_on(page, "#paper"), 2, 0)
        return ((red > 180) & (blue < 60)).mean()

    before = vermilion()  # of the boxes
    for is_pressed in (True, False):
        see.click()
        page.wait_for_function("(pressed) => Boolean(digits.state.drawing.sight) === pressed", arg=is_pressed)
        assert (vermilion() > before + 0.005) == is_pressed
    page.locator("#clear").click()
    assert see.is_hidden()


def test_on_a_stop_nothing_covers_the_photo(phone):
    """The pad is small there, on a phone above all: the button that shows what was read is gone."""
    drop(phone, photographed(5, 2))
    assert phone.locator("#see").is_visible()
    phone.evaluate("resized = true; location.hash = 'stop=pixels'")
    phone.locator("#stop-pixels.here").wait_for()
    over = """() => {
        const { left, top, width, height } = paper.getBoundingClientRect();
        const shares = [0.1, 0.3, 0.5, 0.7, 0.9], points = shares.flatMap((x) => shares.map((y) => [x, y]));
        const over = points.map(([x, y]) => document.elementFromPoint(left + x * width, top + y * height));
        return over.filter((element) => !element.closest("#paper, #boxes")).map((element) => element.outerHTML);
    }"""
    assert phone.evaluate(over) == []
    phone.evaluate("moved.length = 0")


def test_a_picture_that_lies_on_its_side_is_turned(page):
    """And shown upright; not if its file says how it is to be turned."""
    lying, exif = Image.open(io.BytesIO(photographed(5, 2, 7, size=120))).rotate(-90, expand=True), Image.Exif()
    for orientation, begin in ((1, "Turned by 90°. 5"), (8, "5")):  # as it lies, and to be turned counterclockwise
        exif[0x0112] = orientation
        drop(page, encoded(lying, "JPEG", quality=95, exif=exif), "turned.jpg")
        assert answer(page) == "527" and said(page).startswith(begin)
        lefts = [box.bounding_box()["x"] for box in page.locator("#boxes button").all()]
        assert len(lefts) == 3 and lefts == sorted(lefts)
        page.keyboard.press("Escape")
