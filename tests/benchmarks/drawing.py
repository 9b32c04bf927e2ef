"""How well the exported page reads what is drawn on it, and how fast: `python -m tests.benchmarks.drawing CHECKPOINT`.

200 of MNIST's test digits are drawn again, stroke by stroke (tests/support/strokes.py), on the page in Chromium. The
page says itself how long it takes from pen-up to the answer.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from digits import mnist
from digits.checkpoint import load_network, read
from digits.export import export
from tests.support.pages import launch
from tests.support.strokes import draw, placed

SEED, COUNT = 2025, 200


def main() -> None:
    images, labels = mnist.load("data", train=False)
    rng = np.random.default_rng(SEED)
    chosen = rng.choice(len(images), COUNT, replace=False)
    network = load_network(read(sys.argv[1]), sys.argv[1])
    plain = (network(images[chosen].flatten(1) / 255).argmax(1) == labels[chosen]).double().mean()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        export(Path(sys.argv[1]), out=Path(folder, "digits.html"))
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(Path(folder, "digits.html").as_uri())
        said = [draw(page, placed(images[i].numpy(), rng)) for i in chosen]
        version = browser.version
    right = np.mean([answer == str(label) for (answer, _), label in zip(said, labels[chosen].tolist(), strict=True)])
    times = np.array([milliseconds for _, milliseconds in said])
    print(f"{COUNT} test digits drawn: {right:.1%} read right, as MNIST has them {plain:.1%}")
    print(f"From pen-up to answer: median {np.median(times):.1f} ms, {(times <= 16).mean():.1%} within 16 ms")
    print(f"Chromium {version}")


if __name__ == "__main__":
    main()
