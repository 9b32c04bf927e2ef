"""A real Chromium on real exported pages, which may neither complain, nor ask for anything, nor move."""

from pathlib import Path

import pytest

from tests.support.pages import CHROMIUM, DESK, PATIENCE, PHONE, draw, launch

# Record what moves on a page without a click or a resize, and let a test hold up the jobs of the page's workers.
WATCH = """(() => {
    Object.assign(window, { moved: [], resized: false, holdsUp: null, heldUp: [] });
    new PerformanceObserver((list) => list.getEntries().forEach(({ sources, hadRecentInput }) => {
        if (!resized && !hadRecentInput) moved.push(...sources.map(({ node }) => node?.outerHTML?.slice(0, 60)));
    })).observe({ type: "layout-shift", buffered: true });
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (job, ports) {
        const post = () => postMessage.call(this, job, ports);
        if (holdsUp?.(job)) heldUp.push(post);
        else post();
    };
})()"""


def pytest_collection_modifyitems(items):
    """A test in a browser is slow, if it does not wait for the night."""
    for item in items:
        if Path(__file__).parent in item.path.parents and not item.get_closest_marker("nightly"):
            item.add_marker("slow")


@pytest.fixture(scope="session")
def playwright():
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright):
    browser = launch(playwright)
    yield browser
    browser.close()


def opened(browser, file: Path, width=DESK[0], height=DESK[1], query="", **settings):
    """Open a page from its file in a context of its own. `page.wrong` lists what it complains about and asks for."""
    viewport = {"width": width, "height": height}
    context = browser.new_context(viewport=viewport, **settings)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.wrong = wrong = []
    allowed = file.as_uri(), "blob:"  # the worker, which is a part of the page
    context.on("request", lambda request: request.url.startswith(allowed) or wrong.append(f"asked for {request.url}"))
    page.on("console", lambda message: wrong.append(f"logged {message.text}"))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.add_init_script(WATCH)
    page.goto(file.as_uri() + query)
    page.locator("main").wait_for()  # which is hidden until the network is inflated
    return page


def assert_quiet(page):
    """Check that a page logged nothing, asked for no other file, and moved nothing since it was loaded."""
    wrong = page.wrong + [f"moved {element}" for element in page.evaluate("moved")]
    page.wrong.clear()
    assert wrong == []


def load_again(page, size):
    """Load a page as if it were new, which takes a third of the time that a new context takes."""
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    page.emulate_media(media="screen", color_scheme="light", reduced_motion="no-preference")
    page.mouse.move(0, 0)
    page.evaluate("""() => {
        sessionStorage.clear();
        Storage.prototype.setItem = () => {}; // by which the page would keep what is on its pad
        history.replaceState(null, "", location.pathname);
    }""")
    page.reload()
    page.locator("main").wait_for()


@pytest.fixture
def visit(browser):
    """Open pages during a test."""
    pages = []

    def visit(*args, **settings):
        pages.append(opened(browser, *args, **settings))
        return pages[-1]

    yield visit
    for page in pages:
        assert_quiet(page)
        page.context.close()


@pytest.fixture(scope="session")
def desk(browser, page_file):
    return opened(browser, page_file)


@pytest.fixture(scope="session")
def handset(browser, page_file):
    return opened(browser, page_file, *PHONE, has_touch=True, is_mobile=True, device_scale_factor=2)


def new(page, size):
    yield page
    try:
        assert_quiet(page)
    finally:
        load_again(page, size)


@pytest.fixture
def page(desk):
    """The page on a desk."""
    yield from new(desk, DESK)


@pytest.fixture
def phone(handset):
    """The page on a phone."""
    yield from new(handset, PHONE)


@pytest.fixture(scope="module")
def tour_page(desk):
    """One page for all tests of a file, since it trains the small network once. A 3 is drawn on it."""
    draw(desk, 3)
    yield desk
    load_again(desk, DESK)
