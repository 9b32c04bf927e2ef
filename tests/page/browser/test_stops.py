"""Each stop of the tour in a browser: its figure is there, something can be done, and axe finds nothing.

tests/page/test_stops.py checks the numbers.
"""

import pytest

from tests.page.browser.conftest import assert_quiet
from tests.support.pages import DESK, PHONE, draw, frames, resize, sentence, violations

pytestmark = pytest.mark.mnist

STOPS = {  # what one can do at each stop, which changes what it says
    "pixels": lambda page: press(page, 0.1, 0.1),
    "weights": lambda page: page.locator("#weights-another").click(),
    "bias": lambda page: page.locator("#bias-slider").fill(page.locator("#bias-slider").get_attribute("max")),
    "sigmoid": lambda page: page.locator("#sigmoid-steepness").fill("5"),
    "layers": lambda page: page.locator("#layers-output").click(),
    "cost": lambda page: page.locator(".here [data-neuron='output 8']").click(),
    "descent": lambda page: page.locator("#descent-step").click(),
    "backpropagation": lambda page: page.locator("#backpropagation-next").click(),
    "overfitting": lambda page: train_a_little(page),
    "nonsense": lambda page: page.locator("#nonsense-teach").click(),
}
SUM = "digits.state.network.layers.flatMap(({ weights, biases }) => [...weights, ...biases]).reduce((a, b) => a + b)"
TEXTS_OUTSIDE = """(figure) => {
    const whole = figure.getBoundingClientRect();
    return [...figure.querySelectorAll("text")].filter((text) => {
        const { left, right, top, bottom } = text.getBoundingClientRect();
        return left < whole.left - 1 || right > whole.right + 1 || top < whole.top - 1 || bottom > whole.bottom + 1;
    }).map((text) => text.textContent);
}"""


@pytest.fixture
def page(tour_page):
    """Between tests the tour is closed, and the visitor's network is what it was."""
    before = tour_page.evaluate(SUM)
    yield tour_page
    tour_page.evaluate("resized = true; location.hash = ''")
    tour_page.locator("#tour").wait_for(state="hidden")
    assert tour_page.evaluate(SUM) == before
    assert_quiet(tour_page)


def come_to(page, name, size=DESK):
    """Go to a stop, by which the page may get another height. Once it is there, nothing may move."""
    resize(page, *size)
    page.evaluate(f"resized = true; location.hash = 'stop={name}'")
    page.locator(f"#stop-{name}.here").wait_for()
    page.wait_for_function("() => digits.small.layers && document.querySelector('.here .figure').childElementCount")
    frames(page, 3)
    page.evaluate("moved.length = 0; resized = false")


def press(page, x, y):
    box = page.locator(".here .target").first.bounding_box()
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def train_a_little(page):
    workers = len(page.workers)
    page.locator("#overfitting-start").click()
    page.wait_for_function(
        "() => document.querySelector('.here .does > output').textContent.startsWith('After epoch 2')"
    )
    assert len(page.workers) == workers + 2 and page.locator(".here polyline").count() == 4
    page.locator("#overfitting-start").click()


@pytest.mark.parametrize("name", STOPS)
def test_a_stop_does_what_it_says(name, page):
    """On a phone at night and on a desk by day."""
    for size, scheme in ((PHONE, "dark"), (DESK, "light")):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        come_to(page, name, size)
        assert page.locator(".here .figure").evaluate(TEXTS_OUTSIDE) == [] and violations(page, "#tour") == []
    before = sentence(page)
    STOPS[name](page)
    page.wait_for_function("(said) => document.querySelector('.here .does > output').textContent !== said", arg=before)
    assert page.locator(".here .figure").evaluate(TEXTS_OUTSIDE) == []


def test_a_word_lights_what_it_names(page):
    """A part of the figure, in the same colour."""
    come_to(page, "bias")
    page.locator(".here .text mark[data-name='bias']").first.hover()
    assert page.locator(".here :is(.arrow.red, .arrow.blue):is(.lit, .lit *)").count()
    assert page.locator(".here .figure :not(.lit, .lit *, :has(.lit))").count()
    page.mouse.move(0, 0)
    assert page.locator(".here .lit").count() == 0


def test_what_plays_stops_when_it_is_left(page):
    page.emulate_media(reduced_motion="no-preference")
    for name in ("cost", "descent"):
        come_to(page, name)
        page.locator(f"#{name}-go").click()
        page.wait_for_function("() => /after [3-9]/i.test(document.querySelector('.here .does > output').textContent)")
        come_to(page, "pixels")
        come_to(page, name)
        assert page.locator(f"#{name}-go").inner_text() != "Pause"
    come_to(page, "overfitting")
    workers = len(page.workers)
    page.locator("#overfitting-start").click()
    page.wait_for_function("() => document.querySelector('#overfitting-start').textContent === 'Pause'")
    come_to(page, "pixels")
    for _ in range(100):  # a worker takes a moment to end
        if len(page.workers) > workers:
            page.wait_for_timeout(50)
    assert len(page.workers) == workers


def test_a_house_draws_itself_and_an_empty_pad_has_no_numbers(page):
    """The stop asks for something else than a digit; the others wait for one."""
    come_to(page, "weights")
    page.locator("#clear").click()
    assert page.locator(".here .figure *").count() == 0
    waits = sentence(page)
    page.evaluate("resized = true; location.hash = 'stop=nonsense'")
    page.locator("#stop-nonsense.here").wait_for()
    page.locator("#clear").click()
    assert sentence(page) != waits
    page.locator("#nonsense-house").click()
    page.wait_for_function(  # until all of its 41 points are drawn and read
        "() => digits.state.drawing.strokes[0]?.length === 41 && digits.state.drawing.digits?.length === 1"
    )
    page.locator("#clear").click()
    draw(page, 3)
    page.evaluate("moved.length = 0")
