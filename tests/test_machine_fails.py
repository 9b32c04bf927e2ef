"""The machine fails while `train` works: the disk is full, or the process is killed.

It runs in a child process, and the fault happens at its n-th write. One line reports it, and the run that is resumed
ends with the same weights as if nothing had happened.
"""

import errno
import os
import sys
from functools import partial
from itertools import count

import pytest

pytest.importorskip("resource", reason="Windows has no limits to memory and time")

from tests.support.training import ends, same
from tests.support.watched import clear, watch

WRITES = "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate"  # audit events besides open


def at_write(nth, harm):
    """Call harm(k, event) before each write in the working folder, with k = 0 at the n-th write. Count all writes."""
    numbers, root, tally = count(-nth), f"{os.getcwd()}/", os.open("../tally", os.O_WRONLY | os.O_CREAT)

    def hook(event, arguments):
        opened = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        named = (opened or event in WRITES) and isinstance(arguments[0], str | bytes | os.PathLike)
        if named and os.path.join(root, os.fsdecode(arguments[0])).startswith(root):
            os.write(tally, b".")
            harm(next(numbers), event)

    sys.addaudithook(hook)


def full(k, event):
    """Refuse all writes from one on. On a full disk, files can still be removed."""
    if k >= 0 and event != "os.remove":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def killed(k, event):
    if k == 0:
        os.kill(os.getpid(), 9)


@pytest.mark.slow
@pytest.mark.parametrize("harm, share", [(full, 0.4), (killed, 0.8)])  # when it happens, as a share of all writes
def test_a_failing_machine_loses_no_saved_work(harm, share, small, tmp_path):
    def train(words, name, harm=None):
        (tmp_path / name / "home").mkdir(parents=True, exist_ok=True)
        words = f"train {words} new --data_dir {small[0]}".split()
        return tmp_path / name / "home" / "new", watch(words, tmp_path / name / "home", small[1], harm)

    words = "--hidden 5 --lr 1 --epochs 3 --run_dir"
    whole, ending = train(words, "good", partial(at_write, 10**9, killed))
    assert ending.status == 0, ending
    writes = len((tmp_path / "good" / "tally").read_text())
    broken, ending = train(words, "bad", partial(at_write, round(share * (writes - 1)), harm))
    assert ending.status == -9 if harm is killed else clear(ending).status == 2
    assert harm is killed or not list(broken.rglob("*.part"))
    _, ending = train("--resume", "bad")
    assert ending.status == 0, ending
    assert list(map(same, ends(broken), ends(whole))) == [True, True]
