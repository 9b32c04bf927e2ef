"""What is drawn on the page, how it is read meanwhile, and how it is undone."""

import numpy as np
import pytest

from tests.support.pages import answer, draw, in_the_middle, is_read, outputs, said

pytestmark = pytest.mark.mnist


def on_pad(page, digit):
    """The strokes of a digit, in the middle of the pad, as points of the window."""
    box = page.locator("#paper").bounding_box()
    corner, side = np.array([box["x"], box["y"]]), box["width"]
    return [(corner + np.array(stroke) * side).tolist() for stroke in in_the_middle(digit)]


def begin(page, stroke):
    """Put the pen down, and move it along a stroke."""
    page.mouse.move(*stroke[0])
    page.mouse.down()
    for point in stroke[1:]:
        page.mouse.move(*point)


def test_what_the_mouse_draws_is_read(page):
    """Meanwhile, too; it is said, for screen readers, once it is drawn."""
    page.locator("h1").click()  # before which an unseen hand draws
    assert answer(page) == "?" and set(outputs(page)) == {0}
    for stroke in on_pad(page, 0):
        begin(page, stroke)
        page.wait_for_function("() => digit.textContent === '0'")
        assert said(page) == ""
        page.mouse.up()
    is_read(page)
    assert answer(page) == "0" and np.argmax(outputs(page)) == 0 and said(page).startswith("0")


def test_what_a_finger_draws_is_read(phone):
    send = phone.context.new_cdp_session(phone).send
    for first, *rest in on_pad(phone, 2):
        for kind, (x, y) in [("touchStart", first), *(("touchMove", point) for point in rest)]:
            send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    is_read(phone)
    assert answer(phone) == "2" and phone.evaluate("scrollY") == 0
    phone.locator("#clear").tap()
    phone.locator("#digit", has_text="?").wait_for()


def test_clear_undo_and_redo(page):
    draw(page, 4)  # two strokes
    drawn = outputs(page)
    page.locator("#undo").click()
    assert outputs(page) != drawn
    page.locator("#undo").click()
    assert answer(page) == "?"
    draw(page, 4)
    for key in ("Escape", "Delete", "Backspace"):
        page.keyboard.press(key)
        assert answer(page) == "?" and set(outputs(page)) == {0}
        page.keyboard.press("Control+z")  # brings back what was cleared
        assert outputs(page) == drawn
    for redo in ("Control+Shift+z", "Control+y"):
        page.keyboard.press("Control+z")
        assert outputs(page) != drawn
        page.keyboard.press(redo)
        assert outputs(page) == drawn
    page.keyboard.press("Control+z")
    draw(page, 1)  # where one goes on, redo ends
    page.keyboard.press("Control+Shift+z")
    assert page.locator("#redo").get_attribute("aria-disabled") == "true" and outputs(page) != drawn


def test_the_latest_strokes_win(page):
    """While a worker reads, strokes are seen at once; an answer to others is dropped."""
    page.evaluate("() => { holdsUp = (job) => job.strokes; }")
    for stroke in on_pad(page, 4):
        begin(page, stroke)
        page.mouse.up()
    page.wait_for_function("() => heldUp.length")
    assert page.evaluate("heldUp.length") == 1 and answer(page) == "?"
    page.evaluate("() => heldUp.pop()()")
    page.wait_for_function("() => heldUp.length")  # the other strokes
    assert answer(page) == "?" and set(outputs(page)) == {0}
    page.evaluate("() => heldUp.pop()()")
    is_read(page)
    assert set(outputs(page)) != {0}
