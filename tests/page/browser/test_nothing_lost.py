"""Nothing is lost: a reload brings back what was there, and a drawing takes a photo's place without a trace."""

import pytest

from tests.support.pages import answer, draw, drop, is_read, outputs, photographed, said, teach

pytestmark = pytest.mark.mnist


def reload(page):
    page.reload()
    page.locator("main").wait_for()
    page.wait_for_function("() => digits.state.drawing === digits.state.drawing && digits.state.digits.length")


def test_the_drawing_and_the_lessons_survive_a_reload(page):
    draw(page, 4)
    before = outputs(page)
    teach(page, 9)
    learned = outputs(page)
    reload(page)
    assert answer(page) == "9" and outputs(page) == pytest.approx(learned, abs=0.011)
    assert page.locator("#about").inner_text().startswith("1 lesson · ")
    page.locator("#forget").click()
    assert outputs(page) == pytest.approx(before, abs=0.011)
    reload(page)
    assert not page.locator("#forget").is_visible() and answer(page) == "4"


@pytest.mark.parametrize("put", [lambda page: drop(page, photographed(3, 0, 7)), lambda page: page.keyboard.press("5")])
def test_a_photo_and_a_digit_of_mnist_survive_a_reload(put, page):
    put(page)
    page.wait_for_function("() => digits.state.digits.length")
    number = answer(page)
    reload(page)
    assert answer(page) == number
    assert page.evaluate("!digits.state.drawing.strokes.length")


def test_the_stop_and_the_panel_survive_a_reload(page):
    draw(page, 3)
    page.locator("#train").click()
    page.locator("#start").click()
    page.wait_for_function("() => digits.training.epochs.length > 2")
    page.locator("#start").click()
    reload(page)
    assert page.locator("#training").is_visible()
    page.evaluate("moved.length = 0")  # as training opened
    page.locator("#leave").click()
    assert page.locator("#about").inner_text().startswith("784 pixels, one layer")  # the visitor's network
    page.locator("#tell").click()
    page.locator("#next").click()
    title = page.locator(".here h2").inner_text()
    reload(page)
    assert page.locator(".here h2").inner_text() == title and page.locator("#digit").text_content() == "3"
    page.evaluate("moved.length = 0")  # as the stop opened


def test_a_drawing_over_a_photo_clears_it_first(page):
    drop(page, photographed(3, 0, 7))
    assert page.locator("#boxes button").count() == 3
    box = page.locator("#paper").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 20  # above the photo, which is wide
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + box["height"] / 2, steps=5)
    page.mouse.up()
    is_read(page)
    assert page.evaluate("!digits.state.drawing.picture") and answer(page) == "1"
    assert page.locator("#boxes button").count() == 0 and not page.locator("#see").is_visible()
    page.keyboard.press("Control+z")
    assert answer(page) == "307" and page.evaluate("Boolean(digits.state.drawing.picture)")


NEAR_NONE = """digits.state.network = { ...digits.state.network, layers: digits.state.network.layers.map(
    ({ weights, biases }, l) => ({ weights, biases: l ? biases.map((b) => b - 1000) : biases })) }"""


def test_a_drawing_that_is_like_no_digit_is_said_to_be_none(page):
    """And no digit is named whose output is 0."""
    page.evaluate(NEAR_NONE)
    draw(page, 7)
    page.wait_for_function("() => said.textContent.length > 0")
    assert answer(page) == "?" and said(page) == "This looks like no digit: all ten outputs are near 0."
