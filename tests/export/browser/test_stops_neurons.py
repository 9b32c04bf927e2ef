"""The stops about a single neuron: their numbers are those of the small network on the digit that the page has read."""

import re

import numpy as np
import pytest

from tests.support.pages import DESK, DRAW, draw, in_the_middle, numbers, resize, sentence

pytestmark = pytest.mark.mnist

FIGURE = ".here .figure"


@pytest.fixture(scope="module")
def page(tour_page):
    draw(tour_page, 42)
    return tour_page


@pytest.fixture
def stop(page):
    """Go to a stop, with a drawn 3 on the pad, and return what its figure says."""

    def stop(name, *numbers):
        page.keyboard.press("Escape")
        draw(page, *(numbers or (3,)))
        page.evaluate(f"location.hash = 'stop={name}'")
        page.wait_for_function("() => digits.small.layers")
        page.locator(f"#stop-{name}.here").wait_for()
        return sentence(page)

    resize(page, *DESK)
    yield stop
    page.locator("#close").click()
    page.keyboard.press("Escape")


def hidden(page):
    """Weights (30, 784) and biases (30,) of the small network, and the image (784,) of the digit that was read."""
    weights, biases, image = page.evaluate(
        """() => {
            const [{ weights, biases }] = digits.small.layers, { state } = digits;
            return [[...weights], [...biases], [...state.digits[state.chosen].image]];
        }"""
    )
    return np.reshape(weights, (30, 784)), np.array(biases), np.array(image)


def by_hand(page, neuron):
    """The sums of the positive and of the negative products of weights and pixels, the bias, and z."""
    weights, biases, image = hidden(page)
    products = weights[int(neuron)] * image
    plus, minus = products[products > 0].sum(), products[products < 0].sum()
    return np.array([plus, minus, biases[int(neuron)], plus + minus + biases[int(neuron)]])


def press_pixel(page, pixel, square=0, hover=False):
    """Click a pixel in one of the figure's squares, or point at it."""
    box = page.locator(f"{FIGURE} .target").nth(square).bounding_box()  # it is drawn anew at each movement
    row, column = divmod(pixel, 28)
    page.mouse.move(box["x"] + (column + 0.5) * box["width"] / 28, box["y"] + (row + 0.5) * box["height"] / 28)
    if not hover:
        page.mouse.down()
        page.mouse.up()


def z_and_activation(page):
    """As the stop says them, with the neuron's number."""
    neuron, z, activation = re.search(
        r"Neuron (\d+).* z = (−?[\d.]+),.* activation (?:is )?([\d.]+)", sentence(page)
    ).groups()
    return int(neuron), *numbers(f"{z} {activation}")


@pytest.mark.parametrize("hover", [False, True])
def test_a_pixel_shows_the_number_that_the_network_gets(page, stop, hover):
    stop("pixels")
    *_, image = hidden(page)
    assert f"{np.count_nonzero(image)} of 784 pixels are not 0." in sentence(page)
    for pixel in (int(image.argmax()), 0, int(np.abs(image - 0.5).argmin())):
        press_pixel(page, pixel, hover=hover)
        assert numbers(sentence(page))[3:7] == [28, *divmod(pixel, 28), pixel]
        assert numbers(sentence(page))[7] == pytest.approx(image[pixel], abs=0.005)


@pytest.mark.parametrize("drawn", [3, 42])
def test_products_of_weights_and_pixels_add_up(page, stop, drawn):
    """The digit is the one that the reader has cut out and normalized, also if it is one of several."""
    stop("weights", drawn)
    zs = []
    for _ in range(3):
        neuron, plus, minus, total = numbers(sentence(page).replace("− ", ""))
        assert [plus, -minus] == pytest.approx(by_hand(page, neuron)[:2], abs=0.02)
        assert plus - minus == pytest.approx(total)  # what is shown adds up
        assert ("red outweighs" in sentence(page)) == (total > 0)
        zs.append(by_hand(page, neuron)[3])
        page.locator("#weights-another").click()
    assert zs == sorted(zs, reverse=True) and len(set(zs)) == 3


def test_a_weight_that_is_moved_moves_the_sum(page, stop):
    stop("weights")
    *_, image = hidden(page)
    press_pixel(page, int(image.argmax()), square=1)
    before, weight = numbers(sentence(page).replace("− ", ""))[3], float(page.locator("#weights-slider").input_value())
    page.locator("#weights-slider").fill("5")
    moved = numbers(sentence(page).replace("− ", ""))[3]
    assert moved - before == pytest.approx((5 - weight) * image.max(), abs=0.03)
    page.locator("#weights-own").click()
    assert numbers(sentence(page).replace("− ", ""))[3] == before


