"""The page that most tests look into."""

import pytest

from tests.support.pages import exported
from tests.support.shared import shared


@pytest.fixture(scope="session")
def page_file(trained, tmp_path_factory):
    """The exported page of the trained network."""
    return shared(tmp_path_factory, "digits.html", lambda path: exported(trained, path))
