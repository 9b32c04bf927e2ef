"""A page for the browser that shows what is doubtful in a table beside what was read, to correct it and save the table.

It holds all that it shows, and loads nothing.
"""

import base64
import hashlib
import json
import sys
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from digits.commands.pictures import safe
from digits.common.errors import printable
from digits.common.files import write_atomically
from digits.handwriting.line_network import Length

SHOWN = 3_000  # fields on a page at most: each is about 10 kB


class Doubt(NamedTuple):
    """A cell of a table, its row and column from 0; a JPEG of the field, in base64; the likeliest readings; and how
    many and which digits are expected.
    """

    row: int
    column: int
    crop: str
    candidates: list[str]
    length: Length | None
    digits: str


def write_review(path: Path, rows: list[list[Any]], doubts: list[Doubt], unread: list[str]) -> None:
    """Write the page, which also says which documents are `unread`. Raises UserError if that cannot be done."""
    source = files("digits.commands").joinpath("review.html").read_text("utf-8")
    script = source[source.index("<script>") + len("<script>") : source.rindex("</script>")]
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    cells = [[safe(cell) for cell in row] for row in rows]
    shown = [doubt._asdict() | {"title": _title(doubt, rows)} for doubt in doubts]
    held = json.dumps({"rows": cells, "doubts": shown, "unread": unread}).replace("<", "\\u003c")
    content = Template(source).substitute(allowed=allowed, held=held)
    write_atomically(path, content.encode("utf-8", "backslashreplace"))
    print(f"{printable(str(path))}: {len(doubts):,} fields to look at; open it in a browser", file=sys.stderr)


def _title(doubt: Doubt, rows: list[list[Any]]) -> str:
    """The file without its folder, the page and the field."""
    file, page, *_ = rows[doubt.row]
    return f"{printable(Path(file).name)}{f' page {page}' if page else ''}: {rows[0][doubt.column]}"
