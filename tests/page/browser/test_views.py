"""What the page shows of each layer, and how one looks into its neurons."""

import numpy as np
import pytest

from tests.support.pages import DESK, PHONE, activations, draw, looked, outputs, resize, shown_on
from tests.support.tiers import nightly

pytestmark = pytest.mark.mnist

STYLES = "cells => cells.map((cell) => cell.style.cssText)"


def test_all_views_show_the_same_activations(page):
    """And every neuron has a name."""
    page.locator("h1").click()  # before which an unseen hand draws
    names = page.locator(".neurons button").evaluate_all("cells => cells.map((cell) => cell.ariaLabel.split(',')[0])")
    assert names == [f"Hidden neuron {j}" for j in range(100)] + [f"Output neuron {j} 0.00" for j in range(10)]
    draw(page, 3)
    layers = activations(page)
    assert outputs(page) == pytest.approx(layers[2], abs=0.006)
    shades = page.locator(".hidden button").evaluate_all(STYLES)
    shown = [float(shade.split("%")[0].split()[-1]) / 100 for shade in shades]
    assert shown == pytest.approx(layers[1], abs=0.006)
    seen = shown_on(page, "#pixels canvas")
    cell = len(seen) // 28
    light = seen[cell // 2 :: cell, cell // 2 :: cell, 0].astype(float)
    assert np.corrcoef(light.max() - light.ravel(), layers[0])[0, 1] > 0.995


def test_a_neuron_shows_its_weights_over_the_drawing_and_its_contributions(page):
    """On the outputs: its activation times each weight, as shares of the largest weight."""
    draw(page, 3)

    def coloured():
        """How much of the pad is red, and how much blue."""
        red, _, blue = np.moveaxis(shown_on(page, "#paper").astype(int), 2, 0)
        return (red > blue + 60).mean(), (blue > red + 60).mean()

    assert coloured() == (0, 0)
    j = int(np.argmax(activations(page)[1]))
    page.locator(".hidden button").nth(j).hover()
    assert min(coloured()) > 0.005 and looked(page) == j
    assert "The outputs show its contributions" in page.locator("#explain").inner_text()
    weights = page.evaluate("[...digits.state.network.layers[1].weights]")[j::100]
    shown = page.locator(".outputs button > span:last-child").all_inner_texts()
    shares = np.array([float(text.replace("−", "-")) for text in shown])
    assert (shares * weights >= 0).all() and np.argmax(np.abs(shares)) == np.argmax(np.abs(weights))
    page.mouse.move(1, 1)
    assert coloured() == (0, 0)
    page.locator(".outputs button").nth(3).hover()  # its weights go to hidden neurons
    shades = page.locator(".hidden button").evaluate_all(STYLES)
    assert {shade.split("--")[2].split(")")[0] for shade in shades} == {"red", "blue"}


def test_a_neuron_says_what_it_does_in_words_and_one_click_away_as_a_formula(page):
    draw(page, 3)
    _, hidden, outputs = activations(page)
    for layer, j, words in (
        (".hidden", 7, f"Neuron 7 fires at {hidden[7]:.2f}:"),
        (".outputs", 3, f"Output 3 is {outputs[3]:.2f}:"),
    ):
        neuron, says = page.locator(f"{layer} button").nth(j), page.locator("#explain")
        neuron.hover()
        assert says.inner_text().startswith(words) and "w·a" not in says.inner_text()
        neuron.click()
        assert says.inner_text().startswith("z = w·a + b = ")
        neuron.press("Enter")
        assert says.inner_text().startswith(words)


def test_a_finger_moves_from_neuron_to_neuron_and_enlarges_the_nearest(phone):
    """Between the discs, too, of which one is 1 mm wide or less on a phone."""
    draw(phone, 3)
    group, buttons = phone.locator(".hidden .neurons"), phone.locator(".hidden button")
    group.evaluate("(group) => group.scrollIntoView({ block: 'center' })")
    columns, cell = (
        float(group.evaluate(f"(group) => parseFloat(group.style.getPropertyValue('--{name}'))"))
        for name in ("columns", "cell")
    )
    corner, send = buttons.first.bounding_box(), phone.context.new_cdp_session(phone).send

    def at(j, x=0.5, y=0.5):
        row, column = divmod(j, int(columns))
        return {"x": corner["x"] + (column + x - 0.07) * cell, "y": corner["y"] + (row + y - 0.07) * cell}

    for kind, j in [("touchStart", 42), ("touchMove", 43), ("touchMove", 44)]:
        send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [at(j)]})
        buttons.nth(j).and_(phone.locator(".looked")).wait_for()
    send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert looked(phone) == 44  # and stays, so that one can look
    assert cell < 20 and buttons.nth(44).bounding_box()["width"] > 20
    for j, x, y in [(23, 0.02, 0.02), (24, 0.98, 0.98), (59, 0.99, 0.5), (99, 3.5, 0.5)]:
        phone.touchscreen.tap(*at(j, x, y).values())
        assert looked(phone) == j
    phone.locator(".outputs button").nth(3).tap()
    assert looked(phone, ".outputs") == 3  # a neuron of another layer is no other's end
    phone.locator("#said").tap()
    assert looked(phone) is looked(phone, ".outputs") is None and phone.locator(".hidden .looked").count() == 0


UNDER_TEXT = """() => {
    const { left, top } = connections.getBoundingClientRect(), { width, height } = connections;
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    context.drawImage(connections, 0, 0);
    const texts = [...document.querySelectorAll(".network figcaption span, .outputs button > span:not(.bar)")];
    const all = context.getImageData(0, 0, width, height).data.some((value) => value);
    return [all, texts.filter((text) => {
        const box = text.getBoundingClientRect();
        const [x, y] = [box.left - left, box.top - top].map((n) => Math.round(n * devicePixelRatio));
        const [width, height] = [box.width, box.height].map((n) => Math.max(1, Math.round(n * devicePixelRatio)));
        return context.getImageData(x, y, width, height).data.some((value) => value);
    }).map((text) => text.textContent)];
}"""


@pytest.mark.parametrize("hidden", [[12, 7, 5], [], nightly([800, 200])])
def test_the_layers_stand_in_one_line_and_no_wire_crosses_a_text(hidden, visit, page_of):
    """From left to right on a desk and from top to bottom on a phone; every neuron has its place."""
    page = visit(page_of(*hidden))
    draw(page, 3)
    for size, side in ((DESK, "x"), ((768, 1024), "x"), (PHONE, "y")):
        resize(page, *size)
        places = [figure.bounding_box() for figure in page.locator(".network figure:not(#answer)").all()]
        length = {"x": "width", "y": "height"}[side]
        for before, after in zip(places, places[1:], strict=False):
            assert before[side] + before[length] < after[side]
        assert len({round(place[{"x": "y", "y": "x"}[side]]) for place in places}) == 1
        outside = page.locator(".neurons").evaluate_all(
            """all => all.filter((group) => group.scrollHeight > group.clientHeight
                || group.scrollWidth > group.clientWidth).map((group) => group.ariaLabel)"""
        )
        assert outside == []
        for layer in range(len(hidden) + 1):
            page.locator(".layer").nth(layer).locator("button").last.focus()
            page.keyboard.press("Home")
            assert page.evaluate(UNDER_TEXT) == [True, []]
        page.locator("h1").click()
        assert page.evaluate(UNDER_TEXT)[1] == []
