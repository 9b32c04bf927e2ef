"""Worker processes share the work if there are many pictures."""

import os
from functools import partial

import numpy as np
import pytest
from PIL import Image

from digits.common.errors import UserError
from digits.handwriting.lines import ANYTHING, Expected, find_lines
from digits.handwriting.parallel import on_all_cores
from tests.support.pens import line
from tools.make.golden import FOLDER


@pytest.mark.slow
def test_the_lines_of_many_pictures_are_found_in_order(tmp_path):
    paths = [tmp_path / f"{n}.png" for n in range(12)]
    for n, path in enumerate(paths):
        line(1 + n % 3).save(path)
    Image.open(FOLDER / "touching.png").save(paths[-1])
    for expected, context in ((ANYTHING, False), (Expected(single=True), False), (ANYTHING, True)):
        find = partial(find_lines, context=context)
        for result, path in zip(on_all_cores(find, [(path, expected) for path in paths]), paths, strict=True):
            alone = find(path, expected)
            assert (result.lines, result.boxes) == (alone.lines, alone.boxes)
            assert np.array_equal(result.images, alone.images)


def test_a_killed_worker_is_an_error_and_the_next_call_starts_new_workers():
    with pytest.raises(UserError, match="a worker process was killed"):
        list(on_all_cores(os._exit, [(1,)] * 8))
    assert list(on_all_cores(abs, [(-n,) for n in range(100)])) == [*range(100)]
