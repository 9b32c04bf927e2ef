"""A drawn number is the answer: its digits are chosen, taught and drawn over one by one."""

from pathlib import Path

import pytest

from tests.support.pages import DRAW, answer, boxed, chosen_digit, draw, drop, is_read, picture_is_read, said
from tests.support.pens import STROKES

PHOTO = Path(__file__).parents[3] / "docs" / "504192.jpg"
pytestmark = pytest.mark.mnist


def test_a_drawn_number_is_the_answer(page):
    draw(page, 5042)
    assert answer(page) == boxed(page) == "5042" and chosen_digit(page) == "2"  # which was drawn last
    places = ["1st", "2nd", "3rd", "4th"]
    for box, digit, place in zip(page.locator("#boxes button").all(), "5042", places, strict=True):
        box.click()
        assert (answer(page), chosen_digit(page)) == ("5042", digit) and f"The {place}: " in said(page)
    assert page.evaluate("digits.state.drawing.strokes.length") == 6  # none of which is a click's
    page.locator("#boxes button").nth(2).press("Enter")
    assert chosen_digit(page) == "4"


def test_strokes_are_read_the_same_one_by_one_and_all_at_once(page, phone):
    """Though of those that were there before, nothing is computed again; to the last bit."""
    read = """() => [digits.state.digits.map(({ image, box }) => [[...image], box]),
        digits.state.outputs.map((outputs) => [...outputs])]"""
    draw(page, 5042)
    phone.evaluate(
        """(strokes) => {
            const { network } = digits.state;
            digits.state.past = [{ network, drawing: { strokes, picture: null, digits: null } }];
        }""",
        page.evaluate("digits.state.drawing.strokes"),
    )
    phone.keyboard.press("Control+z")
    is_read(phone)
    assert answer(page) == answer(phone) == "5042" and page.evaluate(read) == phone.evaluate(read)


def test_what_is_not_read_is_dashed(page):
    """As the minus of 7-2, which is no digit."""
    places = ((0.1, 7), (0.62, 2))
    digits = [[(x / 4 + left, y / 4 + 0.35) for x, y in stroke] for left, n in places for stroke in STROKES[n]]
    minus = [[(0.42, 0.49), (0.46, 0.49), (0.5, 0.49)]]
    page.evaluate(DRAW, [[list(map(float, point)) for point in stroke] for stroke in digits + minus])
    assert boxed(page) == "72" and page.locator("#boxes i").count() == 1
    page.locator("#clear").click()
    draw(page, 35)
    assert boxed(page) == "35" and page.locator("#boxes i").count() == 0


ALWAYS_7 = """() => {
    const { network } = digits.state, layers = network.layers.slice();
    const { weights } = layers.at(-1), biases = Array.from({ length: 10 }, (_, j) => (j === 7 ? 3 : -3));
    layers.push({ weights: weights.map(() => 0), biases });
    layers.splice(-2, 1);
    digits.state.network = { ...network, fresh: true, team: false, layers };
}"""


def test_the_network_that_is_shown_names_every_digit(page):
    """A network that always answers 7 reads sevens, on the pad and in a photo."""
    page.evaluate(ALWAYS_7)
    draw(page, 504)
    assert answer(page) == "777"
    drop(page, PHOTO.read_bytes(), PHOTO.name)
    picture_is_read(page)
    assert answer(page) == "777777"
