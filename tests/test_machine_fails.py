"""The machine fails while a subcommand works: the disk is full, or the process is killed.

Each subcommand runs in a child process, and the fault happens at its n-th write. One line reports it, files that were
saved before are whole, and running the subcommand again ends as if nothing had happened.
"""

import errno
import os
import shutil
import sys
from functools import partial
from itertools import count

import pytest

pytest.importorskip("resource", reason="Windows has no limits to memory and time")

from tests.support.tiers import slow
from tests.support.training import ends, same
from tests.support.watched import clear, small_run, watch

WRITES = "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate"  # audit events besides open
SUBCOMMANDS = {  # the command, the command that continues it, and the folder that it writes to
    "export": ("export --network run --to checkpoint --out out/1.ckpt", None, "out"),
    "train": ("train --hidden 5 --lr 1 --epochs 3 --run_dir new DATA", "train --resume new DATA", "new"),
}


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


def refuse(code, k, event):
    """Refuse all writes from one on. On a full disk, files can still be removed."""
    if k >= 0 and event != "os.remove":
        raise OSError(code, os.strerror(code))


def kill(k, event):
    if k == 0:
        os.kill(os.getpid(), 9)


FAULTS = {  # the harm, and when it happens, as a fraction of all writes
    "full": (partial(refuse, errno.ENOSPC), 0.4),
    "killed": (kill, 0.8),
}


def contents(folder):
    """Return the files in a folder, without the leftovers of killed processes."""
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*") if path.is_file()}


@pytest.fixture
def run(small, tmp_path_factory, tmp_path):
    """Return a function that runs a subcommand in a folder with a run and an older output."""
    template = small_run(small, tmp_path_factory)

    def run(words, name, harm=None):
        home = tmp_path / name / "home"
        if not home.exists():
            (home / "out").mkdir(parents=True)
            shutil.copytree(template, home / "run")
            (home / "out" / "1.ckpt").write_text("old")
        ending = watch(words.replace("DATA", f"--data_dir {small[0]}").split(), home, small[1], harm)
        return home, ending

    return run


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("subcommand", ["export", slow("train")])
def test_a_failing_machine_loses_no_saved_work(subcommand, fault, run):
    words, further, folder = SUBCOMMANDS[subcommand]
    harm, share = FAULTS[fault]
    home, good = run(words, "good", partial(at_write, 10**9, kill))
    assert good.status == 0, good
    writes, expected = len((home.parent / "tally").read_text()), contents(home / folder)
    broken, ending = run(words, "bad", partial(at_write, round(share * (writes - 1)), harm))
    assert ending.status == -9 if fault == "killed" else clear(ending)
    if folder == "out":
        assert all(content in (b"old", expected[name]) for name, content in contents(broken / folder).items())
    if fault == "full":
        assert not list(broken.rglob("*.part"))
    begun = subcommand != "train" or ends(broken / folder)
    if ending.status:
        ending = run(further or words, "bad")[1]
    assert ending.status == 0 or not begun, ending
    if begun:
        assert list(map(same, ends(broken / folder), ends(home / folder))) == [True] * len(ends(home / folder))
        assert contents(broken / folder) == expected or folder != "out"
