"""The lattice's numbers are found from pictures of which it is known what they say."""

from itertools import islice

import numpy as np
import pytest
from numpy.random import default_rng

from digits.augment.scenes import only_letters
from digits.evaluate.fitting import BEGIN, Example, fit, looked_at, right_with, scenes
from digits.handwriting import Digit, Line
from digits.handwriting.lattice import FITTED, Candidate
from digits.handwriting.reader import Reader
from digits.network import sigmoid_network
from tests.support.pens import STROKES, cover, on_paper
from tests.support.scenes import bars

PARTS = [Candidate(0, 1, 0.45, 1, cut=1.0), Candidate(0, 2, 0.9, 0.48), Candidate(1, 2, 0.45, 1, cut=1.0)]


@pytest.fixture(autouse=True)
def _numbers_as_before(monkeypatch):
    for name, value in FITTED.items():
        monkeypatch.setitem(FITTED, name, value)


def example(says, *digits, sure=0.98):
    """What is cut in two, as one digit or as two; or one digit. The network is so sure."""
    a = np.full((len(digits), 10), 0.02)
    a[range(len(digits)), digits] = sure
    images = [Digit(np.zeros((28, 28), np.float32), (0, 0, 9, 20))] * len(digits)
    return Example([Line(PARTS if len(digits) > 1 else [Candidate(0, 1, 0.45, 1)], images)], a, says)


def test_a_number_that_makes_lines_misread_changes_until_they_are_read_right():
    """What is cut in two is 17, though cuts speak against it; a change for one picture alone may be chance."""
    two = [example("17", 1, 0, 7)] * 2
    assert right_with(BEGIN, two) == 0 and right_with(BEGIN | {"CUT": 0.5}, two) == 2
    fitted = fit(two)
    assert set(fitted) == set(BEGIN) and right_with(fitted, two) == 2
    assert fit(two[:1]) == BEGIN


def test_the_threshold_falls_between_numbers_and_what_is_none():
    known = [example("7", 7, sure=0.9)] * 4 + [example("", 7, sure=0.75)] * 4
    assert right_with(BEGIN | {"REJECTION_THRESHOLD": 0.6}, known) == 4
    assert 0.7 < fit(known)["REJECTION_THRESHOLD"] < 0.9


def test_scenes_are_looked_at_of_which_it_is_known_what_they_say():
    written = bars()
    assert set(only_letters(written).say) == {""} and len(only_letters(written).images) == 10
    known = list(islice(scenes(written, default_rng(0)), 5))
    assert all(text.isdigit() or not text for _, text in known)
    reader = Reader(sigmoid_network([784, 10]), context=True)
    found = looked_at(reader, on_paper(cover((320, 240), (STROKES[2], 110, 50, 120))), "2 7")
    assert found.says == "27" and len(found.outputs) == sum(len(line.candidates) for line in found.lines)
    assert looked_at(reader, np.full((60, 80), 200, np.uint8), "") is None
