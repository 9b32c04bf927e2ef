"""A network that is trained from nothing in the page."""

import pytest

from tests.support.pages import draw, frames, outputs, said
from tests.support.tiers import nightly

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


def leave(page):
    """Close the panel, by which a phone's pad becomes larger again."""
    page.evaluate("window.resized = true")
    page.locator("#leave").click()
    page.locator("#training").wait_for(state="hidden")
    frames(page, 3)
    page.evaluate("window.resized = false")


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


@pytest.mark.parametrize("epochs, best, button", [(3, 0.85, "Go on"), nightly(30, 0.91, "Start")])
def test_a_network_is_trained_from_nothing(epochs, best, button, page):
    """Until it is paused, or for 30 epochs."""
    count_steps(page)
    train(page)
    until(page, epochs // 3)
    draw(page, 4)  # meanwhile
    until(page, epochs)
    if button == "Go on":
        pause(page)
    page.wait_for_function("(button) => start.textContent === button", arg=button)
    accuracies = page.evaluate("digits.training.epochs.map(({ network }) => network.accuracy)")
    assert accuracies[0] < 0.3 and max(accuracies) > best and epochs < len(accuracies) <= 31
    assert page.evaluate(SIZES) == [784, 30, 10] and page.locator(".hidden button").count() == 30
    curve = "(line) => [...line.points].map(({ y }) => y)"  # powers of ten, downwards
    trained, tested = (page.locator(f"#curves .{name}").evaluate(curve) for name in ("train", "test"))
    assert len(tested) == len(accuracies) and trained[-1] > tested[-1]  # it errs less where it trains
    assert page.locator("#advice").inner_text().startswith("It reads test images")
    last = outputs(page)
    page.locator("#epoch").fill("0")
    assert page.locator("#at").inner_text() == "Epoch 0" and outputs(page) != last
    page.locator("#leave").click()
    assert page.evaluate(SIZES) == [784, 100, 10] and page.locator(".hidden button").count() == 100
    assert page.locator("#about").inner_text().startswith("784 pixels, one layer")


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


def test_settings_with_which_it_learns_nothing(page):
    page.locator("#train").click()
    for rate, batch, advice in [("0.001", "10", "Hardly better"), ("100", "100", "Saturated")]:
        choose(page, size="15", rate=rate, batch=batch)
        page.locator("#start").click()
        until(page, 2)
        page.locator("#start").click()
        assert page.locator("#advice").inner_text().startswith(advice)
        assert page.evaluate("digits.training.epochs[2].network.accuracy") < 0.6


def test_it_is_closed_and_opened_again(phone):
    """The visitor's network is back meanwhile, and the run goes on where it was; here without a hidden layer."""
    draw(phone, 3)
    train(phone, size="none", rate="0.5")  # at 3, some are stuck at 50 %
    until(phone, 1)
    leave(phone)
    assert phone.locator("#about").inner_text().startswith("784 pixels, one layer")
    assert said(phone) == "The previous network is back. Undo brings the trained one."
    phone.locator("#train").click()
    assert phone.evaluate(SIZES) == [784, 10] and phone.locator(".hidden").count() == 0
    assert phone.locator("#start").inner_text() == "Go on"
    phone.locator("#start").click()
    until(phone, 3)
    assert phone.evaluate("digits.training.epochs[3].network.accuracy") > 0.8
    choose(phone, size="30-30", rate="3", batch="100")
    phone.locator("#start").click()
    phone.locator("#again").dblclick()  # the second run begins before the first has shown a network
    until(phone, 1)
    assert phone.locator(".hidden button").count() == 60
    leave(phone)
    assert phone.locator("#about").inner_text().startswith("784 pixels, one layer")
    phone.evaluate("moved.length = 0")  # other layers take other room, on a busy machine long after the click


def test_what_cannot_be_trained_is_said_and_steps_are_as_long_as_chosen(page):
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


def test_every_click_on_step_is_a_step(page):
    """Also while the one before is under way."""
    page.locator("#train").click()
    page.locator("#share").select_option("0")
    page.evaluate("for (let click = 0; click < 10; click++) step.click()")
    is_measured(page, 11)  # the first is untrained
    page.wait_for_timeout(500)
    assert page.evaluate(SEEN)[-1] == pytest.approx(10 / 550) and page.evaluate("digits.training.points.length") == 11


def test_keys_and_a_screen_reader(page):
    """All goes by keys, and the curve is there in words."""
    chart, slider = page.locator("#chart"), page.locator("#epoch")
    assert "nothing is trained yet" in chart.get_attribute("aria-label")
    page.locator("#train").press("Enter")
    assert page.evaluate("document.activeElement.id") == "start"
    choose(page, **FAST)
    page.locator("#start").press("Space")
    assert page.locator("#progress").get_attribute("aria-live") == "off"  # ten figures a second are not to be spoken
    until(page, 3)  # the slider stays at epoch 1 when the step comes that is under way
    page.keyboard.press("Space")
    page.wait_for_function("() => start.textContent !== 'Pause'")
    assert page.locator("#progress").get_attribute("aria-live") == "polite"
    error = page.evaluate("1 - digits.training.epochs[1].network.accuracy")
    assert f"epoch 1: {100 * error:.1f} % of test and " in chart.get_attribute("aria-label")
    slider.focus()
    slider.press("Home")
    slider.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == f"Epoch 1: {100 * error:.1f} % of the test images are misread"
    page.locator("#leave").press("Enter")
    assert page.evaluate("document.activeElement.id") == "train"
