"""That anyone can use the page: by keyboard, with a screen reader, enlarged, in colours of one's own, on a phone."""

import pytest

from tests.support.pages import answer, draw, drop, photographed, resize, violations
from tests.support.tiers import nightly

pytestmark = pytest.mark.mnist

NAMED = {"rules": {"label-content-name-mismatch": {"enabled": True}}}  # so that one can speak to a button (WCAG 2.5.3)
CUT_OFF = """[...document.querySelectorAll("figcaption, p, label, .controls, #teach, #answer")].filter(
    (box) => box.checkVisibility() && box.scrollWidth > box.clientWidth + 1).map((box) => box.outerHTML)"""


def assert_in_view(page, size, *ids):
    for id in ids:
        box = page.locator(f"#{id}").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= size[0], (size, id)
        assert box["y"] >= 0 and box["y"] + box["height"] <= size[1], (size, id)


def test_axe_finds_nothing_in_any_state(page):
    def check():
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert violations(page, options=NAMED) == []

    draw(page, 307, 42)
    page.locator(".hidden button").nth(37).focus()
    check()
    drop(page, photographed(3, 0, 7))
    page.locator("#train").click()
    page.locator("#start").click()
    page.wait_for_function("() => digits.training.epochs.length > 1")
    page.locator("#start").click()
    check()


@pytest.mark.parametrize("size", [(1024, 700), (390, 844), *map(nightly, [(320, 568), (667, 375), (1440, 900)])])
def test_pad_answer_and_training_are_in_view(size, page):
    """However long the answer is, nothing is cut off at the side or written over anything else."""
    resize(page, *size)
    for numbers in (31425802,), (307, 42):
        page.keyboard.press("Escape")
        draw(page, *numbers)
        assert answer(page) == "\n".join(map(str, numbers))
        assert_in_view(page, size, "paper", "digit", "said")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0] and page.evaluate(CUT_OFF) == []
    if size[0] < 390:
        return  # one scrolls to the curve
    page.locator("#train").click()
    assert_in_view(page, size, "paper", "said", "start", "chart", "progress")
