"""The pictures of the exported page in README: `python -m tests.benchmarks.page CHECKPOINT docs`.

page.png has a digit drawn, page_dark.png the weights of a hidden neuron over it, as one sees them at night. In the font
Inter where it is installed, else in that of the system.
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from digits.export import export
from digits.files import write_atomically
from tests.support.pages import draw, launch

NEURON = 74


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        export(Path(sys.argv[1]), out=Path(folder, "digits.html"))
        browser = launch(playwright)
        for scheme, name in (("light", "page"), ("dark", "page_dark")):
            window = {"width": 1280, "height": 860}
            page = browser.new_page(viewport=window, device_scale_factor=2, color_scheme=scheme)
            page.goto(Path(folder, "digits.html").as_uri())
            draw(page, 5)
            if scheme == "dark":
                page.locator(".hidden button").nth(NEURON).hover()
            page.wait_for_timeout(500)  # until the hint has faded
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            buffer = io.BytesIO()
            picture.save(buffer, "PNG", optimize=True)
            write_atomically(Path(sys.argv[2], f"{name}.png"), buffer.getvalue())


if __name__ == "__main__":
    main()
