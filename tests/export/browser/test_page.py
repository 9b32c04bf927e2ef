"""The exported page in a real browser: what one draws, drops, pastes and presses."""

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

from digits import mnist
from digits.checkpoint import load_network
from digits.model import DigitClassifier
from digits.neurons import binary_layer
from tests.export.browser.conftest import exported
from tests.export.test_export import saved
from tests.support.pens import STROKES, cover, on_paper
from tests.support.strokes import draw as pen
from tests.support.strokes import placed
from tests.test_predict import checkpoint

pytestmark = pytest.mark.mnist
WINDOWS = [(360, 740), (1440, 900)]


def on_pad(page, digit):
    """The strokes of a digit as points of the window, in the middle of the pad."""
    box = page.locator("#paper").bounding_box()
    points = [np.array(stroke) for stroke in STROKES[digit]]
    middle = (np.concatenate(points).max(0) + np.concatenate(points).min(0)) / 2
    corner, side = np.array([box["x"], box["y"]]), box["width"]
    return [(corner + (0.5 + 0.6 * (stroke - middle)) * side).tolist() for stroke in points]


def draw(page, digit):
    for first, *rest in on_pad(page, digit):
        page.mouse.move(*first)
        page.mouse.down()
        for point in rest:
            page.mouse.move(*point)
        page.mouse.up()


def draw_by_finger(page, digit):
    send = page.context.new_cdp_session(page).send
    for stroke in on_pad(page, digit):
        for kind, point in [("touchStart", stroke[0]), *(("touchMove", point) for point in stroke[1:])]:
            send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": point[0], "y": point[1]}]})
        send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def shown_on(page, canvas):
    """A picture (H, W, 3) uint8 of a canvas, on the ground behind it."""
    return np.asarray(Image.open(io.BytesIO(page.locator(canvas).screenshot())).convert("RGB"))


def answer(page):
    return page.locator("#digit").inner_text()


def outputs(page):
    return [float(bar.split()[-1]) for bar in page.locator(".outputs button").all_inner_texts()]


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


def photo(*digits, size=300):
    """A picture of digits side by side, as the bytes of a PNG."""
    from PIL import Image

    ink = cover(
        (size * max(1, len(digits)), size),
        *((STROKES[d], (i + 0.3) * size, 0.2 * size, 0.6 * size) for i, d in enumerate(digits)),
    )
    buffer = io.BytesIO()
    Image.fromarray(on_paper(ink)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("window", WINDOWS)
def test_what_the_mouse_draws_is_read(window, page_file, visit):
    page = visit(page_file, *window)
    for digit in STROKES:
        assert answer(page) == "?" and set(outputs(page)) == {0}
        draw(page, digit)
        assert answer(page) == str(digit) and np.argmax(outputs(page)) == digit
        assert page.locator("#said").inner_text().startswith(f"{digit} at ")
        if digit == 7:
            assert page.locator("#bits b").all_inner_texts() == ["0", "1", "1", "1"]
        page.locator("#clear").click()


@pytest.mark.parametrize("window", [(360, 740), (740, 360)])
def test_what_a_finger_draws_is_read(window, page_file, visit):
    page = visit(page_file, *window, has_touch=True, is_mobile=True, device_scale_factor=3)
    for digit in (2, 5, 8):
        draw_by_finger(page, digit)
        assert answer(page) == str(digit)
        page.locator("#clear").tap()
        page.locator("#digit", has_text="?").wait_for()
    assert page.evaluate("scrollY") == 0


def test_it_is_read_while_it_is_drawn(page_file, visit):
    page = visit(page_file)
    first, *rest = on_pad(page, 0)[0]
    page.mouse.move(*first)
    page.mouse.down()
    for point in rest:
        page.mouse.move(*point)
    page.wait_for_function("() => find('digit').textContent === '0'")
    assert page.locator("#said").inner_text().startswith("Or drop")  # which screen readers hear once it is drawn
    page.mouse.up()
    assert page.locator("#said").inner_text().startswith("0 at ")


def test_all_views_show_the_same_activations(page_file, visit):
    page = visit(page_file)
    draw(page, 3)
    activations = [np.array(a) for a in page.evaluate("feedforward(state.digits[0].image).map((a) => [...a])")]
    assert outputs(page) == pytest.approx(activations[2], abs=0.006)
    shades = page.locator(".hidden button").evaluate_all("cells => cells.map((cell) => cell.style.cssText)")
    shown = [float(shade.split("%")[0].split()[-1]) / 100 for shade in shades]
    assert shown == pytest.approx(activations[1], abs=0.001)
    seen = shown_on(page, "#pixels canvas")
    cell = len(seen) // 28
    light = seen[cell // 2 :: cell, cell // 2 :: cell, 0].astype(float)
    assert np.corrcoef(light.max() - light.ravel(), activations[0])[0, 1] > 0.995


def test_a_neuron_shows_its_weights_over_the_drawing(page_file, visit):
    page = visit(page_file)
    draw(page, 3)

    def coloured():
        """How much of the pad is red, and how much blue."""
        red, _, blue = np.moveaxis(shown_on(page, "#paper").astype(int), 2, 0)
        return (red > blue + 60).mean(), (blue > red + 60).mean()

    assert coloured() == (0, 0)
    page.locator(".hidden button").nth(37).hover()
    assert min(coloured()) > 0.005
    assert page.locator(".hidden figcaption").inner_text().split("\n")[-1].startswith("no. 37: ")
    page.mouse.move(1, 1)
    assert coloured() == (0, 0)
    page.locator(".outputs button").nth(3).hover()  # its weights go to hidden neurons
    shades = page.locator(".hidden button").evaluate_all("cells => cells.map((cell) => cell.style.cssText)")
    assert {shade.split("--")[2].split(")")[0] for shade in shades} == {"red", "blue"}


def test_a_finger_moves_from_neuron_to_neuron(page_file, visit):
    page = visit(page_file, 360, 740, has_touch=True)
    send = page.context.new_cdp_session(page).send
    cells = page.locator(".hidden button")
    cells.first.scroll_into_view_if_needed()
    for kind, j in [("touchStart", 42), ("touchMove", 43), ("touchMove", 44)]:
        box = cells.nth(j).bounding_box()
        touched = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [touched]})
        page.wait_for_function(f"() => state.looked?.[1] === {j}")
    send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert page.evaluate("state.looked") == [1, 44]  # and stays, so that one can look
    page.locator("h1").tap()
    assert page.evaluate("state.looked") is None


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_picture_is_read(kind, page_file, visit):
    page = visit(page_file)
    give(page, kind, photo(5))
    page.locator("#boxes button").wait_for()
    assert answer(page) == "5" and page.locator("#boxes button").all_inner_texts() == ["5"]


