"""Which pictures and pages of PDFs are read, and how what is read in them is printed, one after the other."""

import glob
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from json import dumps
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from tqdm import tqdm

from digits.common.errors import UserError, printable
from digits.handwriting import Page
from digits.handwriting.pdf import SKIPPED, count_pages
from digits.handwriting.picture import LARGEST, pictures_in

T = TypeVar("T")
Format = Literal["lines", "json", "csv"]


class Source(NamedTuple):
    """A picture to read, the file that it comes from, and its page number in a PDF."""

    file: str
    picture: Any
    page: int | None = None

    @property
    def name(self) -> str:  # as a terminal shows it
        return printable(self.file) + (f" page {self.page}" if self.page else "")

    @property
    def facts(self) -> dict[str, Any]:  # as JSON says it
        return {"file": self.file} | ({"page": self.page} if self.page else {})


def find_sources(words: list[str]) -> list[list[Source]]:
    """Return the pictures and the PDFs in files, folders and patterns: of a PDF its pages, of a picture itself.

    Raises UserError for a network, and for standard input (-) that is too large or named twice.
    """
    names = [name for word in words for name in ([word] if os.path.exists(word) else sorted(glob.glob(word)) or [word])]
    if names.count("-") > 1:
        raise UserError("- is standard input, which can be read only once")
    return [_pages(file) for name in names for file in _files(name)]


def _files(name: str) -> list[str]:
    folder = Path(name)
    if folder.suffix == ".ckpt":
        raise UserError(f"{name} is a network, not a picture; it goes after --network")
    inside = [*pictures_in(folder), *folder.glob("*.[pP][dD][fF]")] if os.path.isdir(name) else []
    return sorted(map(str, inside)) or [name]


def _pages(file: str) -> list[Source]:
    if os.path.isdir(file):
        return [Source(file, UserError("there is no picture in this folder"))]
    if file == "-":
        content = sys.stdin.buffer.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise UserError(f"standard input is larger than {LARGEST:,} bytes")
        return [Source(file, content)]
    if not file.lower().endswith(".pdf"):
        return [Source(file, file)]
    count = 1  # of a file that cannot be opened: reading its page says why
    with suppress(UserError, OSError):
        count = count_pages(file)
    return [Source(file, Page(file, number), number) for number in range(1, count + 1)]


def paired(sources: list[Source], results: Iterator[tuple[str, T]], unit: str) -> Iterator[tuple[Source, str, T]]:
    """Yield each source with its error and its result, under a progress bar.

    A damaged PDF may claim thousands of pages: of those that are skipped, only the first is yielded.
    """
    before = ""
    bar = tqdm(sources, "predict", leave=False, unit=unit, disable=None)
    for source, (error, result) in zip(bar, results, strict=True):
        if not before == error == SKIPPED:
            yield source, error, result
        before = error


def show(format: Format, lines: list[str], facts: dict[str, Any]) -> None:
    """Print a result as lines or as a JSON object. A table is written at the end."""
    if format == "json":
        tqdm.write(dumps(facts))
    elif format == "lines" and lines:
        tqdm.write("\n".join(lines))
