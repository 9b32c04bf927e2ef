"""How well and how fast the exported page reads and learns, in Chromium; and its pictures.

python -m tests.benchmarks.page                     MNIST's test digits, drawn again stroke by stroke on the page
python -m tests.benchmarks.page learning FOLDER...  a network trained from nothing; misread pictures, taught one by one
python -m tests.benchmarks.page frames              the longest frame and how long an answer takes, a second after the
                                                    page is opened, at full speed and with its thread four times slower
                                                    (its workers are not)
python -m tests.benchmarks.page film                page.gif: a number is drawn, then neurons are pointed at
python -m tests.benchmarks.page pictures            page.png, with a digit drawn, and page_dark.png, with the weights of
                                                    a hidden neuron over it, in the folder --out; and
                                                    review.png, what is doubtful of a stack of forms

`--strokes FILE` draws real people's digits too, in three sizes: a list of {"label": 5, "strokes": [[[x, y], ...], ...]}
as JSON, in any unit, y downwards. The digit of a picture in a FOLDER is the part of its name before the first _. The
page is that of the bundled network, or of `--network CHECKPOINT`.
"""

import contextlib
import io
import json
import random
import re
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright
from tqdm import tqdm

from digits import mnist
from digits.__main__ import main as digits
from digits.checkpoint.selection import BUNDLED
from digits.handwriting.picture import pictures_in
from tests.benchmarks.common import heading, parser, row
from tests.support import pages
from tests.support.stack import fields_file, stack
from tests.support.strokes import draw, placed
from tests.support.strokes import row as row_of_digits

SEED = 2025
SIZES = 0.6, 0.2, 0.1  # of real strokes, in sides of the pad
NEURON = 74  # whose weights page_dark.png shows
WRITTEN, LOWER = (15, 3, 6), 0.2  # of the film: test images of a 5, a 0 and a 4; in sides of the pad
FRAME, SECONDS, WIDTH, COLOURS = 80, 10, 825, 64  # of the film; in milliseconds and in pixels
POINTED = 3  # neurons in the end: those of the highest activations
TRAINED = "() => digits.training.epochs[30]?.network.accuracy"

# From when it is asked for, the longest frame.
WATCH = """() => {
    window.longest = 0;
    let last = performance.now();
    const watch = (now) => {
        longest = Math.max(longest, now - last);
        last = now;
        requestAnimationFrame(watch);
    };
    requestAnimationFrame(watch);
}"""


def drawing(args, visit):
    """Digits that are drawn; the page says itself how long it takes from pen-up to the answer."""
    images, labels = mnist.load(args.data_dir, train=False)
    rng, page = np.random.default_rng(SEED), visit()
    chosen = rng.choice(len(images), args.count, replace=False)
    heading("drawn on the page", "digits", "read right", "ms from pen-up", "within 16 ms")

    def drawn(what, digits):
        said = [(draw(page, strokes), label) for strokes, label in digits]
        right, times = [answer == str(label) for (answer, _), label in said], np.array([ms for (_, ms), _ in said])
        row(what, len(said), f"{np.mean(right):.1%}", f"{np.median(times):.1f}", f"{(times <= 16).mean():.1%}")

    drawn("MNIST's test digits", [(placed(images[i].numpy(), rng), int(labels[i])) for i in chosen])
    real = json.loads(args.strokes.read_text()) if args.strokes else []
    for size in SIZES if real else ():
        drawn(f"real digits, {size} of the pad", [(middle(one["strokes"], size), one["label"]) for one in real])


def middle(strokes, size):
    """Strokes whose longer side is `size`, in the middle of the pad."""
    points = np.concatenate([np.array(stroke, float) for stroke in strokes])
    low, high = points.min(axis=0), points.max(axis=0)
    scale = size / max((high - low).max(), 1e-9)
    return [((np.array(stroke) - (low + high) / 2) * scale + 0.5).tolist() for stroke in strokes]


def learning(args, visit):
    heading("784-30-10, from nothing", "30 epochs, s", "accuracy")
    for number in range(args.rounds):
        page, since = visit(), perf_counter()
        page.keyboard.press("5")
        page.locator("#train").click()
        page.locator("#start").click()
        accuracy = page.wait_for_function(TRAINED, timeout=600_000).json_value()
        row(number, f"{perf_counter() - since:.1f}", f"{accuracy:.1%}")
    if args.folders:
        lessons(visit(), [picture for folder in args.folders for picture in pictures_in(folder)], args.count)


def lessons(page, pictures, count):
    """Some of the pictures of one digit that are misread are taught, and read again after the last lesson."""
    random.Random(0).shuffle(pictures)
    taught, accuracies = [], []
    for picture in tqdm(pictures, "pictures", disable=None):
        label = picture.name.split("_")[0]
        if len(taught) == count or dropped(page, picture) == label or page.locator("#boxes button").count() != 1:
            continue
        accuracies += re.findall(r"([\d.]+) → ([\d.]+) %", pages.teach(page, int(label)))
        taught.append(picture)
    again = tqdm(taught, "read again", disable=None)
    right = sum(dropped(page, picture) == picture.name.split("_")[0] for picture in again)
    if taught:
        before, after = ([float(pair[i]) for pair in accuracies] for i in (0, 1))
        print(f"\nOf {len(taught)} misread pictures that were taught, {right} are read right afterwards.")
        print(f"Test images: {before[0]} % before, {min(after)} % at the lowest, {after[-1]} % at the end.")


