"""MNIST is loaded from whole files; missing and damaged ones are fetched, and good ones left alone."""

import os
import re
import shutil
import time
from pathlib import Path

import pytest
import torch

from digits import mnist
from digits.errors import UserError
from digits.settings import cache_folder
from tests.support import mnist_files as files
from tests.support.mnist_files import IMAGES, LABELS, contents, fetch, why_not
from tests.support.small_mnist import TEST, TRAINING, VALIDATION
from tests.support.systems import POSIX, link, pipe
from tests.support.training import in_two_processes


@pytest.fixture
def source(good, monkeypatch):
    """A source that has the good files, and the list of those for which it is asked."""
    asked = []
    files.use_sources(monkeypatch, good=files.copying(good, asked))
    return asked


def test_load(data_dir):
    images, labels = mnist.load(data_dir, train=True)
    assert images.shape == (TRAINING + VALIDATION, 28, 28) and images.dtype == torch.uint8
    assert labels.shape == (TRAINING + VALIDATION,) and labels.dtype == torch.int64
    assert mnist.load(data_dir, train=False)[0].shape == (TEST, 28, 28)


def test_good_files_are_left_alone(raw, source, capsys):
    raw.chmod(0o555)
    before = contents(raw), raw.stat().st_mtime_ns
    fetch(raw)
    assert (contents(raw), raw.stat().st_mtime_ns) == before
    assert source == [] and capsys.readouterr() == ("", "")
    raw.chmod(0o755)


@pytest.mark.parametrize("spoil", [files.truncate, files.flip_a_bit])
@pytest.mark.parametrize("name", [IMAGES, LABELS])
def test_damaged_file_is_named_and_fetched_again(raw, good, source, capsys, spoil, name):
    spoil(raw / name)
    fetch(raw)
    assert contents(raw) == contents(good) and source == [name]
    [line, where] = capsys.readouterr().err.splitlines()
    assert str(raw / name) in line and "damaged" in line and where == f"MNIST: kept in {raw}"


@pytest.mark.parametrize("missing", [[IMAGES], [IMAGES, LABELS], list(mnist.SHA256)])
def test_one_source_after_the_other_is_asked_for_what_is_missing(raw, good, monkeypatch, missing):
    """Folders are made, and what a killed process left goes."""
    for name in missing:
        (raw / name).unlink()
    (raw / f".{'0' * 16}.part").touch()
    if len(missing) == 4:
        shutil.rmtree(raw.parents[1])
    sources = {"a": files.failing, "b": files.spoiling, "c": files.copying(good, asked := []), "d": files.forbidden}
    files.use_sources(monkeypatch, **sources)
    fetch(raw)
    assert contents(raw) == contents(good) and sorted(asked) == sorted(missing)


def test_where_nothing_good_comes_it_says_why_and_what_was_there_stays(raw, monkeypatch, capsys):
    def shouting(wanted):
        raise OSError("\x1b[2J" + "very " * 1_000 + "long")

    (raw / IMAGES).unlink()
    files.flip_a_bit(raw / LABELS)
    before = contents(raw)
    files.use_sources(monkeypatch, attic=files.failing, cellar=files.spoiling, roof=shouting)
    _, attic, cellar, roof, message = why_not(raw, capsys)
    assert attic == "MNIST: attic: the cable is unplugged"
    assert cellar.startswith("MNIST: cellar: ") and "damaged" in cellar
    assert roof.isprintable() and len(roof) < 200  # and cannot command a terminal
    assert all(word in message for word in (str(raw), IMAGES, LABELS, ".gz"))
    assert "train-images" not in message
    assert contents(raw) == before


@pytest.mark.parametrize("make", [Path.mkdir, pipe, lambda path: link(path, "elsewhere")])
def test_what_is_no_file_is_neither_waited_for_nor_followed_nor_replaced(make, raw, source, in_time, capsys):
    (raw / IMAGES).unlink()
    make(raw / IMAGES)
    with pytest.raises(UserError, match=re.escape(f"cannot write {raw / IMAGES}")):
        fetch(raw)
    assert f"{IMAGES} is damaged or cannot be" in capsys.readouterr().err
    assert not (raw / "elsewhere").exists()


def test_a_folder_that_cannot_be_written_to_is_named(raw, source, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot put MNIST into"):
        mnist.fetch(tmp_path / "file")
    if POSIX:  # Windows asks whether a lock is a link in its own way
        (raw / IMAGES).unlink()
        (raw / ".lock").symlink_to("elsewhere")
        with pytest.raises(UserError, match=f"cannot put MNIST into {raw}/.lock: "):
            fetch(raw)
        assert not (raw / "elsewhere").exists()


def test_of_two_processes_one_fetches_and_the_other_waits(tmp_path, good, monkeypatch):
    def fetch_together(barrier):
        def source(wanted):
            (tmp_path / f"asked by {os.getpid()}").touch()
            time.sleep(0.3)  # in which the other could ask, too
            return files.copying(good)(wanted)

        files.use_sources(monkeypatch, slow=source)
        barrier.wait(30)
        mnist.fetch(tmp_path)

    in_two_processes(fetch_together)
    assert contents(tmp_path / "MNIST" / "raw") == contents(good)
    assert len(list(tmp_path.glob("asked by *"))) == 1


@pytest.fixture
def cache(data_dir, tmp_path, monkeypatch):
    """The folder of MNIST in an empty cache of the user's; the working folder is empty, too."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if not cache_folder().is_relative_to(tmp_path):
        pytest.skip("Windows alone says where the cache is")
    return cache_folder() / "MNIST" / "raw"


def test_mnist_is_kept_once_for_all_folders(cache, good, source, monkeypatch, capsys, tmp_path):
    mnist.fetch(None)
    assert contents(cache) == contents(good) and os.listdir() == []
    assert capsys.readouterr().err == f"MNIST: kept in {cache}\n"
    monkeypatch.chdir(tmp_path)
    mnist.fetch(None)
    assert len(source) == 4 and len(mnist.load(None, train=False)[1]) == TEST


@pytest.mark.parametrize("named", [None, "named", "data"])
def test_a_folder_that_has_mnist_or_is_named_keeps_it(named, cache, good, source):
    folder = Path(named or "data")
    if not named:
        (folder / "MNIST").mkdir(parents=True)
    mnist.fetch(named)
    assert contents(folder / "MNIST" / "raw") == contents(good) and not cache.exists()


def test_where_nothing_comes_the_cache_is_named_for_files_put_there_by_hand(cache):
    with pytest.raises(UserError, match=re.escape(f"into {cache} by hand: ")):
        mnist.fetch(None)