def test_every_digit_of_a_picture_can_be_seen(page_file, visit):
    page = visit(page_file, 360, 740)
    with page.expect_file_chooser() as chosen:
        page.locator("#choose").click()
    chosen.value.set_files({"name": "line.png", "mimeType": "image/png", "buffer": photo(3, 0, 7)})
    page.locator("#boxes button").first.wait_for()
    assert page.locator("#boxes button").all_inner_texts() == ["3", "0", "7"]
    assert page.locator("#said").inner_text().startswith("Reads 307. Shown: ")
    for box, digit in zip(page.locator("#boxes button").all(), "307", strict=True):
        box.click()
        assert answer(page) == digit and box.get_attribute("aria-pressed") == "true"
    draw(page, 2)  # over the picture, which goes
    assert answer(page) == "2" and page.locator("#boxes button").count() == 0
    page.keyboard.press("Control+z")
    assert page.locator("#boxes button").all_inner_texts() == ["3", "0", "7"]


def test_a_picture_lying_on_its_side_is_turned(page_file, visit):
    picture, exif, page = Image.open(io.BytesIO(photo(7))).rotate(90, expand=True), Image.Exif(), visit(page_file)
    answers = []
    for orientation in (1, 6):  # as it lies, and to be turned clockwise
        exif[0x0112] = orientation
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=95, exif=exif)
        give(page, "drop", buffer.getvalue(), "turned.jpg")
        page.locator("#boxes button").wait_for()
        answers.append(answer(page))
        page.keyboard.press("Escape")
    assert answers[0] != "7" and answers[1] == "7"


@pytest.mark.parametrize(
    "content, reason", [(b"no picture", "not a picture that"), (photo(), "No digit is found")], ids=["text", "blank"]
)
def test_what_cannot_be_read_is_said_and_changes_nothing(content, reason, page_file, visit):
    page = visit(page_file)
    draw(page, 3)
    give(page, "drop", content)
    page.wait_for_function(f"() => find('said').textContent.includes({reason!r})")
    assert answer(page) == "3"


def test_clear_and_undo(page_file, visit):
    page = visit(page_file)
    draw(page, 4)  # two strokes
    drawn = outputs(page)
    page.locator("#undo").click()
    assert outputs(page) != drawn
    page.locator("#undo").click()
    assert answer(page) == "?"
    draw(page, 4)
    page.locator("#clear").click()
    assert answer(page) == "?" and set(outputs(page)) == {0}
    page.locator("#undo").click()  # brings back what was cleared
    assert outputs(page) == drawn


