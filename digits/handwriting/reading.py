"""`from digits import read`: the numbers in pictures, in two lines of Python."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from copy import deepcopy
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from digits.common.errors import UserError
from digits.handwriting.lines import ANYTHING, Expected
from digits.handwriting.pdf import Page
from digits.handwriting.picture import content
from digits.handwriting.reader import Reader

if TYPE_CHECKING:
    from typing import IO

    import numpy as np
    from PIL.Image import Image
    from torch import nn

    from digits.checkpoint.contents import Checkpoint
    from digits.handwriting.answer import Answer

    Picture = str | Path | bytes | IO[Any] | Image | np.ndarray | Page
    Pictures = Sequence[Picture] | Iterator[Picture]
    Network = str | Path | nn.Module
    Digits = int | range | str | None

MOST_DIGITS = 50  # of a number: time grows with the length that is expected, and no number is written that long


@overload
def read(  # type: ignore[overload-overlap]  # a str is a sequence, too
    pictures: Picture, *, network: Network = ..., single: bool = ..., length: Digits = ..., digits: str | None = ...
) -> Answer: ...


@overload
def read(
    pictures: Pictures, *, network: Network = ..., single: bool = ..., length: Digits = ..., digits: str | None = ...
) -> list[Answer]: ...


def read(pictures, *, network="bundled", single=False, length=None, digits=None):
    """Read the numbers in a picture, or in each of a list of them.

    >>> from digits import read
    >>> answer = read("docs/504192.jpg")
    >>> answer.text
    '504192'
    >>> [group] = answer.lines[0].groups
    >>> group.box, round(group.confidence, 1)
    ((166, 16, 597, 118), 1.0)
    >>> group.candidates
    (('504192', 1.0),)
    >>> read("docs/504192.jpg", length=5).text
    '50492'

    Args:
        pictures: A picture, which is a path, the bytes of a file, a PIL image, or an array (H, W) or (H, W, 3 or 4),
            uint8, uint16, bool or float 0..1, dark strokes on light or light on dark; a file that is open in binary
            mode; a Page of a PDF; or a list of them, which are looked at on all cores if they are many.
        network: A run, a checkpoint, "bundled" (the default), or a module of 784 inputs and ten outputs 0..1, such as
            a DigitClassifier, which is shown no context (what is cut from larger strokes is shown by itself).
        single: Read the clearest digit of each picture alone.
        length: How many digits a number has, such as 8, or range(6, 9), or "6-8". Then each line of a picture is one
            number of that many digits, whatever the gaps in it: only such paths through it are followed.
        digits: The digits that may occur, such as "01".

    Returns:
        Of each picture its `text`, and its `lines`, each with its `text` and its `groups`: their `text` ("" if they are
        rejected), `digits`, `confidence` 0..1, `box` (left, top, right, bottom), `candidates`, the likeliest numbers
        with their probabilities, and `readings`, one for each digit, with the network's ten `outputs`. Where nothing is
        read, `error` says why.

    Raises:
        UserError: If there is no such network, if what is expected makes no sense, or in a process that was forked
            after a `read`. Not for a picture that cannot be read: its `error` says so.
    """
    from torch import nn

    from digits.checkpoint.selection import find

    if first_process() != os.getpid():
        # PyTorch's and OpenCV's threads, for which it would wait, are not forked with it.
        raise UserError('a process that is forked after a read cannot read; start it with multiprocessing\'s "spawn"')
    expected = expect(single, length, digits)
    if isinstance(network, nn.Module):
        models = sys.modules.get("digits.model")  # which takes seconds to import; without it, it is no DigitClassifier
        module: nn.Module = network.network if models and isinstance(network, models.DigitClassifier) else network
        reader = Reader(deepcopy(module).eval())  # without dropout; other threads may use the module meanwhile
    else:
        path = find(str(network))
        reader = _loaded(path, os.stat(path).st_mtime_ns)
    if reader.detects:
        raise UserError("this network only detects one digit; read needs one that reads all ten")
    several = isinstance(pictures, Sequence | Iterator) and not isinstance(
        pictures, str | bytes | bytearray | memoryview | Page
    )
    several = several and not hasattr(pictures, "read")  # an open file is an iterator
    answers = list(reader.read_all([(content(picture), expected) for picture in (pictures if several else [pictures])]))
    return answers if several else answers[0]


@cache
def first_process() -> int:
    """Return the number of the process that first read: this one, or the one that it was forked from."""
    return os.getpid()


def expect(single: bool = False, length: Digits = None, digits: str | None = None) -> Expected:
    """Return what is expected, as the user says it. Raises UserError if that makes no sense."""
    if single and length is not None:
        raise UserError("a single digit has no length; leave one of the two out")
    ends = None
    if length is not None:
        text = f"{length[0]}-{length[-1]}" if isinstance(length, range) and length and length.step == 1 else str(length)
        match = re.fullmatch("([0-9]{1,9})(?:-([0-9]{1,9}))?", text)
        ends = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= ends[0] <= ends[1] <= MOST_DIGITS:
            what = f"a number of digits, 1 to {MOST_DIGITS}, or two such as 6-8"
            raise UserError(f"length: expected {what}, not {length}")
    if digits is not None and not (isinstance(digits, str) and re.fullmatch("[0-9]+", digits)):
        raise UserError(f"digits: expected those that may occur, such as 01, not {digits!r}")
    return Expected(single, ends, digits or ANYTHING.digits)


def choose_reader(network: str | None) -> tuple[Reader, int | None]:
    """Return a reader with the network that `checkpoint.selection.choose` takes; and the digit that it detects, or None
    if it reads all ten.

    Raises UserError as `choose` does, or if it takes images of another size than MNIST's.
    """
    from digits.checkpoint.selection import choose

    saved, path = choose(network)
    return _reader(saved, path), saved.settings.get("only_digit")


@lru_cache(4)
def _loaded(path: Path, changed: int) -> Reader:
    """Return a reader with the network in a file that was last changed then; the last four are kept in memory."""
    from digits.checkpoint import untrusted

    return _reader(untrusted.read_checkpoint(path), path)


def _reader(saved: Checkpoint, path: Path) -> Reader:
    from digits.checkpoint.contents import load_network
    from digits.network import sizes

    network = load_network(saved, path)
    if sizes(network)[0] != 28 * 28:
        raise UserError(f"{path} reads images of another size than 28x28")
    return Reader(network, saved.context)
