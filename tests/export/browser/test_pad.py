"""What is drawn on the page, dropped on it and pasted, and how it is undone."""

import io

import numpy as np
import pytest
from PIL import Image

from digits import mnist
from tests.support.pages import (
    WINDOWS,
    answer,
    chosen_digit,
    draw,
    draw_by_finger,
    draw_by_mouse,
    give,
    is_read,
    on_pad,
    outputs,
    photographed,
    png,
    shown_on,
)
from tests.support.pens import STROKES
from tests.support.strokes import draw as draw_at_once
from tests.support.strokes import placed

pytestmark = pytest.mark.mnist


@pytest.mark.parametrize("window", WINDOWS)
def test_what_the_mouse_draws_is_read(window, page_file, visit):
    page = visit(page_file, *window)
    for digit in STROKES:
        assert answer(page) == "?" and set(outputs(page)) == {0}
        draw_by_mouse(page, digit)
        assert answer(page) == str(digit) and np.argmax(outputs(page)) == digit
        assert page.locator("#said").inner_text().startswith(f"{digit} at ")
        if digit == 7:
            assert page.locator("#bits b").all_inner_texts() == ["0", "1", "1", "1"]
        page.locator("#clear").click()


@pytest.mark.parametrize("window", [(360, 740), (740, 360)])
def test_what_a_finger_draws_is_read(window, page_file, visit):
    page = visit(page_file, *window, has_touch=True, is_mobile=True, device_scale_factor=3)
    for digit in (2, 5, 8):
        draw_by_finger(page, digit)
        assert answer(page) == str(digit)
        page.locator("#clear").tap()
        page.locator("#digit", has_text="?").wait_for()
    assert page.evaluate("scrollY") == 0


def test_it_is_read_while_it_is_drawn(page_file, visit):
    page = visit(page_file)
    first, *rest = on_pad(page, 0)[0]
    page.mouse.move(*first)
    page.mouse.down()
    for point in rest[::3]:
        page.mouse.move(*point)
    page.wait_for_function("() => digit.textContent === '0'")
    assert page.locator("#said").inner_text() == ""  # which screen readers hear once it is drawn
    page.mouse.up()
    is_read(page)
    assert page.locator("#said").inner_text().startswith("0 at ")


def test_clear_and_undo(page_file, visit):
    page = visit(page_file)
    draw(page, 4)  # two strokes
    drawn = outputs(page)
    page.locator("#undo").click()
    assert outputs(page) != drawn
    page.locator("#undo").click()
    assert answer(page) == "?"
    draw(page, 4)
    page.locator("#clear").click()
    assert answer(page) == "?" and set(outputs(page)) == {0}
    page.locator("#undo").click()  # brings back what was cleared
    assert outputs(page) == drawn


@pytest.mark.parametrize("key", ["Escape", "Delete", "Control+z"])
@pytest.mark.parametrize("before", [False, True])
def test_a_key_that_takes_away_the_stroke_lifts_the_pen(key, before, page_file, visit):
    """However long it is moved on, with a digit drawn before or not; and undoing brings back what there was."""
    page = visit(page_file)
    if before:
        draw(page, 7)
    kept = outputs(page)
    first, *rest = on_pad(page, 0)[0]
    page.mouse.move(*first)
    page.mouse.down()
    for point in rest[:20:4]:
        page.mouse.move(*point)
    page.keyboard.press(key)
    if key != "Control+z":
        assert answer(page) == "?"
        page.keyboard.press("Control+z")  # and back
        page.keyboard.press("Control+z")  # without the stroke
    for point in rest[20::4]:
        page.mouse.move(*point)
    page.mouse.up()
    assert outputs(page) == kept
    page.keyboard.press("Escape")
    draw(page, 3)
    assert answer(page) == "3"


def test_a_picture_pasted_while_the_pen_is_down_takes_the_place_of_the_stroke(page_file, visit):
    page = visit(page_file)
    first, *rest = on_pad(page, 0)[0]
    page.mouse.move(*first)
    page.mouse.down()
    page.mouse.move(*rest[0])
    give(page, "paste", photographed(5))
    page.locator("#boxes button").wait_for()
    for point in rest[::6]:
        page.mouse.move(*point)
    page.mouse.up()
    assert answer(page) == "5" and page.locator("#boxes button").all_inner_texts() == ["5"]


