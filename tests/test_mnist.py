"""MNIST is loaded from whole files; missing and damaged ones are fetched, and good ones left alone."""

import os
import re
import shutil
import sys
import time
from pathlib import Path

import pytest
import torch

from digits import mnist
from digits.errors import UserError
from tests.support import mnist_files as files
from tests.support.mnist_files import IMAGES, LABELS, contents, fetch, why_not
from tests.support.small_mnist import TEST, TRAINING, VALIDATION
from tests.support.systems import pipe, posix
from tests.support.training import in_two_processes


def test_load(data_dir):
    images, labels = mnist.load(data_dir, train=True)
    assert images.shape == (TRAINING + VALIDATION, 28, 28) and images.dtype == torch.uint8
    assert labels.shape == (TRAINING + VALIDATION,) and labels.dtype == torch.int64
    assert mnist.load(data_dir, train=False)[0].shape == (TEST, 28, 28)


def test_good_files_are_left_alone(raw, monkeypatch, capsys):
    files.use_sources(monkeypatch, forbidden=files.forbidden)
    raw.chmod(0o555)
    before = contents(raw), raw.stat().st_mtime_ns
    fetch(raw)
    assert (contents(raw), raw.stat().st_mtime_ns) == before
    assert capsys.readouterr() == ("", "")
    raw.chmod(0o755)


@pytest.mark.parametrize("spoil", [files.truncate, files.flip_a_bit])
@pytest.mark.parametrize("name", [IMAGES, LABELS])
def test_damaged_file_is_named_and_fetched_again(raw, good, monkeypatch, capsys, spoil, name):
    spoil(raw / name)
    files.use_sources(monkeypatch, copying=files.copying(good))
    fetch(raw)
    assert contents(raw) == contents(good)
    [line, where] = capsys.readouterr().err.splitlines()
    assert str(raw / name) in line and "damaged" in line and where == f"MNIST: kept in {raw}"


@pytest.mark.parametrize("missing", [[IMAGES], [IMAGES, LABELS], list(mnist.SHA256)])
def test_only_missing_files_are_fetched_and_folders_are_made(raw, good, monkeypatch, missing):
    for name in missing:
        (raw / name).unlink()
    if len(missing) == 4:
        shutil.rmtree(raw.parents[1])
    asked = []

    def source(wanted):
        asked.extend(wanted)
        return files.copying(good)(wanted)

    files.use_sources(monkeypatch, source=source)
    fetch(raw)
    assert contents(raw) == contents(good)
    assert sorted(asked) == sorted(missing)


def test_next_source_is_asked_for_what_the_last_one_spoiled(raw, good, monkeypatch):
    (raw / IMAGES).unlink()
    sources = {"a": files.failing, "b": files.spoiling, "c": files.copying(good), "d": files.forbidden}
    files.use_sources(monkeypatch, **sources)
    fetch(raw)
    assert contents(raw) == contents(good)


def test_where_nothing_good_comes_it_says_why_and_what_was_there_stays(raw, monkeypatch, capsys):
    (raw / IMAGES).unlink()
    files.flip_a_bit(raw / LABELS)
    before = contents(raw)
    files.use_sources(monkeypatch, attic=files.failing, cellar=files.spoiling)
    _, attic, cellar, message = why_not(raw, capsys)
    assert attic == "MNIST: attic: the cable is unplugged"
    assert cellar.startswith("MNIST: cellar: ") and "damaged" in cellar
    assert all(word in message for word in (str(raw), IMAGES, LABELS, ".gz"))
    assert "train-images" not in message
    assert contents(raw) == before


def test_a_folder_in_place_of_a_file_or_a_file_in_place_of_the_folder(raw, good, monkeypatch, tmp_path):
    (raw / IMAGES).unlink()
    (raw / IMAGES).mkdir()
    (tmp_path / "file").write_text("")
    files.use_sources(monkeypatch, copying=files.copying(good))
    with pytest.raises(UserError, match=IMAGES):
        fetch(raw)
    with pytest.raises(UserError, match="cannot put MNIST into"):
        mnist.fetch(tmp_path / "file")


@pytest.mark.parametrize("name", [IMAGES, f"{IMAGES}.gz"])
def test_a_pipe_is_not_waited_for(name, raw, monkeypatch, in_time, capsys):
    (raw / IMAGES).unlink()
    pipe(raw / name)
    files.use_source(monkeypatch, ".gz")
    said = why_not(raw, capsys)[0]
    assert f"{name}: it is not a regular file" in said if ".gz" in name else f"{IMAGES} is damaged or cannot be" in said


@posix  # whose lock is not followed; Windows asks whether it is a link in its own way
def test_what_is_no_file_is_not_replaced_and_a_lock_that_is_a_link_is_not_followed(raw, good, monkeypatch):
    (raw / IMAGES).unlink()
    (raw / IMAGES).symlink_to("elsewhere")
    files.use_sources(monkeypatch, copying=files.copying(good))
    with pytest.raises(UserError, match=f"cannot write {raw / IMAGES}"):
        fetch(raw)
    (raw / ".lock").unlink()
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


def test_what_a_killed_process_left_goes(raw, good, monkeypatch):
    (raw / IMAGES).unlink()
    (raw / f".{'0' * 16}.part").touch()
    files.use_sources(monkeypatch, copying=files.copying(good))
    fetch(raw)
    assert contents(raw) == contents(good)


def test_what_is_said_cannot_command_a_terminal(raw, monkeypatch, capsys):
    def shouting(wanted):
        raise OSError("\x1b[2J" + "very " * 1_000 + "long")

    (raw / IMAGES).unlink()
    files.use_sources(monkeypatch, attic=shouting)
    line = why_not(raw, capsys)[0]
    assert line.isprintable() and len(line) < 200


@pytest.fixture
def cache(data_dir, tmp_path, monkeypatch):
    """The folder of MNIST in an empty cache of the user's; the working folder is empty, too."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if sys.platform != "linux":  # where that says where the cache is
        monkeypatch.setattr("digits.settings.user_cache_path", lambda *_, **__: tmp_path / "cache" / "digits")
    return tmp_path / "cache" / "digits" / "MNIST" / "raw"


def test_mnist_is_kept_once_for_all_folders(cache, good, monkeypatch, capsys, tmp_path):
    files.use_sources(monkeypatch, copying=files.copying(good))
    mnist.fetch(None)
    assert contents(cache) == contents(good) and os.listdir() == []
    assert capsys.readouterr().err == f"MNIST: kept in {cache}\n"
    files.use_sources(monkeypatch, forbidden=files.forbidden)
    monkeypatch.chdir(tmp_path)
    mnist.fetch(None)
    assert mnist.missing(None) == [] and len(mnist.load(None, train=False)[1]) == TEST


@pytest.mark.parametrize("named", [None, "named", "data"])
def test_a_folder_that_has_mnist_or_is_named_keeps_it(named, cache, good, monkeypatch):
    files.use_sources(monkeypatch, copying=files.copying(good))
    folder = Path(named or "data")
    if not named:
        (folder / "MNIST").mkdir(parents=True)
    mnist.fetch(named)
    assert contents(folder / "MNIST" / "raw") == contents(good) and not cache.exists()
    assert len(mnist.load(folder, train=False)[1]) == TEST


def test_where_nothing_comes_the_cache_is_named_for_files_put_there_by_hand(cache):
    with pytest.raises(UserError, match=re.escape(f"into {cache} by hand: ")):
        mnist.fetch(None)
