import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.campaigns import __main__
from tests.support.tiers import nightly, slow


@pytest.mark.parametrize(
    "name, count, outcomes",
    [
        slow("mutations", 200, r"damaged data: clear error|damaged checkpoint: clear error"),
        nightly("pictures", 60, r"clear error|digits"),
        nightly("kills", 2, r"same bits"),
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
    attack = nullcontext(lambda said, rng: said)
    module = SimpleNamespace(COUNT=2, LIMIT=60, TABLE=["fine", "WRONG: worse"], ready=lambda folder: attack)
    monkeypatch.setitem(sys.modules, "tests.campaigns.pictures", module)
    monkeypatch.setattr(sys, "argv", ["campaigns", "pictures"])
    with pytest.raises(SystemExit) as stop:
        __main__.main()
    assert stop.value.code == 1 and "1 of 2 as they should be" in capsys.readouterr().out
