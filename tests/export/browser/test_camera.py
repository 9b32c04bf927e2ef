"""The camera, which is Chromium's fake one, playing a photo: it is read live, kept by a tap, and left in many ways."""

import io

import pytest
from PIL import Image

from tests.support.pages import (
    DESK,
    DOCS_PAGE,
    PHONE,
    answer,
    boxed,
    chosen_digit,
    draw,
    give,
    is_read,
    launch,
    photographed,
    picture_is_read,
    resize,
    said,
    violations,
)
from tests.support.pens import PAPER
from tests.support.tiers import nightly

pytestmark = pytest.mark.mnist

# Of the first box, asked for at once, since every reading makes new ones.
MIDDLE = """(({ left, top, width, height }) => [left + width / 2, top + height / 2])(
    document.querySelector("#boxes button").getBoundingClientRect()
)"""
HIDE = """() => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
    document.dispatchEvent(new Event("visibilitychange"));
    delete document.hidden;
}"""


@pytest.fixture(scope="module")
def browser(playwright, tmp_path_factory):
    """A Chromium whose camera sees a handwritten 307, in the middle of frames of 640 x 480."""
    photo = Image.open(io.BytesIO(photographed(3, 0, 7, size=140)))
    frame = Image.new("RGB", (640, 480), PAPER)
    frame.paste(photo, ((640 - photo.width) // 2, (480 - photo.height) // 2))
    jpeg, film = io.BytesIO(), tmp_path_factory.mktemp("camera") / "film.mjpeg"
    frame.save(jpeg, "JPEG", quality=95)
    film.write_bytes(2 * jpeg.getvalue())
    browser = launch(playwright, "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}")
    yield browser
    browser.close()


@pytest.fixture
def page(visit):
    """The page of the network that comes with digits: a picture that is kept is to be read as well as live."""
    return visit(DOCS_PAGE, permissions=["camera"])


def film(page):
    """Open the camera, and wait until the page has read what it sees."""
    page.locator("#camera").click()
    page.wait_for_function("() => digits.state.digits.length === 3 && digits.state.drawing.aim")
    page.evaluate("() => { window.stream = document.querySelector('video').srcObject; }")


def is_off(page):
    """Whether the camera is switched off, and nothing of it is in view."""
    page.locator("#keep").wait_for(state="hidden")
    assert page.locator("#camera").get_attribute("aria-pressed") == "false"
    assert page.evaluate("!boxes.inert && !document.querySelector('video').srcObject")
    return page.evaluate("stream.getTracks().map((track) => track.readyState)") == ["ended"]


@pytest.mark.parametrize("window", [DESK, nightly(PHONE), nightly((844, 390))])
def test_what_the_camera_sees_is_read_and_kept_by_a_tap(window, page):
    resize(page, *window)
    draw(page, 5)
    film(page)
    assert answer(page) == boxed(page) == "307" and chosen_digit(page) == "0"  # in the middle, where it is pointed
    assert page.evaluate("stream.getTracks()[0].getConstraints().facingMode") == "environment"
    assert page.evaluate("[teach.checkVisibility({ visibilityProperty: true }), boxes.inert]") == [False, True]
    page.mouse.click(*page.evaluate(MIDDLE))  # on the picture, under a box
    picture_is_read(page)
    assert is_off(page) and answer(page) == "307"
    assert page.evaluate("[digits.state.drawing.picture.width, digits.state.drawing.aim]") == [480, None]
    assert said(page).endswith(").") and ". The " in said(page)
    page.locator("#is-7").click()  # it can be taught
    page.wait_for_function("() => !digits.state.teaching && digits.state.network.lessons?.length === 1")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    is_read(page)
    assert answer(page) == "5"


def test_keys_keep_and_leave(page):
    """And axe finds nothing while it is on."""
    resize(page, *PHONE)
    page.emulate_media(color_scheme="dark")
    draw(page, 5)
    page.locator("#camera").focus()
    film(page)
    assert page.evaluate("document.activeElement.id") == "keep" and violations(page) == []
    page.keyboard.press("Escape")
    assert is_off(page) and answer(page) == "5" and page.evaluate("document.activeElement.id") == "camera"
    film(page)
    page.keyboard.press("Enter")
    picture_is_read(page)
    assert is_off(page) and answer(page) == "307" and page.evaluate("document.activeElement.id") == "camera"


LEAVE = [  # and how one comes back to what was on the pad before
    (lambda page: page.evaluate(HIDE), None),
    (lambda page: give(page, "drop", photographed(3, 8)), "Control+z"),
    (lambda page: page.keyboard.press("Control+z"), "Control+Shift+z"),
    (lambda page: page.locator("#camera").click(), None),
    (lambda page: page.evaluate("stream.getTracks()[0].dispatchEvent(new Event('ended'))"), None),  # unplugged
]


def test_it_is_switched_off_whenever_it_is_left(page):
    draw(page, 5)
    for leave, back in LEAVE:
        film(page)
        leave(page)
        assert is_off(page)
        if back:
            page.keyboard.press(back)
        is_read(page)
        assert answer(page) == "5"  # nothing of the camera can be come back to
        moments = "[...digits.state.past, ...digits.state.future].map(({ drawing }) => drawing.aim ?? 0)"
        assert set(page.evaluate(moments)) == {0}


def test_why_there_is_no_camera_is_a_line(visit):
    page = visit(DOCS_PAGE, permissions=["geolocation"])  # and nothing else
    draw(page, 5)
    page.locator("#camera").click()
    page.get_by_text("The camera was refused.").wait_for()
    assert page.locator("#camera").get_attribute("aria-pressed") == "false" and answer(page) == "5"
    page.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: null }) && 0")
    page.locator("#camera").click()
    page.get_by_text("The browser gives this page no camera").wait_for()
    assert page.locator("#keep").is_hidden()
