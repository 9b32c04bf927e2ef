"""The stops on the network as a whole: votes, the cost and gradient descent, with the numbers that numpy gets."""

import re

import numpy as np
import pytest

from tests.support.pages import DESK, draw, frames, is_read, numbers, resize, sentence, violations

pytestmark = pytest.mark.mnist

DIGIT = 3
MISPLACED = """(figure) => {
    const whole = figure.getBoundingClientRect(), texts = [...figure.querySelectorAll("text")].map((text) => (
        { words: text.textContent, box: text.getBoundingClientRect() }
    ));
    const isInside = ({ box: { left, right, top, bottom } }) => (
        left > whole.left - 1 && right < whole.right + 1 && top > whole.top - 1 && bottom < whole.bottom + 1
    );
    const meets = ({ box: p }, { box: q }) => (
        p.left < q.right && q.left < p.right && p.top + 3 < q.bottom && q.top + 3 < p.bottom
    );
    return [
        texts.filter((text) => !isInside(text)).map(({ words }) => words),
        texts.flatMap((text, i) => texts.slice(i + 1).filter((other) => meets(text, other))
            .map((other) => [text.words, other.words])),
    ];
}"""  # texts that leave the figure, and pairs of texts that overlap


@pytest.fixture(scope="module")
def page(tour_page):
    draw(tour_page, DIGIT)
    is_read(tour_page)
    return tour_page


@pytest.fixture
def stop(page):
    """Go to a stop of the tour by its name, once the small network is trained."""

    def stop(name, motion="no-preference", size=DESK):
        page.emulate_media(reduced_motion=motion)
        page.evaluate("window.resized = true")  # the stop may take the place of the network
        if page.locator("#tour").is_visible():
            page.locator("#close").click()
            frames(page, 3)
        resize(page, *size)
        page.evaluate("window.resized = true")
        page.evaluate(f"location.hash = 'stop={name}'")
        page.locator(f"#stop-{name}").wait_for()
        page.wait_for_function("() => digits.small.layers")
        page.wait_for_function("() => document.querySelector('.here .figure').childElementCount")
        frames(page, 3)
        page.evaluate("window.resized = false")

    return stop


def until(page, steps):
    """Wait until the page says that it has made at least `steps` steps. It may not say so after every single step."""
    told = "document.querySelector('.here .does > output').textContent.match(/^After (\\d+) steps? /)?.[1]"
    page.wait_for_function(f"(steps) => {told} >= steps", arg=steps)


def texts(page, selector="text"):
    return page.locator(f".here .figure {selector}").evaluate_all("(all) => all.map((node) => node.textContent)")


def neuron(page, name):
    return page.locator(f".here [data-neuron='{name}']").first


def forward(page):
    """The weights (10, 30) and biases of the small network's outputs, and its activations for the digit."""
    weights, biases, hidden, outputs = page.evaluate(
        """() => {
            const { layers } = digits.small, { image } = digits.state.digits[0];
            const [, [hidden], [outputs]] = digits.network.feedforward(layers, [image]);
            return [layers[1].weights, layers[1].biases, hidden, outputs].map((values) => [...values]);
        }"""
    )
    return np.reshape(weights, (10, 30)), np.array(biases), np.array(hidden), np.array(outputs)


def outputs_in_squares(page):
    """What the ten outputs are, as written below their squares."""
    return np.array([numbers(text)[0] for text in texts(page) if re.search("should be", text)])


def cost_of(outputs, digit):
    return ((np.eye(10)[digit] - outputs) ** 2).sum() / 2


def test_hidden_neurons_vote_for_the_output_that_is_chosen(page, stop):
    stop("layers")
    weights, biases, hidden, outputs = forward(page)
    for output in (int(outputs.argmax()), 7):
        neuron(page, f"output {output}").click()
        votes = weights[output] * hidden
        order = np.argsort(-np.abs(votes), kind="stable")
        shown = [numbers(text)[-1] for text in texts(page, ":is(.rises, .falls)")]
        colours = page.locator(".here .wires path").evaluate_all("(all) => all.map((wire) => wire.className.baseVal)")
        groups = [*votes[order[:5]], votes[order[5:]].sum()]
        assert shown == pytest.approx(groups, abs=0.051)
        assert sorted(colours) == sorted("red" if vote > 0 else "blue" for vote in groups)
        j = int(order[1])
        neuron(page, f"hidden {j}").click()
        z = votes.sum() + biases[output]
        assert sentence(page).startswith(f"Neuron {j} fires at {hidden[j]:.2f}")
        assert numbers(sentence(page))[-2:] == pytest.approx([z, outputs[output]], abs=0.051)
        page.get_by_role("button", name="Next neuron").click()
        assert sentence(page).startswith(f"Neuron {order[2]} fires")
    page.get_by_role("button", name="Next output").click()
    assert "to output 8" in sentence(page)


def test_the_squares_have_twice_the_cost_as_their_area_and_shrink(page, stop):
    stop("cost", "reduce")
    page.locator("#cost-again").click()
    outputs = outputs_in_squares(page)
    for digit in (8, DIGIT):
        neuron(page, f"output {digit}").click()
        assert numbers(sentence(page))[-1] == pytest.approx(cost_of(outputs, digit), abs=0.02)
        sides, whole = (
            np.array(page.locator(f".here {kind}").evaluate_all("(all) => all.map((node) => node.width.baseVal.value)"))
            for kind in (".square", ".choice")
        )
        assert sides / whole == pytest.approx(np.abs(np.eye(10)[digit] - outputs), abs=0.006)
        assert page.locator(".here .square.red").count() == 1
    costs = [numbers(sentence(page))[-1]]
    for step in range(1, 11):
        page.locator("#cost-step").click()
        count, first, last = numbers(sentence(page))
        assert [count, first] == [step, costs[0]] and last < costs[-1]
        costs.append(last)
    assert costs[-1] == pytest.approx(cost_of(outputs_in_squares(page), DIGIT), abs=0.02) and costs[-1] < 0.8 * costs[0]
    page.locator("#cost-go").click()
    assert numbers(sentence(page))[-1] < 0.1


