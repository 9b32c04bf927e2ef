"""Lessons: the page's network learns what it is told; this is undone, done again and saved."""

import re

import pytest

from tests.support.pages import answer, boxed, chosen_digit, draw, drop, outputs, photographed, said, teach

pytestmark = pytest.mark.mnist

UNTEACHABLE = """digits.state.network = { ...digits.state.network, layers: digits.state.network.layers.map(
    ({ weights, biases }, l) => ({ weights, biases: l ? biases.map((b, j) => b - 1000 * (j === 9)) : biases })) }"""
GO_ON = "() => { holdsUp = null; heldUp.splice(0).forEach((post) => post()); }"
EXACT = "digits.state.outputs.map((a) => [...a])"
ASKS = """() => {
    const event = new Event("beforeunload", { cancelable: true });
    dispatchEvent(event);
    return event.defaultPrevented;
}"""


def hold_up_lessons(page):
    page.evaluate("() => { holdsUp = (job) => 'milliseconds' in job; }")


def copy_of(page, file):
    """Save a copy of the page in a file, which has its name; returns it."""
    with page.expect_download() as download:
        page.locator("#save").click()
    download.value.save_as(file)
    return file


def test_a_lesson(page):
    """A drawing is taught to be another digit: it is read so, the test images still are, and undo forgets it.

    It waits for no test image: it is learned and said while the worker that tests is held up; the accuracy before is in
    the file.
    """
    page.evaluate("() => { holdsUp = (job) => job.mnist && !job.lesson; }")
    about = page.locator("#about")
    words = r"784 pixels, one layer of neurons, ten answers · (9\d\.\d) % of 1,000 test images"
    [known] = re.fullmatch(words, about.inner_text()).groups()
    draw(page, 4)
    before = outputs(page)
    page.locator("#is-9").click()
    page.wait_for_function("() => /^Learned in \\d+ steps? that this is a 9\\.$/.test(said.textContent)")
    assert answer(page) == "9" and page.evaluate("heldUp.length") == 1
    assert about.inner_text() == "1 lesson"  # whose accuracy is not known yet
    page.evaluate(GO_ON)
    page.wait_for_function("() => said.textContent.includes('Accuracy')")
    pattern = r"Learned in (\d+) steps? that this is a 9\. Accuracy: (?:still|now) ([\d.]+) %(?:, it was ([\d.]+) %)?\."
    steps, new, old = re.fullmatch(pattern, said(page)).groups()
    assert 1 <= int(steps) <= 300 and (old or new) == known and float(new) > float(known) - 3
    assert about.inner_text() == f"1 lesson · {new} % of 1,000 test images"
    page.locator("#undo").click()
    assert outputs(page) == before and answer(page) == "4"
    page.locator("#is-4").evaluate("(button) => button.click()")  # five steps follow, though nothing is to be learned
    page.wait_for_function("() => said.textContent.startsWith('Learned in 5 steps that this is a 4')")


def test_a_drawing_is_taught_not_to_be_a_digit(page):
    """It is over when no output is over a half; the answer says so, also of a digit in a number, and in a copy."""
    draw(page, 4)
    page.get_by_role("button", name="Not a digit").click()
    page.wait_for_function("() => said.textContent.startsWith('Learned in')")
    assert "that this is not a digit." in said(page) and answer(page) == "?" and max(outputs(page)) < 0.5
    page.wait_for_function("() => said.textContent.includes('Accuracy')")
    page.keyboard.press("Escape")
    draw(page, 342)
    page.locator("#boxes button").nth(1).click()
    page.get_by_role("button", name="Not a digit").click()
    page.wait_for_function("() => said.textContent.includes('that the 2nd is not a digit')")
    assert answer(page)[1] == "?"
    page.wait_for_function("() => said.textContent.includes('Accuracy')")
    page.locator("#boxes button").nth(0).click()
    page.locator("#boxes button").nth(1).click()
    assert said(page) == "Not a digit: no output is over 0.5."


