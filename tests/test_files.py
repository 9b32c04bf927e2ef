"""A file is written whole or not at all; what is no plain file is neither followed, nor replaced, nor waited for."""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from digits.errors import UserError
from digits.files import read_regular, refuse_links, refuse_no_text, remove_leftovers, write_atomically
from tests.support.systems import POSIX, link, on_posix, pipe
from tests.support.training import in_two_processes


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["a.png", "a" * 255])
def test_a_file_takes_the_place_of_the_one_before_with_the_permissions_of_any(name, tmp_path):
    path, other = tmp_path / name, tmp_path / "other"
    other.touch()
    for named, content in ((path, b"old and long"), (str(path), b"new"), (path, b"")):
        write_atomically(named, content)
        assert path.read_bytes() == content and path.stat().st_mode == other.stat().st_mode
    assert names(tmp_path) == sorted([name, "other"])


@pytest.mark.parametrize("failing", ["fsync", "replace"])
@pytest.mark.parametrize("before", [b"old", None])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()], ids=["full", "Ctrl-C"])
def test_a_full_disk_or_an_interrupt_leaves_what_was_there(error, failing, before, tmp_path, monkeypatch):
    """Of what is not on the disk yet, too: else a power cut could leave an empty file in place of the old one."""
    path = tmp_path / "a.png"
    if before:
        path.write_bytes(before)

    def fail(*_):
        raise error

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises((UserError, KeyboardInterrupt)) as raised:
        write_atomically(path, b"new")
    unchanged = "; the file that was there is unchanged" if before else ""
    full = isinstance(error, OSError)
    assert str(raised.value) == (f"cannot write {path}: No space left{unchanged}" if full else "")
    assert [one.read_bytes() for one in tmp_path.iterdir()] == ([before] if before else [])


def write_together(barrier, path):
    os.fsync = lambda file: barrier.wait(30)  # until both have written and neither has moved its file into place
    write_atomically(path, b"new")


def test_two_processes_may_write_the_same_file(tmp_path):
    in_two_processes(write_together, tmp_path / "a.png")
    assert names(tmp_path) == ["a.png"] and (tmp_path / "a.png").read_bytes() == b"new"


def states(folder):
    """What tells a file that was left alone: not when it was last read, which reading a link changes, too."""
    stats = {path.name: path.lstat() for path in folder.iterdir()}
    return {name: (stat.st_ino, stat.st_mode, stat.st_nlink, stat.st_mtime_ns) for name, stat in stats.items()}


@pytest.mark.parametrize(
    "name, reason",
    [
        ("nowhere/a.png", "No such file or directory"),
        on_posix("a" * 256, "File name too long"),
        on_posix("a/" * 3_000 + "a", "File name too long"),
        ("a\0b", "null"),
        on_posix("terminal", "not a regular file"),
        *((name, "not a regular file") for name in ("folder", ".", "pipe", "link", "dangling")),
    ],
)
def test_what_cannot_be_written_is_named_and_neither_followed_nor_replaced(name, reason, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    if name == "pipe":
        pipe(tmp_path / name)
    elif target := {"link": "file", "dangling": "new"}.get(name):
        link(tmp_path / name, target)
    path = Path(os.ttyname(os.openpty()[1])) if name == "terminal" else tmp_path / name
    before = states(tmp_path)
    with pytest.raises(UserError, match=f"cannot write {re.escape(str(path))}: .*{reason}"):
        write_atomically(path, b"new")
    assert states(tmp_path) == before and (tmp_path / "file").read_bytes() == b""


def die(barrier, path):
    os.fsync = lambda file: os._exit(0)  # as if killed: nothing is tidied up
    write_atomically(path, b"new")


def test_what_killed_processes_left_goes_and_nothing_else(tmp_path):
    in_two_processes(die, tmp_path / "a.ckpt")
    left, _ = names(tmp_path)
    others = ["a.ckpt", ".lock", ".mine.part", f"x{left}"]
    for name in others:
        (tmp_path / name).touch()
    link(tmp_path / f".{'a' * 16}.part", "a.ckpt")
    (tmp_path / f".{'b' * 16}.part").mkdir()
    remove_leftovers(tmp_path)
    assert names(tmp_path) == sorted([*others, f".{'b' * 16}.part"])


@pytest.mark.parametrize("make", [lambda path: link(path, "config.yaml"), pipe], ids=["link", "pipe"])
def test_a_folder_with_a_link_or_a_pipe_is_refused(make, tmp_path):
    (tmp_path / "run" / "folder").mkdir(parents=True)
    (tmp_path / "run" / "config.yaml").touch()
    link(tmp_path / "link", "run")
    refuse_links(tmp_path / "link")
    make(tmp_path / "run" / ".lock")
    with pytest.raises(UserError, match=re.escape(f"{tmp_path / 'link' / '.lock'} is refused")):
        refuse_links(tmp_path / "link")
    for folder in ("nowhere", "run/config.yaml", "a" * 256):
        with pytest.raises(OSError) as error:
            refuse_links(tmp_path / folder)
        assert error.value.filename == str(tmp_path / folder)


def test_a_folder_whose_name_is_no_text_is_refused():
    refuse_no_text("ä/中")
    with pytest.raises(UserError, match="is refused: its name is no text in "):
        refuse_no_text(Path("a", "bad\udcff"))
    if POSIX:  # a system that writes ASCII alone
        ask = f"import sys; sys.path[:] = {sys.path}; from digits import files; files.refuse_no_text('\\xe4')"
        ascii_alone = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        done = subprocess.run([sys.executable, "-c", ask], capture_output=True, env=ascii_alone)
        assert b"\\xe4 is refused: its name is no text in " in done.stderr


def test_a_file_is_read_if_it_is_regular_and_no_larger_than_it_may_be(tmp_path):
    (tmp_path / "file").write_bytes(b"12345")
    others = [(tmp_path, "not a reg"), (tmp_path / "file", "larger than 4 bytes")]
    assert read_regular(tmp_path / "file", 5) == b"12345"
    if POSIX:
        (tmp_path / "link").symlink_to("file")
        assert read_regular(tmp_path / "link", 6) == b"12345"
        os.mkfifo(tmp_path / "pipe")
        others += [(tmp_path / "pipe", "not a reg"), ("/dev/zero", "not a reg")]
    for path, reason in others:
        with pytest.raises(OSError, match=reason) as error:
            read_regular(path, 4)
        assert error.value.filename == str(path)
