"""How well the bundled network reads scenes with digits that it has not seen, and empty forms."""

from itertools import islice

import numpy as np

from digits.handwriting.api import choose_reader
from tests.support.scenes import bars, is_read, of_all_kinds

READER, *_ = choose_reader("bundled")


def test_nothing_is_read_in_most_empty_forms():
    scenes = of_all_kinds(np.random.default_rng(10), bars())
    empty = islice((drawing for drawing in scenes if not drawing.text), 10)
    assert sum(is_read(READER, drawing) for drawing in empty) >= 9
