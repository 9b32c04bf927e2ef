"""The page reads handwriting as Python does, here by Node: with Python's constants, and as the golden files have it."""

import base64
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.checkpoint.contents import load_network
from digits.checkpoint.selection import BUNDLED
from digits.checkpoint.untrusted import read_checkpoint
from digits.handwriting import eye
from digits.page.html import html
from tests.support.node import NO_IMAGES, NODE, SOURCE, held_in, run
from tests.support.pens import STROKES, cover, on_paper
from tools.make.golden import FOLDER, assert_alike, golden, packed
from tools.make.golden import found as in_python

pytestmark = pytest.mark.skipif(NODE is None, reason="there is no Node on this machine")

FIND = """const layers = await held.heldLayers();
const sides = { // of a box in the picture as it lies; the page shows it turned
    0: ({ left, top, right, bottom }) => [left, top, right, bottom],
    90: ({ left, top, right, bottom }, width) => [width - bottom, left, width - top, right],
    180: ({ left, top, right, bottom }, width, height) => [width - right, height - bottom, width - left, height - top],
    270: ({ left, top, right, bottom }, _, height) => [top, height - right, bottom, height - left],
};
return pictures.map(([width, height, pixels]) => {
    const data = Uint8ClampedArray.from(held.bytesOf(pixels));
    const { degrees, lines: found } = lines.findLines({ width, height, data });
    return { degrees, lines: reader.read(found, { layers, team: held.held.team }).map((groups) => {
        const said = groups.map(({ digits, confidence }) => [digits.map(({ value }) => value).join(""), confidence]);
        const digits = groups.flatMap(({ digits }) => digits), kept = answer.digitsOf([groups]);
        return {
            read: kept.map(({ value, group }, n) => `${n && kept[n - 1].group !== group ? " " : ""}${value}`).join(""),
            groups: said,
            boxes: digits.map(({ box }) => sides[degrees](box, width, height)),
            images: digits.map(({ image }) => image.map((value) => 255 * value)),
        };
    }) };
});"""


def in_page(script, *pictures, context=True, team=True):
    """Return what a script gives for `pictures`, in the page of the bundled network."""
    facts = {"shape": "784-800-200-10", "test_accuracy": None, "context": context, "team": team}
    page = held_in(html(load_network(read_checkpoint(BUNDLED), BUNDLED), facts, NO_IMAGES))
    pixels = [np.asarray(picture.convert("RGBA")) for picture in pictures]
    texts = [(one.shape[1], one.shape[0], base64.b64encode(one.tobytes()).decode()) for one in pixels]
    return run(script, page, pictures=texts)


found = partial(in_page, FIND)  # what the page reads in pictures, each as `golden.found` has it


@pytest.fixture(scope="module")
def read_by_the_page():
    """What the page reads in the golden pictures, by their names."""
    pictures = [Image.open(FOLDER / f"{name}.png") for name in golden()]
    return dict(zip(golden(), found(*pictures), strict=True))


def test_the_files_of_the_page_are_named_as_pythons():
    """But for what OpenCV is in Python, and for the pen."""
    names = {file.stem for file in (SOURCE / "reading").glob("*.js")}
    assert names - {file.stem for file in Path(eye.__file__).parent.glob("*.py")} == {"images", "strokes"}


@pytest.mark.parametrize("name", golden())
def test_the_page_reads_what_the_golden_file_has(name, read_by_the_page):
    assert_alike(read_by_the_page[name], golden()[name])


def test_the_page_of_a_network_alone_reads_as_python_does():
    files = [FOLDER / f"{name}.png" for name in ("digit", "touching", "two_lines")]
    for file, picture in zip(files, found(*map(Image.open, files), team=False), strict=True):
        assert_alike(picture, packed(in_python(file, team=False)))


def test_the_page_of_a_network_that_is_shown_no_context_reads_as_python_does():
    file = FOLDER / "touching.png"
    alone = packed(in_python(file, context=False))
    assert alone["lines"] != golden()["touching"]["lines"]
    assert_alike(*found(Image.open(file), context=False), alone)


def test_a_large_file_as_the_browser_opens_it():
    """Python reads a JPEG at a half or less, the browser in full; so the two need not have the same size to work on."""
    size, file = (1600, 1200), BytesIO()
    ink = cover(size, (STROKES[5], 0.3 * size[0], 0.2 * size[1], 0.5 * size[1]))
    Image.fromarray(on_paper(ink)).save(file, "JPEG")
    [[only], [known]] = found(Image.open(file))[0]["lines"], in_python(file.getvalue())["lines"]
    assert only["read"] == known["read"] == "5" and np.abs(np.subtract(only["images"], known["images"])).mean() < 4
