"""MNIST's files, good and damaged, and sources to fetch them from."""

import gzip
import shutil

from digits import mnist
from digits.mnist import SOURCES  # the real ones: the fixtures take them away

IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


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
