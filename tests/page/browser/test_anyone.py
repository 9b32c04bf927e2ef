"""That anyone can use the page: by keyboard, with a screen reader, enlarged, in colours of one's own, on a phone."""

import pytest

from tests.support.pages import answer, boxed, draw, drop, photographed, resize, said, shown_on, violations
from tests.support.tiers import nightly

pytestmark = pytest.mark.mnist

SIZES = [(320, 568), (375, 667), (667, 375), (512, 384), (768, 1024), (1024, 768), (1440, 900), (1920, 1080)]
WIDE = "document.documentElement.scrollWidth"
CUT_OFF = """[...document.querySelectorAll("figcaption, p, label, .controls, #teach, #answer")].filter(
    (box) => box.checkVisibility() && box.scrollWidth > box.clientWidth + 1).map((box) => box.outerHTML)"""


def assert_in_view(page, size, *ids):
    for id in ids:
        box = page.locator(f"#{id}").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= size[0], (size, id)
        assert box["y"] >= 0 and box["y"] + box["height"] <= size[1], (size, id)


@pytest.mark.parametrize("scheme", ["light", nightly("dark")])
def test_axe_finds_nothing_in_any_state(scheme, either):
    either.emulate_media(color_scheme=scheme)
    assert violations(either) == []
    draw(either, 307, 42)
    either.locator(".hidden button").nth(37).focus()
    assert violations(either) == []
    drop(either, photographed(3, 0, 7))
    assert violations(either) == []
    either.locator("#train").click()
    either.locator("#start").click()
    either.wait_for_function("() => digits.training.epochs.length > 1")
    either.locator("#start").click()
    assert violations(either) == []


def test_a_button_is_named_with_the_text_in_it(page):
    """So that who speaks to the page can say what is seen (WCAG 2.5.3)."""
    draw(page, 307)
    rule = {"rules": {"label-content-name-mismatch": {"enabled": True}}}
    assert violations(page, options=rule) == []


def test_pad_answer_and_sentence_are_in_view(page):
    """However long the answer is, nothing is cut off at the side or written over anything else."""
    for numbers in (12,), (31425802,), (5, 7), (307, 42), (3,):
        page.keyboard.press("Escape")
        draw(page, *numbers)
        rows = [str(number) for number in numbers]
        assert answer(page) == "\n".join(rows)
        if len(rows) > 1:
            assert boxed(page) == "".join(rows) and said(page).startswith(f"{', '.join(rows)}. The ")
        for size in SIZES:
            resize(page, *size)
            assert_in_view(page, size, "paper", "digit", "said")
            assert page.evaluate(WIDE) <= size[0] and page.evaluate(CUT_OFF) == [], (numbers, size)


def test_one_trains_beside_what_is_read(page):
    """On a phone either way, and enlarged twofold: the drawing, its answer, the curve and its numbers are in view."""
    for size in [(390, 844), (844, 390), (720, 450)]:
        resize(page, *size)
        draw(page, 3)
        page.locator("#train").click()
        assert_in_view(page, size, "paper", "said", "start", "chart", "progress")
        page.locator("#leave").click()
        page.locator("#clear").click()


def test_a_key_brings_a_digit(page):
    right = 0
    for digit in range(10):
        page.keyboard.press(str(digit))
        page.wait_for_function("(seen) => digits.state.past.length === seen", arg=digit + 1)
        right += answer(page) == str(digit)
        assert shown_on(page, "#paper").std() > 20
    assert right >= 7
    page.keyboard.press("Escape")
    for focused, key in (("#clear", "5"), ("#paper", "7"), ("#is-9", "3")):  # also where a button has the focus
        page.locator(focused).focus()
        page.keyboard.press(key)
    page.wait_for_function("() => digits.state.past.length === 14")
    page.locator("#train").click()
    page.locator("#rate").press("4")  # but not where it is typed
    assert page.locator("#rate").input_value() != "3" and page.evaluate("digits.state.past.length") == 14
