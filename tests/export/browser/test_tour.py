"""The guided tour: what each stop has one do, and that the visitor's network comes back."""

import re

import numpy as np
import pytest

from tests.export.browser.conftest import visiting
from tests.support.pages import (
    DESK,
    DRAW,
    PHONE,
    activations,
    answer,
    draw,
    is_read,
    looked,
    resize,
    shown_on,
    violations,
)
from tests.support.tiers import nightly

pytestmark = pytest.mark.mnist

NEURON, GATE, SIGMOID, VOTES, BITS, COST, DESCENT, BACKFLOW, EPOCH, FEATURES, NONSENSE = range(2, 13)
LAST = NONSENSE
RESULT = "document.querySelector('.here > div output').textContent"
MINE = """() => {
    const { network, past, future } = digits.state;
    const sum = network.layers.flatMap(({ weights, biases }) => [...weights, ...biases]).reduce((a, b) => a + b);
    window.mine ??= { network, sum };
    return sum === mine.sum && [network, ...[...past, ...future].map((moment) => moment.network)].every(
        (kept) => kept === mine.network);
}"""


@pytest.fixture(scope="module")
def page(browser, page_file):
    """One page for all: it trains the small network once."""
    with visiting(browser) as visit:
        yield visit(page_file)


@pytest.fixture
def told(page):
    """Go to a stop of the tour, the first being 1, on a page on which a 3 is drawn, once the small network is trained.

    When the tour is closed, the visitor's network is what it was.
    """
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    resize(page, *DESK)
    page.mouse.move(1, 1)

    def told(stop):
        if page.locator("#tour").is_hidden():
            page.keyboard.press("Escape")
            draw(page, 3)
            assert page.evaluate(MINE)
        page.evaluate(f"location.hash = 'stop={stop}'")
        page.locator("#place", has_text=f"{stop} of {LAST}").wait_for()
        page.wait_for_function("() => digits.loan.small")

    yield told
    if page.locator("#tour").is_visible():
        page.locator("#close").click()
    assert page.evaluate(MINE)


def result(page):
    return page.locator(".here > div output").inner_text()


def until(page, begin):
    """Wait for what comes of it at the stop, by how this begins."""
    page.wait_for_function(f"(begin) => {RESULT}.startsWith(begin)", arg=begin)


def numbers(text):
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", text.replace("−", "-"))]


def test_it_is_gone_through_by_keyboard_left_and_come_back_to(page, told):
    page.emulate_media(reduced_motion="reduce")
    told(1)
    page.locator("#close").click()
    before, question = activations(page), page.locator(".here fieldset")
    assert page.evaluate(MINE) and not page.locator("#tour").is_visible()
    page.locator("#tell").focus()
    page.keyboard.press("Enter")
    titles = []
    for stop in range(1, LAST + 1):
        titles.append(page.evaluate("document.activeElement.innerText"))
        assert page.locator(".stop h2:visible").all_inner_texts() == titles[-1:] and not question.is_visible()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.here div') !== null")  # there is something to do
        page.locator("#ask").press("Enter")
        whys = []
        for choice in question.locator("input").all():
            choice.check()
            whys.append(question.locator("output").inner_text())
        assert len(whys) == len(set(whys)) == 3
        assert [why.split(":")[0] for why in whys].count("Right") == 1
        if stop < LAST:
            page.locator("#next").press("Enter")
    assert len(set(titles)) == LAST
    page.keyboard.press("Escape")
    assert not page.locator("#tour").is_visible() and answer(page) == "3"  # it does not clear the pad
    assert page.evaluate("document.activeElement.id") == "tell"
    assert activations(page) == before and looked(page) is None and page.evaluate(MINE)
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.innerText") == titles[-1]


def test_pixels_gates_sigmoids_and_a_cost(page, told):
    """A pixel is an input, a perceptron a NAND gate, a steep sigmoid a step; and a wrong answer has a cost."""
    told(1)
    assert result(page) == f"{np.count_nonzero(activations(page)[0])} of 784 pixels are not 0."
    page.locator(".here .take").click()
    page.wait_for_function("() => !digits.state.drawing.strokes.length")
    told(GATE)
    for x1, x2, nand in [(False, False, 1), (False, True, 1), (True, False, 1), (True, True, 0)]:
        page.locator("#x1").set_checked(x1)
        page.locator("#x2").set_checked(x2)
        assert numbers(result(page))[-2:] == [3 - 2 * x1 - 2 * x2, nand]
    told(SIGMOID)
    soft = np.array(activations(page)[1])
    page.locator("#steepness").fill("6")
    hard = np.array(activations(page)[1])
    assert (hard.round() == soft.round()).all()
    assert np.minimum(hard, 1 - hard).mean() < 0.3 * np.minimum(soft, 1 - soft).mean()
    page.locator(".hidden button").nth(29).click()
    page.mouse.move(1, 1)
    assert looked(page) == 29 and numbers(result(page))[0] == 29
    told(COST)
    a = np.array(activations(page)[2])
    for digit in (3, 8):
        page.locator("#meant").select_option(str(digit))
        y = np.eye(10)[digit]
        assert result(page) == f"C = {((y - a) ** 2).sum() / 2:.2f}."
        shown = [numbers(text)[-1] for text in page.locator(".outputs button").all_inner_texts()]
        assert shown == pytest.approx(y - a, abs=0.006)


