"""--network ocr: the bundled team and the text recognizer PP-OCRv6-small read together."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from digits import read
from digits.checkpoint import selection
from digits.common.errors import UserError
from digits.handwriting import ocr
from digits.handwriting.answer import Reading
from digits.handwriting.api import choose_reader
from digits.handwriting.reader import Reader
from digits.network import sigmoid_network
from tests.support.pens import STROKES, cover

PHOTO = Path(__file__).parents[2] / "docs" / "504192.jpg"
needs_ocr = pytest.mark.skipif(not find_spec("rapidocr"), reason='pip install -e ".[ocr]"')


def test_without_the_extra_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr(selection, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"--network ocr needs rapidocr and onnxruntime: pip install .*ocr"):
        choose_reader("ocr")
    assert read(PHOTO).text == "504192"  # nobody else needs it


@pytest.fixture
def group():
    """Return how a team reads two candidates, 17 and 77, to which a second recognizer gives probabilities."""
    outputs = np.full(10, 0.01, np.float32)
    readings = [Reading(1, outputs, np.zeros((28, 28), np.float32), (0, 0, 9, 9))] * 2
    reader = Reader(sigmoid_network([784, 10]), team=True)

    def read_group(first, second):
        candidates = [(text, np.log(p), (0, 1)) for text, p in zip(("17", "77"), first, strict=True)]
        opinion = dict(zip(("17", "77"), np.log(second), strict=True))
        return reader.read_group(candidates, readings, 0, False, opinion)

    return read_group


def test_the_number_that_both_think_likely_is_read(group):
    assert group((0.6, 0.4), (0.05, 0.9)).text == "77"
    assert group((0.99, 0.01), (0.3, 0.5)).text == "17"


def test_the_confidence_is_high_only_if_both_agree(group):
    agreed, against = group((0.98, 0.02), (0.95, 0.02)), group((0.98, 0.02), (0.02, 0.95))
    assert agreed.confidence > 0.95 and agreed.opinions == ("17", "17")
    assert against.confidence < 0.7 and against.opinions == ("17", "77")


@needs_ocr
def test_a_photo_is_read_by_both():
    [[group]] = [line.groups for line in read(PHOTO, network="ocr").lines]
    assert group.text == "504192" and group.confidence > 0.9 and group.opinions == ("504192", "504192")
    assert len(read(PHOTO, network="ocr", length=5).text) == 5
    assert set(read(PHOTO, network="ocr", digits="0249").text) <= set("0249")


@needs_ocr
def test_the_recognizer_sees_the_strip_level_and_nothing_else(monkeypatch):
    """On its side, the picture is turned; above and below the line, only a little paper is seen."""
    size = (400, 300)
    ink = cover(size, *((STROKES[digit], 60 + 60 * n, 100, 70) for n, digit in enumerate((4, 7, 2))))
    picture = np.uint8(235 - 190 * ink)
    seen, cut = [], ocr.piece
    monkeypatch.setattr(ocr, "piece", lambda *args: seen.append(cut(*args)) or seen[-1])
    for pixels in (picture, np.rot90(picture)):
        assert read(np.ascontiguousarray(pixels), network="ocr").text == "472"
    upright, turned = seen
    assert upright.shape[0] == turned.shape[0] == ocr.HIGH
    rows = np.flatnonzero((upright.mean(2) < 150).any(1))
    assert 15 < np.ptp(rows) < 25  # the digits have about 48 / 2.6 rows
    assert read(np.full((100, 300), 230, np.uint8), network="ocr").text == ""
