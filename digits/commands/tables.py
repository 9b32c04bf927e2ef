"""A table of what was read: as a CSV file, or as a page for the browser to correct it."""

import csv
import io
import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from digits.common.errors import printable
from digits.common.files import write_atomically
from digits.handwriting.line_network import Length

SHOWN = 3_000  # fields on a page for review at most: each is about 10 kB
Rows = list[list[Any]]  # the titles of the columns first; names of files are printable


def write_table(rows: Rows, path: Path | None) -> None:
    """Write a table as CSV to a file, or print it. Raises UserError if it cannot be written."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n").writerows(rows)
    if path:
        write_atomically(path, buffer.getvalue().encode())
        print(f"{printable(str(path))}: rows: {len(rows) - 1:,}", file=sys.stderr)
    else:
        print(buffer.getvalue(), end="")


class Doubt(NamedTuple):
    """A doubtful cell: its row and column from 0, a JPEG in base64, the likeliest numbers, and what is expected."""

    row: int
    column: int
    crop: str
    candidates: list[str]
    length: Length | None
    digits: str


def write_review(path: Path, rows: Rows, doubts: list[Doubt], unread: list[str]) -> None:
    """Write a page that shows each doubtful cell beside its picture, and a line for each `unread` document.

    It holds all that it shows, and loads nothing. Raises UserError if it cannot be written.
    """
    source = files("digits.commands").joinpath("review.html").read_text("utf-8")
    fields = []
    for doubt in doubts:
        file, page, *_ = rows[doubt.row]
        title = f"{Path(file).name}{f' page {page}' if page else ''}: {rows[0][doubt.column]}"
        fields.append(doubt._asdict() | {"title": title})
    held = json.dumps({"rows": rows, "doubts": fields, "unread": unread}).replace("<", "\\u003c")
    write_atomically(path, source.replace("$held", held).encode())
    print(f"{printable(str(path))}: {len(doubts):,} fields to look at; open it in a browser", file=sys.stderr)
