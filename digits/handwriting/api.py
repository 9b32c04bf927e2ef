"""Read the numbers in pictures in two lines of Python: `from digits import read`."""

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

MOST_DIGITS = 50  # longest number that can be expected; longer numbers take more time, and nobody writes them


@overload
def read(  # type: ignore[overload-overlap]  # a str is also a sequence
    pictures: Picture, *, network: Network = ..., single: bool = ..., length: Digits = ..., digits: str | None = ...
) -> Answer: ...


@overload
def read(
    pictures: Pictures, *, network: Network = ..., single: bool = ..., length: Digits = ..., digits: str | None = ...
) -> list[Answer]: ...


def read(pictures, *, network="bundled", single=False, length=None, digits=None):
    """Read the numbers in a picture, or in each picture of a list.

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
        pictures: A picture or a list of pictures. A picture is a path, an open binary file, the bytes of a file, a PIL
            image, a `Page` of a PDF, or an array (H, W) or (H, W, 3 or 4) of uint8, uint16, bool or float 0..1. Strokes
            may be dark on light or light on dark. A long list is read on all cores.
        network: A run, a checkpoint, "bundled" (the default), "ocr", or a module with 784 inputs and ten outputs 0..1,
            such as a DigitClassifier. It names every digit. The bundled networks are a team: there, the line network
            also has a say. With "ocr", a text recognizer has a say, too, which needs the extra `ocr`. A module sees
            each digit without context, that is, without strokes that touch it.
        single: Read only the clearest digit of each picture. The line network is not asked.
        length: The number of digits in each number, such as 8, range(6, 9) or "6-8". With a length, each line of
            a picture is read as a single number, even if there are gaps in the line.
        digits: The digits that can occur, such as "01".

    Returns:
        An `Answer` for each picture. It has a `text` and `lines`. Each line has a `text` and `groups`. Each group has a
        `text` ("" if it is rejected), `digits`, a `confidence` 0..1, a `box` (left, top, right, bottom), `candidates`
        (the likeliest numbers and their probabilities), and `readings` (for each digit, the network's ten `outputs`).
        If nothing was read, `error` says why.

    Raises:
        UserError: If the network is missing, if `length` or `digits` make no sense, or in a process that was forked
            after a `read`. A picture that cannot be read raises nothing: the `error` of its `Answer` says why.
    """
    from torch import nn

    from digits.checkpoint.selection import find_network, title

    if first_process() != os.getpid():
        # A forked process has none of the threads of PyTorch and OpenCV, and would wait for them forever.
        raise UserError('a process that is forked after a read cannot read; use multiprocessing\'s "spawn" method')
    expected = expect(single, length, digits)
    if isinstance(network, nn.Module):
        models = sys.modules.get("digits.model")  # not imported here, because that takes seconds
        module: nn.Module = network.network if models and isinstance(network, models.DigitClassifier) else network
        reader = Reader(deepcopy(module).eval())  # a copy, since other threads may train the module meanwhile
    else:
        path = find_network(str(network))
        reader = _loaded(path, os.stat(path).st_mtime_ns, title(str(network), path))
    if reader.detects:
        raise UserError("this network only detects one digit; use a network that reads all ten")
    is_list = isinstance(pictures, Sequence | Iterator) and not isinstance(pictures, str | bytes | Page)
    is_list = is_list and not hasattr(pictures, "read")  # an open file is also an iterator
    answers = list(reader.read_all([(content(picture), expected) for picture in (pictures if is_list else [pictures])]))
    return answers if is_list else answers[0]


@cache
def first_process() -> int:
    """Return the process id at the first call. A forked process inherits the cached id of its parent."""
    return os.getpid()


def expect(single: bool = False, length: Digits = None, digits: str | None = None, dashes: str = "") -> Expected:
    """Parse the arguments of `read`, or options, with `dashes` before their names. Raises UserError if one is wrong."""
    if single and length is not None:
        raise UserError(f"a single digit has length 1; leave out {dashes}single or {dashes}length")
    bounds = None
    if length is not None:
        text = f"{length[0]}-{length[-1]}" if isinstance(length, range) and length and length.step == 1 else str(length)
        match = re.fullmatch("([0-9]{1,9})(?:-([0-9]{1,9}))?", text)
        bounds = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= bounds[0] <= bounds[1] <= MOST_DIGITS:
            expected = f"expected a number from 1 to {MOST_DIGITS} or a range such as 6-8"
            raise UserError(f"{dashes}length: {expected}, not {length}")
    if digits is not None and not (isinstance(digits, str) and re.fullmatch("[0-9]+", digits)):
        raise UserError(f"{dashes}digits: expected the digits that can occur, such as 01, not {digits!r}")
    return Expected(single, bounds, digits or ANYTHING.digits)


def choose_reader(network: str | None) -> tuple[Reader, int | None, str]:
    """Return a reader with the network that `checkpoint.selection.find_checkpoint` finds.

    Also return the only digit that the network detects, or None if it reads all ten, and the name of the network, such
    as runs/NAME or "the bundled team". Raises UserError as `find_checkpoint` does, or if the network takes images of
    another size than 28x28.
    """
    from digits.checkpoint.selection import find_checkpoint, title

    saved, path = find_checkpoint(network, reads=True)
    name = title(network, path)
    return _reader(saved, path, name), saved.settings.get("only_digit"), name


@lru_cache(4)
def _loaded(path: Path, changed: int, name: str) -> Reader:
    """Return a reader with the network in a file that was changed at this time. Four readers stay in memory."""
    from digits.checkpoint import untrusted

    return _reader(untrusted.read_checkpoint(path), path, name)


def _reader(saved: Checkpoint, path: Path, name: str) -> Reader:
    from digits.checkpoint.contents import load_network
    from digits.checkpoint.selection import TEAM, WITH_OCR
    from digits.network import sizes

    network, ocr = load_network(saved, path), name == WITH_OCR
    if sizes(network)[0] != 28 * 28:
        raise UserError(f"{path} reads images of a size other than 28x28; choose another network")
    return Reader(network, saved.context, team=ocr or name == TEAM, ocr=ocr)
