"""Which pictures are read, what is printed of each, and what is drawn over it."""

import csv
import glob
import io
import os
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from json import dumps
from pathlib import Path
from textwrap import fill
from typing import Any, Literal, NamedTuple

import numpy as np
from PIL import Image, ImageDraw
from tqdm import tqdm

from digits.common.errors import UserError, printable, tried
from digits.common.files import write_atomically
from digits.handwriting.answer import Answer, Group, Line, Reading
from digits.handwriting.eye import see
from digits.handwriting.lines import opened
from digits.handwriting.pdf import SKIPPED, Page, count_pages
from digits.handwriting.picture import LARGEST, WRITTEN, check_output, pictures_in, save, upright

TINT = 0.6  # how much of what is handwriting is covered by the colour that says so

SIGNS = [*"=+-@\N{MINUS SIGN}"]  # with which a formula may begin
How = Literal["lines", "json", "csv"]  # what is read is printed, but for a table, which is written at the end


class Source(NamedTuple):
    """A picture, the file that the user named for it, and, of a PDF, the number of its page."""

    file: str
    picture: Any
    page: int | None = None

    @property
    def name(self) -> str:
        """As it is shown."""
        return printable(self.file) + (f" page {self.page}" if self.page else "")

    @property
    def facts(self) -> dict[str, Any]:
        """As it is said to programs."""
        return {"file": self.file} | ({"page": self.page} if self.page else {})


def named(words: list[str]) -> list[Source]:
    """The pictures themselves, those in folders, those of patterns, and the pages of PDFs."""
    from digits.checkpoint.selection import BEST  # here, since the processes that look at forms need no torch

    files: list[str] = []
    for word in words:
        for name in [word] if os.path.exists(word) else sorted(glob.glob(word)) or [word]:
            path = Path(name)
            if path.suffix == ".ckpt" or os.path.exists(path / BEST):
                raise UserError(f"{name} is a network, not a picture; it goes after --network")
            inside = [*pictures_in(path), *path.glob("*.[pP][dD][fF]")] if os.path.isdir(name) else []
            files += sorted(str(file) for file in inside if file.is_file()) or [name]
    if files.count("-") > 1:
        raise UserError("- is standard input, which can be read only once")
    return [source for file in files for source in _sources(file)]


def _sources(file: str) -> list[Source]:
    """A picture, or each page of a PDF. Raises UserError if standard input is too large."""
    if file == "-":
        content = sys.stdin.buffer.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise UserError(f"standard input is larger than {LARGEST:,} bytes")
        return [Source(file, content)]
    if not file.lower().endswith(".pdf"):
        return [Source(file, file)]
    count = 1  # of a file that cannot be opened, as is said when its page is read
    with suppress(UserError, OSError, ValueError):
        count = count_pages(file)
    return [Source(file, Page(file, number), number) for number in range(1, count + 1)]


def drawings(annotate: Path | None, sources: list[Source], reads: list[str]) -> list[Path | None]:
    """Where the annotated picture of each source goes. Raises UserError if one cannot be written, or only over a source
    or what else is read.
    """
    if annotate is None:
        return [None] * len(sources)
    found, reads = [annotate], [*(one.file for one in sources), *reads]
    if len(sources) > 1:
        if annotate.suffix.lower() in WRITTEN:
            raise UserError(f"--annotate: these are {len(sources)} pictures; name a folder in place of {annotate}")
        found = [annotate / f"{Path(one.file).stem}{f'_{one.page}' if one.page else ''}.png" for one in sources]
        written = Counter(drawing.name.casefold() for drawing in found)  # which are one file on Windows and macOS
        twice = next((drawing.name for drawing in found if written[drawing.name.casefold()] > 1), None)
        if twice:
            raise UserError(f"--annotate: two of the pictures would be drawn as {twice}")
        annotate.mkdir(parents=True, exist_ok=True)
    for drawing in found:
        check_output(drawing, reads)
    return list(found)


def tell(
    sources: list[Source], answers: Iterator[Answer], detected: int | None, targets: list[Path | None], how: How
) -> tuple[list[list[Any]], bool]:
    """Say what is read in each picture, and draw it; returns the rows of a table, and whether all went well."""
    rows: list[list[Any]] = [["file", "page", "line", "text", "confidence"]]
    good, error = True, ""
    bar = tqdm(sources, "predict", leave=False, unit=" pictures", disable=None)
    for source, target, answer in zip(bar, targets, answers, strict=True):
        before, error = error, answer.error
        if before == error == SKIPPED:  # the line before says it of all pages
            continue
        if os.path.isdir(source.file):
            answer = Answer([], error="there is no picture in this folder")
        lines = [line for line in answer.lines if line.text]
        if how == "json":
            tqdm.write(dumps(source.facts | facts(answer)))
        elif how == "lines" and lines:
            tqdm.write("\n".join(f"{source.name}: {shown(line, detected)}" for line in lines))
        for n, line in enumerate(lines, 1):
            sure = min(group.confidence for group in line.groups if group.text)
            rows.append([source.file, source.page, n, line.text, round(sure, 3)])
        if not lines:
            rows.append([source.file, source.page, None, None, None])
        notes = notes_on(answer) if how != "json" else []
        unwritten = tried(write_annotated, source.picture, answer, target) if target else None
        if unwritten:
            notes.append(printable(str(unwritten)))
        for note in notes:
            tqdm.write(f"{source.name}: {note}", file=sys.stderr)
        good = good and not answer.error and not unwritten
    return rows, good


