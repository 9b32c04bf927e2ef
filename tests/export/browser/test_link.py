"""A link that shares what is on the pad: what it holds comes back, and what is damaged is refused."""

import pytest

from tests.support.pages import DOCS_PAGE, answer, draw, drop, outputs, photographed, said

pytestmark = pytest.mark.mnist


@pytest.fixture
def page(visit, page_file):
    """A page that may use the clipboard."""
    return visit(page_file, permissions=["clipboard-read", "clipboard-write"])


def copied(page):
    page.locator("#link").click()
    page.wait_for_function("() => said.textContent.startsWith('The link is copied')")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith("#") and len(link) <= 2001  # without the name of a folder
    return page.evaluate("location.href.split('#')[0]") + link


def opened(page, link):
    """The link opened on the same page, as if anew."""
    page.goto("about:blank")
    page.goto(link)
    page.wait_for_function("() => digits.state.digits.length")


def test_strokes_and_settings_come_back(page):
    draw(page, 307, 42)
    before, number = outputs(page), answer(page)
    page.evaluate("location.hash = 'training'; size.value = '100'; batch.value = '1'")
    page.locator("#training").wait_for()
    opened(page, copied(page))
    assert answer(page) == number and outputs(page) == pytest.approx(before, abs=0.05)
    assert page.evaluate("[size.value, rate.value, batch.value]") == ["100", "3", "1"]
    page.locator("#undo").click()
    page.locator("#undo").click()  # what the tab had before is kept, too
    assert answer(page) == "?"


def test_a_link_from_an_empty_pad_opens_the_page_alone(page):
    link = copied(page)
    page.goto("about:blank")
    page.goto(link)
    page.locator("main").wait_for()
    assert page.locator(".network").is_visible() and not page.locator("#training").is_visible()


def test_a_digit_of_mnist_comes_back_and_a_picture_is_in_no_link(page):
    page.keyboard.press("4")
    page.wait_for_function("() => digits.state.digits.length")
    before = outputs(page)
    opened(page, copied(page))
    assert outputs(page) == before
    drop(page, photographed(5))
    page.locator("#link").click()
    assert said(page).startswith("A link cannot hold a picture")


def test_without_a_clipboard_the_link_is_in_the_address(page):
    draw(page, 3)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.locator("#link").click()
    page.wait_for_function("() => said.textContent.startsWith('The link is in the address')")
    page.reload()
    page.wait_for_function("() => digits.state.digits.length")
    assert answer(page) == "3"


def test_a_phone_opens_its_share_sheet(browser, page_file):
    """On a page from a site; a page from a file has no address that others could open."""
    with browser.new_context(has_touch=True, is_mobile=True) as context:
        address = "https://digits.example/"
        context.route(address, lambda route: route.fulfill(path=page_file, content_type="text/html"))
        page = context.new_page()
        page.add_init_script("navigator.share = async (sheet) => { window.sheet = sheet; }")
        page.goto(address)
        page.locator("main").wait_for()
        draw(page, 3)
        page.get_by_role("button", name="Share").click()
        assert page.evaluate("sheet.url").startswith(f"{address}#strokes=")
        assert page.locator("header #link").is_visible()


def test_a_link_to_a_drawing_at_a_stop(page):
    draw(page, 3)
    page.evaluate("location.hash = 'stop=bias'")
    page.locator("#tour").wait_for()
    link = copied(page)
    opened(page, link)
    assert page.locator("#stop-bias").is_visible() and page.evaluate("digits.state.drawing.strokes.length")
    page.evaluate("moved.length = 0")  # as the stop opened


def test_the_file_has_a_description_and_a_preview_card(page):
    meta = "(name) => document.querySelector(`meta[name='${name}'], meta[property='${name}']`)?.content"
    card = {name: page.evaluate(meta, name) for name in ("description", "og:title", "og:description", "og:image")}
    assert all(card.values()) and (DOCS_PAGE.parent / card["og:image"]).is_file()


DAMAGED = [
    "x",
    "strokes=!!",
    "strokes=AAAA",  # a stroke of no points
    "strokes=Af__A_8_",  # beyond the pad
    "image=" + "A" * 131,  # blank
    "size=301",
    "rate=0",
    "stop=0",
    "stop=toString",
    "training=1",
    "rate=1&rate=3",
    "strokes=AYAIgAg&__proto__=1",
    "size=30&rate=3&strokes=" + "AYAIgAg" * 300,  # too long
    "strokes=<img src=x onerror=alert(1)>",
    "%E0%A4%A",
]


def test_a_damaged_link_is_refused(page):
    for hash in DAMAGED:
        page.evaluate("said.textContent = ''")
        page.evaluate("(hash) => { location.hash = hash; }", hash)
        page.wait_for_function("() => said.textContent.startsWith('This link is damaged')")
        assert answer(page) == "?" and page.evaluate("digits.state.past.length") == 0
    page.evaluate("location.hash = 'strokes=AYAIgAg'")  # a dot in the middle, which is whole
    page.wait_for_function("() => digits.state.drawing.strokes.length === 1")
    assert page.evaluate("digits.state.drawing.strokes") == [[[0.5, 0.5]]]
