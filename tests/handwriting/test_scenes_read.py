"""How well the bundled network reads scenes with digits that it has not seen, and empty forms."""

from itertools import islice

import numpy as np
import pytest

from digits import mnist
from digits.handwriting.api import choose_reader
from tests.support.scenes import bars, is_read, of_all_kinds, on_blank_paper
from tools.forge.scenes import glyphs

READER, *_ = choose_reader("bundled")


def test_nothing_is_read_in_most_empty_forms():
    scenes = of_all_kinds(np.random.default_rng(10), bars())
    empty = islice((drawing for drawing in scenes if not drawing.text), 10)
    assert sum(is_read(READER, drawing) for drawing in empty) >= 9


@pytest.fixture
def written(mnist_dir):
    images, labels = mnist.load(mnist_dir, train=False)
    return glyphs(images[:1000], labels[:1000], 0)


@pytest.mark.nightly
@pytest.mark.mnist
def test_many_lines_are_read_without_a_mistake(written):
    scenes = islice(on_blank_paper(np.random.default_rng(18), written), 25)
    assert np.mean([is_read(READER, drawing) for drawing in scenes]) >= 0.4