def test_learning_goes_on_until_it_is_paused_or_left(page, stop):
    stop("cost")
    page.locator("#cost-again").click()
    page.get_by_role("button", name="Learn").click()
    until(page, 3)
    stop("layers")
    stop("cost")
    assert page.get_by_role("button", name="Learn").is_visible()
    steps = numbers(sentence(page))[0]
    page.locator("#cost-step").click()
    assert numbers(sentence(page))[0] == steps + 1


def test_ten_clicks_on_step_make_ten_steps_of_backpropagation(page, stop):
    """However quick they are; each moves the bias of the output by the slope of the cost there, for all three rates."""
    stop("descent")
    page.locator("#descent-again").click()
    page.evaluate("for (let n = 0; n < 10; n++) document.getElementById('descent-step').click()")
    assert sentence(page).startswith("After 10 steps C is ")
    slow, good, steep = (run for run in descents(page, 10))
    assert slow[0] == good[0] == steep[0] and good[-1] < slow[-1] < slow[0] and good[-1] < steep[-1]
    shown = numbers(sentence(page))
    assert [shown[1], shown[3], shown[5]] == pytest.approx([slow[-1], good[-1], steep[-1]], abs=0.006)


def descents(page, steps):
    """The costs of each path of the page, whose biases must be those that numpy gets from the start and the images."""
    digit, examples, layers, paths = page.evaluate(
        """() => {
            const { digit, examples, paths } = digits.descents, plain = (values) => [...values];
            const layers = digits.small.layers.map(({ weights, biases }) => [plain(weights), plain(biases)]);
            return [digit, examples.map(({ image, y }) => [plain(image), y.indexOf(1)]), layers, paths];
        }"""
    )
    (first, b1), (last, b2) = ([np.array(part) for part in layer] for layer in layers)
    images, labels = (np.array(part) for part in zip(*examples, strict=True))
    assert len(images) == 301 and labels[0] == digit  # the visitor's digit comes first
    hidden, y = sigmoid(images @ first.reshape(30, 784).T + b1), np.eye(10)[labels]

    def outputs(bias):
        biases = b2.copy()
        biases[digit] = bias
        return sigmoid(hidden @ last.reshape(10, 30).T + biases)

    for rate, path in zip((5, 50, 800), paths, strict=True):
        bias = b2[digit] + 8
        for shown in path:
            assert shown == pytest.approx(bias, rel=1e-3)
            a = outputs(bias)[:, digit]
            bias -= rate * ((a - y[:, digit]) * a * (1 - a)).mean()
        assert len(path) == steps + 1
    return [[((y - outputs(bias)) ** 2).sum(1).mean() / 2 for bias in path] for path in paths]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def test_the_arrows_point_downhill_and_the_balls_lie_on_the_ground(page, stop):
    stop("descent", "reduce")
    page.locator("#descent-again").click()
    points = "(all) => all.map((part) => part.getAttribute('d') ?? part.getAttribute('points'))"
    assert page.locator(".here .slope").count() == page.locator(".here .point").count() == 3
    for arrow in page.locator(".here .slope").evaluate_all(points):
        x0, y0, x1, y1 = numbers(arrow)[:4]
        assert x1 < x0 and y1 > y0  # the bias is too high, so it falls
    page.locator("#descent-step").click()
    balls = page.locator(".here .point").evaluate_all(
        "(all) => all.map((ball) => ['cx', 'cy'].map((at) => +ball.getAttribute(at)))"
    )
    for (x, y), ground in zip(balls, page.locator(".here .ahead").evaluate_all(points), strict=True):
        places = np.array(numbers(ground)).reshape(-1, 2)
        assert np.interp(x, *places.T) == pytest.approx(y, abs=1.5)


def test_descent_goes_on_until_it_is_paused_and_starts_over(page, stop):
    stop("descent")
    page.locator("#descent-again").click()
    page.get_by_role("button", name="Go on").click()
    until(page, 4)
    page.get_by_role("button", name="Pause").click()
    assert page.get_by_role("button", name="Go on").is_visible()
    page.locator("#descent-again").click()
    assert "starts 8 too high" in sentence(page)
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name="Go on").click()
    assert sentence(page).startswith("After 100 steps")
    slow, good, steep = (costs[-1] for costs in descents(page, 100))
    assert good < slow < steep
    assert "η = 800 has leapt over the valley" in sentence(page)


@pytest.mark.parametrize("name", ["layers", "cost", "descent"])
def test_texts_stay_within_the_figure_and_apart_and_axe_finds_nothing(name, page, stop):
    for size in [(320, 568), (390, 844), (768, 1024), DESK]:
        stop(name, "reduce", size)
        if name == "descent":
            page.locator("#descent-step").click()
        outside, overlapping = page.locator(".here .figure").evaluate(MISPLACED)
        assert outside == overlapping == [], size
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page, "#tour") == [], scheme
