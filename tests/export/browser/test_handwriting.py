"""The page reads handwriting as Python does: its constants are Python's, and its results those of the golden files."""

import base64
import re
from importlib.resources import files
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from digits import mnist
from digits.checkpoint.contents import load_network
from digits.checkpoint.selection import BUNDLED
from digits.checkpoint.untrusted import read
from digits.errors import UserError
from digits.export.page import constants, html
from digits.handwriting import find_lines
from tests.support.crowded import CROWDED, PRINTED
from tests.support.golden import FOLDER, assert_alike, golden, packed
from tests.support.golden import found as in_python
from tests.support.pages import PATIENCE, answer, give, photographed, png
from tests.support.pens import STROKES, box, cover, on_paper
from tests.support.small_mnist import DATA

FIND = """([width, height, base64]) => {
    const { lattice, network, reader, state } = digits;
    const data = Uint8ClampedArray.from(atob(base64), (character) => character.charCodeAt(0));
    const outputsOf = ({ image }) => network.outputsOf(state.network.layers, image);
    const found = reader.findLines({ width, height, data }), lines = reader.read(found, state.network.layers);
    if (!found.length) return { guesses: [], lines };
    return {
        guesses: found.map(({ candidates, digits }) => {
            const outputs = digits.map(outputsOf), [{ said, steps }] = lattice.bestPaths(candidates, outputs);
            return [candidates.length, said, lattice.confidence(candidates, outputs, steps)];
        }),
        lines: Object.values(Object.groupBy(lines, ({ line }) => line)).map((line) => ({
            read: Object.values(Object.groupBy(line, ({ group }) => group)).map((group) => (
                group.map(({ value }) => value).join("")
            )).join(" "),
            boxes: line.map(({ box }) => [box.left, box.top, box.right, box.bottom]),
            images: line.map(({ image }) => Array.from(image, (value) => 255 * value)),
        })),
    };
}"""


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    """The page of the network that comes with digits, without images of MNIST."""
    page = opened(browser, tmp_path_factory.mktemp("golden"))
    yield page
    page.close()


def opened(browser, folder, context=True):
    """A page of that network, which reads in context or not."""
    facts = {"shape": "784-800-200-10", "test_accuracy": None, "context": context}
    file = folder / "digits.html"
    file.write_text(html(load_network(read(BUNDLED), BUNDLED), facts, (0, 0), b""), encoding="utf-8")
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(file.as_uri())
    page.locator("main").wait_for()
    return page


def found(page, picture):
    """What the page reads in a picture, decoded as browsers do; as `golden.found` has it."""
    pixels = np.asarray((picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).convert("RGBA"))
    return page.evaluate(FIND, [pixels.shape[1], pixels.shape[0], base64.b64encode(pixels.tobytes()).decode()])


def test_every_constant_that_the_page_asks_for_is_one_of_pythons():
    sources = [
        file.read_text() for file in (files("digits.export") / "web" / "src").iterdir() if file.name[-3:] == ".js"
    ]
    asked = re.findall(r"\{([A-Z_,\s]+)\} = held\.constants\.(\w+)", "\n".join(sources))
    assert len(asked) >= 7
    for names, module in asked:
        assert set(re.findall(r"\w+", names)) <= set(constants(True)[module])


@pytest.mark.parametrize("name", golden())
def test_the_page_reads_what_the_golden_file_has(name, page):
    assert_alike(found(page, Image.open(FOLDER / f"{name}.png")), golden()[name])


def test_the_page_of_a_network_that_is_shown_no_context_reads_as_python_does(browser, tmp_path):
    page, file = opened(browser, tmp_path, context=False), FOLDER / "touching.png"
    alone = packed(in_python(file, context=False))
    assert alone["guesses"] != golden()["touching"]["guesses"]
    assert_alike(found(page, Image.open(file)), alone)
    page.close()


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (9, 901), (8, 8), (28, 28), (300, 400)])
@pytest.mark.parametrize("colour", [0, 90, 255])
def test_an_even_picture_shows_no_digit(size, colour, page):
    picture = np.full((*size, 4), colour, np.uint8)
    with pytest.raises(UserError):
        find_lines(picture)
    assert found(page, picture)["lines"] == []


@pytest.mark.mnist
def test_images_of_mnist_are_not_changed(page):
    for image in mnist.load(DATA, train=False)[0].numpy()[:20]:
        [line] = found(page, image)["lines"]
        assert line["boxes"] == [[0, 0, 28, 28]] and np.array_equal(np.round(line["images"][0]), image.ravel())


def test_a_large_file_as_the_browser_opens_it(page):
    """Python reads a JPEG at a half or less, the browser in full; so the two need not have the same size to work on."""
    size, file = (1600, 1200), BytesIO()
    ink = cover(size, (STROKES[5], 0.3 * size[0], 0.2 * size[1], 0.5 * size[1]))
    Image.fromarray(on_paper(ink)).save(file, "JPEG")
    [line] = found(page, Image.open(file))["lines"]
    [known] = in_python(file.getvalue())["lines"]
    assert line["read"] == known["read"] == "5" and np.abs(np.subtract(line["images"], known["images"])).mean() < 4


def test_the_answer_is_the_digit_that_is_read_also_if_another_has_the_largest_output(page):
    """Until the network changes: then its largest output is."""
    give(page, "drop", photographed(5))
    page.wait_for_function("() => document.querySelector('#boxes button')")
    page.evaluate("digits.state.digits[0].value = 3")
    page.locator("#boxes button").click()
    assert answer(page) == page.locator("#boxes").inner_text() == "3"
    assert re.fullmatch(r"3 at 0\.0\d, or 5 at (0\.9\d|1\.00)\.", page.locator("#said").inner_text())
    assert page.locator("#bits b").all_inner_texts() == ["0", "0", "1", "1"]
    page.evaluate("digits.state.digits[0].outputs = digits.state.digits[0].outputs.with(0, 0.5)")
    page.locator("#boxes button").click()
    assert answer(page) == "5"
    page.keyboard.press("Escape")