def write_table(rows: list[list[Any]], path: Path | None) -> None:
    """Write rows as CSV into a file, or print them. Raises UserError if they cannot be written."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")  # also what holds a ; or a tab
    writer.writerows([safe(cell) for cell in row] for row in rows)
    if path:
        write_atomically(path, buffer.getvalue().encode("utf-8", "backslashreplace"))
        print(f"{printable(str(path))}: rows: {len(rows) - 1:,}", file=sys.stderr)
    else:
        print(buffer.getvalue(), end="")


def safe(cell: Any) -> Any:
    """A cell that no terminal obeys and no spreadsheet takes for a formula: the name of a file may be a stranger's."""
    if not isinstance(cell, str):
        return cell
    shown = printable(cell)
    first = unicodedata.normalize("NFKC", shown.lstrip()[:1])  # also of a full-width or a small sign
    return f"./{shown}" if first in SIGNS and len(shown) > 1 else shown


def facts(answer: Answer) -> dict[str, Any]:
    """What is printed of a picture with --json: each line, its groups, also rejected ones, and their segments."""
    lines = [{"text": line.text, "groups": [_of_group(group) for group in line.groups]} for line in answer.lines]
    error = {"error": answer.error} if answer.error else {}
    return error | {"turned": answer.degrees, "lines": lines}


def _of_group(group: Group) -> dict[str, Any]:
    known = {"text": group.text, "confidence": group.confidence, "box": group.box, "candidates": group.candidates}
    return known | {"segments": [_of_segment(reading) for reading in group.readings]}


def _of_segment(reading: Reading) -> dict[str, Any]:
    """The digit and the runner-up, their activations, and the digit's bits, such as "0100", as of `binary_layer`."""
    return {
        "digit": reading.digit,
        "activation": reading.activation,
        "runner_up": reading.runner_up,
        "runner_up_activation": reading.outputs[reading.runner_up].item(),
        "bits": f"{reading.digit:04b}" if len(reading.outputs) == 10 else "",
        "box": reading.box,
    }


def notes_on(answer: Answer) -> list[str]:
    """Why there are no numbers in a picture, or fewer than lines, and what else is to be known of it."""
    notes = [answer.error] if answer.error else []
    passed = sum(not line.text for line in answer.lines)
    if passed and not answer.error:
        notes.append(f"{passed} of {len(answer.lines)} lines are like no digits")
    if answer.degrees:
        notes.append(f"looks turned by {answer.degrees} degrees, and was turned back")
    return notes


def shown(line: Line, detected: int | None) -> str:
    """What was read, its activation and the runner-up; of several digits, those of the least sure one."""
    least = min(line.digits_read, key=lambda one: one.outputs[one.digit])
    if detected is not None:
        return f"{'a' if least.digit else 'no'} {detected}  ({least.activation:.2f})"
    sure = f"{least.activation:.2f}, then {least.runner_up} with {least.outputs[least.runner_up]:.2f}"
    if len(line.digits_read) > 1:
        sure = f"least sure: {least.digit} with {sure}"
    return f"{line.text}  ({sure})"


def write_annotated(picture: Any, answer: Answer, path: Path) -> None:
    """Write the annotated picture to `path`, if it can be opened. Raises UserError if it cannot be written."""
    image = tried(upright, picture)
    if not isinstance(image, UserError):
        save(annotated(image, answer), path)


def annotated(image: Image.Image, answer: Answer) -> Image.Image:
    """The picture with a box around each digit and what was read above it; grey around what is none, and why.

    What the eye takes for handwriting is blue.
    """
    with suppress(UserError):  # too small a picture
        sure = Image.fromarray(np.uint8(TINT * 255 * see(opened(image)[0])[1]))
        image.paste("#0072b2", mask=sure.resize(image.size, Image.Resampling.BILINEAR))
    draw = ImageDraw.Draw(image)
    pen, size = max(1, max(image.size) // 300), max(10, max(image.size) // 25)
    for group in [group for line in answer.lines for group in line.groups]:
        for reading in group.readings:
            is_read = bool(group.text)
            left, top, right, bottom = reading.box
            colour = "#d55e00" if is_read else "grey"
            draw.rectangle((left - pen, top - pen, right + pen, bottom + pen), outline=colour, width=pen)
            if is_read:
                above = top - 1.3 * size if top > 1.3 * size else bottom + pen
                draw.text((left, above), str(reading.digit), colour, font_size=size)
    if answer.error:
        draw.text((pen, pen), fill(answer.error, 40), "grey", font_size=max(10, size / 2))
    return image