def dropped(page, picture):
    """What the page says that a picture shows."""
    page.keyboard.press("Escape")
    pages.give(page, "drop", picture.read_bytes(), picture.name)
    page.wait_for_function("() => !/^(Or drop|Reading)/.test(document.getElementById('said').textContent)")
    return pages.answer(page)


def frames(args, visit):
    """The median of some rounds, each on a page of its own, which is used for the first time."""
    acts = {
        "5042 drawn": lambda page: pages.draw(page, 5042),
        "which is taught to end with a 9": lambda page: pages.teach(page, 9),
        "a picture dropped": lambda page: pages.drop(page, pages.photographed(3, 0, 7)),
    }
    heading("", "longest frame, ms", "until the end, ms")
    for slower in (1, 4):
        measured = []
        for _ in range(args.rounds):
            page = visit()
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
            page.wait_for_timeout(1000)
            page.evaluate(WATCH)
            for act in acts.values():
                page.evaluate("longest = 0")
                since = perf_counter()
                act(page)
                measured.append((page.evaluate("longest"), 1000 * (perf_counter() - since)))
            page.close()
        for i, what in enumerate(acts):
            medians = np.median(measured[i :: len(acts)], axis=0).round().astype(int)
            row(what + (", four times slower" if slower > 1 else ""), *medians)


def pictures(args, visit):
    """In the font Inter where it is installed, else in that of the system."""
    for scheme, name in (("light", "page"), ("dark", "page_dark")):
        page = visit(viewport={"width": 1280, "height": 860}, device_scale_factor=2, color_scheme=scheme)
        pages.draw(page, 5)
        if scheme == "dark":
            page.locator(".hidden button").nth(NEURON).hover()
        page.wait_for_timeout(500)  # until the hint has faded
        save(page, args.out / f"{name}.png")
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), contextlib.redirect_stdout(sys.stderr):
        Path("scans.pdf").write_bytes(stack(12, np.random.default_rng(SEED))[0])
        Path("fields.yaml").write_text(fields_file())
        words = "predict", "scans.pdf", "--fields", "fields.yaml", "--review", "review.html"
        digits([*words, "--network", str(args.network)])
        page.goto(Path("review.html").resolve().as_uri())
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 800, "height": 640})
    save(page, args.out / "review.png")


def save(page, path):
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(path, optimize=True)


def film(args, visit):
    """Frames of the window, while digits are drawn as their writers' pens went, until they fill SECONDS."""
    images, _ = mnist.load(args.data_dir, train=False)
    page = visit(viewport={"width": 1100, "height": 720})
    page.wait_for_timeout(1000)  # until the reader's code is warm
    box, frames, still = page.locator("#paper").bounding_box(), [], SECONDS * 1000 // FRAME // 10

    def shoot(times=1):
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        size = WIDTH, round(WIDTH * picture.height / picture.width)
        frames.extend([picture.resize(size, Image.Resampling.LANCZOS)] * times)

    acts = []
    for stroke in row_of_digits(images[list(WRITTEN)].numpy()):
        first, *rest = np.array([box["x"], box["y"] + LOWER * box["height"]]) + box["width"] * np.array(stroke)
        acts += [(page.mouse.move, first), (page.mouse.down, ()), *((page.mouse.move, point) for point in rest)]
        acts.append((page.mouse.up, ()))
    drawn = SECONDS * 1000 // FRAME - (POINTED + 1) * still
    for n, (act, point) in enumerate(acts, 1):
        act(*point)
        if n * drawn // len(acts) > len(frames):
            shoot()
    pages.is_read(page)
    page.wait_for_timeout(500)  # until all is painted
    shoot(still)
    for neuron in np.argsort(pages.activations(page)[1])[-POINTED:].tolist():
        page.locator(".hidden").first.locator("button").nth(neuron).hover()
        page.wait_for_timeout(200)
        shoot(still)
    palette = frames[-1].quantize(COLOURS)
    first, *rest = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
    first.save(args.out / "page.gif", save_all=True, append_images=rest, duration=FRAME, loop=0, optimize=True)


def main(words=None):
    tables = {"drawing": drawing, "learning": learning, "frames": frames, "pictures": pictures, "film": film}
    options = parser(__doc__, *tables)
    options.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="of labelled pictures, for learning")
    options.add_argument("--network", default=BUNDLED, metavar="CHECKPOINT", help="what the page holds (the bundled)")
    options.add_argument("--page", type=Path, metavar="FILE", help="a page that is there already, in its place")
    options.add_argument("--count", type=int, default=200, help="digits that are drawn, or pictures taught (200)")
    options.add_argument("--rounds", type=int, default=3, help="networks trained from nothing, or pages (3)")
    options.add_argument("--strokes", type=Path, metavar="FILE", help="real people's digits")
    options.add_argument("--out", type=Path, default=Path("docs"), help="where the pictures go (docs)")
    args = options.parse_intermixed_args(words)
    args.out = args.out.resolve()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        with contextlib.redirect_stdout(sys.stderr):
            file = args.page or pages.exported(args.network, Path(folder, "digits.html"))
        browser = pages.launch(playwright)

        def visit(**settings):
            page = browser.new_page(**{"viewport": {"width": 1440, "height": 900}} | settings)
            page.goto(file.resolve().as_uri())
            page.locator("main").wait_for()
            return page

        tables[args.table](args, visit)
        print(f"\nChromium {browser.version}.")


if __name__ == "__main__":
    main()
