"""The page as a whole: its keys, and the networks that it shows."""

import pytest
import torch

from digits.checkpoint.contents import load_network
from digits.checkpoint.untrusted import read
from digits.export.page import html, rounded
from digits.model import DigitClassifier
from tests.support.checkpoints import saved, saved_sure
from tests.support.pages import answer, draw, exported, looked, outputs

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
    for _ in range(6):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(focused))
    assert stops == ["undo", "redo", "clear", "choose", "layer hidden", "layer outputs"]
    page.keyboard.press("Shift+Tab")
    for key, j in [
        ("ArrowRight", 1),
        ("ArrowDown", 11),
        ("ArrowLeft", 10),
        ("End", 99),
        ("ArrowDown", 99),
        ("Home", 0),
    ]:
        page.keyboard.press(key)
        assert looked(page) == j
        assert page.evaluate("document.activeElement.ariaLabel").startswith(f"Hidden neuron {j}, activation ")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert looked(page) is None


def test_a_detector(page_file, visit, tmp_path):
    page = visit(exported(saved_sure(tmp_path / "nine.ckpt", only_digit=9), tmp_path / "nine.html"))
    draw(page, 0)
    assert answer(page) == "a 9" and outputs(page) == [1.0]
    assert page.locator("#said").inner_text() == "A 9: its output is 1.00."
    page.evaluate("pad.network.layers.at(-1).biases[0] -= 40")
    draw(page, 1)
    assert answer(page) == "no 9" and outputs(page) == [0.0]


def test_a_checkpoint_from_before_detectors(visit, tmp_path):
    """Its page is that of a network that reads all ten digits."""
    model = DigitClassifier([12])
    settings = {name: value for name, value in model.hparams.items() if name != "only_digit"}
    page = visit(exported(saved(tmp_path / "old.ckpt", model, hyper_parameters=settings), tmp_path / "old.html"))
    assert page.locator(".outputs button > span:first-child").all_inner_texts() == list("0123456789")
    draw(page, 2)
    assert "undefined" not in page.locator("body").inner_text()
    assert len(page.locator("#bits b").all_inner_texts()) == 4


@pytest.mark.parametrize("hidden", [[], [30], [12, 7, 5], [400]])
def test_other_networks(hidden, visit, tmp_path):
    model = DigitClassifier(hidden)
    page = visit(exported(saved(tmp_path / "net.ckpt", model), tmp_path / "net.html"), 360, 740)
    draw(page, 2)
    seen = page.evaluate("[...digitsOfStrokes(pad.drawing.strokes)[0].image]")
    a = rounded(model.network)(torch.tensor(seen).view(1, 784))[0]
    assert outputs(page) == pytest.approx(a.tolist(), abs=0.006)
    assert answer(page) == (str(a.argmax().item()) if a.max() > 0.5 else "?")
    assert page.locator(".layer").evaluate_all("all => all.map((one) => one.querySelectorAll('button').length)") == [
        *hidden,
        10,
    ]
    for layer in page.locator(".layer").all():
        layer.locator("button").last.hover()


def test_what_a_page_says_stays_text(tmp_path, browser):
    """A digit to detect that is no digit is refused on export; were it let in, it would be shown as it is written."""
    evil = '<meta http-equiv="refresh" content="0;url=about:blank"><img src=x onerror=alert(1)>'
    path = saved(tmp_path / "net.ckpt", DigitClassifier([12], only_digit=3))
    network = load_network(read(path), path)
    facts = {"only_digit": evil, "shape": evil, "test_accuracy": None, "validation_accuracy": None}
    (tmp_path / "evil.html").write_text(html(network, facts, (0, 0), b""), encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "evil.html").as_uri())
    draw(page, 3)
    page.wait_for_timeout(500)
    assert page.url == (tmp_path / "evil.html").as_uri()
    assert page.locator(".outputs button span").first.text_content() == evil
    assert page.locator("body meta, body img").count() == 0


def test_no_text_becomes_an_element(page_file, browser):
    page = browser.new_page()
    page.goto(page_file.as_uri())
    refused = page.evaluate("() => { try { document.body.innerHTML = 'x'; } catch (error) { return error.name; } }")
    assert refused == "TypeError"
