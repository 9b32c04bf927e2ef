"""Lessons: the page's network learns what it is told, until it is stopped; this is undone, done again and saved."""

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
    page.wait_for_function("() => /^9 after \\d+ steps?\\.$/.test(said.textContent)")
    assert answer(page) == "9" and page.evaluate("heldUp.length") == 1
    assert about.inner_text() == "1 lesson"  # whose accuracy is not known yet
    page.evaluate(GO_ON)
    page.wait_for_function("() => said.textContent.includes('→')")
    told = r"9 after (\d+) steps?; ([\d.]+) → ([\d.]+) % of 1,000 test images\."
    steps, old, new = re.fullmatch(told, said(page)).groups()
    assert 1 <= int(steps) <= 300 and old == known and float(new) > float(old) - 3
    assert about.inner_text() == f"1 lesson · {new} % of 1,000 test images"
    page.locator("#undo").click()
    assert outputs(page) == before and answer(page) == "4"
    page.locator("#is-4").evaluate("(button) => button.click()")  # five steps follow, though nothing is to be learned
    page.wait_for_function("() => said.textContent.startsWith('4 after 5 steps')")


def test_a_lesson_on_a_digit_of_a_number(page):
    """By the button that says so; undo and redo bring back the number as it was before and after."""
    draw(page, 342)
    page.locator("#boxes button").nth(1).click()
    before = page.evaluate(EXACT)
    page.get_by_role("button", name="No, the 2nd is 9", exact=True).click()
    page.wait_for_function("() => said.textContent.includes('→')")
    assert re.match(r"The 2nd: 9 after \d+ steps?; ", said(page))
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


def test_a_hopeless_lesson_is_given_up_or_stopped(page):
    """Given up, it changes nothing. The button to stop it has the focus, and undo waits for the end."""
    draw(page, 4)
    before = outputs(page)
    page.evaluate(UNTEACHABLE)
    page.locator("#is-9").click()
    page.wait_for_function("() => /^Not 9 after \\d+ steps, given up: /.test(said.textContent)")
    assert not page.evaluate("digits.state.network.lessons") and "lesson" not in page.locator("#about").inner_text()
    assert outputs(page) == before and not page.locator("#stop").is_visible()
    hold_up_lessons(page)
    page.locator("#is-9").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => heldUp.length")
    assert page.locator("#stop").is_visible() and not page.locator("#is-9").is_visible()
    assert page.evaluate("document.activeElement.id") == "stop" and said(page) == "Learning that this is 9 …"
    assert page.locator("#undo").get_attribute("aria-disabled") == "true"
    page.keyboard.press("Enter")
    page.evaluate(GO_ON)
    page.wait_for_function("() => /^Not 9 after \\d+ steps?, stopped/.test(said.textContent)")
    assert page.evaluate("document.activeElement.id") == "is-9" and not page.locator("#stop").is_visible()


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
    assert answer(page) == "2" and said(page).startswith("2 at ")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert answer(page) == "9"
