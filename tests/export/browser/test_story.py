"""The guided story: what each stop has one do, and that the visitor's network comes back."""

import re

import numpy as np
import pytest
import torch

from tests.export.browser.test_anyone import violations
from tests.support.pages import activations, answer, draw, is_read, looked, outputs, shown_on
from tests.support.strokes import DRAW
from tests.support.tiers import nightly

pytestmark = pytest.mark.mnist

STOPS = 12
GATE, BITS, DESCENT, BACKFLOW, EPOCH, NONSENSE = 3, 6, 8, 9, 10, 12
MINE = """() => {
    const { network, past, future } = digits.state;
    const sum = network.layers.flatMap(({ weights, biases }) => [...weights, ...biases]).reduce((a, b) => a + b);
    window.mine ??= { network, sum };
    return sum === mine.sum && [network, ...[...past, ...future].map((moment) => moment.network)].every(
        (one) => one === mine.network);
}"""


def told(visit, page_file, stop, *size, **settings):
    """A page on which a 3 is drawn, at a stop of the story, the first being 1."""
    page = visit(page_file, *size, **settings)
    draw(page, 3)
    assert page.evaluate(MINE)
    page.locator("#tell").click()
    page.wait_for_function("() => digits.story.small")
    for _ in range(stop - 1):
        page.locator("#next").click()
    assert page.locator("#place").inner_text() == f"{stop} of {STOPS}"
    return page


def result(page):
    return page.locator(".here > div output").inner_text()


def test_it_is_gone_through_by_keyboard_left_and_come_back_to(page_file, visit):
    page = visit(page_file, reduced_motion="reduce")
    draw(page, 3)
    before = outputs(page)
    assert page.evaluate(MINE) and not page.locator("#story").is_visible()
    page.locator("#tell").focus()
    page.keyboard.press("Enter")
    titles = []
    for stop in range(STOPS):
        titles.append(page.evaluate("document.activeElement.innerText"))
        assert page.locator(".stop h2:visible").all_inner_texts() == titles[-1:]
        assert len(page.locator(".here > :is(h2, p)").all_inner_texts()) == 2
        words = " ".join(page.locator(".here > :is(h2, p)").all_inner_texts()).split()
        assert len(words) <= 60
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.here div') !== null")  # there is something to do
        if stop < STOPS - 1:
            page.locator("#next").press("Enter")
    assert len(set(titles)) == STOPS
    page.keyboard.press("Escape")
    assert not page.locator("#story").is_visible() and answer(page) == "3"  # it does not clear the pad
    assert page.evaluate("document.activeElement.id") == "tell"
    assert outputs(page) == before and looked(page) is None and page.evaluate(MINE)
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.innerText") == titles[-1]


def test_the_stops_that_only_look(page_file, visit):
    """One after another; then the visitor's network is what it was."""
    page = told(visit, page_file, 1)
    inputs(page)
    next_stop(page)
    weights(page)
    page.locator("#clear").click()
    draw(page, 3)
    next_stop(page)
    assert np.count_nonzero(activations(page)[0]) > 50  # normalized again
    gate(page)
    next_stop(page)
    sigmoid(page)
    next_stop(page)
    connections(page)
    next_stop(page)
    assert result(page) == "3 = 0 · 8 + 0 · 4 + 1 · 2 + 1 · 1."
    next_stop(page)
    cost(page)
    for _ in range(4):
        next_stop(page)
    features(page)
    page.locator("#close").click()
    assert page.evaluate(MINE)


def next_stop(page):
    page.locator("#next").click()
    is_read(page)


def inputs(page):
    count = int(np.count_nonzero(activations(page)[0]))
    assert result(page) == f"{count} of 784 pixels are not 0."
    page.locator(".here .take").click()
    page.wait_for_function("() => digits.state.drawing.digits")
    assert result(page) == f"{int(np.count_nonzero(activations(page)[0]))} of 784 pixels are not 0."