def test_keys(page_file, visit):
    page = visit(page_file)
    draw(page, 4)
    drawn = outputs(page)
    for key in ("Escape", "Delete", "Backspace"):
        page.keyboard.press(key)
        assert answer(page) == "?"
        page.keyboard.press("Control+z")
        assert outputs(page) == drawn
    focused = "document.activeElement.id || document.activeElement.closest('figure').className"
    stops = []
    for _ in range(5):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(focused))
    assert stops == ["undo", "clear", "choose", "layer hidden", "layer outputs"]
    page.keyboard.press("Shift+Tab")
    for key, j in [
        ("ArrowRight", 1),
        ("ArrowDown", 11),
        ("ArrowLeft", 10),
        ("End", 99),
        ("ArrowDown", 99),
        ("Home", 0),
    ]:
        page.keyboard.press(key)
        assert page.evaluate("state.looked") == [1, j]
        assert page.evaluate("document.activeElement.ariaLabel").startswith(f"Neuron {j}, activation ")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("state.looked") is None


@pytest.mark.parametrize("window", WINDOWS)
def test_the_drawing_survives_resizing(window, page_file, visit):
    page = visit(page_file, *window)
    draw(page, 5)
    drawn = outputs(page)
    page.evaluate("window.resized = true")
    for width, height in [(360, 740), (740, 360), (1440, 900), (1000, 700)]:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        assert page.evaluate("paper.width === Math.round(paper.clientWidth * devicePixelRatio)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert outputs(page) == drawn
        assert shown_on(page, "#paper").std() > 20
    page.locator("#clear").click()
    draw(page, 7)
    assert answer(page) == "7"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_the_page(scheme, page_file, visit):
    """By WCAG's contrast of 4.5, for what is there to be read."""
    page = visit(page_file, color_scheme=scheme)

    def luminance(name):
        colour = page.evaluate(f"colour({name!r})").strip().lstrip("#")
        linear = [
            v / 12.92 if (v := int(colour[i : i + 2], 16) / 255) <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4
            for i in (0, 2, 4)
        ]
        return np.dot(linear, [0.2126, 0.7152, 0.0722]) + 0.05

    for text in ("ink", "muted"):
        for ground in ("paper", "pad"):
            pair = luminance(text), luminance(ground)
            assert max(pair) / min(pair) >= 4.5


def test_a_detector(page_file, visit, tmp_path):
    checkpoint(tmp_path / "nine.ckpt", only_digit=9)
    page = visit(exported(tmp_path / "nine.ckpt", tmp_path / "nine.html"))
    draw(page, 0)
    assert answer(page) == "a 9" and outputs(page) == [1.0]
    assert page.locator("#said").inner_text() == "A 9: its output is 1.00."
    page.evaluate("network.layers.at(-1).biases[0] -= 40")
    draw(page, 1)
    assert answer(page) == "no 9" and outputs(page) == [0.0]


@pytest.mark.parametrize("hidden", [[], [30], [12, 7, 5], [400]])
def test_other_networks(hidden, visit, tmp_path):
    page = visit(exported(saved(tmp_path / "net.ckpt", DigitClassifier(hidden)), tmp_path / "net.html"), 360, 740)
    draw(page, 2)
    assert answer(page) in list("0123456789?")
    assert page.locator(".layer").evaluate_all("all => all.map((one) => one.querySelectorAll('button').length)") == [
        *hidden,
        10,
    ]
    for layer in page.locator(".layer").all():
        layer.locator("button").last.hover()


def test_bits_are_those_of_the_binary_layer(page_file, visit, mnist_dir):
    page, a = visit(page_file), torch.rand(500, 10, generator=torch.Generator().manual_seed(1))
    bits = page.evaluate("rows => rows.map((row) => binaryLayer(Float32Array.from(row)))", a.tolist())
    assert bits == binary_layer()(a).tolist()


def test_the_network_is_that_of_pytorch(trained, page_file, visit, mnist_dir):
    """On all test images: the same digit, and activations within 1e-5."""
    images, _ = mnist.load(mnist_dir, train=False)
    expected = load_network(trained)(images.flatten(1) / 255)
    page = visit(page_file)
    activations, answers = page.evaluate(
        """(bytes) => { const pixels = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0)), all = [], answers = [];
        for (let i = 0; i < pixels.length; i += 784) {
            all.push(feedforward(Float32Array.from(pixels.subarray(i, i + 784), (v) => v / 255)).at(-1));
            answers.push(answerOf(all.at(-1)));
        }
        return [all.map((a) => [...a]), answers]; }""",
        base64.b64encode(images.numpy().tobytes()).decode(),
    )
    assert len(answers) == 10_000 and answers == expected.argmax(1).tolist()
    assert (torch.tensor(activations) - expected).abs().max() <= 1e-5


def test_digits_that_are_drawn_are_read(page_file, visit, mnist_dir):
    """200 test digits, drawn again stroke by stroke: at least 94 % are read right."""
    images, labels = mnist.load(mnist_dir, train=False)
    rng = np.random.default_rng(2025)
    page, chosen = visit(page_file), rng.choice(len(images), 200, replace=False)
    read = [pen(page, placed(images[i].numpy(), rng))[0] for i in chosen]
    assert np.mean([said == str(label) for said, label in zip(read, labels[chosen].tolist(), strict=True)]) >= 0.94
