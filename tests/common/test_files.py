"""Files are written whole or not at all, and read with a size limit."""

import errno
import os

import pytest

from digits.common.errors import UserError
from digits.common.files import read_bounded, remove_leftovers, write_atomically
from tests.support.systems import POSIX
from tests.support.training import in_two_processes


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_replaces_the_old_one_with_normal_permissions(tmp_path):
    path, plain = tmp_path / "a.png", tmp_path / "other"
    plain.touch()
    for named, content in ((path, b"old and long"), (str(path), b"new"), (path, b"")):
        write_atomically(named, content)
        assert path.read_bytes() == content and path.stat().st_mode == plain.stat().st_mode
    assert names(tmp_path) == ["a.png", "other"]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
@pytest.mark.parametrize("before", [b"old", None])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()], ids=["full", "Ctrl-C"])
def test_a_full_disk_or_an_interrupt_leaves_the_old_file(error, failing, before, tmp_path, monkeypatch):
    """fsync counts, too. Without it, a power cut could leave an empty file in place of the old one."""
    path = tmp_path / "a.png"
    if before:
        path.write_bytes(before)

    def fail(*_):
        raise error

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises((UserError, KeyboardInterrupt)) as raised:
        write_atomically(path, b"new")
    unchanged = "; the old file is unchanged" if before else ""
    full = isinstance(error, OSError)
    assert str(raised.value) == (f"cannot write {path}: No space left{unchanged}" if full else "")
    assert [file.read_bytes() for file in tmp_path.iterdir()] == ([before] if before else [])


def die(barrier, path):
    os.fsync = lambda file: os._exit(0)  # as if killed: no clean-up
    write_atomically(path, b"new")


def test_only_the_leftovers_of_killed_processes_are_removed(tmp_path):
    """Two processes die while they write the same file, each under a temporary name."""
    in_two_processes(die, tmp_path / "a.ckpt")
    left, _ = names(tmp_path)
    kept = ["a.ckpt", ".lock", ".mine.part", f"x{left}"]
    for name in kept:
        (tmp_path / name).touch()
    remove_leftovers(tmp_path)
    assert names(tmp_path) == sorted(kept)


def test_a_file_above_the_size_limit_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"12345")
    assert read_bounded(tmp_path / "file", 5) == b"12345"
    for path in (tmp_path / "file", *(["/dev/zero"] if POSIX else [])):
        with pytest.raises(OSError, match="larger than 4 bytes") as error:
            read_bounded(path, 4)
        assert error.value.filename == str(path)
