"""Ten seconds of the page as a GIF: `python -m tests.benchmarks.film --out docs/page.gif`.

MNIST's test digits are drawn on docs/index.html as pens went, and read; then hidden neurons are pointed at.
"""

import argparse
import io
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

from digits import mnist
from tests.support import pages
from tests.support.strokes import row

ROOT = Path(__file__).parents[2]
IMAGES = 15, 3, 6  # of the test images, drawn side by side: a 5, a 0 and a 4
LOWER = 0.2  # on the pad, in its sides
NEURONS = 3  # that are pointed at in the end: those of the highest activations
WINDOW, WIDTH = {"width": 1100, "height": 720}, 825  # of the page, and of the film, in pixels
FRAME, SECONDS, COLOURS = 80, 10, 64  # milliseconds

SEND = """([type, x, y]) => {
    const { left, top, width, height } = paper.getBoundingClientRect();
    paper.dispatchEvent(new PointerEvent(type, {
        pointerId: 1, isPrimary: true, bubbles: true, clientX: left + x * width, clientY: top + y * height,
    }));
}"""


def film(page, strokes):
    """The frames of the film: images of the window."""

    def frame():
        return Image.open(io.BytesIO(page.screenshot())).convert("RGB").resize(size, Image.Resampling.LANCZOS)

    size = WIDTH, round(WIDTH * WINDOW["height"] / WINDOW["width"])
    frames = SECONDS * 1000 // FRAME
    still = frames // 10  # that each neuron is seen, and the answer before
    events = []
    for first, *others in strokes:
        events += [["pointerdown", *first], *(["pointermove", *point] for point in others), ["pointerup", *others[-1]]]
    found = []
    for some in np.array_split(np.array(events, object), frames - still * (NEURONS + 1)):
        for event in some.tolist():
            page.evaluate(SEND, event)
        found.append(frame())
    pages.is_read(page)
    page.wait_for_timeout(500)
    found += [frame()] * still
    for neuron in np.argsort(pages.activations(page)[1])[-NEURONS:].tolist():
        page.locator(".hidden").first.locator("button").nth(neuron).hover()
        page.wait_for_timeout(200)
        found += [frame()] * still
    return found


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "page.gif")
    parser.add_argument("--data_dir", type=Path, default=None)
    args = parser.parse_args(words)
    images, _ = mnist.load(args.data_dir, train=False)
    with sync_playwright() as playwright:
        page = pages.launch(playwright).new_page(viewport=WINDOW, color_scheme="light")
        page.goto((ROOT / "docs" / "index.html").as_uri())
        page.locator("main").wait_for()
        page.wait_for_timeout(1000)
        strokes = row(np.stack([images[i].numpy() for i in IMAGES]))
        frames = film(page, [[(x, y + LOWER) for x, y in stroke] for stroke in strokes])
    palette = frames[-1].quantize(COLOURS)
    first, *rest = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
    first.save(args.out, save_all=True, append_images=rest, duration=FRAME, loop=0, optimize=True)
    print(f"{args.out}: {len(frames) * FRAME / 1000:.1f} s, {args.out.stat().st_size / 1e3:,.0f} kB")


if __name__ == "__main__":
    main()
