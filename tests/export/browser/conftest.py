"""A real Chromium on real exported pages, which may neither complain, nor ask for anything, nor move."""

from pathlib import Path

import pytest

from digits.model import DigitClassifier
from tests.support.checkpoints import saved
from tests.support.pages import CHROMIUM, PATIENCE, exported, launch
from tests.support.shared import shared


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
def page_file(trained, tmp_path_factory):
    """The exported page of the trained network."""
    return shared(tmp_path_factory, "digits.html", lambda path: exported(trained, path))


@pytest.fixture(scope="session")
def page_of(tmp_path_factory):
    """The exported page of a network with these hidden layers that nobody trained."""

    def page_of(*hidden):
        def make(path):
            exported(saved(path.with_suffix(".ckpt"), DigitClassifier(hidden)), path)

        return shared(tmp_path_factory, f"784-{'-'.join(map(str, hidden))}-10.html", make)

    return page_of


@pytest.fixture
def visit(browser):
    """Open a page from its file, in a window of a size, with other settings of Playwright's contexts if need be.

    At the end of the test, none of the pages may have logged anything, asked for any other file, or moved anything.
    """
    contexts, opened, wrong = [], [], []

    def known(url):
        return url in opened or url.startswith("blob:")  # its worker, which is a part of it

    def visit(file: Path, width: int = 1440, height: int = 900, query: str = "", **settings):
        context = browser.new_context(viewport={"width": width, "height": height}, **settings)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        address = file.as_uri() + query
        opened.append(address.split("#")[0])
        context.on("request", lambda request: known(request.url) or wrong.append(f"asked for {request.url}"))
        page = context.new_page()
        page.on("console", lambda message: wrong.append(f"logged {message.text}"))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.add_init_script(
            "window.moved = []; new PerformanceObserver((list) => list.getEntries().forEach(({ sources }) => {"
            "if (!window.resized) window.moved.push(...sources.map(({ node }) => node?.outerHTML?.slice(0, 60)));"
            "})).observe({ type: 'layout-shift', buffered: true })"
        )
        page.goto(address)
        page.locator("main").wait_for()  # which is hidden until the network is inflated
        return page

    yield visit
    for context in contexts:
        wrong += [f"moved {moved}" for page in context.pages for moved in page.evaluate("moved")]
        context.close()
    assert wrong == []
