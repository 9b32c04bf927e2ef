import pytest

from tests.support.finding import SIZE
from tests.support.pens import STROKES, cover


@pytest.fixture(scope="module")
def two():
    """The ink of a 2 on a page of SIZE."""
    return cover(SIZE, (STROKES[2], 110, 60, 120))
