"""Scenes: synthetic photos of handwriting, which pixels are handwriting, and what it says."""

import numpy as np
import pytest
from numpy.random import default_rng

from tests.support.scenes import bars
from tools.forge.scenes import scene
from tools.forge.scenes.papers import PAPERS
from tools.forge.scenes.sheet import Sheet


@pytest.fixture(scope="module")
def scenes():
    rng, glyphs = default_rng(1), bars()
    return [scene(rng, glyphs) for _ in range(120)]


def test_the_same_seed_gives_the_same_scene():
    first, same, different = (scene(default_rng(seed), bars()) for seed in (3, 3, 4))
    assert all(map(np.array_equal, first[:4], same[:4])) and first.text == same.text
    assert first.image.shape != different.image.shape


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.fill.__name__)
def test_every_kind_of_paper_has_handwriting_and_all_but_blank_paper_have_print(paper):
    sheets = [Sheet(default_rng(seed), bars(), 40.0, 4, paper.goes_on) for seed in range(10)]
    for sheet in sheets:
        paper.fill(sheet)
    written = [sheet for sheet in sheets if not sheet.empty]
    assert all(sheet.ink.max() > 0.5 and sheet.written for sheet in written)
    assert any(sheet.printed.any() for sheet in sheets) == (paper.fill is not Sheet.rows)


def test_the_text_of_a_single_line_is_known_and_that_of_an_empty_form_is_empty(scenes):
    known = [drawn for drawn in scenes if drawn.text is not None]
    assert 0.3 < len(known) / len(scenes) < 0.9 and {len(drawn.text) for drawn in known} >= set(range(5))
    assert all(bool(drawn.text) == (drawn.ink.max() > 0.5) for drawn in known)
