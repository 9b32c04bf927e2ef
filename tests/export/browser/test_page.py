"""The page as a whole: its keys, and the networks that it shows."""

from contextlib import nullcontext

import pytest
import torch

from digits.export.page import html, rounded
from digits.model import DigitClassifier
from tests.make import page_pictures
from tests.support.node import NO_IMAGES
from tests.support.pages import DESK, PHONE, answer, draw, looked, outputs, resize
from tests.support.tiers import nightly

pytestmark = pytest.mark.mnist


def test_keys(page):
    draw(page, 4)
    drawn = outputs(page)
    for key in ("Escape", "Delete", "Backspace"):
        page.keyboard.press(key)
        assert answer(page) == "?"
        page.keyboard.press("Control+z")
        assert outputs(page) == drawn
    focused = "document.activeElement.id || document.activeElement.closest('figure').className"
    stops = []
    for _ in range(10):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(focused))
    assert stops == [
        "tell",
        "link",
        "paper",
        "undo",
        "redo",
        "clear",
        "choose",
        "camera",
        "layer hidden",
        "layer outputs",
    ]
    page.keyboard.press("Shift+Tab")
    moves = [("ArrowRight", 1), ("ArrowDown", 11), ("ArrowLeft", 10), ("End", 99), ("ArrowDown", 99), ("Home", 0)]
    for key, j in moves:
        page.keyboard.press(key)
        assert looked(page) == j
        assert page.evaluate("document.activeElement.ariaLabel").startswith(f"Hidden neuron {j}, activation ")
    page.keyboard.press("Escape")  # looks away first
    assert looked(page) is None and answer(page) == "4"
    page.keyboard.press("Escape")
    assert answer(page) == "?"
    page.keyboard.press("ArrowRight")
    assert looked(page) == 1
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert looked(page) is None


def test_a_page_that_does_not_come_up_says_what_it_needs(page, page_file, browser):
    needs = "the page needs it, with Worker and DecompressionStream"
    assert page.get_by_text(needs).evaluate("(text) => getComputedStyle(text).display") == "none"  # for seconds
    with browser.new_context(java_script_enabled=False) as context:
        without = context.new_page()
        without.goto(page_file.as_uri())
        without.get_by_text(needs).wait_for()


@pytest.mark.parametrize("hidden", [[], [12, 7, 5], nightly([30]), nightly([400])])
def test_other_networks(hidden, visit, page_of):
    """Have the activations of PyTorch, and fit every window."""
    model, page = DigitClassifier(hidden), visit(page_of(*hidden), *PHONE)
    draw(page, 2)
    seen = page.evaluate("[...digits.state.digits[0].image]")
    a = rounded(model.network)(torch.tensor(seen).view(1, 784))[0]
    assert outputs(page) == pytest.approx(a.tolist(), abs=0.006)
    assert answer(page) == (str(a.argmax().item()) if a.max() > 0.5 else "?")
    counts = page.locator(".layer").evaluate_all("all => all.map((layer) => layer.querySelectorAll('button').length)")
    assert counts == [*hidden, 10]
    for layer in page.locator(".layer").all():
        layer.locator("button").last.hover()
    for width, height in [DESK, (1280, 800), (768, 1024), PHONE]:
        resize(page, width, height)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_a_page_says_stays_text(tmp_path, visit):
    """Were something else let into a page than what `export` knows, it would be shown as it is written."""
    evil = '<meta http-equiv="refresh" content="0;url=about:blank"><img src=x onerror=alert(1)>'
    facts = {"shape": evil, "test_accuracy": None, "context": False}
    file = tmp_path / "evil.html"
    file.write_text(html(DigitClassifier([12]).network, facts, NO_IMAGES), encoding="utf-8")
    page = visit(file)
    draw(page, 3)
    assert page.locator("#about").text_content() == evil
    assert page.locator("body meta, body img").count() == 0
    assert page.url == file.as_uri()


@pytest.mark.nightly
def test_the_pictures_of_the_docs_are_made(tmp_path, trained, monkeypatch, mnist_dir, playwright):
    monkeypatch.setattr(page_pictures, "SECONDS", 1)
    monkeypatch.setattr(page_pictures, "sync_playwright", lambda: nullcontext(playwright))  # a process has one
    page_pictures.main(["--network", str(trained), "--out", str(tmp_path)])
    assert sorted(file.name for file in tmp_path.iterdir()) == ["page.gif", "page.png", "page_dark.png", "review.png"]
