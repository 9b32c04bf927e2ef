"""Each stop of the tour in a browser: its figure is there, something can be done, and axe finds nothing.

tests/page/test_stops.py checks the numbers.
"""

import pytest

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
TEXTS_OUTSIDE = """(figure) => {
    const whole = figure.getBoundingClientRect();
    return [...figure.querySelectorAll("text")].filter((text) => {
        const { left, right, top, bottom } = text.getBoundingClientRect();
        return left < whole.left - 1 || right > whole.right + 1 || top < whole.top - 1 || bottom > whole.bottom + 1;
    }).map((text) => text.textContent);
}"""


@pytest.fixture(scope="module")
def page(tour_page):
    draw(tour_page, 3)
    return tour_page


def come_to(page, name, size=DESK):
    """Go to a stop, by which the page may get another height. Once it is there, nothing may move."""
    resize(page, *size)
    page.evaluate(f"resized = true; location.hash = 'stop={name}'")
    page.locator(f"#stop-{name}.here").wait_for()
    page.wait_for_function("() => digits.small.layers && document.querySelector('.here .figure').childElementCount")
    frames(page, 3)
    page.evaluate("resized = false")


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
    """On a desk and on a phone, without and with colours of the night."""
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    for size in (PHONE, DESK):
        come_to(page, name, size)
        assert page.locator(".here .figure").evaluate(TEXTS_OUTSIDE) == [] and violations(page, "#tour") == []
    before = sentence(page)
    STOPS[name](page)
    page.wait_for_function("(said) => document.querySelector('.here .does > output').textContent !== said", arg=before)
    assert page.locator(".here .figure").evaluate(TEXTS_OUTSIDE) == []
    page.locator("#close").click()
    assert page.evaluate("digits.state.digits.length") == 1


def test_a_word_lights_what_it_names(page):
    """A colour, a part of the figure, a neuron by its number; in the same colour, with the mouse or by the focus."""
    for stop, word, part in (
        ("weights", "red", "rect.fill-red"),
        ("bias", "bias", ".arrow.red, .arrow.blue"),
        ("layers", "vote", ".fill-red"),
        ("backpropagation", "hidden neuron", "circle.neuron"),
    ):
        come_to(page, stop)
        mark = page.locator(f".here .text mark[data-name='{word}']").first
        mark.hover()
        assert page.locator(f".here :is({part}):is(.lit, .lit *)").count()
        assert page.locator(".here .figure :not(.lit, .lit *, :has(.lit))").count()
        page.mouse.move(0, 0)
        assert page.locator(".here .lit").count() == 0
    page.locator("#backpropagation-next").click()
    come_to(page, "layers")
    page.locator("#layers-neuron").click()  # to one that has a row
    chosen = page.locator(".here output mark[data-name^='neuron']")
    chosen.focus()
    assert page.locator(".here .lit .strong").inner_html().startswith(chosen.inner_text().lower())
    page.evaluate("moved.length = 0")


def test_an_empty_pad_has_no_numbers(page):
    come_to(page, "weights")
    page.locator("#clear").click()
    assert sentence(page) == "Draw a digit first." and page.locator(".here .figure *").count() == 0
    draw(page, 3)


def test_backpropagation_goes_from_number_to_number_and_opens_the_table(page):
    come_to(page, "backpropagation")
    seen, rows = [], []
    for _ in range(7):
        seen.append(sentence(page))
        rows.append(page.locator(".here .figure text").count())
        page.locator("#backpropagation-next").click()
    assert len({*seen, sentence(page)}) == 8 and rows[1] == rows[0] + 2
    page.locator("#backpropagation-all").click()
    assert "all ten messages to neuron" in page.locator(".here .figure").inner_html()
    page.evaluate("moved.length = 0")


def test_what_plays_pauses_and_stops_when_it_is_left(page):
    page.emulate_media(reduced_motion="no-preference")
    for name in ("cost", "descent"):
        come_to(page, name)
        page.locator(f"#{name}-again").click()
        page.locator(f"#{name}-go").click()
        page.wait_for_function("() => /after [3-9]/i.test(document.querySelector('.here .does > output').textContent)")
        come_to(page, "pixels")
        come_to(page, name)
        assert page.locator(f"#{name}-go").inner_text() in ("Learn", "Go on")
    come_to(page, "overfitting")
    workers = len(page.workers)
    page.locator("#overfitting-start").click()
    page.wait_for_function("() => document.querySelector('#overfitting-start').textContent === 'Pause'")
    come_to(page, "pixels")
    for _ in range(100):  # a worker takes a moment to end
        if len(page.workers) > workers:
            page.wait_for_timeout(50)
    assert len(page.workers) == workers
    page.evaluate("moved.length = 0")


def test_a_house_draws_itself_and_is_taught_not_to_be_a_digit(page):
    """The visitor's own network learns nothing of it. An empty pad is asked for something else than a digit."""
    come_to(page, "nonsense")
    page.locator("#clear").click()
    assert sentence(page).startswith("Draw an S")
    page.locator("#nonsense-house").click()
    page.wait_for_function(  # until all of its 36 points are drawn and read
        "() => digits.state.drawing.strokes[0]?.length === 36 && digits.state.drawing.digits?.length === 1"
    )
    total = "digits.state.network.layers[0].weights.reduce((a, b) => a + b)"
    before = page.evaluate(total)
    page.locator("#nonsense-teach").click()
    page.wait_for_function("() => document.querySelector('.here .does > output').textContent.includes('not a digit')")
    assert page.evaluate(total) == before and page.locator(".here .pixels").count() >= 2
    draw(page, 3)
    page.evaluate("moved.length = 0")
