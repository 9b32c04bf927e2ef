"""A real Chromium on real exported pages, which may neither complain, nor ask for anything, nor move."""

from pathlib import Path

import pytest

from tests.support.pages import CHROMIUM, exported, launch


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def page_file(trained, tmp_path_factory):
    """The exported page of the trained network."""
    return exported(trained, tmp_path_factory.mktemp("page") / "digits.html")


@pytest.fixture
def visit(browser):
    """Open a page from its file, in a window of a size, with other settings of Playwright's contexts if need be.

    At the end of the test, none of the pages may have logged anything, asked for any other file, or moved anything.
    """
    contexts, opened, wrong = [], [], []

    def foreign(url):
        return url not in opened and not url.startswith("blob:")  # the worker is a part of the page

    def visit(file: Path, width: int = 1440, height: int = 900, **settings):
        context = browser.new_context(viewport={"width": width, "height": height}, **settings)
        contexts.append(context)
        opened.append(file.as_uri())
        context.on(
            "request", lambda request: wrong.append(f"asked for {request.url}") if foreign(request.url) else None
        )
        page = context.new_page()
        page.on("console", lambda message: wrong.append(f"logged {message.text}"))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.add_init_script(
            "window.moved = 0; new PerformanceObserver((list) => list.getEntries().forEach((entry) => {"
            "if (!window.resized) { window.moved += entry.value; "
            "window.movers = entry.sources.map((source) => source.node?.outerHTML?.slice(0, 60)); } })).observe({ type: 'layout-shift', buffered: true })"
        )
        page.goto(file.as_uri())
        return page

    yield visit
    for context in contexts:
        wrong += [f"moved by {page.evaluate('[moved, movers]')}" for page in context.pages if page.evaluate("moved")]
        context.close()
    assert wrong == []