def weights(page):
    """On the red z rises, on the blue it falls; the strokes are seen where they are, and the neuron stays in view."""
    j = looked(page)
    weights, bias = page.evaluate(
        """(j) => {
            const { weights, biases } = digits.state.network.layers[0];
            return [[...weights.subarray(784 * j, 784 * (j + 1))], biases[j]];
        }""",
        j,
    )
    row = np.array(weights).reshape(28, 28)
    inner = np.add.outer(range(1, 27), np.zeros(25, int)), np.add.outer(np.zeros(26, int), range(1, 26))
    pairs = row[inner] + row[inner[0], inner[1] + 1]
    zs = []
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
        assert [total, z] == pytest.approx(np.dot(weights, image.ravel()) + [0, bias], abs=0.06)
        assert sigmoid == pytest.approx(1 / (1 + np.exp(-z)), abs=0.02) and perceptron == (z > 0)
        drawn = [float(point.split(",")[1]) for point in page.evaluate("running.getAttribute('points')").split()]
        assert drawn[0] == 20 and (drawn[-1] < 20) == (total > 0)
    assert zs[0] > zs[1]
    for bias, z in ((-20, zs[1] - 20), (20, zs[1] + 20)):  # the visitor's own neuron stays as it is
        page.locator("#bias").fill(str(bias))
        assert numbers(result(page))[2:] == [bias, pytest.approx(bias + numbers(result(page))[1]), *[float(z > 0)] * 2]
    page.locator("#bias").fill("0")
    before = numbers(result(page))[1]
    page.locator("#weight").fill("10")
    assert numbers(result(page))[1] > before + 5


def gate(page):
    """NAND."""
    outs = []
    for x1 in (False, True):
        for x2 in (False, True):
            page.locator("#x1").set_checked(x1)
            page.locator("#x2").set_checked(x2)
            z, out = numbers(result(page))[-2:]
            assert z == 3 - 2 * x1 - 2 * x2 and out == (z > 0)
            outs.append(out)
    assert outs == [1, 1, 1, 0]


def sigmoid(page):
    """A steep one is a step."""
    soft = activations(page)[1]
    curve = page.locator("#sigmoid polyline").get_attribute("points")
    page.locator("#steepness").fill("6")
    hard = activations(page)[1]
    assert np.array(hard).round().tolist() == np.array(soft).round().tolist()
    assert np.minimum(hard, np.subtract(1, hard)).mean() < 0.3 * np.minimum(soft, np.subtract(1, soft)).mean()
    assert page.locator("#sigmoid polyline").get_attribute("points") != curve


def connections(page):
    lines = "connections.hidden ? 0 : connections.toDataURL().length"
    assert looked(page, ".outputs") == 3 and page.evaluate(lines) > 10_000
    page.get_by_role("button", name="Another output").click()
    assert looked(page, ".outputs") != 3
    page.locator(".hidden button").nth(7).hover()
    assert looked(page) == 7 and page.evaluate(lines) > 10_000
    next_stop(page)
    page.mouse.move(1, 1)
    assert page.evaluate(lines) > 10_000  # faint ones, to the answer
    page.locator("#clear").click()
    assert page.evaluate(lines) == 0
    draw(page, 3)
    page.locator("#back").click()


def cost(page):
    a = np.array(activations(page)[2])
    for digit in (3, 8):
        page.locator("#meant").select_option(str(digit))
        y = np.eye(10)[digit]
        assert result(page) == f"C = {((y - a) ** 2).sum() / 2:.2f}."
        shown = [
            float(text.split()[-1].replace("−", "-")) for text in page.locator(".outputs button").all_inner_texts()
        ]
        assert shown == pytest.approx(y - a, abs=0.006)


def features(page):
    order = np.argsort(-np.array(activations(page)[1]))
    seen = [looked(page)]
    page.get_by_role("button", name="The next one").click()
    seen.append(looked(page))
    assert len(set(seen)) == 2 and set(seen) <= set(order[:20].tolist())
    page.mouse.move(1, 1)
    assert looked(page) == seen[1]
    red, _, blue = np.moveaxis(shown_on(page, "#paper").astype(int), 2, 0)
    assert (red > blue + 60).mean() > 0.005


BATCH = """const { state, backpropagation, descent, backflow } = digits, { layers } = state.network;
    const batch = [{ image: state.digits[0].image, y: backpropagation.desired(3) }];"""


