"""A drawn number is the answer: its digits are chosen, taught and drawn over one by one."""

import numpy as np
import pytest

from digits import mnist
from tests.support.pages import WINDOWS, answer, chosen_digit, draw, is_read
from tests.support.pens import STROKES
from tests.support.strokes import DRAW, row
from tests.support.strokes import draw as draw_at_once
from tests.support.tiers import nightly

pytestmark = pytest.mark.mnist
OTHERS = [(320, 568), (740, 360), (768, 1024), (1024, 768)]


@pytest.mark.parametrize("window", [*WINDOWS, nightly((740, 360))])
def test_a_drawn_number_is_the_answer(window, page_file, visit):
    page = visit(page_file, *window)
    draw(page, 5042)
    assert answer(page) == "5042" and page.locator("#boxes button").all_inner_texts() == list("5042")
    assert chosen_digit(page) == "2"  # which was drawn last
    places = ["1st", "2nd", "3rd", "4th"]
    for box, digit, place in zip(page.locator("#boxes button").all(), "5042", places, strict=True):
        box.click()
        assert (answer(page), chosen_digit(page)) == ("5042", digit)
        assert page.locator("#said").inner_text().startswith(f"5042. The {place}: {digit} at ")
        assert page.locator("#which").inner_text() == f"No, the {place} is"
        bits = page.locator("#bits b").all_inner_texts()
        assert int("".join(bits), 2) == int(digit)
    assert page.evaluate("digits.state.drawing.strokes.length") == 6  # none of which is a click's


def test_the_digits_of_a_number_are_chosen_by_keyboard(page_file, visit):
    page = visit(page_file)
    draw(page, 307)
    page.locator("#undo").focus()
    for place, key in (("3rd", "Space"), ("2nd", "Enter"), ("1st", "Space")):
        page.keyboard.press("Shift+Tab")
        page.keyboard.press(key)
        assert page.locator(":focus").get_attribute("aria-pressed") == "true"
        assert f"The {place}: " in page.locator("#said").inner_text()
    names = [page.get_by_role("button", name=f"No, the 1st is {digit}", exact=True) for digit in range(10)]
    assert all(button.count() == 1 for button in names)


def test_an_upright_1_at_either_end_of_a_number_is_no_table_line(page_file, visit):
    zero = [[0.4 + 0.3 * x, 0.35 + 0.3 * y] for x, y in STROKES[0][0]]
    ones = [[[x, 0.35], [x, 0.65]] for x in (0.3, 0.75)]
    assert draw_at_once(visit(page_file), [ones[0], zero, ones[1]])[0] == "101"


@pytest.mark.parametrize("numbers", [(5, 7), (307, 42)])
def test_lines_of_numbers(numbers, page_file, visit):
    page, rows = visit(page_file), [str(number) for number in numbers]
    draw(page, *numbers)
    assert answer(page) == "\n".join(rows) and page.locator("#boxes button").all_inner_texts() == list("".join(rows))
    assert page.locator("#said").inner_text().startswith(f"{', '.join(rows)}. The ")


@pytest.mark.parametrize("window", [*WINDOWS, *map(nightly, OTHERS)])
def test_the_answer_fits(window, page_file, visit):
    """Beside its bits and above what is said, however long it is."""
    page = visit(page_file, *window)
    for numbers in (5,), (12,), (31425802,), (307, 42):
        page.keyboard.press("Escape")
        draw(page, *numbers)
        assert answer(page) == "\n".join(map(str, numbers))
        number, place = page.evaluate(
            """["#digit b", "#answer"].map((those) => {
                const boxes = [...document.querySelectorAll(those)].map((one) => one.getBoundingClientRect());
                return [Math.min(...boxes.map((box) => box.left)), Math.max(...boxes.map((box) => box.right))];
            })"""
        )
        assert place[0] - 1 <= number[0] and number[1] <= place[1] + 1


def test_the_pen_draws_over_boxes(page_file, visit):
    """As for the bar of a 7; the digit that is drawn is chosen."""
    page = visit(page_file)
    draw(page, 70)
    box = page.locator("#boxes button").first.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 5, middle)
    page.mouse.down()
    for across in np.linspace(5, box["width"] - 5, 9):
        page.mouse.move(box["x"] + across, middle)
    page.mouse.up()
    is_read(page)
    first, *_, last = page.evaluate("digits.state.drawing.strokes.at(-1)")
    assert page.evaluate("digits.state.drawing.strokes.length") == 3
    side = page.locator("#paper").bounding_box()["width"]
    assert (last[0] - first[0]) * side == pytest.approx(box["width"] - 10, abs=1)  # from where it came down
    assert answer(page) == "70" and chosen_digit(page) == "7"


def test_strokes_are_read_the_same_one_by_one_and_all_at_once(page_file, visit):
    """Though of those that were there before, nothing is computed again; to the last bit."""
    page, other = visit(page_file), visit(page_file)
    read = """() => [digits.state.digits.map(({ image, box }) => [[...image], box]),
        digits.state.outputs.map((outputs) => [...outputs])]"""
    draw(page, 5042)
    other.evaluate(
        """(strokes) => {
            const { network } = digits.state;
            digits.state.past = [{ network, drawing: { strokes, picture: null, digits: null } }];
        }""",
        page.evaluate("digits.state.drawing.strokes"),
    )
    other.keyboard.press("Control+z")
    is_read(other)
    assert answer(page) == answer(other) == "5042" and page.evaluate(read) == other.evaluate(read)


@pytest.mark.nightly
def test_numbers_that_are_drawn_are_read(page_file, visit, mnist_dir):
    """100 numbers of two to four of the test digits, drawn again stroke by stroke: at least 80 % are read whole."""
    images, labels = mnist.load(mnist_dir, train=False)
    rng, page, right = np.random.default_rng(28), visit(page_file), 0
    for _ in range(100):
        chosen = rng.choice(len(images), rng.integers(2, 5), replace=False)
        right += draw_at_once(page, row(images[chosen].numpy()))[0] == "".join(map(str, labels[chosen].tolist()))
    assert right >= 80


def test_what_is_not_read_is_dashed_and_said(page_file, visit):
    """As the minus of 7-2, which is no digit."""
    page = visit(page_file)
    places = ((0.1, 7), (0.62, 2))
    digits = [[(x / 4 + left, y / 4 + 0.35) for x, y in stroke] for left, n in places for stroke in STROKES[n]]
    minus = [[(0.42, 0.49), (0.46, 0.49), (0.5, 0.49)]]
    page.evaluate(DRAW, [[list(map(float, point)) for point in stroke] for stroke in digits + minus])
    is_read(page)
    assert page.locator("#boxes button").all_inner_texts() == ["7", "2"] and page.locator("#boxes i").count() == 1
    box, pad = page.locator("#boxes i").bounding_box(), page.locator("#pad").bounding_box()
    middle = (box["x"] + box["width"] / 2 - pad["x"]) / pad["width"]
    assert middle == pytest.approx(0.46, abs=0.01)
    assert page.locator("#said").inner_text().endswith(" The rest is not read.")
    page.locator("#clear").click()
    draw(page, 35)
    assert page.locator("#boxes i").count() == 0 and page.locator("#said").inner_text().endswith(", surely.")
