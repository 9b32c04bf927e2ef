"""A drawn number is the answer: its digits are chosen, taught and drawn over one by one."""

import numpy as np
import pytest

from digits import mnist
from tests.support.pages import answer, boxed, chosen_digit, draw, is_read, said
from tests.support.pens import STROKES
from tests.support.strokes import DRAW, placed, row
from tests.support.strokes import draw as draw_at_once

pytestmark = pytest.mark.mnist


def test_a_drawn_number_is_the_answer(either):
    draw(either, 5042)
    assert answer(either) == boxed(either) == "5042" and chosen_digit(either) == "2"  # which was drawn last
    places = ["1st", "2nd", "3rd", "4th"]
    for box, digit, place in zip(either.locator("#boxes button").all(), "5042", places, strict=True):
        box.click()
        assert (answer(either), chosen_digit(either)) == ("5042", digit)
        assert said(either).startswith(f"5042. The {place}: {digit} at ")
        assert either.locator("#which").inner_text() == f"No, the {place} is"
        bits = either.locator("#bits b").all_inner_texts()
        assert int("".join(bits), 2) == int(digit)
    assert either.evaluate("digits.state.drawing.strokes.length") == 6  # none of which is a click's


def test_the_digits_of_a_number_are_chosen_by_keyboard(page):
    draw(page, 307)
    page.locator("#undo").focus()
    for place, key in (("3rd", "Space"), ("2nd", "Enter"), ("1st", "Space")):
        page.keyboard.press("Shift+Tab")
        page.keyboard.press(key)
        assert page.locator(":focus").get_attribute("aria-pressed") == "true"
        assert f"The {place}: " in said(page)
    names = [page.get_by_role("button", name=f"No, the 1st is {digit}", exact=True) for digit in range(10)]
    assert all(button.count() == 1 for button in names)


def test_an_upright_1_at_either_end_of_a_number_is_no_table_line(page):
    zero = [[0.4 + 0.3 * x, 0.35 + 0.3 * y] for x, y in STROKES[0][0]]
    ones = [[[x, 0.35], [x, 0.65]] for x in (0.3, 0.75)]
    assert draw_at_once(page, [ones[0], zero, ones[1]])[0] == "101"


def test_a_box_covers_nothing_beside_the_pad(page):
    """Though a stroke may end there."""
    page.evaluate(DRAW, [[[0.35, 0.4], [0.35, 0.95]], [[0.6, 0.4], [0.6, 1.12]]])
    pad = page.locator("#paper").bounding_box()
    for box in page.locator("#boxes button").all():
        assert box.bounding_box()["y"] + box.bounding_box()["height"] <= pad["y"] + pad["height"] + 8  # its margin
    assert answer(page) == boxed(page) == "11"


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


@pytest.mark.nightly
@pytest.mark.parametrize("count, digits, share", [(200, [1], 0.94), (100, [2, 3, 4], 0.8)])
def test_what_is_drawn_is_read(count, digits, share, page, mnist_dir):
    """Test digits, and numbers of them, drawn again stroke by stroke; a number is to be read whole."""
    images, labels = mnist.load(mnist_dir, train=False)
    rng, right = np.random.default_rng(28), 0
    for _ in range(count):
        chosen = rng.choice(len(images), rng.choice(digits), replace=False)
        some = images[chosen].numpy()
        strokes = row(some) if len(some) > 1 else placed(some[0], rng)
        right += draw_at_once(page, strokes)[0] == "".join(map(str, labels[chosen].tolist()))
    assert right >= share * count


def test_what_is_not_read_is_dashed_and_said(page):
    """As the minus of 7-2, which is no digit."""
    places = ((0.1, 7), (0.62, 2))
    digits = [[(x / 4 + left, y / 4 + 0.35) for x, y in stroke] for left, n in places for stroke in STROKES[n]]
    minus = [[(0.42, 0.49), (0.46, 0.49), (0.5, 0.49)]]
    page.evaluate(DRAW, [[list(map(float, point)) for point in stroke] for stroke in digits + minus])
    is_read(page)
    assert boxed(page) == "72" and page.locator("#boxes i").count() == 1
    box, pad = page.locator("#boxes i").bounding_box(), page.locator("#pad").bounding_box()
    middle = (box["x"] + box["width"] / 2 - pad["x"]) / pad["width"]
    assert middle == pytest.approx(0.46, abs=0.01)
    assert said(page).endswith(" The rest is not read.")
    page.locator("#clear").click()
    draw(page, 35)
    assert page.locator("#boxes i").count() == 0 and said(page).endswith(", surely.")
