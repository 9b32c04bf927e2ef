"""The lattice's penalties and the rejection threshold are found from lines of which it is known what they say."""

from itertools import islice

import numpy as np
import pytest
import torch
from numpy.random import default_rng

from digits.augment.scenes import glyphs
from digits.evaluate.fitting import (
    BEGIN,
    Example,
    features,
    looked_at,
    penalties,
    rejection_threshold,
    scenes,
)
from digits.handwriting import Digit, Group, Line, Reading
from digits.handwriting.lattice import FITTED, Candidate, best_paths
from digits.handwriting.reader import Reader
from digits.network import sigmoid_network
from tests.support.pens import STROKES, cover, on_paper

PARTS = [Candidate(0, 1, 0.45, 1, cut=0.8), Candidate(0, 2, 0.9, 0.6), Candidate(1, 2, 0.45, 1, cut=0.8)]


def outputs(*digits):
    a = np.full((len(digits), 10), 0.02)
    a[range(len(digits)), digits] = 0.98
    return a


def example(says, a):
    images = [Digit(np.zeros((28, 28), np.float32), (0, 0, 9, 9))] * len(a)
    return Example(Line(PARTS, images), a, says)


def test_the_penalties_that_make_a_line_misread_shrink_until_it_is_read_right():
    """What is cut in two is 17, though the whole is like a low 0."""
    a, before = outputs(1, 0, 7), dict(FITTED)
    fitted = penalties([example("17", a)] * 8, epochs=20)
    assert before == FITTED and set(fitted) == set(BEGIN)
    assert fitted["CUT"] < BEGIN["CUT"] - 0.05 and fitted["SHORT"] >= BEGIN["SHORT"]
    assert all(fitted[name] == pytest.approx(BEGIN[name], abs=1e-3) for name in ("GAP", "APART", "CLIPPED"))
    assert penalties([example("0", a), example("5", a)]) == BEGIN


def test_the_features_of_a_path_are_what_its_penalties_are_multiplied_by():
    a = outputs(1, 0, 7)
    [(path, score)] = best_paths(PARTS, a, "17")
    found = features(PARTS, path)
    assert found == {"GAP": 0, "APART": 0, "CUT": 1.6, "SHORT": 0, "LONG": 0, "CLIPPED": 0}
    likely = sum(np.log(0.98) + 9 * np.log(0.98) for _ in path)
    assert score == pytest.approx(likely - sum(FITTED[name] * found[name] for name in BEGIN))
    assert features(PARTS, ((0, None), (2, 3)))["CUT"] == 0.8
    assert best_paths(PARTS, a, "45") == []


def test_the_rejection_threshold_is_where_a_group_is_as_likely_beside_the_number_as_it():
    class Said:
        """Of each picture with a number, that and something beside it; which is misread in the last one."""

        def __init__(self):
            self.sure = iter(np.linspace(0.05, 0.95, 19).tolist())

        def read_lines(self, lines):
            sure = next(self.sure)
            return [[group(7, sure), group(3, sure - 0.1 if sure > 0.6 else sure)]]

    def group(digit, sure):
        return Group([Reading(digit, np.zeros(10), np.zeros((28, 28)), (0, 0, 9, 9))], sure)

    pictures = [[example("7" if n > 11 else "", outputs(1, 0, 7))] for n in range(18)]
    found = rejection_threshold(Said(), [*pictures, [example("1", outputs(1, 0, 7))], []])
    assert 0.6 < found < 0.9


def test_scenes_are_looked_at_of_which_it_is_known_what_they_say():
    images = torch.zeros(200, 28, 28, dtype=torch.uint8)
    images[:, 4:24, 12:16] = 255
    known = list(islice(scenes(glyphs(images, torch.arange(200) % 10, 0), default_rng(0)), 5))
    assert all(text.isdigit() or not text for _, text in known)
    reader = Reader(sigmoid_network([784, 10]), context=True)
    found = looked_at(reader, on_paper(cover((320, 240), (STROKES[2], 110, 50, 120))), "2 7")
    assert {one.says for one in found} == {"27"} and len(found[0].outputs) == len(found[0].line.candidates)
    assert looked_at(reader, np.full((60, 80), 200, np.uint8), "") == []
