"""Which pictures are read, what is printed of each, and what is drawn over it."""

import csv
import glob
import io
import os
import re
import sys
from collections import Counter
from contextlib import closing, suppress
from json import dumps
from pathlib import Path
from textwrap import fill
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from PIL import Image, ImageDraw
from tqdm import tqdm

from digits.checkpoint.selection import BEST
from digits.errors import UserError, printable
from digits.files import write_atomically
from digits.handwriting import Answer, Reader, Reading, TextLine
from digits.handwriting.eye import see
from digits.handwriting.lines import opened
from digits.handwriting.pdf import Page, count_pages
from digits.handwriting.picture import LARGEST, WRITTEN, check_output, pictures_in, save, upright
from digits.neurons import binary_layer

TINT = 0.6  # how much of what is handwriting is covered by the colour that says so


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
    return f"./{printable(cell)}" if re.match("[=+@-].", cell) else printable(cell)


def read_pictures(
    sources: list[Source],
    reader: Reader,
    detected: int | None,
    targets: list[Path | None],
    how: Literal["lines", "json", "csv"],
) -> tuple[list[list[Any]], bool]:
    """Read pictures, and draw what is read in each, and say it, but for a table; returns the rows of a table, and
    whether something is read in all of them.
    """
    rows, good = [["file", "page", "line", "text", "confidence"]], True
    bar = tqdm(zip(sources, targets, strict=True), "predict", len(sources), False, unit=" pictures", disable=None)
    with closing(reader.read_all([source.picture for source in sources])) as answers:
        for source, drawing in bar:
            said = next(answers)
            if os.path.isdir(source.file):
                said = Answer([], error="there is no picture in this folder")
            if how == "json":
                tqdm.write(dumps(source.facts | all_facts(said)))
            else:
                say(source.name, said, detected, quiet=how == "csv")
            rows += _rows(source, said)
            good = good and not said.error
            if drawing and (unwritten := write_annotated(source.picture, said, drawing)):
                tqdm.write(f"{source.name}: {printable(unwritten)}", file=sys.stderr)
                good = False
    return rows, good


def _rows(source: Source, said: Answer) -> list[list[Any]]:
    """A row for each line with a number; if there is none, one that says nothing."""
    rows: list[list[Any]] = []
    for line in said.lines:
        if line.text:
            sure = min(group.confidence for group in line.groups if group.text)
            rows.append([source.file, source.page, len(rows) + 1, line.text, round(sure, 3)])
    return rows or [[source.file, source.page, None, None, None]]


def drawings(annotate: Path | None, sources: list[Source], reads: list[str]) -> list[Path | None]:
    """Where each annotated picture goes. Raises UserError if one cannot be written."""
    if annotate is None:
        return [None] * len(sources)
    if annotate.suffix.lower() in WRITTEN and len(sources) > 1:
        raise UserError(f"--annotate: these are {len(sources)} pictures; name a folder in place of {annotate}")
    if len(sources) == 1:
        check_output(annotate, reads)
        return [annotate]
    found = [annotate / f"{Path(one.file).stem}{f'_{one.page}' if one.page else ''}.png" for one in sources]
    written = Counter(drawing.name.casefold() for drawing in found)  # which are one file on Windows and macOS
    twice = next((drawing.name for drawing in found if written[drawing.name.casefold()] > 1), None)
    if twice:
        raise UserError(f"--annotate: two of the pictures would be drawn as {twice}")
    annotate.mkdir(parents=True, exist_ok=True)
    for drawing in found:
        check_output(drawing, reads)
    return list(found)


def named(words: list[str]) -> list[Source]:
    """The pictures themselves, those in folders, those of patterns, and the pages of PDFs."""
    names = []
    for word in words:
        path = Path(word)
        if path.suffix == ".ckpt" or os.path.exists(path / BEST):
            raise UserError(f"{word} is a network, not a picture; it goes after --network")
        if os.path.isdir(word):
            found = [*pictures_in(path), *(file for file in path.glob("*.[pP][dD][fF]") if file.is_file())]
            names += sorted(map(str, found)) or [word]
        else:
            names += (not os.path.exists(word) and sorted(glob.glob(word))) or [word]
    if names.count("-") > 1:
        raise UserError("- is standard input, which can be read only once")
    return [source for name in names for source in _sources(name)]


def _sources(name: str) -> list[Source]:
    if name == "-":
        return [Source(name, standard_input())]
    if not name.lower().endswith(".pdf"):
        return [Source(name, name)]
    count = 1  # of a file that cannot be opened, as is said when its page is read
    with suppress(UserError, OSError, ValueError):
        count = count_pages(name)
    return [Source(name, Page(name, number), number) for number in range(1, count + 1)]


