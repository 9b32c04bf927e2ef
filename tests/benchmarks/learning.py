"""How well and how fast a network learns on the exported page, in Chromium.

`python -m tests.benchmarks.learning CHECKPOINT`: networks of 784-30-10 are trained from nothing.

`python -m tests.benchmarks.learning CHECKPOINT FOLDER...`: also, pictures that it misreads are taught one by one. The
digit of a picture is the part of its name before the first _.
"""

import base64
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from playwright.sync_api import sync_playwright

from digits import mnist
from digits.checkpoint.contents import load_network
from digits.checkpoint.untrusted import read
from digits.export import export
from digits.export.page import rounded
from digits.handwriting.parallel import find_all
from digits.handwriting.picture import pictures_in
from tests.support.pages import launch

LESSONS = 100
WATCH = """() => {
    window.blocked = [];
    window.lessons = [];
    new PerformanceObserver((list) => blocked.push(...list.getEntries().map((task) => [task.startTime, task.duration])))
        .observe({ type: "longtask", buffered: false });
    window.steps = [];
    const step = sgdStep;
    sgdStep = (...all) => {
        const since = performance.now();
        step(...all);
        steps.push(performance.now() - since);
    };
}"""
TRAIN = """() => new Promise((done) => {
    const since = performance.now(), seen = [];
    let frames = 0;
    const frame = () => ++frames && seen.length < 31 && requestAnimationFrame(frame);
    find("train").click();
    find("start").click();
    requestAnimationFrame(frame);
    const watch = setInterval(() => {
        while (training.epochs.length > seen.length) {
            seen.push([(performance.now() - since) / 1000, training.epochs[seen.length].accuracy]);
        }
        if (seen.length < 31) return;
        clearInterval(watch);
        done({ seen, rate: frames / ((performance.now() - since) / 1000) });
        find("leave").click();
    }, 5);
})"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        export(Path(sys.argv[1]), out=Path(folder, "digits.html"))
        browser = launch(playwright)
        for _ in range(3):
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(Path(folder, "digits.html").as_uri())
            trained(page)
        if len(sys.argv) > 2:
            page.evaluate(WATCH)
            taught(page, [picture for name in sys.argv[2:] for picture in pictures_in(Path(name))])
        print(f"Chromium {browser.version}")


def trained(page: Any) -> None:
    page.keyboard.press("5")
    page.evaluate(WATCH)
    done = page.evaluate(TRAIN)
    at = next((time for time, accuracy in done["seen"] if accuracy >= 0.91), float("inf"))
    best = max((accuracy for time, accuracy in done["seen"] if time <= 2), default=0)
    last, blocked = done["seen"][-1], page.evaluate("blocked")
    print(
        f"784-30-10: 91 % after {at:.2f} s, at most {best:.1%} in 2 s, {last[1]:.1%} in {last[0]:.1f} s and 30 epochs;"
        f" {done['rate']:.0f} frames a second; blocked for more than 50 ms {len(blocked)} times"
    )


def taught(page: Any, pictures: list[Path]) -> None:
    network = rounded(load_network(read(sys.argv[1]), sys.argv[1]))
    found = [one[0].digits[0] if isinstance(one, list) else None for one in find_all(pictures, single=True)]
    read_ = [(p, d.image) for p, d in zip(pictures, found, strict=True) if d is not None]
    labels = [int(picture.name.split("_")[0]) for picture, _ in read_]
    answers = network(torch.tensor(np.stack([image for _, image in read_])).flatten(1)).argmax(1)
    misread = [i for i, label in enumerate(labels) if answers[i] != label]
    misread = random.Random(0).sample(misread, min(LESSONS, len(misread)))
    lowest = start = accuracy(page)
    for n, i in enumerate(misread, 1):
        image = read_[i][1].flatten().tolist()
        page.evaluate(
            """async ([image, label]) => {
                change({ drawing: drawingOf(Float32Array.from(image)) });
                finish();
                for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame); // as nobody clicks sooner
                const since = performance.now();
                await learn(String(label), label);
                lessons.push([since, performance.now()]);
            }""",
            [image, labels[i]],
        )
        if n % 10 == 0 or n == len(misread):
            lowest = min(lowest, accuracy(page))
    right = sum(
        page.evaluate(
            "(image) => answerOf(feedforward(pad.network.layers, Float32Array.from(image)).at(-1))",
            read_[i][1].flatten().tolist(),
        )
        == labels[i]
        for i in misread
    )
    steps, blocked = (
        page.evaluate("steps"),
        page.evaluate(
            "blocked.filter(([at]) => lessons.some(([since, end]) => since <= at && at < end)).map(([, took]) => took)"
        ),
    )
    print(f"{len(misread)} misread pictures taught: {right} read right afterwards")
    print(f"All test images: {start:.2%} before, {lowest:.2%} at the lowest, {accuracy(page):.2%} at the end")
    print(
        f"A step: median {np.median(steps):.2f} ms, {np.mean(np.array(steps) <= 2):.0%} within 2 ms;"
        f" blocked for more than 50 ms {len(blocked)} times, for {max(blocked, default=0):.0f} ms at most"
    )


def accuracy(page: Any) -> float:
    """Of the page's network as it is now, on MNIST's 10,000 test images, 0..1."""
    images, labels = mnist.load("data", train=False)
    a = images.flatten(1) / 255
    layers = page.evaluate(
        """pad.network.layers.map(({ weights, biases }) =>
            [weights, biases].map((all) => base64Of(new Uint8Array(all.slice().buffer))))"""
    )
    for parts in layers:
        w, b = (torch.from_numpy(np.frombuffer(base64.b64decode(part), "<f4").copy()) for part in parts)
        a = (a @ w.view(len(b), -1).t() + b).sigmoid()
    return (a.argmax(1) == labels).double().mean().item()


if __name__ == "__main__":
    main()
