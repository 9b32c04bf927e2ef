"""What the page shows of each layer, and how one looks into its neurons."""

import numpy as np
import pytest

from tests.support.pages import activations, draw, looked, outputs, shown_on

pytestmark = pytest.mark.mnist


def test_all_views_show_the_same_activations(page_file, visit):
    page = visit(page_file)
    draw(page, 3)
    layers = activations(page)
    assert outputs(page) == pytest.approx(layers[2], abs=0.006)
    shades = page.locator(".hidden button").evaluate_all("cells => cells.map((cell) => cell.style.cssText)")
    shown = [float(shade.split("%")[0].split()[-1]) / 100 for shade in shades]
    assert shown == pytest.approx(layers[1], abs=0.006)
    seen = shown_on(page, "#pixels canvas")
    cell = len(seen) // 28
    light = seen[cell // 2 :: cell, cell // 2 :: cell, 0].astype(float)
    assert np.corrcoef(light.max() - light.ravel(), layers[0])[0, 1] > 0.995


def test_a_neuron_shows_its_weights_over_the_drawing(page_file, visit):
    page = visit(page_file)
    draw(page, 3)

    def coloured():
        """How much of the pad is red, and how much blue."""
        red, _, blue = np.moveaxis(shown_on(page, "#paper").astype(int), 2, 0)
        return (red > blue + 60).mean(), (blue > red + 60).mean()

    assert coloured() == (0, 0)
    page.locator(".hidden button").nth(37).hover()
    assert min(coloured()) > 0.005
    assert looked(page) == 37
    page.mouse.move(1, 1)
    assert coloured() == (0, 0)
    page.locator(".outputs button").nth(3).hover()  # its weights go to hidden neurons
    shades = page.locator(".hidden button").evaluate_all("cells => cells.map((cell) => cell.style.cssText)")
    assert {shade.split("--")[2].split(")")[0] for shade in shades} == {"red", "blue"}


def test_a_finger_moves_from_neuron_to_neuron(page_file, visit):
    page = visit(page_file, 360, 740, has_touch=True)
    send = page.context.new_cdp_session(page).send
    cells = page.locator(".hidden button")
    cells.nth(42).scroll_into_view_if_needed()
    for kind, j in [("touchStart", 42), ("touchMove", 43), ("touchMove", 44)]:
        box = cells.nth(j).bounding_box()
        touched = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [touched]})
        cells.and_(page.locator(".looked")).and_(cells.nth(j)).wait_for()
    send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert looked(page) == 44  # and stays, so that one can look
    page.locator("h1").tap()
    assert looked(page) is None


def test_a_tap_chooses_the_nearest_neuron_and_shows_it_above_the_finger(page_file, visit):
    """Between the discs too, of which 1 mm or less is a phone's whole neuron."""
    page = visit(page_file, 390, 844, has_touch=True, is_mobile=True)
    draw(page, 3)
    group = page.locator(".hidden .neurons")
    group.scroll_into_view_if_needed()
    box = group.bounding_box()
    for row, column in [(2.02, 3.02), (3.5, 4.5), (2.98, 3.98), (2.5, 5.5), (5.5, 9.99)]:
        page.touchscreen.tap(box["x"] + column / 10 * box["width"], box["y"] + row / 10 * box["height"])
        assert looked(page) == 10 * int(row) + int(column)
        loupe = page.locator(".hidden .looked").evaluate("cell => getComputedStyle(cell, '::after').height")
        assert float(loupe.removesuffix("px")) >= 30
    page.locator("h1").tap()
    assert page.locator(".hidden .looked").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_the_page(scheme, page_file, visit):
    """By WCAG's contrast of 4.5, for what is there to be read."""
    page = visit(page_file, color_scheme=scheme)

    def luminance(name):
        colour = page.evaluate(f"getComputedStyle(document.documentElement).getPropertyValue('--{name}')")
        colour = colour.strip().lstrip("#")
        linear = [
            v / 12.92 if (v := int(colour[i : i + 2], 16) / 255) <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4
            for i in (0, 2, 4)
        ]
        return np.dot(linear, [0.2126, 0.7152, 0.0722]) + 0.05

    for text in ("foreground", "muted"):
        for ground in ("background", "pad"):
            pair = luminance(text), luminance(ground)
            assert max(pair) / min(pair) >= 4.5
