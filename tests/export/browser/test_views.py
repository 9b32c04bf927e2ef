"""What the page shows of each layer, and how one looks into its neurons."""

import numpy as np
import pytest

from tests.support.pages import activations, draw, looked, outputs, shown_on

pytestmark = pytest.mark.mnist

STYLES = "cells => cells.map((cell) => cell.style.cssText)"


def test_all_views_show_the_same_activations(page):
    """And every neuron has a name."""
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


def test_a_finger_moves_from_neuron_to_neuron_and_chooses_the_nearest(phone):
    """Between the discs, too, of which 1 mm or less is a phone's whole neuron."""
    draw(phone, 3)
    group = phone.locator(".hidden .neurons")
    group.scroll_into_view_if_needed()
    box, send = group.bounding_box(), phone.context.new_cdp_session(phone).send

    def at(row, column):
        return {"x": box["x"] + column / 10 * box["width"], "y": box["y"] + row / 10 * box["height"]}

    for kind, j in [("touchStart", 42), ("touchMove", 43), ("touchMove", 44)]:
        send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [at(4.5, j % 10 + 0.5)]})
        phone.locator(".hidden button").nth(j).and_(phone.locator(".looked")).wait_for()
    send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert looked(phone) == 44  # and stays, so that one can look
    for row, column in [(2.02, 3.02), (2.98, 3.98), (5.5, 9.99), (9.5, 5.5)]:
        phone.touchscreen.tap(*at(row, column).values())
        assert looked(phone) == 10 * int(row) + int(column)
    phone.locator(".outputs button").nth(3).tap()
    assert looked(phone, ".outputs") == 3  # a neuron of another layer is no other's end
    phone.locator("h1").tap()
    assert looked(phone) is looked(phone, ".outputs") is None and phone.locator(".hidden .looked").count() == 0
