"""MNIST's files, good and damaged, and sources to fetch them from."""

import gzip

import pytest
from torchvision.datasets import MNIST

from digits import mnist
from digits.errors import UserError
from digits.mnist import sources as real_sources  # the fixtures take them away

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
    monkeypatch.setattr(mnist, "sources", lambda raw: sources)


def use_source(monkeypatch, title):
    """Leave those of the real sources that have this in their title."""
    monkeypatch.setattr(
        mnist, "sources", lambda raw: {name: s for name, s in real_sources(raw).items() if title in name}
    )


def use_mirrors(monkeypatch, *addresses):
    monkeypatch.setattr(MNIST, "mirrors", addresses)
    use_source(monkeypatch, "mirror")


def copying(good, asked=None):
    """A source that has the good files, and adds to a list for which of them it is `asked`."""

    def source(wanted):
        for name in wanted:
            if asked is not None:
                asked.append(name)
            yield name, (good / name).read_bytes()

    return source


def spoiling(wanted):
    """A source that has all files, and all damaged."""
    return ((name, b"<html>Not found</html>") for name in wanted)


def failing(wanted):
    raise OSError("the cable is unplugged")


def forbidden(wanted):
    raise AssertionError(f"asked for {wanted}")


def truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip_a_bit(path):
    content = path.read_bytes()
    path.write_bytes(content[:50] + bytes([content[50] ^ 4]) + content[51:])


def pack(good, raw, name):
    (raw / f"{name}.gz").write_bytes(gzip.compress((good / name).read_bytes(), 1))
