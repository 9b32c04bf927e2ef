"""What the tests of the sweep share."""

import pytest

from digits.__main__ import main


@pytest.fixture
def run(data_dir, home, capsys):
    """Run a sweep with the given arguments; returns what it printed."""

    def run(*args):
        main(["sweep", *map(str, args), "--data_dir", str(data_dir)])
        return capsys.readouterr().out

    return run
