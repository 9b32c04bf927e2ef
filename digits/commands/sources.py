"""Find the pictures and PDF pages to read, and print the results in order."""

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
    """A picture to read, its file, and its page number if the file is a PDF."""

    file: str
    picture: Any
    page: int | None = None

    @property
    def name(self) -> str:  # for the terminal
        return printable(self.file) + (f" page {self.page}" if self.page else "")

    @property
    def facts(self) -> dict[str, Any]:  # for JSON
        return {"file": self.file} | ({"page": self.page} if self.page else {})


def find_sources(words: list[str]) -> list[list[Source]]:
    """Return a list of sources for each file in files, folders and patterns: the pages of a PDF, or a picture.

    Raises UserError for a checkpoint, and for standard input (-) that is too large.
    """
    names = [name for word in words for name in ([word] if os.path.exists(word) else sorted(glob.glob(word)) or [word])]
    return [_pages(file) for name in names for file in _files(name)]


def _files(name: str) -> list[str]:
    folder = Path(name)
    if folder.suffix == ".ckpt":
        raise UserError(f"{name} is a network, not a picture; write --network {name}")
    inside = [*pictures_in(folder), *folder.glob("*.[pP][dD][fF]")] if os.path.isdir(name) else []
    return sorted(map(str, inside)) or [name]


def _pages(file: str) -> list[Source]:
    if os.path.isdir(file):
        return [Source(file, UserError("this folder has no pictures or PDFs; name another folder"))]
    if file == "-":
        content = sys.stdin.buffer.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise UserError(f"standard input is larger than {LARGEST:,} bytes; send a smaller file")
        return [Source(file, content)]
    if not file.lower().endswith(".pdf"):
        return [Source(file, file)]
    count = 1  # if the PDF cannot be opened, reading its first page says why
    with suppress(UserError, OSError):
        count = count_pages(file)
    return [Source(file, Page(file, number), number) for number in range(1, count + 1)]


def paired(sources: list[Source], results: Iterator[tuple[str, T]], unit: str) -> Iterator[tuple[Source, str, T]]:
    """Yield each source with its error and its result, under a progress bar.

    A damaged PDF may claim thousands of pages, so only the first of the skipped pages is yielded.
    """
    previous = ""
    bar = tqdm(sources, "reading", leave=False, unit=unit, disable=None)
    for source, (error, result) in zip(bar, results, strict=True):
        if not previous == error == SKIPPED:
            yield source, error, result
        previous = error


def show(format: Format, lines: list[str], facts: dict[str, Any]) -> None:
    """Print a result as lines or as a JSON object. For CSV, print nothing: the table is written at the end."""
    if format == "json":
        tqdm.write(dumps(facts))
    elif format == "lines" and lines:
        tqdm.write("\n".join(lines))