@pytest.mark.parametrize("window", WINDOWS)
def test_the_drawing_survives_resizing(window, page_file, visit):
    page = visit(page_file, *window)
    draw(page, 5)
    drawn = outputs(page)
    page.evaluate("window.resized = true")
    for width, height in [(360, 740), (740, 360), (1440, 900), (1000, 700)]:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        assert page.evaluate("paper.width === Math.round(paper.clientWidth * devicePixelRatio)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert outputs(page) == drawn
        assert shown_on(page, "#paper").std() > 20
    page.locator("#clear").click()
    draw(page, 7)
    assert answer(page) == "7"


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_picture_is_read(kind, page_file, visit):
    page = visit(page_file)
    give(page, kind, photographed(5))
    page.locator("#boxes button").wait_for()
    assert answer(page) == "5" and page.locator("#boxes button").all_inner_texts() == ["5"]


def test_one_goes_on_drawing_while_a_picture_is_read(page_file, visit):
    """In a worker that is held up here; when it has read the picture, its digits are there, though not in view."""
    page = visit(page_file)
    page.evaluate(
        """() => {
            const { postMessage } = Worker.prototype;
            Worker.prototype.postMessage = function (job, ports) {
                const post = () => postMessage.call(this, job, ports);
                if (job.picture) window.read = post;
                else post();
            };
        }"""
    )
    give(page, "drop", photographed(3, 0, 7))
    page.wait_for_function("() => said.textContent.startsWith('Reading')")
    assert answer(page) == "…" and shown_on(page, "#paper").std() > 5
    draw(page, 2)
    assert answer(page) == "2"
    page.evaluate("read()")
    page.wait_for_function("() => digits.state.past.some(({ drawing }) => drawing.picture && drawing.digits)")
    assert answer(page) == "2" and page.locator("#boxes button").count() == 0
    page.keyboard.press("Control+z")
    assert page.locator("#boxes button").all_inner_texts() == ["3", "0", "7"]


def test_every_digit_of_a_picture_can_be_seen(page_file, visit):
    page = visit(page_file, 360, 740)
    with page.expect_file_chooser() as chosen:
        page.locator("#choose").click()
    chosen.value.set_files({"name": "line.png", "mimeType": "image/png", "buffer": photographed(3, 0, 7)})
    page.locator("#boxes button").first.wait_for()
    assert page.locator("#boxes button").all_inner_texts() == ["3", "0", "7"]
    assert page.locator("#said").inner_text().startswith("3 0 7. The ")
    for box, digit in zip(page.locator("#boxes button").all(), "307", strict=True):
        box.click()
        assert (answer(page), chosen_digit(page)) == ("307", digit) and box.get_attribute("aria-pressed") == "true"
    draw(page, 2)  # over the picture, which goes
    assert answer(page) == "2" and page.locator("#boxes button").count() == 0
    page.keyboard.press("Control+z")
    assert page.locator("#boxes button").all_inner_texts() == ["3", "0", "7"]


def test_a_picture_lying_on_its_side_is_turned(page_file, visit):
    picture, exif, page = (
        Image.open(io.BytesIO(photographed(7))).rotate(90, expand=True),
        Image.Exif(),
        visit(page_file),
    )
    turned = []
    for orientation in (1, 6):  # as it lies, and to be turned clockwise
        exif[0x0112] = orientation
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=95, exif=exif)
        give(page, "drop", buffer.getvalue(), "turned.jpg")
        page.wait_for_function("() => !/Or drop|Reading/.test(said.textContent)")
        turned.append((answer(page), "Turned" in page.locator("#said").inner_text()))
        page.keyboard.press("Escape")
    assert turned == [("7", True), ("7", False)]


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"no picture", "not a picture that"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC. Send a JPEG"),
        (photographed(), "Nothing stands out from the background: write darker"),
        (png(np.zeros((7, 7, 3), np.uint8)), "Too small or too narrow for a digit: choose a larger"),
        (png(np.zeros((9, 901, 3), np.uint8)), "Too small or too narrow for a digit: choose a larger"),
    ],
    ids=["text", "an iPhone's", "blank", "small", "narrow"],
)
def test_what_cannot_be_read_is_said_and_is_no_answer(content, reason, page_file, visit):
    page = visit(page_file, *WINDOWS[0])  # where no reason may be so long that it moves the pad
    draw(page, 3)
    give(page, "drop", content)
    page.wait_for_function(f"() => said.textContent.includes({reason!r})")
    assert answer(page) == "?" and set(outputs(page)) == {0}
    page.locator("#undo").click()
    assert answer(page) == "3"


def test_a_picture_of_what_no_output_takes_for_a_digit(page_file, visit):
    page = visit(page_file, *WINDOWS[0])
    page.evaluate(
        "digits.state.network.layers = digits.state.network.layers.map("
        "({ weights, biases }) => ({ weights, biases: biases.map(() => -100) }))"
    )
    give(page, "drop", photographed(5))
    page.wait_for_function("() => said.textContent.includes('Nothing here looks like a digit: cut out')")
    assert answer(page) == "?" and page.locator("#boxes button").count() == 0
    draw(page, 5)
    assert answer(page) == "?" and page.locator("#said").inner_text().startswith("No digit: ")


@pytest.mark.nightly
def test_digits_that_are_drawn_are_read(page_file, visit, mnist_dir):
    """200 test digits, drawn again stroke by stroke: at least 94 % are read right."""
    images, labels = mnist.load(mnist_dir, train=False)
    rng = np.random.default_rng(2025)
    page, chosen = visit(page_file), rng.choice(len(images), 200, replace=False)
    read = [draw_at_once(page, placed(images[i].numpy(), rng))[0] for i in chosen]
    assert np.mean([said == str(label) for said, label in zip(read, labels[chosen].tolist(), strict=True)]) >= 0.94
