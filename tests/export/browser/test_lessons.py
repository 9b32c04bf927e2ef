"""A lesson begins at once, can be stopped, and is undone and done again; meanwhile one goes on drawing."""

import io
import re

import pytest
from PIL import Image

from tests.support.pages import DOCS_PAGE, answer, chosen_digit, draw, give, outputs, photographed

pytestmark = pytest.mark.mnist

TESTED = "() => said.textContent.includes('→')"
UNTEACHABLE = """digits.state.network = { ...digits.state.network, layers: digits.state.network.layers.map(
    ({ weights, biases }, l) => ({ weights, biases: l ? biases.map((b, j) => b - 1000 * (j === 9)) : biases })) }"""
HELD_UP = """() => {
    const { postMessage } = Worker.prototype;
    window.held = [];
    Worker.prototype.postMessage = function (job, ports) {
        const post = () => postMessage.call(this, job, ports);
        if (window.held && %s) window.held.push(post);
        else post();
    };
}"""


def teach(page, digit):
    page.locator("#teach button").nth(digit).click()


def test_a_lesson_waits_for_no_test_image(page_file, visit):
    """It is learned and said while the worker that tests is held up; the accuracy before is in the file."""
    page = visit(page_file)
    page.evaluate(HELD_UP % "job.mnist && !job.lesson")
    before = page.locator("#about").inner_text()
    draw(page, 4)
    assert re.fullmatch(r"784-100-10 · 9\d\.\d % of 1,000 test images", before)
    teach(page, 9)
    page.wait_for_function("() => /^9 after \\d+ steps?\\.$/.test(said.textContent)")
    assert answer(page) == "9" and page.evaluate("held.length") == 1
    assert page.locator("#about").inner_text() == "1 lesson"  # whose accuracy is not known yet
    page.evaluate("held[0]()")
    page.wait_for_function(TESTED)
    old, new = re.search(r"; ([\d.]+) → ([\d.]+) % of 1,000 test images\.", page.locator("#said").inner_text()).groups()
    assert f" {old} %" in before and page.locator("#about").inner_text() == f"1 lesson · {new} % of 1,000 test images"


def test_a_hopeless_lesson_is_stopped(page_file, visit):
    """By its button, which has the focus; one goes on drawing, and undo waits for the end."""
    page = visit(page_file)
    draw(page, 4)
    page.evaluate(UNTEACHABLE)
    page.evaluate(HELD_UP % "'milliseconds' in job")
    assert not page.locator("#stop").is_visible()
    page.locator("#is-9").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => window.held.length")
    assert page.locator("#stop").is_visible() and not page.locator("#is-9").is_visible()
    assert page.evaluate("document.activeElement.id") == "stop"
    assert page.locator("#said").inner_text() == "Learning that this is 9 …"
    assert page.locator("#undo").get_attribute("aria-disabled") == "true"
    page.keyboard.press("Enter")
    page.evaluate("() => { const posts = held; window.held = null; posts.forEach((post) => post()); }")
    page.wait_for_function("() => /^Not 9 after \\d+ steps?, stopped/.test(said.textContent)")
    assert page.evaluate("document.activeElement.id") == "is-9" and not page.locator("#stop").is_visible()


def test_a_lesson_that_cannot_succeed_ends(page_file, visit):
    page = visit(page_file)
    draw(page, 4)
    before = outputs(page)
    page.evaluate(UNTEACHABLE)
    teach(page, 9)
    page.wait_for_function("() => /^Not 9 after \\d+ steps, given up: /.test(said.textContent)")
    assert not page.evaluate("digits.state.network.lessons") and "lesson" not in page.locator("#about").inner_text()
    assert outputs(page) == before


def test_what_was_learned_is_lost_only_if_one_wants_it(page_file, visit):
    """The browser asks before the page is left; a saved copy need not be kept; the network as it came is a button."""
    page = visit(page_file)
    draw(page, 4)
    asked = """() => {
        const event = new Event("beforeunload", { cancelable: true });
        dispatchEvent(event);
        return event.defaultPrevented;
    }"""
    before = outputs(page)
    assert not page.evaluate(asked) and not page.locator("#forget").is_visible()
    teach(page, 9)
    page.wait_for_function(TESTED)
    assert page.evaluate(asked) and outputs(page) != before
    with page.expect_download():
        page.locator("#save").click()
    assert not page.evaluate(asked)
    teach(page, 7)
    page.wait_for_function("() => /^7 after .* →/.test(said.textContent)")
    assert page.evaluate(asked)
    page.locator("#forget").click()
    assert not page.evaluate(asked) and outputs(page) == before and not page.locator("#forget").is_visible()