def test_a_level_stroke_is_no_1_and_rings_are_no_number(page):
    dash = on_paper(cover((300, 120), ([[(0, 0.5), (1, 0.6)]], 60, 20, 80), pen=0.1))
    bytes_ = base64.b64encode(np.dstack([dash, np.full((120, 300), 255, np.uint8)]).tobytes()).decode()
    images = page.evaluate(
        """(base64) => {
            const data = Uint8ClampedArray.from(atob(base64), (character) => character.charCodeAt(0));
            const wide = ({ box: { left, right } }) => right - left;
            return digits.reader.findLines({ width: 300, height: 120, data }).map(({ digits }) => (
                [...digits.sort((a, b) => wide(b) - wide(a))[0].image]
            ));
        }""",
        bytes_,
    )
    sides = [box(np.reshape(image, (28, 28))) for image in images]
    assert sides and all(right - left > 2 * (bottom - top) for left, top, right, bottom in sides)
    give(page, "drop", png(np.asarray(PRINTED["rings"]())))
    page.wait_for_function("() => digits.state.drawing.refusal")
    assert "like a digit" in page.locator("#said").inner_text()


def test_what_the_eye_sees_in_a_picture_is_shown_on_a_tap_and_hidden_on_the_next(page):
    see = page.locator("#see")
    page.keyboard.press("Escape")
    assert see.is_hidden()
    give(page, "drop", photographed(5, 2))
    page.wait_for_function("() => document.querySelector('#boxes button')")
    vermilion = """() => {
        const paper = document.querySelector("#paper"), { width, height } = paper;
        const { data } = paper.getContext("2d").getImageData(0, 0, width, height);
        let count = 0;
        for (let k = 0; k < data.length; k += 4) count += Number(data[k] > 180 && data[k + 2] < 60 && data[k + 3] > 0);
        return count / (width * height);
    }"""
    assert page.evaluate(vermilion) == 0
    see.click()
    page.wait_for_function("() => digits.state.drawing.sight")
    assert see.get_attribute("aria-pressed") == "true" and 0.005 < page.evaluate(vermilion) < 0.2
    see.click()
    page.wait_for_function("() => !digits.state.drawing.sight")
    assert page.evaluate(vermilion) == 0 and see.get_attribute("aria-pressed") == "false"
    page.keyboard.press("Escape")
    assert see.is_hidden()


@pytest.mark.slow
def test_a_page_of_digits_is_bounded(page):
    give(page, "drop", png(np.asarray(CROWDED["a page of digits, struck through"]())))
    page.wait_for_function("() => document.querySelector('#boxes button')")
    assert page.locator("#said").inner_text().startswith("Not all is looked at: cut out the numbers. ")
    page.keyboard.press("Escape")


def test_a_picture_that_lies_on_its_side_is_turned(page):
    upright, file = Image.open(BytesIO(photographed(5, 2, 7, size=120))), BytesIO()
    upright.rotate(-90, expand=True).save(file, "PNG")
    give(page, "drop", file.getvalue())
    page.wait_for_function("() => document.querySelector('#boxes button')")
    assert answer(page) == "527"
    assert page.locator("#said").inner_text().startswith("Turned by 90°. 5")
    boxes = [box.bounding_box() for box in page.locator("#boxes button").all()]
    assert boxes[0]["x"] < boxes[1]["x"] < boxes[2]["x"]  # it is shown upright, too
    page.keyboard.press("Escape")


SQUARE = np.ones((9, 9), np.uint8)
IMAGE = cv2.GaussianBlur(np.random.default_rng(22).random((61, 83), np.float32), (0, 0), 2)


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("resized(image, images.area, 80, 7)", cv2.resize(IMAGE, (80, 7), interpolation=cv2.INTER_AREA)),
        ("resized(image, images.linear, 191, 170)", cv2.resize(IMAGE, (191, 170), interpolation=cv2.INTER_LINEAR)),
        ("resized(image, images.cubic, 166, 122)", cv2.resize(IMAGE, (166, 122), interpolation=cv2.INTER_CUBIC)),
        ("blurred(image, 1)", cv2.GaussianBlur(IMAGE, (0, 0), 1)),
        ("blurred(image, 70)", cv2.GaussianBlur(IMAGE, (0, 0), 70)),
        (
            "closing(image, 9)",
            cv2.morphologyEx(IMAGE, cv2.MORPH_CLOSE, SQUARE, borderType=cv2.BORDER_CONSTANT, borderValue=2),
        ),
        (
            "closing(image, 1, 9)",
            cv2.morphologyEx(IMAGE, cv2.MORPH_CLOSE, SQUARE[:, :1], borderType=cv2.BORDER_CONSTANT, borderValue=2),
        ),
        (
            "distances(images.mapped(image, (value) => Number(value > 0.5)))",
            cv2.distanceTransform((IMAGE > 0.5).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE),
        ),
    ],
    ids=lambda value: value.split("(")[0] if isinstance(value, str) else "",
)
def test_operations_on_images_are_those_of_opencv(call, wanted, page):
    found = page.evaluate(
        f"""([width, height, values]) => {{
            const {{ images }} = digits, image = {{ width, height, data: Float32Array.from(values) }};
            return [...images.{call}.data];
        }}""",
        [83, 61, IMAGE.ravel().tolist()],
    )
    assert np.allclose(found, wanted.ravel(), atol=1e-3)
