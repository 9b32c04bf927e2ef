"""Lessons: the page's network learns what it is told; this is undone, done again and saved."""

import re

import pytest

from tests.support.pages import answer, chosen_digit, draw, drop, outputs, photographed, said, teach

pytestmark = pytest.mark.mnist

UNTEACHABLE = """digits.state.network = { ...digits.state.network, layers: digits.state.network.layers.map(
    ({ weights, biases }, l) => ({ weights, biases: l ? biases.map((b, j) => b - 1000 * (j === 9)) : biases })) }"""
HOLD_UP_LESSONS = "() => { holdsUp = (job) => 'milliseconds' in job; }"
GO_ON = "() => { holdsUp = null; heldUp.splice(0).forEach((post) => post()); }"
EXACT = "digits.state.outputs.map((a) => [...a])"
ASKS = """() => {
    const event = new Event("beforeunload", { cancelable: true });
    dispatchEvent(event);
    return event.defaultPrevented;
}"""


def test_a_lesson(page):
    """A drawing is taught to be another digit: it is read so, the test images still are, and undo forgets it.

    It waits for no test image: it is learned while the worker that tests is held up.
    """
    page.evaluate("() => { holdsUp = (job) => job.mnist && !job.lesson; }")
    about = page.locator("#about")
    known = float(re.search(r"([\d.]+) % of 1,000 test images", about.inner_text())[1])
    draw(page, 4)
    before = outputs(page)
    page.locator("#is-9").click()
    page.wait_for_function("() => said.textContent.startsWith('Learned in')")
    assert answer(page) == "9" and page.evaluate("heldUp.length") == 1
    page.evaluate(GO_ON)
    page.wait_for_function("() => said.textContent.includes('Accuracy')")
    steps, new = re.search(r"in (\d+) steps?.* Accuracy: (?:still|now) ([\d.]+) %", said(page)).groups()
    assert 1 <= int(steps) <= 300 and float(new) > known - 3 and f"{new} %" in about.inner_text()
    page.locator("#undo").click()
    assert outputs(page) == before and answer(page) == "4"


def test_a_drawing_is_taught_not_to_be_a_digit(page):
    """It is over when no output is over a half; the answer says so, also of a digit in a number."""
    draw(page, 342)
    page.locator("#boxes button").nth(1).click()
    page.get_by_role("button", name="Not a digit").click()
    page.wait_for_function("() => said.textContent.includes('Accuracy')")
    assert answer(page)[1] == "?" and max(outputs(page)) < 0.5


def test_a_lesson_on_a_digit_of_a_number(page):
    """Undo and redo bring back the number as it was before and after."""
    draw(page, 342)
    page.locator("#boxes button").nth(1).click()
    before = page.evaluate(EXACT)
    page.get_by_role("button", name="No, the 2nd is 9", exact=True).click()
    page.wait_for_function("() => said.textContent.includes('Accuracy')")
    taught, learned = answer(page), page.evaluate(EXACT)
    assert taught[1] == page.locator("#digit .chosen").inner_text() == "9"
    for key, number, exact in [("Control+z", "342", before), ("Control+y", taught, learned)]:
        page.keyboard.press(key)
        assert answer(page) == number and page.evaluate(EXACT) == exact
    assert chosen_digit(page) == taught[-1]


def test_a_picture_is_taught(page):
    """And then read so, though the line network, which learns nothing, sees what it saw before."""
    drop(page, photographed(3))
    assert answer(page) == "3"
    teach(page, 8)
    page.keyboard.press("Escape")
    drop(page, photographed(3))
    assert answer(page) == "8"


def test_a_hopeless_lesson_is_given_up_and_changes_nothing(page):
    draw(page, 4)
    before = outputs(page)
    page.evaluate(UNTEACHABLE)
    page.locator("#is-9").click()
    page.wait_for_function("() => said.textContent.endsWith('Nothing has changed.')")
    assert not page.evaluate("digits.state.network.lessons") and outputs(page) == before


def test_what_was_learned_is_lost_only_if_one_wants_it(page, visit, tmp_path):
    """The browser asks before the page is left; a saved copy has it; the network as it came is a button."""
    draw(page, 4)
    before, forget = outputs(page), page.locator("#forget")
    assert not page.evaluate(ASKS) and not forget.is_visible()
    teach(page, 9)
    learned = outputs(page)
    assert page.evaluate(ASKS) and learned != before
    with page.expect_download() as download:
        page.locator("#save").click()
    download.value.save_as(tmp_path / "copy.html")
    assert not page.evaluate(ASKS)
    teach(page, 7)
    assert answer(page) == "7" and page.evaluate(ASKS)
    forget.click()
    assert not page.evaluate(ASKS) and outputs(page) == before and not forget.is_visible()
    copy = visit(tmp_path / "copy.html")
    copy.locator("#digit", has_text="9").wait_for()
    assert outputs(copy) == pytest.approx(learned, abs=0.011)


def test_one_draws_during_a_lesson(page):
    """And what is drawn is read by what was learned; undo waits for the end, and the button keeps the focus."""
    draw(page, 4)
    page.evaluate(HOLD_UP_LESSONS)
    page.locator("#is-9").press("Enter")
    page.wait_for_function("() => heldUp.length")
    assert page.locator("#undo").get_attribute("aria-disabled") == "true"
    assert page.evaluate("document.activeElement.id") == "is-9"
    page.keyboard.press("Delete")
    draw(page, 2)
    assert answer(page) == "2"
    page.evaluate(GO_ON)
    page.wait_for_function("() => !digits.state.teaching && digits.state.network.lessons")
    assert answer(page) == "2"
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert answer(page) == "9"