def standard_input() -> bytes:
    """The bytes of a picture. Raises UserError if there are too many, or if they cannot be read."""
    try:
        content = sys.stdin.buffer.read(LARGEST + 1)
    except (AttributeError, OSError) as error:  # it is closed, and Python has None for it
        raise UserError("standard input cannot be read") from error
    if len(content) > LARGEST:
        raise UserError(f"standard input is larger than {LARGEST:,} bytes")
    return content


def all_facts(said: Answer) -> dict[str, Any]:
    """What is printed of a picture with --json: each line, its groups, also rejected ones, and their segments."""
    lines = [
        {
            "text": line.text,
            "groups": [
                {
                    "text": group.text,
                    "confidence": group.confidence,
                    "box": group.box,
                    "candidates": group.candidates,
                    "segments": [_facts(reading) for reading in group.readings],
                }
                for group in line.groups
            ],
        }
        for line in said.lines
    ]
    error = {"error": said.error} if said.error else {}
    return error | {"turned": said.degrees, "crowded": said.crowded, "lines": lines}


def _facts(reading: Reading) -> dict[str, Any]:
    """What is printed of a reading: its digit and the runner-up, their activations, and its bits, such as "0100"."""
    has_bits = reading.digit is not None and len(reading.outputs) == 10
    bits = binary_layer()(torch.eye(10)[reading.digit]).int().tolist() if has_bits else []
    return {
        "digit": reading.digit,
        "activation": reading.activation,
        "runner_up": reading.runner_up,
        "runner_up_activation": reading.outputs[reading.runner_up].item(),
        "bits": "".join(map(str, bits)),
        "box": reading.box,
    }


def say(name: str, said: Answer, detected: int | None, quiet: bool = False) -> None:
    """Print the numbers of a picture, a line each, unless `quiet`; on standard error why there are none, or fewer than
    lines.
    """
    numbers = [line for line in said.lines if line.text]
    if numbers and not quiet:
        tqdm.write("\n".join(f"{name}: {_line(line, detected)}" for line in numbers))
    passed = len(said.lines) - len(numbers)
    notes = []
    if said.error:
        notes.append(said.error)
    elif passed:
        notes.append(f"{passed} of {len(said.lines)} lines are like no digits")
    if said.crowded:
        notes.append("has more strokes than are looked at; crop it to the numbers to read them all")
    if said.degrees:
        notes.append(f"looks turned by {said.degrees} degrees, and was turned back")
    for note in notes:
        tqdm.write(f"{name}: {note}", file=sys.stderr)


def _line(line: TextLine, detected: int | None) -> str:
    """What was read, its activation and the runner-up; of several digits, those of the least sure one."""
    digits = [one for group in line.groups if group.text for one in group.readings if one.digit is not None]
    least = min(digits, key=lambda one: one.outputs[one.digit])
    if detected is not None:
        return f"{'a' if least.digit else 'no'} {detected}  ({least.activation:.2f})"
    sure = f"{least.activation:.2f}, then {least.runner_up} with {least.outputs[least.runner_up]:.2f}"
    if len(digits) > 1:
        sure = f"least sure: {least.digit} with {sure}"
    return f"{line.text}  ({sure})"


def write_annotated(picture: Any, said: Answer, path: Path) -> str:
    """Write the annotated picture to `path`; returns why it cannot be written, or ""."""
    try:
        image = upright(picture)
    except UserError:  # it cannot be opened, as has been said
        return ""
    try:
        save(annotated(image, said), path)
    except UserError as error:
        return str(error)
    return ""


def annotated(image: Image.Image, said: Answer) -> Image.Image:
    """The picture with a box around each digit and what was read above it; grey around what is none, and why.

    What the eye takes for handwriting is blue.
    """
    with suppress(UserError):  # too small a picture
        sure = Image.fromarray(np.uint8(TINT * 255 * see(opened(image)[0]).sure))
        image.paste("#0072b2", mask=sure.resize(image.size, Image.Resampling.BILINEAR))
    draw = ImageDraw.Draw(image)
    pen, size = max(1, max(image.size) // 300), max(10, max(image.size) // 25)
    for group in [group for line in said.lines for group in line.groups]:
        for reading in group.readings:
            is_read = group.text and reading.digit is not None
            left, top, right, bottom = reading.box
            colour = "#d55e00" if is_read else "grey"
            draw.rectangle((left - pen, top - pen, right + pen, bottom + pen), outline=colour, width=pen)
            if is_read:
                above = top - 1.3 * size if top > 1.3 * size else bottom + pen
                draw.text((left, above), str(reading.digit), colour, font_size=size)
    if said.error:
        draw.text((pen, pen), fill(said.error, 40), "grey", font_size=max(10, size / 2))
    return image
