"""That anyone can use the page: by keyboard, with a screen reader, enlarged, in colours of one's own, on a phone."""

import numpy as np
import pytest

from tests.support.pages import activations, answer, draw, give, looked, outputs, photographed, shown_on
from tests.support.tiers import nightly

axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")

pytestmark = pytest.mark.mnist

SIDEWAYS = [(844, 390), (720, 450)]
SIZES = [(320, 568), (1440, 900), (375, 667), (667, 375), (512, 384), (768, 1024), (1024, 768), (1920, 1080)]


def violations(page):
    """What axe-core complains about."""
    found = axe_playwright.Axe().run(page).response["violations"]
    return [(each["id"], each["nodes"][0]["html"][:80]) for each in found]


@pytest.mark.parametrize("scheme", ["light", nightly("dark")])
def test_axe_finds_nothing_in_any_state(scheme, page_file, visit):
    page = visit(page_file, color_scheme=scheme)
    states = [violations(page)]
    draw(page, 3)
    states.append(violations(page))
    page.keyboard.press("Escape")
    draw(page, 307, 42)
    states.append(violations(page))
    page.locator(".hidden button").nth(37).focus()
    states.append(violations(page))
    give(page, "drop", photographed(3, 0, 7))
    page.locator("#boxes button").first.wait_for()
    states.append(violations(page))
    page.locator("#train").click()
    page.locator("#start").click()
    page.wait_for_function("() => digits.training.epochs.length > 1")
    page.locator("#start").click()
    states.append(violations(page))
    assert states == [[]] * 6


def test_axe_finds_nothing_on_a_phone(page_file, visit):
    page = visit(page_file, 360, 640)
    draw(page, 3)
    assert violations(page) == []
    page.locator("#train").click()
    assert violations(page) == []


def test_every_neuron_has_a_name(page_file, visit):
    page = visit(page_file)
    names = page.locator(".neurons button").evaluate_all("cells => cells.map((cell) => cell.ariaLabel)")
    assert names == [f"Hidden neuron {j}" for j in range(100)] + [f"Output neuron {j}" for j in range(10)]


@pytest.mark.parametrize("size", [*SIZES[:2], *map(nightly, SIZES[2:])])
def test_pad_answer_and_sentence_are_in_view(size, page_file, visit):
    """At once, with nothing cut off at the side; and nothing written over anything else."""
    page = visit(page_file, *size)
    draw(page, 3)
    for id in ("paper", "digit", "said"):
        box = page.locator(f"#{id}").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= size[0]
        assert box["y"] >= 0 and box["y"] + box["height"] <= size[1]
    page.locator(".hidden button").last.focus()
    wide = "document.documentElement.scrollWidth"
    over = """[...document.querySelectorAll("figcaption, p, label, .controls, #teach")].filter(
        (box) => box.checkVisibility() && box.scrollWidth > box.clientWidth + 1).map((box) => box.outerHTML)"""
    assert page.evaluate(wide) <= size[0] and page.evaluate(over) == []


def test_two_hidden_layers_and_the_answer_fit_a_screen(visit, page_of):
    page = visit(page_of(100, 30))
    for view in [*page.locator("figure").all(), page.locator("#paper")]:
        box = view.bounding_box()
        assert box["y"] + box["height"] <= 900 and box["x"] + box["width"] <= 1440
    bars, answer, pixels = (page.locator(f).bounding_box() for f in (".outputs .neurons", "#answer", "#pixels"))
    assert bars["x"] == pixels["x"]  # and the bars fill the row beside the answer
    assert 40 < answer["x"] - bars["x"] - bars["width"] < 60


def test_the_pad_stays_in_view_above_the_neurons_of_a_phone(page_file, visit):
    page = visit(page_file, 360, 640, has_touch=True)
    draw(page, 3)
    neuron = page.locator(".hidden button").nth(95)
    neuron.scroll_into_view_if_needed()
    neuron.tap()
    assert looked(page) == 95
    box = page.locator("#paper").bounding_box()
    assert box["y"] >= 0 and box["y"] + box["height"] <= 640


def test_a_phone_is_told_to_tap(page_file, visit):
    """With no word of a mouse, of keys, or of what takes them."""
    page = visit(page_file, 390, 844, has_touch=True, is_mobile=True)
    assert page.locator("#explain").inner_text().startswith("Tap any part")
    assert page.locator("#said").inner_text() in ("", "Or choose a picture of handwriting.")
    page.locator("#paper").tap()
    assert "centred by its mass" in page.locator("#explain").inner_text()
    page.locator("#undo").tap()
    assert page.locator("#said").inner_text() == "Or choose a picture of handwriting."
    page.locator("#paper").tap()
    assert "Keys" not in page.locator("#explain").inner_text()


@pytest.mark.parametrize("size", [(390, 844), *map(nightly, SIDEWAYS)])
def test_one_trains_beside_what_is_read(size, page_file, visit):
    """On a phone either way, and enlarged twofold: the drawing, its answer, the curve and its numbers are in view."""
    page = visit(page_file, *size)
    draw(page, 3)
    ends = "(id) => Math.round(document.querySelector(id).getBoundingClientRect().right)"
    assert page.evaluate(ends, ".outputs .neurons") == pytest.approx(page.evaluate(ends, "#network-view"), abs=28)
    teach = [box.bounding_box()["y"] for box in page.locator("#teach button:not(#stop)").all()]
    assert len(set(teach)) == 1
    page.locator("#train").click()
    for id in ("paper", "said", "start", "chart", "progress"):
        box = page.locator(f"#{id}").bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= size[1], id