def test_gradient_descent(page_file, visit):
    """Each step has the cost that the slice shows ahead; undo, and the past, have the visitor's network afterwards."""
    page = told(visit, page_file, DESCENT)
    page.wait_for_function(
        "() => document.querySelector('.here > div output').textContent.startsWith('Ten digits: C = ')"
    )
    page.locator("#over").select_option("one")
    page.locator("#eta").fill("1")
    first, ahead = page.evaluate(
        f"() => {{ {BATCH} return [backpropagation.meanCost(layers, batch), descent.slice(layers, batch, 1)]; }}"
    )
    assert result(page) == f"To be a 3: C = {first:.2f}, 0 steps."
    assert ahead[5] == [0, pytest.approx(first)] and ahead[15][0] == pytest.approx(1)
    ring = [page.locator("#there").get_attribute(side) for side in ("cx", "cy")]
    assert ring[0] == "60" and float(ring[1]) > float(page.locator("#now").get_attribute("cy"))
    page.locator("#descend").click()
    page.wait_for_function("() => document.querySelector('.here > div output').textContent.endsWith('1 step.')")
    assert result(page) == f"To be a 3: C = {first:.2f} → {ahead[15][1]:.2f}, 1 step."
    assert len(page.locator("#costs").get_attribute("points").split()) == 2
    shades = page.locator(".hidden button").evaluate_all("all => all.map((one) => one.style.cssText)")
    assert any("--red" in shade or "--blue" in shade for shade in shades)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_function("() => costs.points.length > 6")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").wait_for()
    page.locator("#eta").fill("0")
    assert result(page) == "η is a number from 0.001 to 1,000."
    page.locator("#eta").fill("0.1")
    steps = page.evaluate("costs.points.length")
    page.locator("#over").select_option("ten")
    assert page.evaluate("costs.points.length") == 1 < steps
    page.locator("#afresh").click()
    assert result(page).endswith(" 0 steps.")
    draw(page, 7)
    page.keyboard.press("Control+z")
    assert page.evaluate("digits.state.network.shape") == "784-30-10" and not page.evaluate(MINE)
    page.locator("#close").click()
    assert page.evaluate(MINE) and page.locator(".hidden button").count() == 100
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+z")
    assert page.evaluate(MINE)


def test_going_down_ends_when_the_stop_is_left(page_file, visit):
    page = told(visit, page_file, DESCENT, reduced_motion="reduce")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_function("() => costs.points.length > 3")
    page.locator("#next").click()
    page.locator("#back").click()
    assert page.evaluate("costs.points.length") == 1 and result(page).endswith(" 0 steps.")


def test_errors_flow_back(page_file, visit):
    """The four equations, with the numbers that autograd finds; then the step is made."""
    page = told(visit, page_file, BACKFLOW)
    parameters, image = page.evaluate(
        """() => [digits.state.network.layers.map(({ weights, biases }) => [[...weights], [...biases]]),
            [...digits.state.digits[0].image]]"""
    )
    wanted = [torch.tensor(part, dtype=torch.float64, requires_grad=True) for layer in parameters for part in layer]
    x, y, zs = torch.tensor(image, dtype=torch.float64), torch.eye(10, dtype=torch.float64)[3], []
    for weights, biases in zip(wanted[::2], wanted[1::2], strict=True):
        zs.append(weights.view(len(biases), -1) @ x + biases)
        zs[-1].retain_grad()
        x = zs[-1].sigmoid()
    cost = ((y - x) ** 2).sum() / 2
    cost.backward()
    said = [numbers(result(page))]
    for _ in range(3):
        page.locator("#forward").click()
        said.append(numbers(result(page)))
    assert said[0][-1] == pytest.approx(cost.item(), abs=0.006)
    assert said[1][-1] == pytest.approx(zs[1].grad[3].item(), abs=0.006)
    hidden = int(zs[0].grad.abs().argmax())
    assert said[2][1] == hidden and said[2][-1] == pytest.approx(zs[0].grad[hidden].item(), abs=0.006)
    j, k, slope, nudged = [said[3][n] for n in (1, 2, 5, 7)]
    gradient = wanted[2].grad.view(10, -1)[int(k), int(j)].item()
    assert j == hidden and [slope, nudged] == pytest.approx([gradient] * 2, abs=6e-4)
    page.locator(".outputs button").nth(5).hover()
    assert "to 5:" in result(page)
    page.get_by_role("button", name="Step, η = 3").click()
    page.mouse.move(1, 1)
    assert numbers(result(page))[-1] < said[0][-1] - 0.1
    page.locator("#play").click()
    page.wait_for_function("() => document.querySelector('.here > div output').textContent.startsWith('BP2')")
    page.locator("#play").click()
    for _ in range(2):
        page.locator("#backward").click()
    assert result(page).startswith("Forward") and page.locator("#backward").get_attribute("aria-disabled") == "true"
    page.locator("#close").click()
    assert page.evaluate(MINE)


def numbers(text):
    return [float(one) for one in re.findall(r"-?\d+\.?\d*", text.replace("−", "-"))]


def test_a_whole_epoch(page_file, visit):
    page = told(visit, page_file, EPOCH, reduced_motion="reduce")
    page.locator("#pass").click()
    page.wait_for_function("() => document.querySelector('.here > div output').textContent.startsWith('Epoch 1')")
    assert float(re.search(r"([\d.]+) % of 1,000 test images", result(page))[1]) > 70
    page.locator("#pass").click()
    page.locator("#close").click()  # in the midst of the second
    assert page.evaluate(MINE) and answer(page) == "3"