def test_one_draws_during_a_lesson(page_file, visit):
    """And what is drawn is read by what was learned."""
    page = visit(page_file)
    draw(page, 4)
    page.evaluate(HELD_UP % "'milliseconds' in job")
    teach(page, 9)
    page.wait_for_function("() => held.length")
    page.keyboard.press("Delete")
    draw(page, 2)
    assert answer(page) == "2"
    page.evaluate("() => { const posts = held; window.held = null; posts.forEach((post) => post()); }")
    page.locator("#about", has_text="1 lesson").wait_for()
    page.wait_for_function("() => !digits.state.teaching")
    assert answer(page) == "2" and page.locator("#said").inner_text().startswith("2 at ")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert answer(page) == "9"


def test_a_number_that_was_taught_is_what_it_was_after_undo_and_redo(page_file, visit):
    page = visit(page_file)
    draw(page, 342)
    page.locator("#boxes button").nth(1).click()
    before = page.evaluate("digits.state.outputs.map((a) => [...a])")
    teach(page, 9)
    page.wait_for_function(TESTED)
    taught, learned = answer(page), page.evaluate("digits.state.outputs.map((a) => [...a])")
    for key, said, exact in [("Control+z", "342", before), ("Control+y", taught, learned)] * 2:
        page.keyboard.press(key)
        assert answer(page) == said and page.evaluate("digits.state.outputs.map((a) => [...a])") == exact
    assert taught[1] == "9" and chosen_digit(page) == taught[-1]


def test_the_latest_strokes_win(page_file, visit):
    """While a worker reads, strokes are seen at once; an answer to others is dropped."""
    page = visit(page_file)
    page.evaluate(HELD_UP % "job.strokes === digits.state.drawing.strokes")  # none of those that warm the worker up
    for stroke in ([[0.2, 0.5], [0.25, 0.55]], [[0.7, 0.2], [0.7, 0.8]]):
        page.evaluate(
            """(points) => {
                const { left, top, width, height } = paper.getBoundingClientRect();
                for (const type of ["pointerdown", "pointermove", "pointerup"]) {
                    const [x, y] = points[type === "pointerdown" ? 0 : 1];
                    paper.dispatchEvent(new PointerEvent(type, { pointerId: 1, isPrimary: true, bubbles: true,
                        clientX: left + x * width, clientY: top + y * height }));
                }
            }""",
            stroke,
        )
    assert page.evaluate("held.length") == 1 and answer(page) == "?"
    assert page.evaluate("pad.classList.contains('written')") and set(outputs(page)) == {0}
    page.evaluate("() => { const [post] = held; held.length = 0; post(); }")
    page.wait_for_function("() => held.length")  # the other strokes
    assert answer(page) == "?" and set(outputs(page)) == {0}
    page.evaluate("held[0]()")
    page.wait_for_function("() => !digits.state.reading")
    assert set(outputs(page)) != {0}


def test_what_is_learned_is_made_surer(page_file, visit):
    """Five more steps follow, also where nothing is to be learned, as with the hidden button of what is read."""
    page = visit(page_file)
    draw(page, 4)
    assert outputs(page)[4] > 0.8
    page.locator("#teach button").nth(4).evaluate("(button) => button.click()")
    page.wait_for_function("() => said.textContent.startsWith('4 after 5 steps')")


def test_a_drawing_can_be_taught_anew(page_file, visit):
    """What it was told before, is rehearsed no more."""
    page = visit(page_file)
    draw(page, 4)
    for digit in (9, 7):
        teach(page, digit)
        page.wait_for_function(f"() => /^{digit} after .* →/.test(said.textContent)")
        assert answer(page) == str(digit) and page.locator("#about").inner_text().startswith("1 lesson ")


def test_a_picture_that_was_turned_is_taught_as_it_lay_too(visit):
    """Its digit has the images that it has upright, and others: those of how it lay.

    The network is the bundled one: the small one of the other tests is not sure enough to turn a picture.
    """
    page = visit(DOCS_PAGE)
    upright = Image.open(io.BytesIO(photographed(4, size=200)))
    images, said = [], []
    for picture in (upright, upright.rotate(90, expand=True)):
        picture.save(buffer := io.BytesIO(), "PNG")
        page.keyboard.press("Escape")
        give(page, "drop", buffer.getvalue(), "seven.png")
        page.wait_for_function("() => !/Or drop|Reading/.test(said.textContent)")
        said.append((answer(page), "Turned" in page.locator("#said").inner_text()))
        images.append(page.evaluate("digits.state.digits[0].images.map((image) => image.join())"))
    assert said == [("4", False), ("4", True)]
    assert len(set(images[1])) == len(images[1]) > len(images[0])
    teach(page, 2)
    page.wait_for_function("() => digits.state.network.lessons")
    assert page.evaluate("digits.state.network.lessons.map((images) => images.length)") == [len(images[1])]
