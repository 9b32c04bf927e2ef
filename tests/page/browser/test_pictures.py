"""Pictures that are dropped on the page, or chosen: what is read in them, what is said of them, what is shown."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

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
from tests.support.pens import PAPER

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


def test_every_digit_of_a_picture_can_be_seen(phone):
    with phone.expect_file_chooser() as chosen:
        phone.locator("#choose").click()
    chosen.value.set_files({"name": "line.png", "mimeType": "image/png", "buffer": photographed(3, 0, 7)})
    picture_is_read(phone)
    assert boxed(phone) == "307" and said(phone).startswith("3 0 7. The ")
    phone.locator("#boxes button").nth(1).click()
    assert (answer(phone), chosen_digit(phone)) == ("307", "0")
    draw(phone, 2)  # over the picture, which goes
    assert answer(phone) == "2" and boxed(phone) == ""
    phone.keyboard.press("Control+z")
    assert boxed(phone) == "307"


def test_a_phone_takes_a_picture_with_its_own_camera(phone, page):
    """Where there is a mouse, the button would open the same dialog as its neighbour, and is not there."""
    assert not page.locator("#camera").is_visible()
    assert phone.locator("#photo").get_attribute("capture") == "environment"
    with phone.expect_file_chooser() as chosen:
        phone.locator("#camera").tap()
    chosen.value.set_files({"name": "photo.png", "mimeType": "image/png", "buffer": photographed(3, 0, 7)})
    picture_is_read(phone)
    assert answer(phone) == "307"


def dots():
    """Four dots, which are no digits."""
    picture = Image.new("RGB", (300, 300), PAPER)
    for left in (40, 100, 160, 220):
        ImageDraw.Draw(picture).ellipse((left, 145, left + 10, 155), "black")
    return png(np.asarray(picture))


UNREADABLE = [
    (b"no picture", "not a picture that"),
    (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC. Send a JPEG"),
    (photographed(), "Nothing stands out from the background: write darker"),
    (png(np.zeros((7, 7, 3), np.uint8)), "Too small or too narrow for a digit: choose a larger"),
    (png(np.zeros((9, 901, 3), np.uint8)), "Too small or too narrow for a digit: choose a larger"),
    (dots(), "Nothing here looks like a digit: cut out"),
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
    see.click()
    page.wait_for_function("() => digits.state.drawing.sight")
    assert see.get_attribute("aria-pressed") == "true" and before + 0.005 < vermilion() < 0.2
    see.click()
    page.wait_for_function("() => !digits.state.drawing.sight")
    assert vermilion() == before and see.get_attribute("aria-pressed") == "false"
    page.keyboard.press("Escape")
    assert see.is_hidden()


def file_of(picture, **options):
    picture.save(file := io.BytesIO(), **options)
    return file.getvalue()


def test_a_picture_that_lies_on_its_side_is_turned(docs):
    """And shown upright; not if its file says how it is to be turned."""
    lying, exif = Image.open(io.BytesIO(photographed(5, 2, 7, size=120))).rotate(-90, expand=True), Image.Exif()
    for orientation, begin in ((1, "Turned by 90°. 5"), (8, "5")):  # as it lies, and to be turned counterclockwise
        exif[0x0112] = orientation
        drop(docs, file_of(lying, format="JPEG", quality=95, exif=exif), "turned.jpg")
        assert answer(docs) == "527" and said(docs).startswith(begin)
        lefts = [box.bounding_box()["x"] for box in docs.locator("#boxes button").all()]
        assert len(lefts) == 3 and lefts == sorted(lefts)
        docs.keyboard.press("Escape")
