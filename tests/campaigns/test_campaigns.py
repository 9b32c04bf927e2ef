import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.campaigns import __main__, pictures


@pytest.mark.parametrize(
    "name, count, outcomes",
    [
        ("hostile", 30, r"checkpoint: .*clear error|config: .*clear error"),
        ("mutations", 200, r"damaged data: clear error|damaged checkpoint: clear error"),
        ("pictures", 60, r"clear error|digits"),
        pytest.param("kills", 2, r"same bits", marks=pytest.mark.slow),
    ],
)
def test_short_form(name, count, outcomes):
    """In a process of its own, for its peak memory. Of what must happen often, there is enough."""
    command = [sys.executable, "-m", "tests.campaigns", name, "--count", str(count), "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{count} of {count} as they should be" in done.stdout
    lines = re.findall(r"^ *(\d+) (.+)$", done.stdout.replace(f"{count} of ", ""), re.M)
    assert sum(int(times) for times, what in lines if re.search(outcomes, what)) > 0.4 * count


def test_what_is_wrong_shows_in_the_exit_status(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pictures, "attacks", lambda folder, seed: (said for said in (None, "fine", "WRONG: worse")))
    monkeypatch.setattr(sys, "argv", ["campaigns", "pictures", "--count", "2"])
    with pytest.raises(SystemExit) as stop:
        __main__.main()
    assert stop.value.code == 1 and "1 of 2 as they should be" in capsys.readouterr().out
