"""The tour: all stops are gone through by keyboard and by mouse, Back closes them, and each has a link."""

import re

import pytest

from tests.page.browser.conftest import visiting
from tests.support.pages import DESK, activations, answer, draw, is_read, numbers, resize, sentence

pytestmark = pytest.mark.mnist

NAMES = [
    "pixels",
    "weights",
    "bias",
    "sigmoid",
    "layers",
    "cost",
    "descent",
    "backpropagation",
    "overfitting",
    "nonsense",
    "end",
]
STOPS = NAMES[:-1]
FOCUS = "document.activeElement.innerText"
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


@pytest.fixture(autouse=True)
def with_a_three(page):
    """A 3 is drawn, and no stop is open; at the end, the visitor's network is what it was."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    resize(page, *DESK)
    page.evaluate("location.hash = ''")
    page.locator("#tour").wait_for(state="hidden")
    page.keyboard.press("Escape")
    draw(page, 3)
    assert page.evaluate(MINE)
    yield
    assert page.evaluate(MINE)
    page.evaluate("moved.length = 0")  # a stop takes the place of the network, and is as high as it needs


def test_it_is_gone_through_by_keyboard_left_and_come_back_to(page):
    before, question = activations(page), page.locator(".here fieldset")
    page.locator("#tell").focus()
    page.keyboard.press("Enter")
    titles = []
    for number, name in enumerate(NAMES, 1):
        titles.append(page.evaluate(FOCUS))
        assert titles[-1] in page.locator(".stop h2:visible").all_inner_texts()
        assert page.locator("#place").inner_text() == f"{number} of {len(NAMES)}"
        assert page.evaluate("location.hash") == f"#stop={name}"
        if name == NAMES[-1]:
            break
        reasons = []
        for choice in question.locator("input").all():
            choice.check()
            reasons.append(question.locator("output").inner_text())
        assert len(set(reasons)) == 3
        assert [reason.split(":")[0] for reason in reasons].count("Right") == 1
        page.locator("#next").press("Enter")
    assert len(set(titles)) == len(NAMES)
    page.keyboard.press("Escape")
    assert not page.locator("#tour").is_visible() and answer(page) == "3"  # it does not clear the pad
    assert page.evaluate("document.activeElement.id") == "tell"
    assert activations(page) == before
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUS) == titles[-1]


def test_it_is_gone_through_by_mouse_with_the_pad_in_view(page):
    page.evaluate("location.hash = 'stop=pixels'")
    page.locator("#tour").wait_for()
    page.wait_for_function("() => digits.small.layers")
    for name in NAMES:
        assert page.locator(".here").get_attribute("id") == f"stop-{name}"
        assert page.locator("#paper").is_visible() is (name != NAMES[-1])
        assert not page.locator(".network").is_visible()
        if name != NAMES[-1]:
            page.locator("#next").click()
    assert page.locator("#next").get_attribute("aria-disabled") == "true"
    page.locator("#back").click()
    assert page.locator(".here").get_attribute("id") == f"stop-{NAMES[-2]}"
    page.locator("#close").click()
    assert not page.locator("#tour").is_visible() and page.locator(".network").is_visible()


PARTS = (
    "#pad, .controls button, #tour nav *, .all .gist, "
    ".here :is(.text, .shows, .figure, .does, .does :not(option), fieldset, label)"
)
OUT_OF_VIEW = """(parts) => [...document.querySelectorAll(parts)].filter((part) => {
        if (!part.checkVisibility()) return false;
        const { top, bottom, left, right, width, height } = part.getBoundingClientRect();
        const isSliver = part.matches(".controls button") && width && Math.min(width, height) < 28;
        return isSliver || top < 0 || left < 0 || bottom > innerHeight || right > innerWidth
            || (part.matches(".shows") && part.scrollHeight > part.clientHeight);
    }).map((part) => part.id || part.className || part.tagName)"""


def test_a_stop_is_one_screen_and_keys_go_from_stop_to_stop(page):
    """Pad, figure, result, buttons and question are in view, also enlarged to 150 % and on a phone."""
    page.evaluate("resized = true; location.hash = 'stop=pixels'")
    page.wait_for_function("() => digits.small.layers")
    faults = {}
    for n, name in enumerate(NAMES):
        page.locator(f"#stop-{name}.here").wait_for()
        assert page.locator("#dots [aria-current=step]").get_attribute("aria-label") == page.evaluate(FOCUS)
        for size in ((1024, 700), (960, 600), (390, 844), DESK):
            resize(page, *size)
            if out := page.evaluate(OUT_OF_VIEW, PARTS):
                faults[name, size] = out
        page.keyboard.press(("ArrowRight", "PageDown")[n % 2])
    assert faults == {}
    page.keyboard.press("PageUp")
    assert page.locator(f"#stop-{NAMES[-2]}.here").is_visible()
    page.evaluate("location.hash = 'stop=bias'")
    page.locator("#bias-slider").press("ArrowRight")
    assert page.locator("#stop-bias.here").is_visible()


def test_back_closes_a_stop_and_then_the_tour(page):
    page.evaluate("location.hash = 'stop=pixels'")
    page.locator("#tour").wait_for()
    page.locator("#next").click()
    second = page.evaluate(FOCUS)
    page.locator("#next").click()
    page.go_back()
    page.wait_for_function(f"(title) => {FOCUS} === title", arg=second)
    page.go_back()
    page.go_back()
    page.locator("#tour").wait_for(state="hidden")
    assert answer(page) == "3" and page.evaluate("location.hash") == ""
    page.go_forward()
    page.locator("#tour").wait_for()


def test_back_closes_training_and_escape_closes_whichever_panel_is_open(page):
    page.locator("#train").click()
    page.go_back()
    page.locator("#training").wait_for(state="hidden")
    for button, panel in (("#train", "#training"), ("#tell", "#tour")):
        page.locator(button).click()
        page.keyboard.press("Escape")
        assert not page.locator(panel).is_visible() and answer(page) == "3"
        assert page.evaluate("document.activeElement.id") == button[1:]
    page.locator("#train").click()
    page.locator("#rate").press("Escape")  # while typing, too
    assert not page.locator("#training").is_visible()


def test_a_stop_has_a_link_and_can_be_embedded(page, page_file, visit):
    embedded = visit(page_file, query="?embed#stop=layers")
    embedded.locator("#tour").wait_for()
    assert embedded.locator("#place").inner_text() == f"{NAMES.index('layers') + 1} of {len(NAMES)}"
    assert not any(embedded.locator(part).is_visible() for part in ("header", "footer", "#close"))
    embedded.keyboard.press("Escape")
    assert embedded.locator("#tour").is_visible() and embedded.locator("#pad").is_visible()
    embedded.evaluate("moved.length = 0")


def test_a_link_that_leads_nowhere_is_said(page):
    for link in ("stop=gate", "stop=toString", "stop=<img src=x onerror=alert(1)>", "strokes=AYAIgAg", "%E0%A4%A"):
        page.evaluate("said.textContent = ''")
        page.evaluate("(link) => { location.hash = link; }", link)
        page.wait_for_function("() => said.textContent === 'This link leads to nothing on this page.'")
        assert answer(page) == "3" and not page.locator("#tour").is_visible()


def test_it_is_printed_as_a_handout_of_two_pages(visit, page_file):
    """With all figures, six on a page, also of stops that were never opened; none is in its first state."""
    page = visit(page_file)
    draw(page, 3)
    page.evaluate("resized = true; location.hash = 'stop=end'")
    page.wait_for_function("() => document.querySelectorAll('#stop-overfitting polyline').length === 4")
    assert page.locator(".gist:visible").count() == len(STOPS) and page.locator("#own").is_visible()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf())) == 2
    stops = [page.locator(f"#stop-{name}") for name in STOPS]
    assert all(stop.locator("h2").is_visible() and stop.locator("legend").is_visible() for stop in stops)
    assert {stop.locator(".figure").get_attribute("viewBox") for stop in stops} == {"0 0 640 400"}
    assert all(stop.locator(".figure > *").count() for stop in stops)
    assert len(stops[6].locator(".curve, .jump").all()) == 3  # trails
    assert stops[7].locator(".ring").count() == 2
    hidden = "#pad, .does, .act, .gist, #stop-end"
    assert not any(part.is_visible() for part in page.locator(hidden).all()) and page.locator("h1").is_visible()
    assert page.locator("#address").inner_text() == page_file.as_uri()
    page.emulate_media(media="screen")
    page.locator("#stop-bias").click()
    assert page.locator(".stop h2:visible").count() == 1


def test_a_stop_waits_for_the_small_network_however_quick_one_goes_on(visit, page_file):
    """The page's own network, which is larger, is never shown in its place."""
    page = visit(page_file)
    draw(page, 3)
    is_read(page)
    page.evaluate("holdsUp = (job) => Boolean(job.fresh); resized = true; location.hash = 'stop=weights'")
    for name in ("weights", "bias"):
        page.locator(f"#stop-{name}.here").wait_for()
        assert sentence(page).startswith("Training a network of 30 hidden neurons")
        assert page.locator(".here .figure *").count() == 0
        page.locator("#next").click()
    page.evaluate("holdsUp = null; heldUp.forEach((post) => post()); location.hash = 'stop=bias'")
    page.wait_for_function("() => digits.small.layers && document.querySelector('.here .figure').childElementCount")
    assert numbers(sentence(page))[0] in range(30)
