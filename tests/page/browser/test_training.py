"""A network that is trained from nothing in the page."""

import pytest

from tests.support.pages import draw, frames, outputs

pytestmark = pytest.mark.mnist

SEEN = "digits.training.points.map(({ epoch }) => epoch)"
SIZES = "digits.state.network.sizes"
FAST = {"size": "15", "batch": "100"}  # a step of which takes the least time that it may


def choose(page, **settings):
    for name, value in settings.items():
        page.locator(f"#{name}").fill(value)


def train(page, **settings):
    page.locator("#train").click()
    choose(page, **settings)
    page.locator("#start").click()


def until(page, epochs):
    page.wait_for_function("(n) => digits.training.epochs.length > n", arg=epochs)


def count_steps(page):
    page.evaluate("() => { window.asked = 0; holdsUp = (job) => { asked += 'share' in job; }; }")  # none, but counts


def pause(page):
    """And wait until the step that was begun is done."""
    page.locator("#start").click()
    page.wait_for_function("() => digits.training.points.length === asked")


def is_measured(page, count):
    """Wait until so many points of the curve are measured."""
    page.wait_for_function("(n) => digits.training.points.length >= n", arg=count)


def test_before_the_start_the_axis_goes_to_the_number_of_epochs(page):
    page.locator("#train").click()
    assert page.locator(".epochs text").all_text_contents()[1:] == ["0", "10", "20", "30"]


def test_a_network_is_trained_from_nothing(page):
    visitors = page.evaluate(SIZES)
    train(page)
    until(page, 1)
    draw(page, 4)  # meanwhile
    until(page, 3)
    page.locator("#start").click()
    before, *accuracies = page.evaluate("digits.training.epochs.map(({ network }) => network.accuracy)")
    assert before < 0.3 and max(accuracies) > 0.85
    assert page.evaluate(SIZES) == [784, 30, 10] and page.locator(".hidden button").count() == 30
    curve = "(line) => [...line.points].map(({ y }) => y)"  # powers of ten, downwards
    trained, tested = (page.locator(f"#curves .{name}").evaluate(curve) for name in ("train", "test"))
    assert len(tested) > len(accuracies) and trained[-1] > tested[-1]  # it errs less where it trains
    last = outputs(page)
    page.locator("#epoch").fill("0")
    assert page.locator("#at").inner_text() == "Epoch 0" and outputs(page) != last
    page.locator("#leave").click()
    assert page.evaluate(SIZES) == visitors and page.locator(".hidden button").count() == 100


def test_a_run_is_paused_and_goes_on_until_a_setting_changes(page):
    count_steps(page)
    train(page, **FAST)
    until(page, 1)
    pause(page)
    paused = page.evaluate(SEEN)
    frames(page, 20)  # in which three steps would be made
    assert page.evaluate("asked") == len(paused) and page.locator("#start").inner_text() == "Go on"
    draw(page, 3)
    assert not page.locator("#teach").is_visible()  # the next step would forget it
    page.locator("#start").click()
    is_measured(page, len(paused) + 1)
    assert page.evaluate(SEEN)[: len(paused)] == paused
    choose(page, rate="1")
    assert page.locator("#start").inner_text() == "Start"


@pytest.mark.parametrize("rate, batch, advice", [("0.001", "10", "slowly"), ("100", "100", "Saturated")])
def test_settings_with_which_it_learns_nothing_are_said(rate, batch, advice, page):
    """The control of the test before."""
    train(page, size="15", rate=rate, batch=batch)
    until(page, 2)
    page.locator("#start").click()
    assert advice in page.locator("#advice").inner_text()
    assert page.evaluate("digits.training.epochs[2].network.accuracy") < 0.6


def test_it_is_closed_and_opened_again(page):
    """The visitor's network is back meanwhile, and the run goes on where it was; here without a hidden layer."""
    draw(page, 3)
    visitors = page.evaluate(SIZES)
    train(page, size="none", rate="0.5")  # at 3, some are stuck at 50 %
    until(page, 1)
    page.locator("#leave").click()
    assert page.evaluate(SIZES) == visitors
    page.locator("#train").click()
    assert page.evaluate(SIZES) == [784, 10] and page.locator(".hidden").count() == 0
    page.locator("#start").click()
    until(page, 3)
    assert page.evaluate("digits.training.epochs[3].network.accuracy") > 0.8
    page.evaluate("moved.length = 0")  # other layers take other room, on a busy machine long after the click


def test_what_cannot_be_trained_is_refused_and_steps_are_as_long_as_chosen(page):
    page.locator("#train").click()
    for name, value in {"size": "301", "rate": "0", "batch": "2000"}.items():
        before = page.locator(f"#{name}").input_value()
        choose(page, **{name: value})
        for button in ("start", "step"):
            page.locator(f"#{button}").click()
            assert not page.evaluate(f"{name}.validity.valid") and not page.evaluate("digits.state.worker")
        choose(page, **{name: before})
    for share, epochs in (("0", [0, 1 / 550]), ("0.1", [0, 1 / 550, 56 / 550]), ("1", [0, 1 / 550, 56 / 550, 1])):
        page.locator("#share").select_option(share)
        page.locator("#step").click()
        is_measured(page, len(epochs))
        assert page.evaluate(SEEN) == pytest.approx(epochs) and page.locator("#start").inner_text() == "Go on"
        page.locator("#at", has_text="Epoch 1" if share == "1" else f"Epoch {epochs[-1]:.2f}").wait_for()


def test_the_curve_is_there_in_words(page):
    train(page, **FAST)
    until(page, 2)
    assert page.locator("#progress").get_attribute("aria-live") == "off"  # ten figures a second are not to be spoken
    page.locator("#start").click()
    assert page.locator("#progress").get_attribute("aria-live") == "polite"
    error = page.evaluate("1 - digits.training.epochs[1].network.accuracy")
    assert f"epoch 1: {100 * error:.1f} %" in page.locator("#chart").get_attribute("aria-label")