def test_all_stops_say_the_same_of_a_neuron(page, stop):
    """Also after its weights, its bias or its steepness were changed at one of them."""
    stop("bias")
    for _ in range(3):
        page.locator("#bias-another").click()
    neuron, z, activation = z_and_activation(page)
    sliders = [("weights", "#weights-slider"), ("bias", "#bias-slider"), ("sigmoid", "#sigmoid-steepness")]
    for name, slider in sliders * 2:
        page.evaluate(f"location.hash = 'stop={name}'")
        page.locator(f"#stop-{name}.here").wait_for()
        before = sentence(page)
        if name == "weights":
            assert numbers(before)[0] == neuron
        else:
            assert z_and_activation(page) == (neuron, z, activation)
        page.locator(slider).fill(page.locator(slider).get_attribute("max"))
        assert sentence(page) != before


def test_a_bias_decides_whether_the_neuron_fires(page, stop):
    stop("bias")
    neuron, total, bias, z, *_, threshold = numbers(sentence(page).replace("− ", "-"))
    assert [bias, z] == pytest.approx(by_hand(page, neuron)[2:], abs=0.02)
    assert z == pytest.approx(total + bias) and threshold == -total
    for bias, fires in ((threshold - 0.1, False), (threshold + 0.1, True)):
        page.locator("#bias-slider").fill(f"{bias:.2f}")
        assert (z_and_activation(page)[2] > 0.5) == ("neuron fires" in sentence(page)) == fires
    page.locator("#bias-own").click()
    assert z_and_activation(page)[:2] == (neuron, z)


def test_a_steep_sigmoid_is_a_step(page, stop):
    stop("sigmoid")
    weights, biases, image = hidden(page)
    j = int(np.abs(weights @ image + biases - 0.5).argmin())  # where steepness changes the activation most
    page.locator(f"{FIGURE} circle[data-neuron='{j}'].neuron:not(.dot)").click()
    neuron, z, activation = z_and_activation(page)
    assert neuron == j and z == pytest.approx(by_hand(page, j)[3], abs=0.02)
    assert activation == pytest.approx(1 / (1 + np.exp(-z)), abs=0.006)
    page.locator("#sigmoid-steepness").fill("5")
    *_, activation, perceptron = numbers(sentence(page))
    assert activation == pytest.approx(1 / (1 + np.exp(-np.clip(32 * z, -50, 50))), abs=0.006)
    assert perceptron == (z > 0)
    assert f"{activation:.2f}" in page.locator(f"{FIGURE} .haloed").all_text_contents()
    page.locator("#sigmoid-another").click()
    assert numbers(sentence(page))[0] != j


def test_stops_see_a_small_digit_in_a_corner_as_the_reader_normalizes_it(page, stop):
    """It is 20 pixels high with its center of mass in the middle, as in MNIST, and not where it is on the pad."""
    stop("pixels")
    page.locator("#close").click()
    page.keyboard.press("Escape")
    page.evaluate(
        DRAW, [[[0.1 + 0.3 * (x - 0.3), 0.1 + 0.3 * (y - 0.2)] for x, y in line] for line in in_the_middle(3)]
    )
    *_, image = hidden(page)
    rows = image.reshape(28, 28).sum(1)
    assert np.ptp(np.flatnonzero(rows)) in (19, 20) and np.arange(28) @ rows / rows.sum() == pytest.approx(14, abs=1)
    for name in ("pixels", "bias", "sigmoid"):
        page.evaluate(f"location.hash = 'stop={name}'")
        page.locator(f"#stop-{name}.here").wait_for()
        assert (hidden(page)[2] == image).all()
        if name == "pixels":
            assert f"{np.count_nonzero(image)} of 784 pixels are not 0." in sentence(page)
        else:
            neuron, z, _ = z_and_activation(page)
            assert z == pytest.approx(by_hand(page, neuron)[3], abs=0.02)


@pytest.mark.parametrize("name", ["pixels", "weights", "bias", "sigmoid"])
def test_an_empty_pad_has_no_numbers(name, page, stop):
    stop(name)
    page.locator("#clear").click()
    assert sentence(page) == "Draw a digit first." and page.locator(f"{FIGURE} *").count() == 0
