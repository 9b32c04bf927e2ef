"""What the page shows of each layer, and how one looks into its neurons."""

import numpy as np
import pytest

from tests.support.pages import activations, draw, looked, outputs, shown_on

pytestmark = pytest.mark.mnist

STYLES = "cells => cells.map((cell) => cell.style.cssText)"


def test_all_views_show_the_same_activations(page):
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
    weights = page.evaluate("[...digits.state.network.layers[1].weights]")[j::100]
    shown = page.locator(".outputs button > span:last-child").all_inner_texts()
    shares = np.array([float(text.replace("−", "-")) for text in shown])
    assert (shares * weights >= 0).all() and np.argmax(np.abs(shares)) == np.argmax(np.abs(weights))
    page.mouse.move(1, 1)
    assert coloured() == (0, 0)
    page.locator(".outputs button").nth(3).hover()  # its weights go to hidden neurons
    shades = page.locator(".hidden button").evaluate_all(STYLES)
    assert {shade.split("--")[2].split(")")[0] for shade in shades} == {"red", "blue"}


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

    for kind, j in [("touchStart", 42), ("touchMove", 44)]:
        send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [at(j)]})
        buttons.nth(j).and_(phone.locator(".looked")).wait_for()
    send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert looked(phone) == 44  # and stays, so that one can look
    assert cell < 20 < buttons.nth(44).bounding_box()["width"]
    for j, x, y in [(23, 0.02, 0.02), (99, 3.5, 0.5)]:
        phone.touchscreen.tap(*at(j, x, y).values())
        assert looked(phone) == j
    phone.locator("#said").tap()
    assert looked(phone) is None
