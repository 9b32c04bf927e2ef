"""A drawn number is the answer: its digits are chosen, taught and drawn over one by one."""

from pathlib import Path

import pytest

from tests.support.pages import (
    DRAW,
    answer,
    boxed,
    chosen_digit,
    draw,
    drop,
    is_read,
    picture_is_read,
    said,
)
from tests.support.pens import STROKES

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.mnist


def test_a_drawn_number_is_the_answer(either):
    draw(either, 5042)
    assert answer(either) == boxed(either) == "5042" and chosen_digit(either) == "2"  # which was drawn last
    places = ["1st", "2nd", "3rd", "4th"]
    for box, digit, place in zip(either.locator("#boxes button").all(), "5042", places, strict=True):
        box.click()
        assert (answer(either), chosen_digit(either)) == ("5042", digit)
        assert said(either).startswith(f"5042. The {place}: {digit} (output ")
        names = [either.get_by_role("button", name=f"No, the {place} is {digit}", exact=True) for digit in range(10)]
        assert all(button.count() == 1 for button in names)
    assert either.evaluate("digits.state.drawing.strokes.length") == 6  # none of which is a click's
    either.locator("#undo").focus()
    for place, key in (("4th", "Space"), ("3rd", "Enter")):  # by keyboard
        either.keyboard.press("Shift+Tab")
        either.keyboard.press(key)
        assert either.locator(":focus").get_attribute("aria-pressed") == "true" and f"The {place}: " in said(either)


def test_the_pen_draws_over_boxes(page):
    """As for the bar of a 7; the digit that is drawn is chosen."""
    draw(page, 70)
    box = page.locator("#boxes button").first.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 5, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 5, middle, steps=9)
    page.mouse.up()
    is_read(page)
    first, *_, last = page.evaluate("digits.state.drawing.strokes.at(-1)")
    assert page.evaluate("digits.state.drawing.strokes.length") == 3
    side = page.locator("#paper").bounding_box()["width"]
    assert (last[0] - first[0]) * side == pytest.approx(box["width"] - 10, abs=1)  # from where it came down
    assert answer(page) == "70" and chosen_digit(page) == "7"


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


def test_what_is_not_read_is_dashed_and_said(page):
    """As the minus of 7-2, which is no digit."""
    places = ((0.1, 7), (0.62, 2))
    digits = [[(x / 4 + left, y / 4 + 0.35) for x, y in stroke] for left, n in places for stroke in STROKES[n]]
    minus = [[(0.42, 0.49), (0.46, 0.49), (0.5, 0.49)]]
    page.evaluate(DRAW, [[list(map(float, point)) for point in stroke] for stroke in digits + minus])
    assert boxed(page) == "72" and page.locator("#boxes i").count() == 1
    assert said(page).endswith(" The rest is not read.")
    page.locator("#clear").click()
    draw(page, 35)
    assert page.locator("#boxes i").count() == 0 and said(page).endswith(").")


ALWAYS_7 = """() => {
    const { network } = digits.state, layers = network.layers.slice();
    const { weights } = layers.at(-1), biases = Array.from({ length: 10 }, (_, j) => (j === 7 ? 3 : -3));
    layers.push({ weights: weights.map(() => 0), biases });
    layers.splice(-2, 1);
    digits.state.network = { ...network, fresh: true, team: false, layers };
}"""


def test_the_network_that_is_shown_names_every_digit(docs):
    """A network that always answers 7 reads sevens, on the pad and in a photo."""
    draw(docs, 504)
    assert answer(docs) == "504"
    docs.evaluate(ALWAYS_7)
    docs.locator("#clear").click()
    draw(docs, 504)
    assert answer(docs) == "777"
    drop(docs, (ROOT / "docs" / "504192.jpg").read_bytes(), "504192.jpg")
    picture_is_read(docs)
    assert answer(docs) == "777777"


def test_a_network_without_training_reads_nonsense(visit, page_of):
    page = visit(page_of(30))
    drop(page, (ROOT / "docs" / "504192.jpg").read_bytes(), "504192.jpg")
    picture_is_read(page)
    assert len(answer(page)) == 6 and answer(page) != "504192"
