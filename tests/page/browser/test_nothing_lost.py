"""Nothing is lost: a reload brings back what was there, and a drawing takes a photo's place without a trace."""

import pytest

from tests.support.pages import answer, draw, drop, is_read, outputs, photographed, teach

pytestmark = pytest.mark.mnist


def reload(page):
    page.reload()
    page.locator("main").wait_for()
    page.wait_for_function("() => digits.state.digits.length")


def test_the_drawing_and_the_lessons_survive_a_reload(page):
    draw(page, 4)
    before = outputs(page)
    teach(page, 9)
    learned = outputs(page)
    reload(page)
    assert answer(page) == "9" and outputs(page) == pytest.approx(learned, abs=0.011)
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
    about = page.locator("#about").inner_text()
    page.locator("#train").click()
    page.locator("#start").click()
    page.wait_for_function("() => digits.training.epochs.length > 2")
    reload(page)
    assert page.locator("#training").is_visible()
    page.locator("#leave").click()
    assert page.locator("#about").inner_text() == about  # the visitor's network
    page.evaluate("location.hash = 'stop=weights'")
    page.locator("#stop-weights.here").wait_for()
    reload(page)
    assert page.locator("#stop-weights.here").is_visible() and page.locator("#digit").text_content() == "3"
    page.evaluate("moved.length = 0")  # as the stop opened


def test_a_drawing_over_a_photo_clears_it_first(page):
    drop(page, photographed(3, 0, 7))
    draw(page, 1)
    is_read(page)
    assert page.evaluate("!digits.state.drawing.picture") and answer(page) == "1"
    assert page.locator("#boxes button").count() == 0 and not page.locator("#see").is_visible()
    page.keyboard.press("Control+z")
    assert answer(page) == "307" and page.evaluate("Boolean(digits.state.drawing.picture)")
