"""The golden files are what Python reads; tests/export/test_handwriting.py has the page's half."""

import pytest

from tests.make.golden import FOLDER, assert_alike, found, golden


@pytest.mark.parametrize("name", golden())
def test_python_reads_what_the_golden_file_has(name):
    assert_alike(found(FOLDER / f"{name}.png"), golden()[name])


def test_every_golden_picture_has_a_result():
    assert {path.stem for path in FOLDER.glob("*.png")} == set(golden())
