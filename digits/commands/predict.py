"""Read digits in pictures: `python -m digits predict`."""

import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from digits.common.errors import UserError


def predict(
    files: list[str],
    /,
    *,
    network: str | None = None,
    single: bool = False,
    length: str | None = None,
    digits: str | None = None,
    json: bool = False,
    csv: Annotated[
        list[Path] | None, Parameter(consume_multiple=(0, 1), allow_repeating=False, json_list=False)
    ] = None,
    annotate: Path | None = None,
    fields: Path | None = None,
    review: Path | None = None,
) -> None:
    """Read the numbers in pictures and PDFs. Print each line with the activation of its least sure digit.

    Example: python -m digits predict docs/504192.jpg --network bundled

    Args:
        files: Pictures, PDFs, folders, patterns such as scans/*.png, or - for standard input.
        network: A run folder, a .ckpt file, bundled (a team of networks), or ocr (the team and a text recognizer).
            Default: the newest run in runs/, else bundled.
        single: Read only the clearest digit of each picture, as a detector always does.
        length: Number of digits in each number, such as 8 or 6-8.
        digits: Digits that may occur, such as 01 for zeros and ones.
        json: Print one JSON object per picture.
        csv: Write a CSV table to this file, or print it if no file is named. Name the pictures before this option.
        annotate: Save the picture with a box around each digit, grey if rejected. For several pictures, name a folder.
        fields: Read forms whose fields this YAML file defines.
        review: Write a web page on which you can correct the doubtful fields.
    """
    from digits.commands.answers import drawing_paths, read_pictures
    from digits.commands.documents import read_forms
    from digits.commands.forms import read_form
    from digits.commands.sources import Format, find_sources
    from digits.commands.tables import write_review, write_table
    from digits.handwriting.api import choose_reader, expect
    from digits.handwriting.picture import check_output

    if json and csv is not None:
        raise UserError("--json and --csv exclude each other; use only one")
    if fields and (single or length or digits or annotate):
        raise UserError("--fields replaces --single, --length, --digits and --annotate; leave these out")
    if review and not fields:
        raise UserError("--review shows the fields of a form; define them with --fields")
    format: Format = "json" if json else "lines" if csv is None else "csv"
    table, reads = next(iter(csv or []), None), [*files, network or "", str(fields or "")]
    for target, suffix in ((table, ".csv"), (review, ".html")):
        if target:
            check_output(target, reads, [suffix])
    form, expected = read_form(fields) if fields else None, expect(single, length, digits, "--")
    reader, detected, _ = choose_reader(network)
    sources = find_sources(files)
    if form:
        rows, doubts, unread = read_forms(sources, form, reader, bool(review), format)
        failed = bool(unread)
    else:
        pages = [page for document in sources for page in document]
        drawings = drawing_paths(annotate, pages, reads) if annotate else {}
        with closing(reader.read_all([(page.picture, expected) for page in pages])) as answers:
            rows, good = read_pictures(pages, answers, detected, drawings, format)
        failed = not good
    if csv is not None:
        write_table(rows, table)
    if review:
        write_review(review, rows, doubts, unread)
    if failed:
        sys.exit(1)
