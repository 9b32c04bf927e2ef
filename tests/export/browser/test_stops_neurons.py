"""The stops about a single neuron: their numbers are those of the small network on the digit that the page has read."""

import re

import numpy as np
import pytest

from tests.export.browser.conftest import visiting
from tests.support.pages import DESK, draw, resize

pytestmark = pytest.mark.mnist

FIGURE, SAYS = ".here .figure", ".here .does > output"


@pytest.fixture(scope="module")
def page(browser, page_file):
    """One page for all tests, since it trains the small network once."""
    with visiting(browser) as visit:
        page = visit(page_file)
        draw(page, 42)
        yield page


@pytest.fixture
def stop(page):
    """Go to a stop, with a drawn 3 on the pad, and return what its figure says."""

    def stop(name, *numbers):
        page.keyboard.press("Escape")
        draw(page, *(numbers or (3,)))
        page.evaluate(f"location.hash = 'stop={name}'")
        page.wait_for_function("() => digits.small.layers")
        page.locator(f"#stop-{name}.here").wait_for()
        return says(page)

    resize(page, *DESK)
    yield stop
    page.locator("#close").click()
    page.keyboard.press("Escape")


def says(page):
    return page.locator(SAYS).inner_text()


def numbers(text):
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", text.replace("−", "-"))]


def hidden(page):
    """Weights (30, 784) and biases (30,) of the small network, and the image (784,) of the digit that was read."""
    weights, biases, image = page.evaluate(
        """() => {
            const [{ weights, biases }] = digits.small.layers, { state } = digits;
            return [[...weights], [...biases], [...state.digits[state.chosen].image]];
        }"""
    )
    return np.reshape(weights, (30, 784)), np.array(biases), np.array(image)


def test_a_tapped_pixel_shows_the_number_that_the_network_gets(page, stop):
    stop("pixels")
    *_, image = hidden(page)
    assert f"{np.count_nonzero(image)} of 784 pixels are not 0." in says(page)
    for pixel in (int(image.argmax()), 0):
        page.locator(f"{FIGURE} .target[data-neuron='{pixel}']").click()
        row, column, neuron, activation, *_ = numbers(says(page))
        assert [row, column, neuron] == [pixel // 28 + 1, pixel % 28 + 1, pixel]
        assert activation == pytest.approx(image[pixel], abs=0.005)


@pytest.mark.parametrize("drawn", [3, 42])
def test_products_of_weights_and_pixels_add_up_to_z(page, stop, drawn):
    """The digit is the one that the reader has cut out and normalized, also if it is one of several."""
    stop("weights", drawn)
    page.locator("#weights-factor").fill("1")
    weights, biases, image = hidden(page)
    before = set()
    for _ in range(3):
        neuron, plus, minus, total, bias, z, activation = numbers(says(page))
        products = weights[int(neuron)] * image
        assert [plus, minus] == pytest.approx([products[products > 0].sum(), products[products < 0].sum()], abs=0.06)
        assert [total, bias] == pytest.approx([products.sum(), biases[int(neuron)]], abs=0.06)
        assert z == pytest.approx(products.sum() + biases[int(neuron)], abs=0.06)
        assert activation == pytest.approx(1 / (1 + np.exp(-z)), abs=0.02)
        before.add(neuron)
        page.locator("#weights-another").click()
    assert len(before) == 3
    page.locator("#weights-factor").fill("-1")
    assert numbers(says(page))[3] == pytest.approx(-(weights[int(numbers(says(page))[0])] * image).sum(), abs=0.06)


def test_a_bias_decides_whether_the_neuron_fires(page, stop):
    stop("bias")
    neuron, total, bias, z, activation, threshold = numbers(says(page).replace("− ", "-").replace("+ ", ""))
    weights, biases, image = hidden(page)
    assert [total, bias] == pytest.approx([(weights[int(neuron)] * image).sum(), biases[int(neuron)]], abs=0.06)
    assert z == pytest.approx(total + bias, abs=0.11) and threshold == -total
    for bias, fires in ((-20, False), (20, True)):
        page.locator("#bias-slider").fill(str(bias))
        assert (numbers(says(page).split("activation")[1])[0] > 0.5) == fires
    page.locator("#bias-own").click()
    page.locator("#bias-slider").blur()
    assert says(page).startswith(f"Neuron {int(neuron)}: z") and f"= {z:.1f}".replace("-", "−") in says(page)


def test_a_perceptron_is_a_nand_gate(page, stop):
    stop("gate")
    for switched, output in ((None, 1), ("x1", 1), ("x2", 0), ("x1", 1)):
        if switched:
            page.locator(f"{FIGURE} [data-neuron={switched}]").click()
        assert numbers(says(page))[-1] == output


def test_a_steep_sigmoid_is_a_step(page, stop):
    stop("sigmoid")
    neuron, z, activation, perceptron = numbers(says(page))
    weights, biases, image = hidden(page)
    assert z == pytest.approx(weights[int(neuron)] @ image + biases[int(neuron)], abs=0.06)
    assert activation == pytest.approx(1 / (1 + np.exp(-z)), abs=0.02) and perceptron == (z > 0)
    page.locator("#sigmoid-steepness").fill("5")
    *_, activation, perceptron = numbers(says(page))
    assert activation == pytest.approx(perceptron, abs=0.02)
    page.locator("#sigmoid-steepness").fill("0")
    page.locator(f"{FIGURE} .dot").first.dispatch_event("click")  # others may lie over it
    assert numbers(says(page))[0] != neuron


@pytest.mark.parametrize("name", ["pixels", "weights", "bias", "sigmoid"])
def test_an_empty_pad_has_no_numbers(name, page, stop):
    stop(name)
    page.locator("#clear").click()
    assert says(page) == "Draw a digit first." and page.locator(f"{FIGURE} *").count() == 0
