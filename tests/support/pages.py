"""A real Chromium on an exported page: what a visitor draws, drops and sees."""

import base64
import io
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.__main__ import main
from tests.support.finding import encoded
from tests.support.pens import STROKES, cover, on_paper
from tests.support.small_mnist import DATA

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DOCS_PAGE = Path(__file__).parents[2] / "docs" / "index.html"  # that of the bundled network
DESK, PHONE = (1440, 900), (360, 640)  # width and height of a screen's window and of a phone's
PATIENCE = 180_000  # milliseconds: beside other processes a page may need a minute to read a picture each way up

# Events of a pen as the browser makes them, but many in one call, which is 30 times as fast as by the mouse. After each
# stroke it waits until a worker has read what is on the pad.
DRAW = """async (strokes) => {
    const paper = document.getElementById("paper"), { left, top, width, height } = paper.getBoundingClientRect();
    const send = (type, [x, y]) => paper.dispatchEvent(new PointerEvent(type, {
        pointerId: 1, isPrimary: true, bubbles: true, clientX: left + x * width, clientY: top + y * height,
    }));
    for (const stroke of strokes) {
        send("pointerdown", stroke[0]);
        stroke.slice(1).forEach((point) => send("pointermove", point));
        send("pointerup", stroke.at(-1));
        while (digits.state.reading) await new Promise((soon) => setTimeout(soon, 1));
    }
}"""


def launch(playwright, *flags):
    return playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *flags])


def exported(checkpoint, out):
    """Export a checkpoint as a page; returns the page's path."""
    main(["export", "--network", str(checkpoint), "--to", "web", "--out", str(out), "--data_dir", str(DATA)])
    return out


def frames(page, count=2):
    """Wait until so many frames are drawn; with two, what was done before is in view."""
    page.evaluate("async (n) => { for (; n; n--) await new Promise(requestAnimationFrame); }", count)


def resize(page, width, height):
    """Give the window another size, by which anything may move, and wait until all is in its place."""
    page.evaluate("window.resized = true")
    page.set_viewport_size({"width": width, "height": height})
    frames(page, 3)
    page.evaluate("window.resized = false")


def in_the_middle(*numbers):
    """The strokes of numbers, below one another in the middle of a pad: points x, y from 0 to 1 across the pad."""
    rows = [str(number) for number in numbers]
    height, strokes = min(0.6, 0.8 / max(map(len, rows)), 0.6 / len(rows)), []  # of a digit, in sides of the pad
    for row, number in enumerate(rows):
        for column, digit in enumerate(number):
            points = [np.array(stroke) for stroke in STROKES[int(digit)]]
            middle = (np.concatenate(points).max(0) + np.concatenate(points).min(0)) / 2
            place = 0.5 + height * np.array([column - (len(number) - 1) / 2, 1.4 * (row - (len(rows) - 1) / 2)])
            strokes += [(place + height * (stroke - middle)).tolist() for stroke in points]
    return strokes


def draw(page, *numbers):
    """Draw numbers, below one another, in the middle of the pad."""
    page.evaluate(DRAW, in_the_middle(*numbers))


def is_read(page):
    """Wait until a worker has read what is on the pad."""
    page.wait_for_function("() => !digits.state.reading")


def give(page, kind, picture, name="digit.png"):
    """Drop a picture on the page, or paste it."""
    page.evaluate(
        """([kind, bytes, name]) => {
            const file = new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name, { type: "image/png" });
            const data = new DataTransfer();
            data.items.add(file);
            const settings = { bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data };
            const Kind = kind === "drop" ? DragEvent : ClipboardEvent;
            document.body.dispatchEvent(new Kind(kind, settings));
        }""",
        [kind, base64.b64encode(picture).decode(), name],
    )


def picture_is_read(page):
    """Wait until the picture on the pad is read; on which none may have been before."""
    shown = "digit.textContent !== '…'"
    page.wait_for_function(f"() => digits.state.drawing.picture && digits.state.drawing.digits && {shown}")


def drop(page, picture, name="digit.png"):
    """Drop a picture on the page, on whose pad is none, and wait until it is read."""
    give(page, "drop", picture, name)
    picture_is_read(page)


def teach(page, digit):
    """Teach that the chosen digit is another, and wait until it is tested how that went; returns what is said of it."""
    page.locator(f"#is-{digit}").click()
    page.wait_for_function("(digit) => RegExp(`is an? ${digit}[.] Accuracy`).test(said.textContent)", arg=digit)
    return said(page)


def shown_on(page, canvas):
    """A picture (H, W, 3) uint8 of a canvas, on the ground behind it."""
    return np.asarray(Image.open(io.BytesIO(page.locator(canvas).screenshot())).convert("RGB"))


def answer(page):
    return page.locator("#digit").inner_text()


def said(page):
    return page.locator("#said").inner_text()


def sentence(page):
    """What the stop of the tour says below its figure."""
    return page.locator(".here .does > output").inner_text()


def numbers(text):
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", text.replace("−", "-"))]


def boxed(page):
    """The digits in boxes, from left to right, as a text."""
    return "".join(page.locator("#boxes button").all_inner_texts())


def outputs(page):
    return [float(bar.split()[-1]) for bar in page.locator(".outputs button").all_inner_texts()]


def activations(page):
    """Those of every layer for the digit that is shown."""
    return page.evaluate(
        """() => {
            const { network, state } = digits, { image } = state.digits[state.chosen];
            return network.feedforward(state.network.layers, [image]).map(([a]) => [...a]);
        }"""
    )


def looked(page, layer=".hidden"):
    """The number of the neuron whose weights are shown, by its layer's caption, or None."""
    caption = page.locator(f"{layer} figcaption").inner_text().split("\n")[-1]
    return int(caption.split()[1].rstrip(":")) if caption.startswith("no. ") else None


def chosen_digit(page):
    """The digit that is marked in the answer; it is the one whose box is pressed, and whose output is largest."""
    digit = page.locator("#digit .chosen").inner_text()
    assert page.locator("#boxes [aria-pressed=true]").inner_text() == digit == str(np.argmax(outputs(page)))
    return digit


def violations(page, part=None, options=None):
    """What axe-core complains about, on the whole page or in a part of it."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    faults = axe.run(page, part, options).response["violations"]
    return [(violation["id"], violation["nodes"][0]["html"][:80]) for violation in faults]


def photographed(*digits, size=300):
    """A picture of digits side by side, of none a blank page, as the bytes of a PNG."""
    written = ((STROKES[d], (i + 0.3) * size, 0.2 * size, 0.6 * size) for i, d in enumerate(digits))
    return png(on_paper(cover((size * max(1, len(digits)), size), *written)))


def png(pixels):
    """The bytes of a PNG of an array (H, W, 3) uint8."""
    return encoded(Image.fromarray(pixels), "PNG")
