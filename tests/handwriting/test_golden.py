"""Python reads the golden pictures as before. tests/page/test_handwriting.py tests the page in the same way."""

import pytest

from tools.make.golden import FOLDER, assert_alike, found, golden


@pytest.mark.parametrize("name", golden())
def test_python_reads_a_golden_picture_as_before(name):
    assert_alike(found(FOLDER / f"{name}.png"), golden()[name])


def test_every_golden_picture_has_a_result():
    assert {path.stem for path in FOLDER.glob("*.png")} == set(golden())
