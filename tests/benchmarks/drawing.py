"""How well the exported page reads what is drawn on it, and how fast.

`python -m tests.benchmarks.drawing CHECKPOINT`: 200 of MNIST's test digits are drawn again, stroke by stroke
(tests/support/strokes.py), on the page in Chromium. The page says itself how long it takes from pen-up to the answer.

`python -m tests.benchmarks.drawing CHECKPOINT STROKES`: also real people's strokes, from a file of JSON: a list of
{"label": 5, "strokes": [[[x, y], ...], ...]} in any unit, y downwards; in three sizes, and several side by side.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from digits import mnist
from digits.checkpoint.contents import load_network
from digits.checkpoint.untrusted import read
from digits.export import export
from tests.support.pages import launch
from tests.support.strokes import draw, placed

SEED, COUNT = 2025, 200
SIZES = 0.6, 0.2, 0.1  # of real strokes, in sides of the pad
LINES = 100  # of so many digits each:
SEVERAL = 2, 3, 4


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        export(Path(sys.argv[1]), out=Path(folder, "digits.html"))
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(Path(folder, "digits.html").as_uri())
        again(page)
        if len(sys.argv) > 2:
            real(page, json.loads(Path(sys.argv[2]).read_text()))
        print(f"Chromium {browser.version}")


def again(page: Any) -> None:
    """MNIST's digits, drawn again."""
    images, labels = mnist.load("data", train=False)
    rng = np.random.default_rng(SEED)
    chosen = rng.choice(len(images), COUNT, replace=False)
    network = load_network(read(sys.argv[1]), sys.argv[1])
    plain = (network(images[chosen].flatten(1) / 255).argmax(1) == labels[chosen]).double().mean()
    said = [draw(page, placed(images[i].numpy(), rng)) for i in chosen]
    right = np.mean([answer == str(label) for (answer, _), label in zip(said, labels[chosen].tolist(), strict=True)])
    times = np.array([milliseconds for _, milliseconds in said])
    print(f"{COUNT} test digits drawn: {right:.1%} read right, as MNIST has them {plain:.1%}")
    print(f"From pen-up to answer: median {np.median(times):.1f} ms, {(times <= 16).mean():.1%} within 16 ms")


def real(page: Any, digits: list[dict[str, Any]]) -> None:
    """Real people's digits, in the middle of the pad, and in lines."""
    for size in SIZES:
        right = [draw(page, middle(digit["strokes"], size, 0.5))[0] == str(digit["label"]) for digit in digits]
        print(f"{len(right)} real digits at {size} of the pad: {np.mean(right):.1%} read right")
    rng = np.random.default_rng(SEED)
    for several in SEVERAL:
        right = []
        for _ in range(LINES):
            line = [digits[i] for i in rng.choice(len(digits), several, replace=False)]
            width = 0.9 / several
            lines = [middle(one["strokes"], 0.8 * width, 0.05 + (i + 0.5) * width) for i, one in enumerate(line)]
            draw(page, [stroke for strokes in lines for stroke in strokes])
            read = page.evaluate("state.digits.map((digit) => answerOf(outputsFor(digit))).join('')")
            right.append(read == "".join(str(one["label"]) for one in line))
        print(f"{LINES} lines of {several}: {np.mean(right):.1%} read whole")


def middle(strokes: list[list[list[float]]], size: float, x: float) -> list[list[list[float]]]:
    """Strokes whose longer side is `size`, in the middle of the pad, or as far from its left side as x."""
    points = np.concatenate([np.array(stroke, float) for stroke in strokes])
    low, high = points.min(axis=0), points.max(axis=0)
    scale = size / max((high - low).max(), 1e-9)
    return [((np.array(stroke) - (low + high) / 2) * scale + (x, 0.5)).tolist() for stroke in strokes]


if __name__ == "__main__":
    main()
