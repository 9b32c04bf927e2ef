"""Make the pictures of the page in docs/: page.png, page_dark.png, page.gif and review.png.

    python -m tools.make.page_pictures [--network CHECKPOINT] [--out FOLDER]

page.png shows a drawn digit, and page_dark.png the weights of a hidden neuron over it. In page.gif, a number is drawn,
and then the pointer rests on a few neurons. review.png shows the doubtful field of docs/forms/exam.pdf. The font is
Inter if it is installed.
"""

import argparse
import contextlib
import io
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

from digits.__main__ import main as digits
from digits.checkpoint.selection import BUNDLED
from tests.support import pages

DOCS = Path(__file__).parents[2] / "docs"
NEURON = 74  # the neuron whose weights page_dark.png shows
FRAME, SECONDS, WIDTH, COLOURS = 80, 10, 825, 64  # the film's milliseconds per frame, length, pixels across and colours
POINTED = 3  # the film ends with the neurons of the highest activations


def main(words=None):
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--network", default=BUNDLED, metavar="CHECKPOINT", help="network (the bundled one)")
    options.add_argument("--out", type=Path, default=Path("docs"), help="folder for the pictures (docs)")
    args = options.parse_args(words)
    out = args.out.resolve()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), sync_playwright() as playwright:
        file, browser = pages.exported(args.network, Path(folder, "digits.html")), pages.launch(playwright)
        for scheme, name in (("light", "page"), ("dark", "page_dark")):
            page = opened(browser, file, 1280, 860, device_scale_factor=2, color_scheme=scheme)
            pages.draw(page, 5)
            if scheme == "dark":
                page.locator(".hidden button").nth(NEURON).hover()
            page.wait_for_timeout(500)  # until the hint has faded
            screenshot(page).save(out / f"{name}.png", optimize=True)
        film(opened(browser, file, 1100, 720), out / "page.gif")
        review = Path(folder, "review.html")
        forms = f"{DOCS}/forms/exam.pdf", "--fields", f"{DOCS}/forms/exam.yaml"
        digits(["predict", *forms, "--review", str(review), "--network", "bundled"])
        screenshot(opened(browser, review, 800, 420, device_scale_factor=2)).save(out / "review.png", optimize=True)


def opened(browser, file, width, height, **settings):
    page = browser.new_page(viewport={"width": width, "height": height}, **settings)
    page.goto(file.as_uri())
    page.locator("main").wait_for()
    return page


def screenshot(page):
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def film(page, out):
    """Draw 504 with the mouse, point at neurons, and save what the window shows meanwhile."""
    page.wait_for_timeout(1000)  # until the reader's code is warm
    box, frames, still = page.locator("#paper").bounding_box(), [], SECONDS * 1000 // FRAME // 10

    def shoot(times=1):
        picture = screenshot(page)
        size = WIDTH, round(WIDTH * picture.height / picture.width)
        frames.extend([picture.resize(size, Image.Resampling.LANCZOS)] * times)

    for stroke in pages.in_the_middle(504):
        points = np.array(stroke)
        fine = np.linspace(0, len(points) - 1, 16)  # so that the pen goes along straight lines, too
        points = np.stack([np.interp(fine, range(len(points)), points[:, axis]) for axis in (0, 1)], axis=1)
        for n, point in enumerate([box["x"], box["y"]] + box["width"] * points):
            page.mouse.move(*point)
            if n == 0:
                page.mouse.down()
            shoot()
        page.mouse.up()
    pages.is_read(page)
    page.wait_for_timeout(500)  # until all is painted
    shoot(still)
    for neuron in np.argsort(pages.activations(page)[1])[-POINTED:].tolist():
        page.locator(".hidden").first.locator("button").nth(neuron).hover()
        page.wait_for_timeout(200)
        shoot(still)
    palette = frames[-1].quantize(COLOURS)
    first, *rest = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
    first.save(out, save_all=True, append_images=rest, duration=FRAME, loop=0, optimize=True)


if __name__ == "__main__":
    main()
