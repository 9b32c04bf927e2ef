"""The page as a whole: its keys, and the networks that it shows."""

import numpy as np
import pytest
import torch

from digits.model import DigitClassifier
from digits.page.html import html, rounded
from tests.support.checkpoints import saved
from tests.support.node import NO_IMAGES
from tests.support.pages import DESK, PHONE, answer, draw, exported, looked, outputs, resize
from tests.support.tiers import nightly

pytestmark = pytest.mark.mnist


def test_keys_move_from_neuron_to_neuron(page):
    draw(page, 4)
    page.locator(".hidden button").first.focus()
    columns = int(page.locator(".hidden .neurons").evaluate("(group) => group.style.getPropertyValue('--columns')"))
    keys = {"ArrowRight": 1, "ArrowDown": 1 + columns, "ArrowLeft": columns, "End": 99, "Home": 0}
    for key, j in keys.items():
        page.keyboard.press(key)
        assert looked(page) == j
        assert page.evaluate("document.activeElement.ariaLabel").startswith(f"Hidden neuron {j}, activation ")
    page.keyboard.press("Escape")  # looks away first
    assert looked(page) is None and answer(page) == "4"
    page.keyboard.press("Escape")
    assert answer(page) == "?"


DARK = "[...document.querySelectorAll('.hidden button')].some((cell) => !cell.style.cssText.includes(' 0%'))"


def test_an_unseen_hand_draws_and_gives_way(page):
    """What it draws runs through the network layer by layer, and is no drawing. The first key ends it."""
    page.wait_for_function(f"() => {DARK}")
    page.locator("#digit", has_text="3").wait_for()
    assert np.argmax(outputs(page)) == 3 and page.locator("#undo").get_attribute("aria-disabled") == "true"
    assert page.evaluate("[digits.state.past.length, digits.state.digits.length]") == [0, 0]
    assert not page.locator("#teach").is_visible()
    page.keyboard.press("ArrowDown")
    assert answer(page) == "?" and set(outputs(page)) == {0}
    draw(page, 4)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert answer(page) == "?" and set(outputs(page)) == {0}


def test_a_page_that_does_not_come_up_says_what_it_needs(page_file, browser):
    with browser.new_context(java_script_enabled=False) as context:
        without = context.new_page()
        without.goto(page_file.as_uri())
        without.get_by_text("DecompressionStream").wait_for()


@pytest.mark.parametrize("hidden", [[12, 7, 5], nightly([]), nightly([800, 200])])
def test_other_networks(hidden, visit, tmp_path):
    """Have the activations of PyTorch, and fit every window."""
    model = DigitClassifier(hidden)
    page = visit(exported(saved(tmp_path / "fresh.ckpt", model), tmp_path / "fresh.html"), *PHONE)
    draw(page, 2)
    seen = page.evaluate("[...digits.state.digits[0].image]")
    a = rounded(model.network)(torch.tensor(seen).view(1, 784))[0]
    assert outputs(page) == pytest.approx(a.tolist(), abs=0.006)
    assert answer(page) == (str(a.argmax().item()) if a.max() > 0.5 else "?")
    counts = page.locator(".layer").evaluate_all("all => all.map((layer) => layer.querySelectorAll('button').length)")
    assert counts == [*hidden, 10]
    resize(page, *DESK)
    assert page.evaluate("document.documentElement.scrollWidth") <= DESK[0]


def test_what_a_page_says_stays_text(tmp_path, visit):
    """Were something else let into a page than what `export` knows, it would become no element."""
    evil = '<meta http-equiv="refresh" content="0;url=about:blank"><img src=x onerror=alert(1)>'
    facts = {"shape": evil, "test_accuracy": None, "context": False}
    file = tmp_path / "evil.html"
    file.write_text(html(DigitClassifier([12]).network, facts, NO_IMAGES), encoding="utf-8")
    page = visit(file)
    draw(page, 3)
    assert page.evaluate("digits.state.network.shape") == evil
    assert page.locator("body meta, body img").count() == 0
    assert page.url == file.as_uri()
