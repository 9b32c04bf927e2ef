"""A file is written whole or not at all."""

import errno
import os

import pytest

from digits.errors import UserError
from digits.files import write_atomically
from tests.support.training import in_two_processes


def names(folder):
    return [path.name for path in folder.iterdir()]


def test_a_file_takes_the_place_of_the_one_before(tmp_path):
    for content in (b"old and long", b"new", b""):
        write_atomically(tmp_path / "a.png", content)
        assert (tmp_path / "a.png").read_bytes() == content
    write_atomically(str(tmp_path / "a.png"), b"by its name")
    assert (tmp_path / "a.png").read_bytes() == b"by its name"
    assert names(tmp_path) == ["a.png"]


def test_it_is_on_the_disk_before_it_takes_the_place(tmp_path, monkeypatch):
    """Or a power cut could leave an empty file in place of the old one."""
    steps, fsync, replace = [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: steps.append("fsync") or fsync(file))
    monkeypatch.setattr(os, "replace", lambda *paths: steps.append("replace") or replace(*paths))
    write_atomically(tmp_path / "a.png", b"new")
    assert steps == ["fsync", "replace"]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
@pytest.mark.parametrize("before", [b"old", None])
@pytest.mark.parametrize(
    "error, told",
    [(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), UserError), (KeyboardInterrupt(), KeyboardInterrupt)],
)
def test_a_full_disk_or_an_interrupt_leaves_what_was_there(error, told, failing, before, tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    if before:
        write_atomically(path, before)

    def fail(*_):
        raise error

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(told) as raised:
        write_atomically(path, b"new")
    if told is UserError:
        assert f"cannot write {path}: No space left" in str(raised.value)
        assert ("unchanged" in str(raised.value)) == bool(before)
    assert names(tmp_path) == (["a.png"] if before else [])
    assert not before or path.read_bytes() == before


def write_together(barrier, path):
    os.fsync = lambda file: barrier.wait(30)  # until both have written and neither has moved its file into place
    write_atomically(path, b"new")


def test_two_processes_may_write_the_same_file(tmp_path):
    in_two_processes(write_together, tmp_path / "a.png")
    assert names(tmp_path) == ["a.png"] and (tmp_path / "a.png").read_bytes() == b"new"


def test_what_cannot_be_written_is_named(tmp_path):
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "nowhere" / "a.png", tmp_path / "folder"):
        with pytest.raises(UserError, match=f"cannot write {path}"):
            write_atomically(path, b"new")
    assert names(tmp_path) == ["folder"]


def test_what_a_killed_process_left_goes_and_what_another_writes_stays(tmp_path):
    left, written, other = (tmp_path / name for name in (".a.txt.1.part", ".a.txt.2.part", ".b.txt.1.part"))
    for path in (left, written, other):
        path.write_bytes(b"half")
    os.utime(left, (0, 0))
    os.utime(other, (0, 0))
    (tmp_path / ".a.txt.3.part").symlink_to("gone")  # listed, and not there when it is looked at
    write_atomically(tmp_path / "a.txt", b"whole")
    (tmp_path / ".a.txt.3.part").unlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a.txt.2.part", ".b.txt.1.part", "a.txt"]