def test_a_neuron_weighs_its_inputs(page, told):
    """On the red z rises, on the blue it falls; the strokes are seen where they are, and the neuron stays in view."""
    told(NEURON)
    j, zs = looked(page), []
    every, biases = page.evaluate("Object.values(digits.state.network.layers[0]).map((all) => [...all])")
    weights, bias = np.reshape(every, (-1, 28, 28))[j], biases[j]
    pairs = weights[1:27, 1:26] + weights[1:27, 2:27]
    for at in (pairs.argmax(), pairs.argmin()):
        y, x = divmod(int(at), 25)
        page.locator("#clear").click()
        page.evaluate(DRAW, [[[(x + 1.6) / 28, (y + 1.5) / 28], [(x + 2.4) / 28, (y + 1.5) / 28]]])
        image = np.array(activations(page)[0]).reshape(28, 28)
        assert image[y + 1, x + 1] > 0.5 and np.count_nonzero(image) < 20
        assert looked(page) == j
        neuron, total, b, z, sigmoid, perceptron = numbers(result(page))
        zs.append(z)
        assert [neuron, b] == [j, pytest.approx(bias, abs=0.06)]
        assert [total, z] == pytest.approx((weights * image).sum() + [0, bias], abs=0.06)
        assert sigmoid == pytest.approx(1 / (1 + np.exp(-z)), abs=0.02) and perceptron == (z > 0)
    assert zs[0] > zs[1]
    for bias, z in ((-20, zs[1] - 20), (20, zs[1] + 20)):  # the visitor's own neuron stays as it is
        page.locator("#bias").fill(str(bias))
        assert numbers(result(page))[2:] == [bias, pytest.approx(bias + numbers(result(page))[1]), *[float(z > 0)] * 2]
    before = numbers(result(page))[1]
    page.locator("#weight").fill("10")
    assert numbers(result(page))[1] > before + 5
    page.locator("#clear").click()
    draw(page, 3)
    page.locator("#next").click()
    is_read(page)
    assert np.count_nonzero(activations(page)[0]) > 50  # normalized again


def test_lines_lead_to_a_neuron_from_those_that_vote_for_it(page, told):
    """And faint ones to the answer, of which the next stop has the bits."""
    told(VOTES)
    lines = "connections.hidden ? 0 : connections.toDataURL().length"
    assert looked(page, ".outputs") == 3 and page.evaluate(lines) > 10_000
    page.get_by_role("button", name="Another output").click()
    assert looked(page, ".outputs") != 3
    page.locator(".hidden button").nth(7).hover()
    assert looked(page) == 7 and page.evaluate(lines) > 10_000
    page.locator("#next").click()
    page.mouse.move(1, 1)
    assert page.evaluate(lines) > 10_000
    assert result(page) == "3 = 0 · 8 + 0 · 4 + 1 · 2 + 1 · 1."
    page.locator("#clear").click()
    assert page.evaluate(lines) == 0


def test_gradient_descent(page, told):
    """Each step has the cost that the slice shows ahead; undo, and the past, have the visitor's network afterwards."""
    told(DESCENT)
    until(page, "Ten digits: C = ")
    page.locator("#over").select_option("one")
    page.locator("#eta").fill("1")
    slice = page.evaluate(
        """() => {
            const { state, backpropagation, descent } = digits, y = backpropagation.desired(3);
            return descent.slice(state.network.layers, [{ image: state.digits[0].image, y }], 1);
        }"""
    )
    (here, first), (ahead, then) = slice[5], slice[15]
    assert result(page) == f"To be a 3: C = {first:.2f}, 0 steps." and [here, ahead] == [0, pytest.approx(1)]
    page.locator("#descend").click()
    page.wait_for_function(f"() => {RESULT}.endsWith('1 step.')")
    assert result(page) == f"To be a 3: C = {first:.2f} → {then:.2f}, 1 step."
    page.get_by_role("button", name="Go on").click()
    page.wait_for_function("() => costs.points.length > 6")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").wait_for()
    page.locator("#eta").fill("0")
    assert result(page) == "η is a number from 0.001 to 1,000."
    page.locator("#eta").fill("0.1")
    page.locator("#afresh").click()
    assert result(page).endswith(" 0 steps.")
    draw(page, 7)
    page.keyboard.press("Control+z")
    assert page.evaluate("digits.state.network.shape") == "784-30-10" and not page.evaluate(MINE)


