"""Read a stack of forms: of each document, the value of each field."""

import io
import sys
from base64 import b64encode
from collections.abc import Generator
from contextlib import closing
from typing import Any, NamedTuple

from tqdm import tqdm

from digits.commands.forms import Field, Form
from digits.commands.sources import Format, Source, paired, show
from digits.commands.tables import SHOWN, Doubt, Rows
from digits.common.errors import UserError, printable, tried
from digits.handwriting.answer import Answer, Group, Line
from digits.handwriting.lines import Segmentation, find_lines
from digits.handwriting.parallel import on_all_cores
from digits.handwriting.pdf import Patience
from digits.handwriting.picture import upright
from digits.handwriting.reader import Reader

CROP = 700, 160  # width and height of a field on the page for review, at most, in pixels

# What is found in a field, the field's height in pixels, and a JPEG of it in base64, "" if nobody will look at it.
Seen = tuple[Segmentation | UserError, int, str]


class Value(NamedTuple):
    """The number in a field, the confidence in it, 0..1, and the likeliest numbers; or why there is none."""

    text: str = ""
    confidence: float = 0.0
    candidates: tuple[tuple[str, float], ...] = ()
    error: str = ""


def read_forms(
    sources: list[list[Source]], form: Form, reader: Reader, review: bool, format: Format
) -> tuple[Rows, list[Doubt], list[str]]:
    """Show what the fields of each document say.

    Returns a table; its doubtful cells, with JPEGs if there will be a `review`; and a line for each document that
    cannot be read, or PDF that lacks pages. Raises UserError if no document can be read.
    """
    if reader.detects:
        raise UserError("this network only detects one digit; fields need one that reads all ten")
    stack = [pages[n : n + form.pages] for pages in sources for n in range(0, len(pages), form.pages)]
    read, doubtful = 0, 0
    doubts: list[Doubt] = []
    names = [printable(field.name) for field in form.fields]
    titles = [title for name in names for title in (name, f"{name} confidence")]
    rows: Rows = [["file", "page", *titles]]
    lacking = (
        f"{printable(pages[0].file)}: has {len(pages)} pages, not a multiple of the form's {form.pages}; look for a"
        " missing page, since all documents after it are misread"
        for pages in sources
        if len(pages) > 1 and len(pages) % form.pages
    )
    unread = [*dict.fromkeys(lacking)]  # a file that is named twice is told once
    for line in unread:
        print(line, file=sys.stderr)
    with closing(look_at(stack, form, reader.context, review)) as results:
        for first, error, seen in paired([pages[0] for pages in stack], results, " forms"):
            row: list[Any] = [printable(first.file), first.page]
            rows.append(row)
            if error:
                row += [None] * len(titles)
                unread.append(f"{first.name}: {printable(error)}")
                tqdm.write(unread[-1], file=sys.stderr)
                show(format, [], first.facts | {"error": error})
                continue
            read += 1
            texts, facts = [], {}
            for field, (lines, height, crop) in zip(form.fields, seen, strict=True):
                expected = field.expected
                value = value_of(reader.answer(lines, expected), height)
                sure = value.confidence >= field.sure
                doubtful += not sure
                if not sure and doubtful <= SHOWN:
                    numbers = [number for number, _ in value.candidates]
                    doubts.append(Doubt(len(rows) - 1, len(row), crop, numbers, expected.length, expected.digits))
                row += [value.text, round(value.confidence, 3)]
                texts.append(f"{field.name} {value.text or 'nothing'}{'' if sure else '?'} ({value.confidence:.2f})")
                facts[field.name] = value._asdict()
            show(format, [f"{first.name}: {', '.join(texts)}"], first.facts | {"fields": facts})
    if not read:
        raise UserError("none of the documents can be read")
    not_read = f", {len(stack) - read:,} not read" if read < len(stack) else ""
    shares = f"{doubtful:,} of {read * len(form.fields):,}"
    print(f"documents: {read:,} read{not_read}; fields: {shares} doubtful", file=sys.stderr)
    return rows, doubts, unread


def look_at(stack: list[list[Source]], form: Form, context: bool, crops: bool) -> Generator[tuple[str, list[Seen]]]:
    """Yield for each document why it cannot be read, or "" and what is seen in its fields, on all cores.

    Close the iterator to stop early.
    """
    patience = Patience()
    tasks = (([patience.offer(page.picture) for page in pages], form, context, crops) for pages in stack)
    with closing(on_all_cores(look, tasks)) as results:
        for pages, result in zip(stack, results, strict=True):
            result = patience.judge(pages[0].picture, result)
            yield (str(result), []) if isinstance(result, UserError) else ("", result)


def look(pages: list[Any], form: Form, context: bool, crops: bool) -> list[Seen]:
    """Return what is seen in each field of a document. Raises UserError if its pages cannot be read."""
    numbers = sorted({field.page for field in form.fields})
    if numbers[-1] > len(pages):
        upright(pages[0])  # says so, if it is damaged: then its other pages are not known
        raise UserError(f"has {len(pages)} of the {form.pages} pages of the form")
    seen: dict[Field, Seen] = {}
    for number in numbers:  # one after the other: a page may be large
        page = upright(pages[number - 1])
        for field in (field for field in form.fields if field.page == number):
            left, top, right, bottom = (
                round(share * side) for share, side in zip(field.box, page.size * 2, strict=True)
            )
            crop, buffer = page.crop((left, top, right, bottom)), io.BytesIO()
            found = tried(find_lines, crop, field.expected._replace(upright=True), context=context)
            if crops and min(crop.size) > 0:
                crop.thumbnail(CROP)
                crop.save(buffer, "JPEG", quality=80)
            seen[field] = found, bottom - top, b64encode(buffer.getvalue()).decode()
    return [seen[field] for field in form.fields]


def value_of(answer: Answer, height: int) -> Value:
    """Return what a field of this height says: of its lines the one that is largest, surest and nearest the middle."""

    def weight(group: Group) -> float:
        """The area of its digits, less of what is near the top or bottom, times the confidence in them."""
        boxes = [reading.box for reading in group.readings]
        near = [(right - left) * (low - top) * (1 - abs((top + low) / height - 1)) for left, top, right, low in boxes]
        return group.confidence * sum(near)

    best = max(answer.lines, key=lambda line: sum(map(weight, line.groups)), default=Line([]))
    groups = [group for group in best.groups if group.text] or sorted(best.groups, key=weight)[-1:]
    if not groups:
        return Value(error=answer.error)
    confidence = min(group.confidence for group in groups)
    candidates = groups[0].candidates if len(groups) == 1 else ()
    return Value("".join(group.digits for group in groups), float(confidence), candidates)