def test_a_lesson_on_a_digit_of_a_number(page):
    """By the button that says so; undo and redo bring back the number as it was before and after."""
    draw(page, 342)
    page.locator("#boxes button").nth(1).click()
    before = page.evaluate(EXACT)
    page.get_by_role("button", name="No, the 2nd is 9", exact=True).click()
    page.wait_for_function("() => said.textContent.includes('Accuracy')")
    assert re.match(r"Learned in \d+ steps? that the 2nd is a 9\. ", said(page))
    taught, learned = answer(page), page.evaluate(EXACT)
    assert taught[1] == boxed(page)[1] == page.locator("#digit .chosen").inner_text() == "9"
    for key, number, exact in [("Control+z", "342", before), ("Control+y", taught, learned)]:
        page.keyboard.press(key)
        assert answer(page) == number and page.evaluate(EXACT) == exact
    assert chosen_digit(page) == taught[-1]


def test_a_picture_that_was_taught_is_read_so_in_a_copy_too(page, visit, tmp_path):
    """Though the line network, which learns nothing, sees what it saw before."""
    drop(page, photographed(3))
    assert answer(page) == boxed(page) == "3"
    teach(page, 8)
    page.keyboard.press("Escape")
    drop(page, photographed(3))
    assert answer(page) == "8"
    copy = visit(copy_of(page, tmp_path / "copy.html"))
    copy.locator("#boxes button").first.wait_for()
    assert boxed(copy) == "8"


def test_a_hopeless_lesson_is_given_up(page):
    """It changes nothing. The button keeps the focus, and undo waits for the end."""
    draw(page, 4)
    before = outputs(page)
    page.evaluate(UNTEACHABLE)
    page.locator("#is-9").click()
    page.wait_for_function("() => said.textContent.endsWith('Nothing has changed.')")
    assert not page.evaluate("digits.state.network.lessons") and "lesson" not in page.locator("#about").inner_text()
    assert outputs(page) == before
    hold_up_lessons(page)
    page.locator("#is-9").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => heldUp.length")
    assert page.locator("#is-9").get_attribute("aria-disabled") == "true"
    assert page.evaluate("document.activeElement.id") == "is-9" and said(page) == "Learning that this is a 9 …"
    assert page.locator("#undo").get_attribute("aria-disabled") == "true"
    page.evaluate(GO_ON)
    page.wait_for_function("() => said.textContent.endsWith('Nothing has changed.')")
    assert page.locator("#is-9").get_attribute("aria-disabled") == "false"


def test_what_was_learned_is_lost_only_if_one_wants_it(page, visit, tmp_path):
    """The browser asks before the page is left; a saved copy has it; the network as it came is a button.

    What a drawing was told before, is rehearsed no more.
    """
    draw(page, 4)
    before, forget, about = outputs(page), page.locator("#forget"), page.locator("#about")
    assert not page.evaluate(ASKS) and not forget.is_visible()
    teach(page, 9)
    learned = outputs(page)
    assert answer(page) == "9" and page.evaluate(ASKS) and learned != before
    file = copy_of(page, tmp_path / "copy.html")
    assert not page.evaluate(ASKS)
    teach(page, 7)
    assert answer(page) == "7" and about.inner_text().startswith("1 lesson ") and page.evaluate(ASKS)
    forget.click()
    assert not page.evaluate(ASKS) and outputs(page) == before and not forget.is_visible()
    copy = visit(file)
    copy.locator("#digit", has_text="9").wait_for()
    assert outputs(copy) == pytest.approx(learned, abs=0.011)


def test_one_draws_during_a_lesson(page):
    """And what is drawn is read by what was learned."""
    draw(page, 4)
    hold_up_lessons(page)
    page.locator("#is-9").click()
    page.wait_for_function("() => heldUp.length")
    page.keyboard.press("Delete")
    draw(page, 2)
    assert answer(page) == "2"
    page.evaluate(GO_ON)
    page.locator("#about", has_text="1 lesson").wait_for()
    page.wait_for_function("() => !digits.state.teaching")
    assert answer(page) == "2" and said(page).startswith("2 (output ")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert answer(page) == "9"
