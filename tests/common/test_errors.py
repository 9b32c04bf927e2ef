import io
from contextlib import redirect_stdout
from importlib import metadata

import pytest

from digits.common import errors


@pytest.mark.parametrize("installed, named", [(True, '"digits[sweep]"'), (False, '-e ".[sweep]"')])
def test_an_extra_is_installed_from_where_the_package_is(installed, named, monkeypatch):
    def distribution(name):
        if not installed:
            raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", distribution)
    assert errors.install("sweep") == f"pip install {named}"


@pytest.mark.parametrize(
    "text, encoding, shown",
    [
        ("ä中 7", "utf-8", "ä中 7"),
        ("a\n\x1b[31m\udcff", "utf-8", "a\\n\\x1b[31m\\udcff"),
        ("ä中 7", "latin-1", "ä\\u4e2d 7"),
        ("ä中 7", None, "ä中 7"),
    ],
)
def test_a_terminal_obeys_nothing_and_can_show_it(text, encoding, shown):
    with redirect_stdout(io.TextIOWrapper(io.BytesIO(), encoding) if encoding else io.StringIO()):
        assert errors.printable(text) == shown