def test_errors_flow_back(page, told):
    """The four equations, with the numbers of backpropagation; then the step is made."""
    told(BACKFLOW)
    _, a, outputs = activations(page)
    cost = ((np.eye(10)[3] - outputs) ** 2).sum() / 2
    hidden, output = page.evaluate(
        """() => {
            const { state, backpropagation } = digits, y = backpropagation.desired(3);
            const batch = [{ image: state.digits[0].image, y }];
            return backpropagation.backpropagate(state.network.layers, batch).errors.map(([error]) => [...error]);
        }"""
    )
    phases = [numbers(result(page))]
    for _ in range(3):
        page.locator("#forward").click()
        phases.append(numbers(result(page)))
    j = int(np.argmax(np.abs(hidden)))
    assert [phase[-1] for phase in phases[:3]] == pytest.approx([cost, output[3], hidden[j]], abs=0.006)
    assert phases[2][1] == phases[3][1] == j
    k, slope, nudged = [phases[3][n] for n in (2, 5, 7)]
    assert [slope, nudged] == pytest.approx([a[j] * output[int(k)]] * 2, abs=6e-4)
    page.locator(".outputs button").nth(5).hover()
    assert "to 5:" in result(page)
    page.get_by_role("button", name="Step, η = 3").click()
    page.mouse.move(1, 1)
    assert numbers(result(page))[-1] < phases[0][-1] - 0.1


def test_an_epoch_and_what_hidden_neurons_look_for(page, told):
    page.emulate_media(reduced_motion="reduce")
    told(EPOCH)
    page.locator("#pass").click()
    until(page, "Epoch 1")
    assert float(re.search(r"([\d.]+) % of 1,000 test images", result(page))[1]) > 70
    page.locator("#pass").click()
    told(FEATURES)  # in the midst of the second
    order = np.argsort(-np.array(activations(page)[1]))
    seen = [looked(page)]
    page.get_by_role("button", name="The next one").click()
    seen.append(looked(page))
    assert len(set(seen)) == 2 and set(seen) <= set(order[:20].tolist())
    assert numbers(result(page)) == [seen[1]]
    red, _, blue = np.moveaxis(shown_on(page, "#paper").astype(int), 2, 0)
    assert (red > blue + 60).mean() > 0.005


def test_it_is_taught_that_an_s_is_no_digit(page, told):
    """And reads the test images as before; the visitor's network never heard of it."""
    told(NONSENSE)
    page.locator("#clear").click()
    page.evaluate(DRAW, [[[0.6, 0.3], [0.45, 0.25], [0.35, 0.35], [0.5, 0.5], [0.62, 0.62], [0.5, 0.75], [0.35, 0.7]]])
    is_read(page)
    assert re.fullmatch(r"Taken for a \d: [01]\.\d\d\.|For no digit: the largest output is 0\.\d\d\.", result(page))
    page.get_by_role("button", name="This is no digit").click()
    page.wait_for_function("() => Math.max(...digits.state.outputs[0]) <= 0.2")
    assert result(page).startswith("For no digit")
    right = page.evaluate(
        """async () => {
            const mnist = await digits.heldImages(), { outputsOf, predictionOf } = digits.network;
            return [...Array(500).keys()].filter((i) => {
                const { image, y } = digits.backpropagation.exampleOf(mnist, mnist.train + i);
                return predictionOf(outputsOf(digits.state.network.layers, image)) === predictionOf(y);
            }).length;
        }"""
    )
    assert right > 0.85 * 500  # 0.93 before
    page.locator("#own").click()
    assert page.locator("#training").is_visible() and not page.locator("#tour").is_visible()


def test_a_stop_has_a_link_and_can_be_embedded(page, told, page_file, visit):
    told(BITS - 1)
    page.locator("#next").click()
    hash = page.evaluate("location.hash")
    page.locator("#close").click()
    assert page.evaluate("location.hash") == ""
    embedded = visit(page_file, query=f"?embed{hash}")
    embedded.locator("#tour").wait_for()
    assert embedded.locator("#place").inner_text() == f"{BITS} of {LAST}"
    assert not any(embedded.locator(part).is_visible() for part in ("header", "footer", "#close"))
    assert embedded.locator("#pad").is_visible() and embedded.locator(".network").is_visible()


@pytest.mark.parametrize(
    "scheme, size, part",
    [("dark", PHONE, "#tour"), nightly("light", DESK, None), nightly("dark", PHONE, None)],
)
def test_anyone_can_use_every_stop(scheme, size, part, page, told):
    """By axe; and a phone shows the pad, and between it and the card what the stop is about.

    The card is in the window on phones upright and on their side, a tablet, and a small screen.
    """
    page.emulate_media(color_scheme=scheme)
    resize(page, *size)
    told(1)
    for stop in range(1, LAST + 1):
        if stop > 1:
            page.locator("#next").click()
        assert violations(page, part) == [], stop
        if size == PHONE:
            what = page.locator(".here").get_attribute("data-view")
            pad, view, card = (page.locator(part).bounding_box() for part in ("#paper", what, "#tour"))
            assert pad["y"] >= 0 and max(box["y"] + box["height"] for box in (pad, view)) <= card["y"]
            assert what == "#pad" or view["y"] >= pad["y"] + pad["height"]
    for width, height in [(320, 568), (390, 844), (667, 375), (768, 1024), (1024, 768)]:
        resize(page, width, height)
        card = page.locator("#tour").bounding_box()
        assert card["x"] >= 0 and card["x"] + card["width"] <= width
        assert card["y"] >= 0 and card["y"] + card["height"] <= height
