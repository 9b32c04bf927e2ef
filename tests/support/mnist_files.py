"""MNIST's files, good and damaged, and sources to fetch them from."""

import shutil

import pytest

from digits import mnist
from digits.common.errors import UserError

IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


def fetch(raw):
    mnist.fetch(raw.parent.parent)


def why_not(raw, capsys):
    """The lines that say why nothing could be fetched, the last of them what to do."""
    with pytest.raises(UserError) as raised:
        fetch(raw)
    return [*capsys.readouterr().err.splitlines(), str(raised.value)]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".lock"}


def use_sources(monkeypatch, **sources):
    monkeypatch.setattr(mnist, "SOURCES", sources)


def copying(good, asked=None):
    """A source that has the good files, and counts in a list how often it is `asked`."""

    def source(raw, names):
        if asked is not None:
            asked.append(names)
        for name in names:
            shutil.copy(good / name, raw)

    return source


def spoiling(raw, names):
    """A source that has all files, and all damaged."""
    for name in names:
        (raw / name).write_bytes(b"<html>Not found</html>")


def failing(raw, names):
    raise OSError("the cable is unplugged")


def flip_a_bit(path):
    content = path.read_bytes()
    path.write_bytes(content[:50] + bytes([content[50] ^ 4]) + content[51:])