def test_it_is_taught_that_an_s_is_no_digit(page_file, visit):
    """And reads the test images as before; the visitor's network never heard of it."""
    page = told(visit, page_file, NONSENSE)
    page.locator("#clear").click()
    page.evaluate(DRAW, [[[0.6, 0.3], [0.45, 0.25], [0.35, 0.35], [0.5, 0.5], [0.62, 0.62], [0.5, 0.75], [0.35, 0.7]]])
    is_read(page)
    assert re.fullmatch(r"Taken for a \d: [01]\.\d\d\.|For no digit: the largest output is 0\.\d\d\.", result(page))
    page.get_by_role("button", name="This is no digit").click()
    page.wait_for_function("() => Math.max(...digits.state.outputs[0]) <= 0.2")
    assert result(page).startswith("For no digit")
    right = page.evaluate(
        """async () => {
            const mnist = await digits.heldImages(), { layers } = digits.state.network;
            const tests = [...Array(500).keys()].map((i) => digits.backpropagation.exampleOf(mnist, mnist.train + i));
            const { outputsOf, predictionOf } = digits.network;
            return tests.filter(({ image, y }) => predictionOf(outputsOf(layers, image)) === predictionOf(y)).length;
        }"""
    )
    assert right > 0.7 * 500  # about 0.85 before
    page.locator("#own").click()
    assert page.locator("#training").is_visible() and not page.locator("#story").is_visible() and page.evaluate(MINE)


def test_questions_have_answers(page_file, visit):
    """Of each, one is right, and each says why."""
    page = told(visit, page_file, 1)
    for stop in range(STOPS):
        page.locator("#ask").click()
        question = page.locator(".here fieldset")
        said = []
        for choice in question.locator("input").all():
            choice.check()
            said.append(question.locator("output").inner_text())
        assert len(said) == len(set(said)) == 3
        assert [one.split(":")[0] for one in said].count("Right") == 1
        if stop < STOPS - 1:
            page.locator("#next").click()
            assert not page.locator(".here fieldset").is_visible()


def test_a_stop_has_a_link_and_can_be_embedded(page_file, visit):
    page = told(visit, page_file, BITS)
    hash = page.evaluate("location.hash")
    page.locator("#close").click()
    assert page.evaluate("location.hash") == ""
    page = visit(page_file, query=f"?embed{hash}")
    page.locator("#story").wait_for()
    assert page.locator("#place").inner_text() == f"{BITS} of {STOPS}"
    assert not any(page.locator(part).is_visible() for part in ("header", "footer", "#close"))
    assert page.locator("#pad").is_visible() and page.locator(".network").is_visible()


@pytest.mark.parametrize("scheme, size", [("light", (1440, 900)), nightly("dark", (360, 640))])
def test_axe_finds_nothing_at_any_stop(scheme, size, page_file, visit):
    page = told(visit, page_file, 1, *size, color_scheme=scheme)
    found = [violations(page)]
    for _ in range(STOPS - 1):
        page.locator("#next").click()
        found.append(violations(page))
    assert found == [[]] * STOPS


def test_a_phone_shows_the_pad_at_every_stop(page_file, visit):
    """And what the stop is about, between the pad and the card."""
    page = told(visit, page_file, 1, 360, 640)
    for stop in range(STOPS):
        page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        pad, card = page.locator("#paper").bounding_box(), page.locator("#story").bounding_box()
        assert pad["y"] >= 0 and pad["y"] + pad["height"] <= card["y"]
        what = page.locator(".here").get_attribute("data-view")
        view = page.locator(what).bounding_box()
        assert view["y"] + view["height"] <= card["y"]
        assert what == "#pad" or view["y"] >= pad["y"] + pad["height"]
        if stop < STOPS - 1:
            page.locator("#next").click()


def test_the_card_is_in_the_window(page_file, visit):
    """With nothing cut off, on phones upright and on their side, a tablet, and a small screen."""
    page = told(visit, page_file, 1, 320, 568)
    page.evaluate("window.resized = true")
    over = """[...document.querySelectorAll(".here, .here *")].some(
        (one) => one.clientWidth && one.scrollWidth > one.clientWidth + 1)"""
    for size in [(320, 568), (390, 844), (667, 375), (768, 1024), (1024, 768)]:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        card = page.locator("#story").bounding_box()
        assert card["x"] >= 0 and card["x"] + card["width"] <= size[0]
        assert card["y"] >= 0 and card["y"] + card["height"] <= size[1]
        for stop in range(STOPS):
            page.evaluate(
                "(stop) => document.querySelectorAll('.stop').forEach("
                "(one, i) => one.classList.toggle('here', i === stop))",
                stop,
            )
            assert not page.evaluate(over)
