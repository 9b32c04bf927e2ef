import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tiers import nightly


@pytest.mark.parametrize(
    "name, count, outcomes",
    [
        nightly("mutations", 200, r"damaged data: clear error|damaged checkpoint: clear error"),
        nightly("pictures", 60, r"clear error|digits"),
        nightly("kills", 2, r"same bits"),
    ],
)
def test_short_form(name, count, outcomes):
    """In a process of its own, for its peak memory. Of what must happen often, there is enough."""
    command = [sys.executable, "-m", "tools.campaigns", name, "--count", str(count), "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stdout + done.stderr
    lines = re.findall(r"^ *(\d+) (.+)$", done.stdout, re.M)
    assert sum(int(times) for times, what in lines) == count
    assert sum(int(times) for times, what in lines if re.search(outcomes, what)) > 0.4 * count
