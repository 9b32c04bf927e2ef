"""The stop on nonsense: a drawing is taught not to be a digit, and mistakes are opened on the pad."""

import re

import pytest

from tests.support.pages import DRAW, answer, is_read

pytestmark = pytest.mark.mnist

AN_S = [[[0.6, 0.3], [0.45, 0.25], [0.35, 0.35], [0.5, 0.5], [0.62, 0.62], [0.5, 0.75], [0.35, 0.7]]]


@pytest.fixture
def stop(page):
    """The stop, once its network is trained, with an S on the pad."""
    page.evaluate("location.hash = 'stop=nonsense'")
    page.wait_for_function("() => digits.small.layers && digits.state.digits.length")
    page.locator("#clear").click()
    page.evaluate(DRAW, AN_S)
    is_read(page)
    page.wait_for_function("(most) => document.querySelectorAll('.gallery button').length === most", arg=6)
    page.evaluate("moved.length = 0")  # as the stop opened
    return page.locator("#stop-nonsense")


def bars(stop):
    """The ten outputs, as the figure has them."""
    return [
        float(text) for text in stop.locator(".figure > text").all_text_contents() if "." in text and ":" not in text
    ]


def test_an_s_is_taught_not_to_be_a_digit(stop, page):
    result = stop.locator(".does > output")
    assert len(bars(stop)) == 10
    widths = stop.locator(".figure .bar").evaluate_all("all => all.map((bar) => bar.width.baseVal.value)")
    assert widths.index(max(widths)) == bars(stop).index(max(bars(stop)))
    assert re.match(r"The network takes this for a \d, as output|The network does not take this", result.inner_text())
    visitors = page.evaluate("digits.state.network.layers[0].weights.reduce((a, b) => a + b)")
    page.get_by_role("button", name="Teach: not a digit").click()
    page.wait_for_function("() => document.querySelector('.here .does > output').textContent.includes('not take this')")
    assert max(bars(stop)) <= 0.2
    assert page.evaluate("digits.state.network.layers[0].weights.reduce((a, b) => a + b)") == visitors
    page.get_by_role("button", name="Start over").last.click()
    assert max(bars(stop)) > 0.2


def test_a_test_image_that_is_misread_opens_on_the_pad(stop, page):
    thumbnail = stop.locator(".gallery button").first
    value, read = re.fullmatch(r"is (\d), read as (\d)", thumbnail.inner_text()).groups()
    assert value != read
    thumbnail.click()
    page.wait_for_function("() => !digits.state.drawing.strokes.length")
    page.keyboard.press("Escape")
    page.evaluate("moved.length = 0")
    assert answer(page) in (read, "?")
