"""Read digits in pictures: `python -m digits predict`."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from digits.errors import UserError


def predict(
    files: list[str],
    /,
    *,
    network: str | None = None,
    single: bool = False,
    length: str | None = None,
    digits: str | None = None,
    json: bool = False,
    csv: Annotated[list[Path] | None, Parameter(consume_multiple=(0, 1))] = None,
    annotate: Path | None = None,
    fields: Path | None = None,
    review: Path | None = None,
) -> None:
    """Read the numbers in pictures and PDFs, a line each, from left to right, with the activation of the least sure
    digit.

    Args:
        files: Pictures, PDFs, folders, patterns such as scans/*.png, or - for standard input.
        network: A run, a checkpoint, or bundled; by default the newest run in runs/, else the bundled network.
        single: Read the clearest digit of each picture alone, as a detector always does.
        length: How many digits each number has, such as 8 or 6-8.
        digits: The digits that may occur, such as 01.
        json: Print an object a line, for programs.
        csv: Write a table into this file; without a name, print it.
        annotate: Write the picture with boxes and digits over it, grey where none is read; of several, name a folder.
        fields: Read forms: a YAML file that names the fields of a page.
        review: Write a page for the browser that shows each doubtful field, to correct it.
    """
    from digits.predict import forms, pictures
    from digits.predict.review import check_review
    from digits.reading import choose_reader, expect

    if json and csv is not None:
        raise UserError("--json and --csv: one of the two")
    if fields and (single or length or digits or annotate):
        raise UserError("--fields: that file says what is expected; leave out --single, --length, --digits, --annotate")
    if review and not fields:
        raise UserError("--review shows the fields of forms; name them with --fields")
    reader, detected = choose_reader(network, expect(single, length, digits))
    found = pictures.named(files)
    reads = [*(one.file for one in found), network or "", str(fields or "")]
    table = pictures.Table(csv, reads)
    if fields:
        good = forms.read_forms(found, forms.parse(fields), reader, table, review and check_review(review, reads), json)
    else:
        good = pictures.read_pictures(found, reader, detected, table, pictures.drawings(annotate, found, reads), json)
    table.write()
    if not good:
        sys.exit(1)