def test_a_stroke_from_beside_the_pad_selects_no_text(page_file, visit):
    page = visit(page_file)
    draw(page, 3)
    box, said = page.locator("#paper").bounding_box(), page.locator("#said").bounding_box()

    def selected(*points):
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=3)
        page.mouse.up()
        return page.evaluate("getSelection().toString()")

    left, right, y = box["x"] - 20, box["x"] + box["width"] + 20, box["y"] + 100
    assert selected((left, y), (box["x"] + 50, y), (said["x"] + 100, said["y"] + 10)) == ""
    assert selected((right, y), (box["x"] + 50, y), (said["x"] + 100, said["y"] + 10)) == ""
    assert selected((said["x"] + 1, said["y"] + 10), (said["x"] + 150, said["y"] + 10)).startswith("3 at")


def test_the_page_fills_a_large_screen(page_file, visit):
    page = visit(page_file, 1920, 1080)
    assert page.evaluate("answer.getBoundingClientRect().right - paper.getBoundingClientRect().left") > 1300


def test_forced_colours(page_file, visit):
    """Neurons, bars and the pad's edge are there, each a neuron as dark as its activation."""
    page = visit(page_file, forced_colors="active")
    draw(page, 3)
    bar = shown_on(page, ".outputs button:nth-child(4) .bar").astype(int)
    other = shown_on(page, ".outputs button:nth-child(5) .bar").astype(int)
    assert abs(bar[4, 40:-40].mean() - other[4, 40:-40].mean()) > 60
    shades = page.locator(".hidden button").evaluate_all(
        "cells => cells.map((cell) => getComputedStyle(cell).backgroundColor)"
    )
    assert len(set(shades)) > 10
    assert page.evaluate("getComputedStyle(pad).borderTopWidth") == "1px"
    assert shown_on(page, "#pixels canvas").std() > 20


def test_a_key_brings_a_digit(page_file, visit):
    page = visit(page_file)
    right = 0
    for digit in range(10):
        page.keyboard.press(str(digit))
        page.wait_for_function("(seen) => digits.state.past.length === seen", arg=digit + 1)
        right += answer(page) == str(digit)
        assert shown_on(page, "#paper").std() > 20
    assert right >= 7
    page.keyboard.press("Escape")
    assert answer(page) == "?"


@pytest.mark.parametrize(
    "key, code, shift",
    [("z", "KeyW", False), ("Z", "KeyZ", False), ("я", "KeyZ", False), ("Z", "KeyZ", True), ("y", "KeyY", False)],
    ids=["french", "caps lock", "russian", "redo", "redo as on Windows"],
)
def test_undo_and_redo_on_any_keyboard(key, code, shift, page_file, visit):
    page = visit(page_file)
    draw(page, 7)
    drawn = outputs(page)
    redo = shift or key == "y"
    if redo:
        page.locator("#undo").click()
    page.evaluate(
        """([key, code, shiftKey]) =>
            dispatchEvent(new KeyboardEvent("keydown", { key, code, shiftKey, ctrlKey: true }))""",
        [key, code, shift],
    )
    assert (outputs(page) == drawn) == redo and (answer(page) == "?") != redo


def test_redo_ends_where_one_goes_on(page_file, visit):
    page = visit(page_file)
    draw(page, 4)
    drawn = outputs(page)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Shift+z")
    assert outputs(page) == drawn
    page.keyboard.press("Control+z")
    draw(page, 1)
    page.keyboard.press("Control+Shift+z")
    assert page.locator("#redo").get_attribute("aria-disabled") == "true" and outputs(page) != drawn


def test_escape_looks_away_from_a_neuron_first(page_file, visit):
    page = visit(page_file)
    draw(page, 3)
    page.locator(".hidden button").nth(7).focus()
    page.keyboard.press("Escape")
    assert looked(page) is None and answer(page) == "3"
    page.keyboard.press("Escape")
    assert answer(page) == "?"


def test_parts_say_what_they_do(page_file, visit):
    page = visit(page_file)
    draw(page, 3)
    for part, words in [
        ("#pixels", "intensity"),
        ("#answer", "most active"),
        ("#answer", "on which the ways to part it agree"),
        ("#paper", "Keys 0 to 9"),
        ("#paper", "centred by its mass"),
        (".hidden button >> nth=7", "Weighted input"),
        (".outputs button >> nth=7", "contribute to it"),
    ]:
        page.locator(part).hover()
        assert words in page.locator("#explain").inner_text()
    both = "digits.network.binaryLayer(digits.held.bits, Float32Array.from([0, 0, 0, 1, 0, 0, 0, 0, 1, 0]))"
    assert page.evaluate(both) == [1, 0, 1, 1]


def test_a_hidden_neuron_shows_its_contributions(page_file, visit):
    """On the outputs: its activation times each weight, as shares of the largest weight."""
    page = visit(page_file)
    draw(page, 3)
    j = next(j for j, a in enumerate(activations(page)[1]) if a > 0.9)
    page.locator(".hidden button").nth(j).hover()
    assert "The outputs show its contributions" in page.locator("#explain").inner_text()
    weights = page.evaluate(
        "(j) => [...Array(10).keys()].map((i) => digits.state.network.layers[1].weights[100 * i + j])", j
    )
    shown = page.locator(".outputs button > span:last-child").all_inner_texts()
    shares = np.array([float(text.replace("−", "-")) for text in shown])
    assert (shares * weights >= 0).all() and np.argmax(np.abs(shares)) == np.argmax(np.abs(weights))
