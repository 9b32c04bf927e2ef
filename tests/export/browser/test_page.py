"""The page as a whole: its keys, and the networks that it shows."""

import pytest
import torch

from digits.export.page import html, rounded
from digits.model import DigitClassifier
from tests.support.pages import answer, draw, looked, outputs

pytestmark = pytest.mark.mnist


def test_keys(page_file, visit):
    page = visit(page_file)
    draw(page, 4)
    drawn = outputs(page)
    for key in ("Escape", "Delete", "Backspace"):
        page.keyboard.press(key)
        assert answer(page) == "?"
        page.keyboard.press("Control+z")
        assert outputs(page) == drawn
    focused = "document.activeElement.id || document.activeElement.closest('figure').className"
    stops = []
    for _ in range(8):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(focused))
    assert stops == ["tell", "undo", "redo", "clear", "choose", "camera", "layer hidden", "layer outputs"]
    page.keyboard.press("Shift+Tab")
    moves = [("ArrowRight", 1), ("ArrowDown", 11), ("ArrowLeft", 10), ("End", 99), ("ArrowDown", 99), ("Home", 0)]
    for key, j in moves:
        page.keyboard.press(key)
        assert looked(page) == j
        assert page.evaluate("document.activeElement.ariaLabel").startswith(f"Hidden neuron {j}, activation ")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert looked(page) is None


@pytest.mark.parametrize("hidden", [[], [30], [12, 7, 5], [400]])
def test_other_networks(hidden, visit, page_of):
    model, page = DigitClassifier(hidden), visit(page_of(*hidden), 360, 740)
    draw(page, 2)
    seen = page.evaluate("[...digits.state.digits[0].image]")
    a = rounded(model.network)(torch.tensor(seen).view(1, 784))[0]
    assert outputs(page) == pytest.approx(a.tolist(), abs=0.006)
    assert answer(page) == (str(a.argmax().item()) if a.max() > 0.5 else "?")
    counts = page.locator(".layer").evaluate_all("all => all.map((one) => one.querySelectorAll('button').length)")
    assert counts == [*hidden, 10]
    for layer in page.locator(".layer").all():
        layer.locator("button").last.hover()


def test_what_a_page_says_stays_text(tmp_path, browser):
    """Were something else let into a page than what `export` knows, it would be shown as it is written."""
    evil = '<meta http-equiv="refresh" content="0;url=about:blank"><img src=x onerror=alert(1)>'
    facts = {"shape": evil, "test_accuracy": None, "context": False}
    (tmp_path / "evil.html").write_text(html(DigitClassifier([12]).network, facts, (0, 0), b""), encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "evil.html").as_uri())
    page.locator("main").wait_for()
    draw(page, 3)
    page.wait_for_timeout(500)
    assert page.url == (tmp_path / "evil.html").as_uri()
    assert page.locator("#about").text_content() == evil
    assert page.locator("body meta, body img").count() == 0


def test_no_text_becomes_an_element(page_file, browser):
    page = browser.new_page()
    page.goto(page_file.as_uri())
    refused = page.evaluate("() => { try { document.body.innerHTML = 'x'; } catch (error) { return error.name; } }")
    assert refused == "TypeError"
