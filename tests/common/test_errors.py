import io
from contextlib import redirect_stdout
from importlib import metadata

import pytest

from digits.common import errors


@pytest.mark.parametrize("installed, named", [(True, '"digits[sweep]"'), (False, '-e ".[sweep]"')])
def test_an_extra_is_installed_by_name_or_from_the_folder(installed, named, monkeypatch):
    def distribution(name):
        if not installed:
            raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", distribution)
    assert errors.install("sweep") == f"pip install {named}"


@pytest.mark.parametrize(
    "text, encoding, escaped",
    [
        ("ä中 7", "utf-8", "ä中 7"),
        ("a\n\x1b[31m\udcff", "utf-8", "a\\n\\x1b[31m\\udcff"),
        ("ä中 7", "latin-1", "ä\\u4e2d 7"),
        ("ä中 7", None, "ä中 7"),
    ],
)
def test_text_is_escaped_for_the_terminal(text, encoding, escaped):
    with redirect_stdout(io.TextIOWrapper(io.BytesIO(), encoding) if encoding else io.StringIO()):
        assert errors.printable(text) == escaped
