from importlib.metadata import PackageNotFoundError

import pytest

from digits import errors


@pytest.mark.parametrize(
    "installed, command", [(True, "pip install 'digits[sweep]'"), (False, "pip install -e '.[sweep]'")]
)
def test_an_extra_is_installed_from_where_the_package_is(installed, command, monkeypatch):
    def distribution(name):
        if not installed:
            raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.distribution", distribution)
    assert errors.install("sweep") == command
