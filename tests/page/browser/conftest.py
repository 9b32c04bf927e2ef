"""A real Chromium on real exported pages, which may neither complain, nor ask for anything, nor move."""

from contextlib import contextmanager
from pathlib import Path

import pytest

from digits.checkpoint.selection import BUNDLED
from digits.model import DigitClassifier
from tests.support.checkpoints import saved
from tests.support.pages import CHROMIUM, DESK, PATIENCE, PHONE, exported, launch
from tests.support.shared import shared
from tests.support.tiers import nightly

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


@pytest.fixture(scope="session")
def page_of(tmp_path_factory):
    """The exported page of a network with these hidden layers that nobody trained."""

    def page_of(*hidden):
        def make(path):
            exported(saved(path.with_suffix(".ckpt"), DigitClassifier(hidden)), path)

        return shared(tmp_path_factory, f"784-{'-'.join(map(str, hidden))}-10.html", make)

    return page_of


@contextmanager
def visiting(browser):
    """Yield a function that opens a page from its file, in a window of a size, with other settings of a context.

    At the end, no page may have logged anything, asked for any other file, or moved anything.
    """
    pages, wrong = [], []

    def visit(file: Path, width=DESK[0], height=DESK[1], query="", **settings):
        viewport = {"width": width, "height": height}
        pages.append(opened(browser, file.as_uri() + query, wrong, viewport=viewport, **settings))
        return pages[-1]

    yield visit
    for page in pages:
        wrong += [f"moved {element}" for element in page.evaluate("moved")]
        page.context.close()
    assert wrong == []


@pytest.fixture
def visit(browser):
    """Open pages during a test."""
    with visiting(browser) as visit:
        yield visit


def opened(browser, address, wrong, **settings):
    """A page in a context of its own; what it logs, and every other file that it asks for, is added to `wrong`."""
    context = browser.new_context(**settings)
    context.set_default_timeout(PATIENCE)
    allowed = address.split("#")[0], "blob:"  # the worker, which is a part of the page
    context.on("request", lambda request: request.url.startswith(allowed) or wrong.append(f"asked for {request.url}"))
    page = context.new_page()
    page.on("console", lambda message: wrong.append(f"logged {message.text}"))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.add_init_script(WATCH)
    page.goto(address)
    page.locator("main").wait_for()  # which is hidden until the network is inflated
    return page


@pytest.fixture
def page(visit, page_file):
    """The page on a desk."""
    return visit(page_file)


@pytest.fixture(scope="module")
def tour_page(browser, page_file):
    """One page for all tests of a file, since it trains the small network once."""
    with visiting(browser) as visit:
        yield visit(page_file)


@pytest.fixture
def phone(visit, page_file):
    """The page on a phone."""
    return visit(page_file, *PHONE, has_touch=True, is_mobile=True, device_scale_factor=2)


@pytest.fixture(params=["page", nightly("phone")])
def either(request):
    """The page on a desk and, at night, on a phone, too."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def docs(visit, tmp_path_factory):
    """The page of the network that comes with digits, on a desk. docs/index.html may be older."""
    return visit(shared(tmp_path_factory, "bundled.html", lambda path: exported(BUNDLED, path)))
