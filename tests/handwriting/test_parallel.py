"""Many pictures are looked at by many processes, which need no PyTorch."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.common.errors import UserError
from digits.handwriting import Expected, find_lines
from digits.handwriting.lines import ANYTHING
from digits.handwriting.parallel import on_all_cores
from tests.make.golden import FOLDER
from tests.support.pens import line


@pytest.mark.slow
def test_many_pictures_are_found_in_order(tmp_path):
    paths = [tmp_path / f"{n}.png" for n in range(12)]
    for n, path in enumerate(paths):
        line(1 + n % 3).save(path)
    Image.open(FOLDER / "touching.png").save(paths[-1])
    for how in ((ANYTHING, False), (Expected(single=True), False), (ANYTHING, True)):
        tasks = [(path, *how) for path in paths]
        for found, alone in zip(on_all_cores(find_lines, tasks), [find_lines(*task) for task in tasks], strict=True):
            assert [line.groups for line in found.lines] == [line.groups for line in alone.lines]
            digits = [[digit for line in one.lines for digit in line.digits] for one in (found, alone)]
            assert all(np.array_equal(one.image, other.image) for one, other in zip(*digits, strict=True))


def test_a_killed_process_is_an_error_and_the_next_call_has_others():
    with pytest.raises(UserError, match="a process that looked for digits was killed"):
        list(on_all_cores(os._exit, [(1,)] * 8))
    assert list(on_all_cores(abs, [(-n,) for n in range(100)])) == [*range(100)]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux")
@pytest.mark.parametrize("signum", [9, signal.SIGTERM])  # SIGKILL, which Windows has not
def test_processes_end_with_the_one_that_started_them(signum, tmp_path):
    line(1).save(tmp_path / "a.png")
    program = f"""
from digits.handwriting import Expected, find_lines
from digits.handwriting.lines import ANYTHING
from digits.handwriting.parallel import on_all_cores
if __name__ == "__main__":
    for _ in on_all_cores(find_lines, [({str(tmp_path / "a.png")!r},)] * 100_000):
        print(flush=True)
"""
    (tmp_path / "program.py").write_text(program)
    process = subprocess.Popen([sys.executable, tmp_path / "program.py"], stdout=-1)
    process.stdout.readline()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(children) >= 2  # one that looks for digits, and one of multiprocessing's own
    process.send_signal(signum)
    process.communicate()
    while any(Path("/proc", child).exists() for child in children):  # for ever, if they stay
        time.sleep(0.01)
