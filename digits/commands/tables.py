"""Write a table of the numbers that were read, as a CSV file or as a web page for correcting them."""

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

SHOWN = 3_000  # largest number of fields on a review page; each takes about 10 kB
Rows = list[list[Any]]  # column titles first; file names are printable


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
    """A doubtful cell: its row and column from 0, its base64 JPEG, the likeliest numbers, and what is expected.

    With `--network ocr`, the `opinions` are the numbers that the bundled team and the recognizer would read.
    """

    row: int
    column: int
    crop: str
    candidates: list[str]
    length: Length | None
    digits: str
    opinions: tuple[str, ...] = ()


def write_review(path: Path, rows: Rows, doubts: list[Doubt], unread: list[str]) -> None:
    """Write a web page that shows the picture of each doubtful cell, and a line for each `unread` document.

    The page is self-contained. Raises UserError if it cannot be written.
    """
    source = files("digits.commands").joinpath("review.html").read_text("utf-8")
    fields = []
    for doubt in doubts:
        file, page, *_ = rows[doubt.row]
        title = f"{Path(file).name}{f' page {page}' if page else ''}: {rows[0][doubt.column]}"
        fields.append(doubt._asdict() | {"title": title})
    content = json.dumps({"rows": rows, "doubts": fields, "unread": unread}).replace("<", "\\u003c")
    write_atomically(path, source.replace("$content", content).encode())
    print(f"{printable(str(path))}: fields to check: {len(doubts):,}; open the page in a browser", file=sys.stderr)
