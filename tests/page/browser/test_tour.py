"""The tour: all stops are gone through by keyboard and by mouse, Back closes them, and each has a link."""

import re

import pytest

from tests.page.browser.conftest import assert_quiet
from tests.support.pages import DESK, activations, answer, draw, is_read, numbers, resize, sentence
from tests.support.tiers import nightly

pytestmark = pytest.mark.mnist

STOPS = ["pixels", "weights", "bias", "sigmoid", "layers", "cost", "descent"]
STOPS += ["backpropagation", "overfitting", "nonsense"]
NAMES = [*STOPS, "end"]
FOCUS = "document.activeElement.innerText"


@pytest.fixture
def page(tour_page):
    """A 3 is drawn, and no stop is open; at the end, the visitor's network is what it was."""
    tour_page.emulate_media(color_scheme="light", reduced_motion="reduce")
    resize(tour_page, *DESK)
    tour_page.evaluate("resized = true; location.hash = ''")
    tour_page.locator("#tour").wait_for(state="hidden")
    before = activations(tour_page)
    yield tour_page
    assert answer(tour_page) == "3" and activations(tour_page) == before
    tour_page.evaluate("moved.length = 0")  # a stop takes the place of the network, and is as high as it needs
    assert_quiet(tour_page)


def open_at(page, name):
    page.evaluate(f"resized = true; location.hash = 'stop={name}'")
    page.locator(f"#stop-{name}.here").wait_for()
    page.wait_for_function("() => digits.small.layers")


def test_it_is_gone_through_left_and_come_back_to(page):
    """By the keyboard. A question has three answers, of which one is right. The pad is in view, the network is not."""
    question = page.locator(".here fieldset")
    page.locator("#tell").press("Enter")
    for number, name in enumerate(NAMES, 1):
        page.locator(f"#stop-{name}.here").wait_for()
        assert page.evaluate("location.hash") == f"#stop={name}"
        place = "End" if name == "end" else f"{number} of {len(NAMES) - 1}"
        assert page.locator("#place").inner_text() == place
        assert page.locator("#paper").is_visible() is (name != NAMES[-1])
        assert not page.locator(".network").is_visible()
        if name == NAMES[-1]:
            break
        reasons = []
        for choice in question.locator("input").all():
            choice.check()
            reasons.append(question.locator("output").inner_text())
        assert len(set(reasons)) == 3 and sum(reason.startswith("Right") for reason in reasons) == 1
        page.locator("#next").press("Enter")
    assert page.locator("#next").get_attribute("aria-disabled") == "true"
    page.keyboard.press("Escape")
    assert not page.locator("#tour").is_visible() and answer(page) == "3"  # it does not clear the pad
    assert page.evaluate("document.activeElement.id") == "tell" and page.locator(".network").is_visible()
    page.keyboard.press("Enter")
    page.locator(f"#stop-{NAMES[-1]}.here").wait_for()
    page.locator("#dots button").nth(2).click()
    page.locator("#bias-slider").press("ArrowRight")  # which moves the slider
    assert page.locator("#stop-bias.here").is_visible()


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


@pytest.mark.parametrize("size", [(1024, 700), (390, 844), nightly((960, 600)), nightly(DESK)])
def test_a_stop_is_one_screen_and_keys_go_from_stop_to_stop(size, page):
    """Pad, figure, result, buttons and question are in view, also enlarged to 150 % and on a phone."""
    resize(page, *size)
    open_at(page, NAMES[0])
    faults = {}
    for n, name in enumerate(NAMES):
        page.locator(f"#stop-{name}.here").wait_for()
        assert page.locator("#dots [aria-current=step]").get_attribute("aria-label") == page.evaluate(FOCUS)
        if out := page.evaluate(OUT_OF_VIEW, PARTS):
            faults[name] = out
        page.keyboard.press(("ArrowRight", "PageDown")[n % 2])
    assert faults == {}
    page.keyboard.press("PageUp")
    page.locator(f"#stop-{NAMES[-2]}.here").wait_for()


def test_back_closes_a_stop_and_then_the_tour(page):
    open_at(page, "pixels")
    page.locator("#next").click()
    page.locator("#next").click()
    page.go_back()
    page.locator("#stop-weights.here").wait_for()
    page.go_back()
    page.go_back()
    page.locator("#tour").wait_for(state="hidden")
    assert page.evaluate("location.hash") == ""


def test_back_closes_training_and_escape_closes_whichever_panel_is_open(page):
    page.locator("#train").click()
    page.go_back()
    page.locator("#training").wait_for(state="hidden")
    for button, panel in (("#train", "#training"), ("#tell", "#tour")):
        page.locator(button).click()
        page.keyboard.press("Escape")
        assert not page.locator(panel).is_visible() and answer(page) == "3"
        assert page.evaluate("document.activeElement.id") == button[1:]


def test_a_stop_has_a_link_and_can_be_embedded(page_file, visit):
    embedded = visit(page_file, query="?embed#stop=layers")
    embedded.locator("#stop-layers.here").wait_for()
    assert not any(embedded.locator(part).is_visible() for part in ("header", "footer", "#close"))
    embedded.keyboard.press("Escape")
    assert embedded.locator("#tour").is_visible() and embedded.locator("#pad").is_visible()
    embedded.evaluate("moved.length = 0")


def test_a_link_that_leads_nowhere_is_said(page):
    for link in ("stop=toString", "stop=<img src=x onerror=alert(1)>", "%E0%A4%A"):
        page.evaluate("(link) => { said.textContent = ''; location.hash = link; }", link)
        page.wait_for_function("() => said.textContent.includes('link')")
        assert not page.locator("#tour").is_visible()


def test_it_is_printed_as_a_handout_of_two_pages(page, page_file):
    """With all figures, six on a page, also of stops that were never opened; none is in its first state."""
    open_at(page, "end")
    page.wait_for_function("() => document.querySelectorAll('#stop-overfitting polyline').length === 4")
    assert page.locator(".gist:visible").count() == len(STOPS) and page.locator("#own").is_visible()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf())) == 2
    stops = [page.locator(f"#stop-{name}") for name in STOPS]
    assert all(stop.locator("h2").is_visible() and stop.locator("legend").is_visible() for stop in stops)
    assert all(stop.locator(".figure > *").count() for stop in stops)
    assert stops[STOPS.index("descent")].locator(".curve, .jump").count() == 3  # trails
    assert stops[STOPS.index("backpropagation")].locator(".ring").count() == 2
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
        assert sentence(page).startswith("Training") and page.locator(".here .figure *").count() == 0
        page.locator("#next").click()
    page.evaluate("holdsUp = null; heldUp.forEach((post) => post()); location.hash = 'stop=bias'")
    page.wait_for_function("() => digits.small.layers && document.querySelector('.here .figure').childElementCount")
    assert numbers(sentence(page))[0] in range(30)
