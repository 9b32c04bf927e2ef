"""What the tests of the sweep share."""

import pytest

from digits.__main__ import main
from digits.sweep import search


@pytest.fixture
def home(data_dir, tmp_path, monkeypatch):
    """An empty working directory with the small data; sweeps in this process look, and try again, often."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(search, "POLL", 0.05)
    return tmp_path


@pytest.fixture
def run(data_dir, home, capsys):
    """Run a sweep with the given arguments; returns what it printed."""

    def run(*args):
        main(["sweep", *map(str, args), "--data_dir", str(data_dir)])
        return capsys.readouterr().out

    return run
